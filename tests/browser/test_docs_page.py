"""/docs: what the server can do, told by a page that needs nothing but the server."""


def test_every_operation_is_on_the_page(page, served) -> None:
    page.goto(f"{served.address}/docs")
    page.wait_for_selector("body[data-ready]")
    described = page.evaluate("fetch('/openapi.json').then(answer => answer.json())")
    wanted = sum(len(methods) for methods in described["paths"].values())
    assert page.locator(".operation").count() == wanted > 15
    jobs = page.locator("#post-api-jobs")
    assert jobs.get_by_text("Put a job into the queue").is_visible()
    jobs.locator("summary").first.click()
    jobs.get_by_text("FillJob", exact=True).click()
    assert jobs.get_by_text("white where the hole is").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

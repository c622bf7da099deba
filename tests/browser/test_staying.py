"""What survives a reload, and what the page does when the server is gone."""

from browser.hands import better, draw, jobs, marked, mask_of, open_picture, shown, until
from browser.serving import another_server


def test_reload_keeps_mask_history_and_results(page, png) -> None:
    open_picture(page, png)
    better(page, False)
    draw(page, (0.3, 0.4), (0.5, 0.45))
    first = mask_of(page)
    draw(page, (0.6, 0.2), (0.7, 0.3))
    both = mask_of(page)
    page.keyboard.press("Control+z")
    page.click("#mend")
    shown(page)
    page.wait_for_timeout(400)  # the page writes a moment after the last stroke
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert mask_of(page) == first
    page.keyboard.press("Control+Shift+z")
    assert mask_of(page) == both
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert marked(page) == 0
    page.locator("#cards .thumb[data-job]").click()
    shown(page)


def test_running_job_is_taken_up_again(page, png) -> None:
    open_picture(page, png)
    better(page, True, "default")
    draw(page, (0.3, 0.4), (0.5, 0.45))
    page.click("#mend")
    until(page, "[...window.selfmend.jobs.known.values()].some(j => j.queue === 'heavy' && j.state === 'running')")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.get_by_role("button", name="Cancel Learned patches").click()
    page.get_by_text("Cancelled", exact=True).wait_for()
    assert next(job for job in jobs(page) if job["queue"] == "heavy")["state"] == "cancelled"


def test_server_that_is_gone_is_said(page, png) -> None:
    open_picture(page, png)
    better(page, False)
    draw(page, (0.3, 0.4), (0.5, 0.45))
    page.context.set_offline(True)
    page.click("#mend")
    page.get_by_text("The server does not answer").wait_for()
    assert page.evaluate("document.querySelector('#notice .icon use').getBBox().width") > 0, "its cross is not drawn"
    page.context.set_offline(False)
    page.locator("#notice").wait_for(state="hidden")  # it is asked again: nobody has to press anything to know
    page.click("#mend")
    shown(page)
    page.wrong.clear()  # what was refused while there was no server


def test_token_is_asked_for_once(browser, served) -> None:
    with another_server(served.runner, token="a long enough secret") as address:
        page = browser.new_context().new_page()
        page.goto(address)
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("The token").fill("a wrong one, certainly")
        dialog.get_by_role("button", name="Sign in").click()
        dialog.get_by_text("This is not the token.").wait_for()
        dialog.get_by_label("The token").fill("a long enough secret")
        dialog.get_by_role("button", name="Sign in").click()
        page.wait_for_selector("body[data-ready]")
        assert dialog.count() == 0
        page.reload()
        page.wait_for_selector("body[data-ready]")
        page.context.close()


def test_two_pictures_do_not_mix(page, png, photo) -> None:
    open_picture(page, png)
    draw(page, (0.3, 0.4), (0.5, 0.45))
    page.set_input_files("#file", str(photo))
    page.get_by_role("button", name="Open the other").click()
    until(page, "name => document.title.startsWith(name)", photo.name)
    assert marked(page) == 0
    assert page.locator("#undo").is_disabled()

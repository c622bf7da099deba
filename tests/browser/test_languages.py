"""The page in other languages: what the server says is in them too."""

import pytest

from browser.hands import open_picture
from selfmend.server.catalogue import _installed, task_catalogue

SHOWN = """() => [...document.querySelectorAll(".hint, .field-label, option, button, small, summary")]
  .map((one) => one.textContent.trim().replace(/[.]$/, ""))"""
SAME = {"Name", "Format", "Alpha", "Factor", "factor", "Film", "Beta1", "normal", "px", "Radius", "Limit", "Init"}


def said() -> set[str]:
    """What the server says in English, as the page shows it."""
    words = set()
    for told in (*task_catalogue()["tasks"], *_installed()):
        words |= {told.get(name, "") for name in ("label", "action", "hint", "group", "title")}
        words |= {option[name] for option in told["options"] for name in ("label", "meaning", "unit")}
    return ({text[:1].upper() + text[1:] for text in words} | words) - {""}


@pytest.mark.parametrize(
    ("locale", "tab", "refused", "failed"),
    [
        (
            "de-DE",
            "Ausbessern",
            "zuerst eine neue Höhe oder Breite angeben",
            "das Seitenverhältnis ist 'weit'; Breite:Höhe",
        ),
        ("es-ES", "Reparar", "indique primero una nueva altura o anchura", "la proporción es 'weit'; sirve anchura"),
    ],
)
def test_hints_names_and_refusals_are_in_the_pages_language(new_page, png, locale, tab, refused, failed) -> None:
    page = new_page(locale=locale)
    assert page.locator("#tab-fill").inner_text() == tab
    open_picture(page, png)
    page.evaluate("window.selfmend.setTab('expand')")
    assert set(page.evaluate(SHOWN)) & said() <= SAME
    page.locator("#panel-expand").get_by_label("Seitenverhältnis" if tab == "Ausbessern" else "Proporción").fill("weit")
    page.locator("#panel-expand .primary").click()
    page.locator("#notice").get_by_text(failed).wait_for()
    page.evaluate("window.selfmend.setTab('retarget')")
    page.locator("#panel-retarget .primary").click()
    page.locator("#notice").get_by_text(refused).wait_for()
    page.wrong.clear()  # a browser writes every refusal to its console

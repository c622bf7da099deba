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
    ("locale", "tab", "stage", "refused", "failed"),
    [
        (
            "de-DE",
            "Ausbessern",
            "Bild 1 von 2, Anordnung 3 von 16",
            "zuerst eine neue Höhe oder Breite angeben",
            "das Seitenverhältnis ist 'weit'",
        ),
        (
            "es-ES",
            "Reparar",
            "imagen 1 de 2, disposición 3 de 16",
            "indique primero una nueva altura o anchura",
            "la proporción es 'weit'",
        ),
    ],
)
def test_hints_names_and_refusals_are_in_the_pages_language(new_page, png, locale, tab, stage, refused, failed) -> None:
    page = new_page(locale=locale)
    assert page.locator("#tab-fill").inner_text() == tab
    open_picture(page, png)
    told = "line => import('/static/js/texts.js').then((texts) => texts.told(line))"
    assert page.evaluate(told, "sample 1 of 2, arrangement 3 of 16") == stage
    page.evaluate("window.selfmend.setTab('expand')")
    assert set(page.evaluate(SHOWN)) & said() <= SAME
    page.locator("#panel-expand").get_by_label("Seitenverhältnis" if tab == "Ausbessern" else "Proporción").fill("weit")
    page.locator("#panel-expand .primary").click()
    page.locator("#notice").get_by_text(failed).wait_for()
    page.evaluate("window.selfmend.setTab('retarget')")
    page.locator("#panel-retarget .primary").click()
    page.locator("#notice").get_by_text(refused).wait_for()
    page.wrong.clear()  # a browser writes every refusal to its console

"""What axe finds: nothing, on each tab, in light and dark, on a screen and on a phone; in each dialog and menu."""

from pathlib import Path
from typing import Any

import pytest

from browser.hands import draw, open_picture, shown

axe = pytest.importorskip("axe_playwright_python.base")
RUN = """async ([where, rules]) => (await window.axe.run(where, { resultTypes: ["violations"], ...rules })).violations
  .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 120)}`))"""
ALL_TABS = """() => {
  document.getElementById("panel").classList.add("open");
  for (const one of document.querySelectorAll("#panel [role=tabpanel]")) { one.hidden = false; }
  for (const one of document.querySelectorAll("#panel-fill details")) { one.open = true; }
}"""
"""All tabs at once, one below the other, since axe takes a second to look through the document each time."""

COLOURS = {"runOnly": ["color-contrast"]}
"""The rule that light and dark matter to; a phone's width matters to the size of targets too."""


def violations(page: Any, where: str = "body", rules: dict[str, Any] | None = None) -> list[str]:
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Path(axe.AXE_FILE_PATH).read_text())
    return page.evaluate(RUN, [where, rules or {}])


def test_no_tab_has_a_violation(new_page, png) -> None:
    page = new_page(viewport={"width": 1440, "height": 900})
    found = {"welcome": violations(page)}
    page.evaluate("window.selfmend.panels.fill.better.input.checked = false")
    open_picture(page, png)
    draw(page, (0.2, 0.3), (0.3, 0.35))
    page.click("#mend")
    shown(page)
    found["result"] = violations(page)
    for dialog in ("help-dialog", "ask-dialog", "pair-dialog", "token-dialog"):
        page.evaluate(f"document.getElementById('{dialog}').showModal()")
        found[dialog] = violations(page, f"#{dialog}")
        page.evaluate(f"document.getElementById('{dialog}').close()")
    page.evaluate("window.selfmend.setTab('train')")
    found["group"] = violations(page)
    page.click("#tab-many")
    page.evaluate(ALL_TABS)
    for width, scheme in ((1440, "light"), (390, "light"), (390, "dark"), (1440, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        found[f"{width} {scheme}"] = violations(page, "body", {} if scheme == "light" else COLOURS)
    assert {where: what for where, what in found.items() if what} == {}

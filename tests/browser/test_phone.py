"""On a phone: everything is large enough for a finger, the tools stand in a row, and fingers do what they should."""

from collections.abc import Callable
from typing import Any

import pytest

from browser.hands import draw, marked, open_picture, spot, until, with_fingers

SMALL = """() => [...document.querySelectorAll("button, a[href], select, summary, [role=tab]")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && !one.closest("details:not([open]) > :not(summary)"))
  .map((one) => [one.id || one.textContent.trim(), Math.round(one.getBoundingClientRect().width), Math.round(one.getBoundingClientRect().height)])
  .filter(([, width, height]) => width < 44 || height < 44)"""  # noqa: E501


@pytest.fixture
def phone(new_page: Callable[..., Any], served: Any) -> Any:
    plain = {"origin": served.address, "localStorage": [{"name": "better", "value": "no"}]}
    state = {"cookies": [], "origins": [plain]}
    return new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, storage_state=state)


def touch(session: Any, kind: str, *points: tuple[float, float]) -> None:
    """Fingers on places of the window, as Chromium tells them."""
    fingers = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def test_everything_is_large_enough_for_a_finger(phone, png) -> None:
    open_picture(phone, png)
    assert phone.evaluate(SMALL) == []
    row = [phone.locator(f"#tool-{name}").bounding_box() for name in ("brush", "eraser", "box", "lasso", "hand")]
    row += [phone.locator(name).bounding_box() for name in ("#undo", "#redo", "#mask-menu-button")]
    assert len({box["y"] for box in row}) == 1
    assert row[-1]["x"] + row[-1]["width"] <= 390
    assert all(phone.locator(name).is_visible() for name in ("#zoom-in", "#zoom-out", "#zoom-fit"))
    phone.locator("#panel-fill .sheet-button").click()
    assert phone.evaluate(SMALL) == []


@with_fingers
def test_a_finger_paints_on_the_result_and_two_fingers_do_not(phone, png) -> None:
    open_picture(phone, png)
    a, b, c = spot(phone, 0.3, 0.4), spot(phone, 0.45, 0.45), spot(phone, 0.7, 0.6)
    hand = phone.context.new_cdp_session(phone)
    touch(hand, "touchStart", a)
    touch(hand, "touchMove", b)
    touch(hand, "touchEnd")
    until(phone, "window.selfmend.document.mask.count > 0")
    phone.click("#mend")  # a tap right after touches that are told one by one is not taken for one
    until(phone, "window.selfmend.view.over !== null")
    touch(hand, "touchStart", a)
    touch(hand, "touchStart", a, c)
    touch(hand, "touchMove", a, (c[0] + 40, c[1] + 40))
    touch(hand, "touchEnd")
    assert phone.evaluate("window.selfmend.document.parent") is None
    touch(hand, "touchStart", c)
    touch(hand, "touchMove", (c[0] + 20, c[1] + 10))
    touch(hand, "touchEnd")
    until(phone, "window.selfmend.document.parent !== null")
    assert marked(phone) > 0


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_the_better_fill_can_be_cancelled_without_looking_for_it(new_page, png, locale) -> None:
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True, locale=locale)
    open_picture(phone, png)
    draw(phone, (0.3, 0.4), (0.45, 0.45))
    phone.click("#mend")
    until(phone, "window.selfmend.view.over !== null")  # the result's own card came into view
    cancel = phone.locator(".running .small")
    box = cancel.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    thumb = phone.locator(".thumb[aria-pressed=true]").bounding_box()
    assert thumb["x"] + thumb["width"] >= 44  # enough of it for a finger
    strip = phone.locator("#strip").bounding_box()
    words = phone.locator(".running .stage-words").bounding_box()
    assert words["y"] + words["height"] <= strip["y"] + strip["height"]
    cancel.click()
    phone.locator(".card[data-state=cancelled]").wait_for()

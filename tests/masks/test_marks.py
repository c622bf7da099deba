"""Marks that are drawn: what they change is in their mask, and nothing else changes."""

import numpy as np
import pytest

from selfmend.masks.marks import SEEN, draw_stamp, draw_watermark, hershey, logo, printed, seven_segments, turned
from selfmend.seeding import make_rng
from subtitles import textured


@pytest.fixture(scope="module")
def photo():
    return textured((160, 200)).astype(np.float32) / 255


@pytest.mark.parametrize("draw", [draw_stamp, draw_watermark])
def test_all_that_a_mark_visibly_changes_is_in_its_mask(photo, draw) -> None:
    for seed in range(25):
        mark = draw(photo, make_rng(seed))
        assert mark.mask.any()
        assert not mark.mask.all()
        changed = np.abs(mark.image - photo).max(2)
        faint = (
            SEEN if draw is draw_stamp else 0.25 * mark.opacity.max() + 0.01
        )  # soft borders of a watermark are faint
        assert changed[~mark.mask].max() < faint + 1e-6, mark.kind
        assert mark.image.dtype == np.float32
        assert 0 <= mark.image.min() <= mark.image.max() <= 1


def test_a_watermark_is_a_blend_of_its_opacity(photo) -> None:
    mark = draw_watermark(photo, make_rng(1), opacity=(0.4, 0.4))
    assert mark.opacity.max() == pytest.approx(0.4, abs=0.01)
    deep = mark.opacity > 0.39
    contrast = mark.image[deep].std(0) / photo[deep].std(0)
    assert contrast == pytest.approx([0.6] * 3, abs=0.01)


@pytest.mark.parametrize("draw", [draw_stamp, draw_watermark])
def test_the_same_seed_draws_the_same_mark(photo, draw) -> None:
    first, again, other = (draw(photo, make_rng(seed)).image for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_an_eight_has_all_seven_segments_and_a_one_has_two() -> None:
    one, eight, nothing = (seven_segments(text, 40, make_rng(3)).sum() for text in ("1", "8", " "))
    assert nothing == 0
    assert 2.5 * one < eight < 5 * one


@pytest.mark.parametrize("write", [printed, hershey])
def test_letters_are_about_as_high_as_asked_for(write) -> None:
    for seed in range(6):
        height = write("HAM", 24, make_rng(seed)).shape[0]
        assert 16 <= height <= 36


def test_turning_keeps_what_is_drawn() -> None:
    sign = logo(40, make_rng(2))
    assert turned(sign, 90).shape == sign.shape[::-1]
    assert turned(sign, 33).sum() == pytest.approx(sign.sum(), rel=0.03)

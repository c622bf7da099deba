"""`auto`: each part of a hole gets what is measured to be best for its kind and size."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from selfmend.methods.auto import Auto
from selfmend.methods.patchmatch import PatchMatch
from selfmend.types import Image, Mask


@pytest.fixture(scope="module")
def photo() -> Image:
    return data.astronaut()[60:220, 130:330].astype(np.float32) / 255


def lost(share: float, size: tuple[int, int] = (160, 200)) -> Mask:
    return np.random.default_rng(0).random(size) < share


def lines(width: int) -> Mask:
    mask = np.zeros((160, 200), bool)
    mask[40 : 40 + width, 20:180] = True
    return mask


def block() -> Mask:
    mask = np.zeros((160, 200), bool)
    mask[60:100, 80:130] = True
    return mask


def psnr(fill: Image, truth: Image, mask: Mask) -> float:
    return float(-10 * np.log10(np.square(fill - truth)[mask].mean()))


@pytest.mark.parametrize(
    ("mask", "by"),
    [
        (lines(1), {"thin plate"}),
        (lines(2), {"thin plate"}),
        (lines(5), {"patchmatch:blended"}),
        (block(), {"patchmatch:blended"}),
        (lost(0.1), {"thin plate"}),
        (lost(0.5), {"thin plate"}),
        (lost(0.9), {"thin plate"}),
        (block() | lost(0.02), {"thin plate", "patchmatch:blended"}),
        (block() | lost(0.6), {"thin plate", "patchmatch:blended"}),
    ],
)
def test_each_kind_of_hole_gets_its_own(mask: Mask, by: set[str]) -> None:
    choices = Auto().choices(mask)
    assert {one.by for one in choices} == by
    assert sum(one.share for one in choices) == pytest.approx(1)
    assert all(one.why for one in choices)


def test_a_block_among_lost_pixels_is_the_only_part_that_gets_patches() -> None:
    share = {one.by: one.share for one in Auto().choices(block() | lost(0.6))}
    assert share["patchmatch:blended"] == pytest.approx(block().sum() / (block() | lost(0.6)).sum(), rel=0.1)


def test_lost_pixels_are_filled_much_better_than_by_patches(photo: Image) -> None:
    mask = lost(0.6)
    assert (
        psnr(Auto().inpaint(photo, mask)[0], photo, mask) > psnr(PatchMatch().inpaint(photo, mask)[0], photo, mask) + 3
    )


def test_a_block_is_nearer_to_the_truth_than_one_fill_alone(photo: Image) -> None:
    scores = []
    for corner in (20, 60, 100):
        mask = np.roll(block(), corner - 60, axis=(0, 1))
        scores.append([psnr(way.inpaint(photo, mask)[0], photo, mask) for way in (Auto(), PatchMatch())])
    better, alone = np.mean(scores, 0)
    assert better > alone


@pytest.mark.parametrize("period", [4, 6, 9])
def test_a_texture_that_repeats_is_neither_smoothed_nor_sharpened(period: int) -> None:
    y, x = np.mgrid[:60, :64]
    truth = np.repeat((0.2 + 0.6 * ((x + y) % period) / (period - 1))[..., None], 3, 2).astype(np.float32)
    mask = np.zeros((60, 64), bool)
    mask[20:36, 22:40] = True
    assert np.abs(Auto().inpaint(truth, mask)[0] - truth).max() < 0.05

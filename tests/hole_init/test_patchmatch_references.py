"""Exemplar filling with references: what only they show comes back, and without them nothing changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from selfmend.errors import ImageError
from selfmend.hole_init.patchmatch import PatchMatchOptions, fill
from selfmend.registration.align import Aligned, place
from warped import middle_hole, psnr_in, scene, seen_from


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    return seen_from(scene(72, 96), np.eye(3))


@pytest.fixture(scope="module")
def mask(image: torch.Tensor) -> torch.Tensor:
    return middle_hole(image, 0.35)


def moved(image: torch.Tensor, mask: torch.Tensor, shift: tuple[int, int]) -> Aligned:
    return place(image.roll(shift, (2, 3)), image, mask)


@pytest.mark.parametrize("shift", [(0, 0), (3, -5)])
def test_what_only_the_reference_shows_comes_back(image: torch.Tensor, mask: torch.Tensor, shift: tuple) -> None:
    assert psnr_in(fill(image, mask, generator=seeded()), image, mask) < 20
    mended = fill(image, mask, generator=seeded(), references=[moved(image, mask, shift)])
    assert psnr_in(mended, image, mask) > 30
    known = ~mask.expand_as(image)
    assert torch.equal(mended[known], image[known])


def test_matches_in_a_reference_are_carried_from_scale_to_scale(image: torch.Tensor, mask: torch.Tensor) -> None:
    """Few rounds do not find the shift anew at every scale."""
    options = PatchMatchOptions(iterations=4, finest_iterations=2, passes=1, nearness=0.0)
    reference = moved(image, mask, (3, -5))
    mended = fill(image, mask, generator=seeded(), references=[reference], options=options)
    assert psnr_in(mended, image, mask) > 40


def test_the_distance_of_patches_decides(image: torch.Tensor, mask: torch.Tensor) -> None:
    other = place(seen_from(scene(72, 96, seed=1), np.eye(3)), image, mask)
    right = moved(image, mask, (0, 0))
    for references in ([other, right], [right, other]):
        assert psnr_in(fill(image, mask, generator=seeded(), references=references), image, mask) > 30


@pytest.mark.parametrize("guessed", [False, True])
def test_a_reference_that_shows_nothing_changes_no_bit(image: torch.Tensor, mask: torch.Tensor, guessed: bool) -> None:
    blank = replace(moved(image, mask, (0, 0)), known=torch.zeros_like(mask), image=torch.zeros_like(image))
    guess, size = (image.flip(3), (36, 48)) if guessed else (None, None)
    without, blankly, shown = (
        fill(image, mask, generator=seeded(), guess=guess, guess_size=size, references=references)
        for references in ([], [blank], [moved(image, mask, (0, 0))])
    )
    assert torch.equal(without, blankly)
    assert not torch.equal(without, shown)


def test_threads_do_not_decide(image: torch.Tensor, mask: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for count in (1, 3):
        monkeypatch.setattr("selfmend.hole_init.patchmatch.threads.thread_count", lambda count=count: count)
        results.append(fill(image, mask, generator=seeded(), references=[moved(image, mask, (2, 2))]))
    assert torch.equal(*results)


def test_a_reference_is_enough_where_the_picture_has_no_patch(image: torch.Tensor) -> None:
    mask = torch.ones(1, 1, 72, 96, dtype=torch.bool)
    mask[..., 40, 10:80] = False
    mended = fill(image, mask, generator=seeded(), references=[moved(image, mask, (0, 0))])
    assert psnr_in(mended, image, mask) > 30


def test_a_reference_of_another_shape_is_refused(image: torch.Tensor, mask: torch.Tensor) -> None:
    grey = replace(moved(image, mask, (0, 0)), image=image[:, :1])
    with pytest.raises(ImageError, match=r"reference is \(1, 1, 72, 96\) and the image \(1, 3, 72, 96\)"):
        fill(image, mask, generator=seeded(), references=[grey])

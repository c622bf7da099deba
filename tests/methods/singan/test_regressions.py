"""What the code of "SinGAN for Inpainting" got wrong, so that it stays right here: hole boxes, brightness, edges."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfmend.image.pyramid import plan_pyramid
from selfmend.masks.reading import box_mask
from selfmend.methods.hole_init import INITIALISATIONS, get_initialisation
from selfmend.methods.singan import SinGAN
from selfmend.nn.tensors import mask_pyramid, to_tensor
from selfmend.types import Image

HEIGHT, WIDTH = 60, 80


def noise() -> Image:
    return np.random.default_rng(0).random((HEIGHT, WIDTH, 3), np.float32)


def test_a_box_is_where_it_belongs_at_every_scale() -> None:
    """Its corner was only shifted by half the size difference, not scaled: misplaced at the coarse scales."""
    mask = to_tensor(box_mask((100, 30, 40, 24), (188, 250)))
    plan = plan_pyramid((188, 250))
    for level, (small, (height, width)) in enumerate(zip(mask_pyramid(mask, plan), plan.sizes, strict=True)):
        rows, columns = torch.nonzero(small[0, 0]).T
        reach = 2 if level == len(plan.sizes) - 1 else 4  # the resampler's support: any contribution makes a hole
        assert int(rows.min()) == pytest.approx(30 / 188 * height, abs=reach)
        assert int(rows.max()) + 1 == pytest.approx(54 / 188 * height, abs=reach)
        assert int(columns.min()) == pytest.approx(100 / 250 * width, abs=reach)
        assert int(columns.max()) + 1 == pytest.approx(140 / 250 * width, abs=reach)


@pytest.mark.parametrize("name", sorted(INITIALISATIONS))
def test_a_first_guess_is_as_bright_as_the_picture(name: str) -> None:
    """Nearest patches were divided by 225 instead of 255: a hole a tenth too bright."""
    image = np.float32(0.6) + np.float32(0.1) * noise()
    mask = box_mask((30, 20, 20, 16), (HEIGHT, WIDTH))
    filled = get_initialisation(name)(image, mask, seed=0)
    assert float(filled[mask].mean()) == pytest.approx(0.65, abs=0.02)


@pytest.mark.parametrize("finish", ["never", "always"])
def test_no_colour_of_the_hole_leaks_at_its_edge(finish: str) -> None:
    """A blurred mask pasted a twelfth of the hole's own colour back at its edge."""
    image = np.float32(0.2) * noise()
    mask = box_mask((30, 20, 20, 16), (HEIGHT, WIDTH))
    method = SinGAN.from_options("tiny", {"finish": finish})
    black, white = (
        method.inpaint(np.where(mask[..., None], np.float32(colour), image), mask)[0] for colour in (0.0, 1.0)
    )
    assert np.array_equal(black, white)


def test_a_hole_in_the_corner_is_allowed() -> None:
    """Pixel (0, 0) had to be known at every scale."""
    image = noise()
    mask = box_mask((0, 0, 20, 16), (HEIGHT, WIDTH))
    (filled,) = SinGAN.from_options("tiny").inpaint(image, mask)
    assert np.isfinite(filled).all()

"""Editing: where it was edited, where that enters, what is kept."""

import numpy as np
import pytest
import torch

from facts import mentions
from pictures import picture
from selfmend.errors import ImageError, MaskError, OptionError
from selfmend.image.pyramid import plan_pyramid
from selfmend.masks.edited import edited_mask
from selfmend.methods.singan.finish import Finish, finish_level
from selfmend.methods.singan.redraw import EDIT_RADIUS, default_edit_scale, edit
from selfmend.methods.singan.scales import Scales
from selfmend.nn.tensors import make_generator, to_signed, to_tensor
from selfmend.types import Image, Mask

CPU = torch.device("cpu")


def run(scales: Scales, image: Image, mask: Mask, *, start_scale: int | None = None):
    return edit(
        scales, to_tensor(image), to_tensor(mask), learned=(64, 96), start_scale=start_scale,
        generator=make_generator(0), device=CPU,
    )  # fmt: skip


def moved(image: Image) -> Image:
    """A part of the picture copied to another place: rows 20 to 40, columns 50 to 75."""
    edited = image.copy()
    edited[20:40, 50:75] = image[30:50, 5:30]
    return edited


def test_the_larger_the_edit_the_coarser_the_start():
    plan = plan_pyramid((188, 250))
    levels = []
    for half in (2, 15, 22, 90):
        mask = torch.zeros(1, 1, 188, 250, dtype=torch.bool)
        mask[..., 94 - half : 94 + half, 125 - half : 125 + half] = True
        levels.append(default_edit_scale(mask, plan))
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == len(plan.sizes) - 2
    assert levels[-1] == 1
    mask = torch.zeros_like(mask)
    mask[..., 80:120, 100:130] = True
    double = torch.nn.functional.interpolate(mask.float(), scale_factor=2) > 0
    assert default_edit_scale(double, plan) == default_edit_scale(mask, plan) > 1, (
        "depth counts in pixels of the finest scale"
    )


def test_the_edit_is_found_by_difference():
    image = picture(64, 96)[0]
    noise = np.float32(0.03) * (np.random.default_rng(0).random(image.shape, np.float32) - np.float32(0.5))
    found = edited_mask((moved(image) + noise).clip(0, 1), image)
    expected = np.zeros_like(found)
    expected[20:40, 50:75] = True
    overlap = float((found & expected).sum() / (found | expected).sum())
    assert overlap > 0.85
    with pytest.raises(MaskError, match=mentions("16", "255")):
        edited_mask((image + noise).clip(0, 1), image)


def test_a_picture_of_another_size_is_compared_with_the_training_picture_resized():
    smooth, larger = (
        np.tile(np.linspace(0, 1, width, dtype=np.float32)[:, None], (height, 1, 3))
        for height, width in ((64, 96), (128, 192))
    )
    larger[40:80, 100:150] = 0
    found = edited_mask(larger, smooth)
    assert float(found.sum()) == pytest.approx(40 * 50, rel=0.1)


def test_masked_and_unmasked(copying):
    image = moved(picture(64, 96)[0])
    mask = np.zeros((64, 96), bool)
    mask[2:6, 2:6] = True
    done = run(copying, image, mask, start_scale=1)
    far = (..., slice(6 + EDIT_RADIUS + 20, None), slice(6 + EDIT_RADIUS + 20, None))
    assert torch.equal(done.image[far], to_tensor(image)[far])
    assert not torch.equal(done.whole[far], to_tensor(image)[far])
    assert torch.allclose(done.image[..., 3, 3], done.whole[..., 3, 3], atol=1e-3)


def test_refuses(copying):
    image, mask = picture(64, 96)
    with pytest.raises(ImageError, match=mentions("64", "96")):
        run(copying, picture(64, 64)[0], picture(64, 64)[1])
    with pytest.raises(MaskError, match="covers nothing"):
        run(copying, image, np.zeros_like(mask))
    with pytest.raises(OptionError, match=mentions("start_scale", "0")):
        run(copying, image, mask, start_scale=0)


def test_exemplars_finish_an_edit_in_its_own_size(copying):
    """Patches of the result are the picture's, and the exemplars' scale is where the edit enters by default."""
    array, levels = picture(64, 96)[0], []
    image = to_tensor(array)
    mask = torch.zeros(1, 1, 64, 96, dtype=torch.bool)
    mask[..., 20:40, 50:75] = True
    how = Finish(picture=to_signed(image), start=96, patch=5)
    done = edit(
        copying, to_tensor(moved(array)), mask, learned=(64, 96), start_scale=None, generator=make_generator(0),
        device=CPU, how=how, progress=lambda event: levels.append(event.stage),
    )  # fmt: skip
    assert levels[0] == f"scale {finish_level(copying.plan, 96)}"
    assert any("exemplars" in stage for stage in levels)
    own, made = (torch.nn.functional.unfold(t, 5)[0].T for t in (image, done.whole))
    assert torch.cdist(made, own).square().amin(1).mean() / 75 < 2e-3

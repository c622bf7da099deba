"""Injection: what enters a scale, what comes out, what is kept."""

import pytest
import torch

from facts import mentions
from pictures import picture
from selfmend.errors import ImageError, MaskError, OptionError
from selfmend.image.pyramid import PyramidPlan
from selfmend.methods.singan.redraw import (
    check_covers,
    check_like,
    entry_scale,
    inject,
    painted_size,
    redraw,
    soft_mask,
    start_scales,
)
from selfmend.nn.tensors import make_generator, resize, to_signed, to_tensor

CPU = torch.device("cpu")


def box(height: int, width: int, rows: slice, columns: slice) -> torch.Tensor:
    mask = torch.zeros(1, 1, height, width, dtype=torch.bool)
    mask[..., rows, columns] = True
    return mask


def test_a_picture_enters_through_the_size_of_the_scale_below(copying):
    x, plan = to_signed(to_tensor(picture(64, 96)[0])), copying.plan
    for level in (1, len(plan.sizes) - 1):
        out = inject(copying, x, level=level, generator=make_generator(0))
        expected = resize(x, plan.sizes[level - 1], scale=plan.scale_to(level - 1)).clamp(-1, 1)
        for size in plan.sizes[level:]:
            expected = resize(expected, size, scale=1 / plan.factor).clamp(-1, 1)
        assert torch.allclose(out, expected, atol=1e-6)


def test_noise_is_fresh_and_comes_from_the_generator_alone(whole):
    x = to_signed(to_tensor(picture()[0]))
    one, same, other = (inject(whole.scales, x, level=1, generator=make_generator(s)) for s in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_what_is_to_be_kept_is_put_back_after_every_scale(whole):
    x, mask = to_signed(to_tensor(picture()[0])), to_tensor(picture()[1])
    out = inject(whole.scales, x, level=1, generator=make_generator(0), keep=mask)
    free = inject(whole.scales, x, level=1, generator=make_generator(0))
    outside = ~mask.expand_as(x)
    assert torch.equal(out[outside], x[outside])
    assert not torch.equal(out[~outside], free[~outside]), "the hole is drawn from what was put back"


def test_the_soft_mask_by_hand():
    soft = soft_mask(box(60, 90, slice(0, 60), slice(0, 30)), radius=10, softness=3)[0, 0]
    assert torch.equal(soft[0], soft[-1])
    line = soft[0]
    # the mask ends behind column 29, the grown one behind column 39; there the blur is half way
    assert float(line[39] + line[40]) == pytest.approx(1, abs=1e-3)
    assert float(line[39 - 3] - line[40 + 3]) == pytest.approx(0.757, abs=0.01)  # normal within 3.5 of 3 pixels
    assert (line[:25] > 0.999).all()
    assert (line[55:] == 0).all()
    assert (line.diff() <= 0).all()


def test_the_soft_mask_is_stretched_to_the_whole_range():
    nearly = soft_mask(box(40, 40, slice(5, 35), slice(5, 35)), radius=4)
    assert float(nearly.min()) == 0
    assert float(nearly.max()) == 1
    assert (soft_mask(box(40, 40, slice(5, 35), slice(5, 35)), radius=40) == 1).all()


@pytest.mark.parametrize("size", [(37, 53), (74, 106), (30, 43)])
def test_redrawing_keeps_size_and_what_lies_outside(whole, size):
    image, mask = to_tensor(picture(*size)[0]), box(*size, slice(2, 8), slice(3, 9))
    done = redraw(whole.scales, image, mask, level=1, radius=1, generator=make_generator(0), device=CPU)
    assert done.image.shape == done.whole.shape == image.shape
    kept = ~done.touched.expand_as(image)
    assert kept.any()
    assert torch.equal(done.image[kept], image[kept])
    assert not torch.equal(done.whole[kept], image[kept])
    assert torch.allclose(done.image[..., 4, 4], done.whole[..., 4, 4], atol=0.1)
    assert 0 <= float(done.image.min()) <= float(done.image.max()) <= 1


def test_radius_and_softness_are_those_of_the_finest_scale(whole):
    small, large = (
        redraw(
            whole.scales, to_tensor(picture(*size)[0]), box(*size, slice(0, size[0]), slice(0, size[1] // 4)),
            level=2, radius=3, generator=make_generator(0), device=CPU,
        ).touched
        for size in ((37, 53), (148, 212))
    )  # fmt: skip
    assert float(small.float().mean()) == pytest.approx(float(large.float().mean()), abs=0.03)


def test_start_scales(whole, holed):
    assert list(start_scales(whole.scales)) == [1, 2]
    assert entry_scale(None, whole.scales, default=1) == 1
    assert entry_scale(2, whole.scales, default=1) == 2
    for level in (0, 3, -1):
        with pytest.raises(OptionError, match=rf"start_scale is {level}; .* has scales 0 to 2, and 1 to 2 fit"):
            entry_scale(level, whole.scales, default=1)
    first, last = holed.scales.first, len(holed.scales.plan.sizes) - 1
    assert list(start_scales(holed.scales)) == list(range(first, last + 1))
    for level in (None, 1):
        with pytest.raises(OptionError, match=rf"below {first} are not trained.*start_scale={first} to {last}, or"):
            entry_scale(level, holed.scales, default=1)


def test_a_single_scale_lets_nothing_enter(copying):
    copying.plan = PyramidPlan(sizes=((20, 24),), factor=1.0)
    with pytest.raises(OptionError, match="so small that it has one scale, and this needs two"):
        entry_scale(None, copying, default=1)


def test_another_shape(whole):
    tall = to_signed(to_tensor(picture(60, 40)[0]))
    assert inject(whole.scales, tall, level=1, generator=make_generator(0)).shape == tall.shape


def test_a_painting_is_drawn_in_its_own_aspect(copying):
    assert painted_size(copying.plan, (128, 192), learned=(64, 96)) == (64, 96)
    height, width = painted_size(copying.plan, (300, 300), learned=(64, 96))
    assert height == width
    assert height * width == pytest.approx(64 * 96, rel=0.02)


def test_refuses_another_aspect_and_empty_masks():
    check_like((64, 96), (128, 192), name="composite")
    with pytest.raises(ImageError, match=mentions("composite", "96", "64")):
        check_like((96, 96), (64, 96), name="composite")
    with pytest.raises(MaskError, match=mentions("--invert-mask")):
        check_covers(torch.zeros(1, 1, 4, 4, dtype=torch.bool))

"""Harmonisation: the pasted object is drawn anew, the rest stays."""

import numpy as np
import pytest
import torch

from facts import mentions
from pictures import picture
from selfmend.errors import ImageError, MaskError, OptionError
from selfmend.image.pyramid import plan_pyramid
from selfmend.methods.singan.redraw import default_harmonize_scale, harmonize
from selfmend.methods.singan.scales import Scales
from selfmend.nn.tensors import make_generator, resize, to_tensor
from selfmend.types import Image, Mask

CPU = torch.device("cpu")


def run(scales: Scales, composite: Image, mask: Mask, *, start_scale: int | None = None, learned=(64, 96)):
    return harmonize(
        scales, to_tensor(composite), to_tensor(mask), learned=learned, start_scale=start_scale,
        generator=make_generator(0), device=CPU,
    )  # fmt: skip


@pytest.mark.parametrize("size", [(188, 250), (250, 250), (64, 64)])
def test_the_default_is_among_the_finer_half(size):
    last = len(plan_pyramid(size).sizes) - 1
    assert last / 2 <= default_harmonize_scale(plan_pyramid(size)) < last


def test_the_object_passes_the_scales_and_the_rest_does_not(copying):
    array, mask = picture(64, 96)[0], np.zeros((64, 96), bool)
    mask[20:30, 20:30] = True
    done = run(copying, array, mask, start_scale=1)
    image = to_tensor(array)
    kept = ~done.touched.expand_as(image)
    assert torch.equal(done.image[kept], image[kept])
    assert kept.float().mean() > 0.2
    plan = copying.plan
    blurred = resize(image, plan.sizes[0], scale=plan.scale_to(0))
    for finer in plan.sizes[1:]:
        blurred = resize(blurred, finer, scale=1 / plan.factor).clamp(0, 1)
    inside = (..., slice(22, 28), slice(22, 28))
    assert torch.allclose(done.image[inside], blurred[inside], atol=0.02)


def test_refuses(copying, holed):
    image, mask = picture(64, 96)
    with pytest.raises(ImageError, match=mentions("64", "96")):
        run(copying, picture(64, 64)[0], picture(64, 64)[1])
    with pytest.raises(MaskError, match="covers nothing"):
        run(copying, image, np.zeros_like(mask))
    with pytest.raises(OptionError, match=mentions("start_scale", "7")):
        run(copying, image, mask, start_scale=7)
    with pytest.raises(OptionError, match=mentions("scales", "2")):
        run(holed.scales, *picture(), start_scale=1, learned=(37, 53))

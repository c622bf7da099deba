"""Super-resolution: the finest scale applied again and again, with the factor and size that were asked for."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from facts import mentions
from pictures import picture
from selfmend.errors import OptionError
from selfmend.image.pyramid import enlarged_sizes
from selfmend.image.resize import resize as resize_array
from selfmend.methods.singan.config import PAPER, TINY
from selfmend.methods.singan.model import SinGAN
from selfmend.methods.singan.sample import enlarge, super_resolution_options
from selfmend.methods.singan.scales import generate
from selfmend.nn.tensors import make_generator, resize, to_array, to_image, to_signed, to_tensor
from selfmend.types import Image

IMAGE = resize_array(resize_array(picture()[0], (9, 13)), (37, 53)).clip(0, 1)


def trained(factor: float, image: Image = IMAGE, **changes: object) -> SinGAN:
    return SinGAN(replace(TINY, **(super_resolution_options(factor) | changes))).fit(image, seed=1)


def test_the_finest_scale_is_applied_at_every_step() -> None:
    model = trained(2)
    finest, step = model.scales.trained[-1], 2 ** (1 / 3)
    assert model.scales.plan.factor == pytest.approx(1 / step)
    x, generator = to_signed(to_tensor(IMAGE)), make_generator(7, "super-resolution")
    for size in ((47, 67), (59, 85), (74, 106)):
        x = resize(x.clamp(-1, 1), size, scale=step).clamp(-1, 1)
        noise = torch.randn(1, 3, *size, generator=generator) * finest.noise_amplitude
        x = generate(finest.generator, x, noise, partial=False)
    assert np.allclose(model.super_resolve(IMAGE, seed=7), to_array(to_image(x)), rtol=1e-5, atol=1e-6)
    assert np.array_equal(model.super_resolve(IMAGE, seed=7), model.super_resolve(IMAGE, seed=7))
    assert not np.array_equal(model.super_resolve(IMAGE, seed=7), model.super_resolve(IMAGE, seed=8))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_result_has_the_size_and_is_like_the_picture(channels: int) -> None:
    image = IMAGE[..., :channels]
    result = trained(1.3, image, steps=16).super_resolve(image)
    assert result.shape == (48, 68, channels)
    smooth = resize_array(image, (48, 68), scale=1.3).clip(0, 1)
    assert float(np.sqrt(np.square(result - smooth).mean())) < 0.1


def test_tiles_equal_the_whole() -> None:
    model, x = trained(2), to_signed(to_tensor(IMAGE))
    whole, tiled = (enlarge(model.scales, x, factor=2, generator=make_generator(0), tile=t) for t in (512, 20))
    assert torch.allclose(whole, tiled, atol=1e-5)


def test_a_large_picture_is_learned_small_and_enlarged_whole() -> None:
    image, _ = picture(50, 80)
    model = trained(1.5, image, max_size=40)
    assert model.scales.plan.sizes[-1] == (25, 40)
    assert model.super_resolve(image).shape == (75, 120, 3)


def test_the_authors_settings() -> None:
    config = replace(PAPER, **super_resolution_options(4))
    assert (config.reconstruction_weight, config.min_size, config.steps) == (100, 18, 2000)
    assert SinGAN(config).plan((80, 120)).sizes[0] == (20, 30)


def test_a_model_for_samples_does_not_enlarge() -> None:
    with pytest.raises(OptionError, match=mentions("super_resolution=4")):
        SinGAN(TINY).fit(IMAGE).super_resolve(IMAGE)


def test_back_projection_makes_it_true_to_the_picture() -> None:
    model = trained(2)
    plain, corrected = (model.with_fill_options({"back_projections": n}).super_resolve(IMAGE, seed=7) for n in (0, 3))
    off = [float(abs(resize_array(x, (37, 53)) - IMAGE).mean()) for x in (plain, corrected)]
    assert off[1] < 0.5 * off[0]


@pytest.mark.parametrize("size", [(10, 40), (12, 40)])
def test_a_picture_without_a_scale_below_that_can_be_learned_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(OptionError, match=mentions("11x11")):
        trained(2, np.random.default_rng(0).random((*size, 3), np.float32))


def test_steps_multiply_to_the_factor() -> None:
    for factor in (1.2, 2, 3.7, 8):
        sizes = enlarged_sizes((40, 60), factor)
        assert sizes[-1] == (int(40 * factor), int(60 * factor))
        ratios = [b[0] / a[0] for a, b in zip([(40, 60), *sizes[:-1]], sizes, strict=True)]
        assert all(1.1 < r < 1.45 for r in ratios)

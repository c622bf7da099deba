"""Samples of SinGAN: sizes, start scales, the two ways below them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from facts import mentions
from pictures import picture
from selfmend.errors import OptionError, SelfmendWarning
from selfmend.image.pyramid import PyramidPlan
from selfmend.image.resize import resize as resize_array
from selfmend.methods.singan.config import TINY
from selfmend.methods.singan.model import SinGAN, SlicedWasserstein
from selfmend.methods.singan.sample import check_sample_size, check_start_scale, draw, starting_picture
from selfmend.methods.singan.scales import generate
from selfmend.nn.tensors import image_pyramid, make_generator, resize, to_array, to_image, to_signed, to_tensor
from selfmend.types import Image

DEEPER = replace(TINY, min_size=18, target_factor=0.8, steps=12)
TILES, MASK = picture()
IMAGE = resize_array(resize_array(TILES, (9, 13)), (37, 53)).clip(0, 1)  # smooth: learned in a few steps


@pytest.fixture(scope="module")
def model() -> SinGAN:
    return SinGAN(DEEPER).fit(IMAGE, seed=2)


def drawn_by_hand(model: SinGAN, start: torch.Tensor, level: int, seed: int) -> Image:
    """The recursion of the paper, written out for the training's sizes: the first sample of a seed."""
    x, plan, generator = start, model.scales.plan, make_generator(seed, "sample", 0)
    for n in range(level, len(plan.sizes)):
        scale = model.scales.at(n)
        noise = torch.randn(1, 1 if n == 0 else 3, *plan.sizes[n], generator=generator).expand(1, 3, -1, -1)
        x = generate(scale.generator, x, noise * scale.noise_amplitude, partial=False)
        if n + 1 < len(plan.sizes):
            x = resize(x.clamp(-1, 1), plan.sizes[n + 1], scale=1 / plan.factor).clamp(-1, 1)
    return to_array(to_image(x))


def test_scale_zero_is_the_papers_recursion(model: SinGAN) -> None:
    (sample,) = model.sample(IMAGE, seed=3)
    zeros = torch.zeros(1, 3, *model.scales.plan.sizes[0])
    assert np.allclose(sample, drawn_by_hand(model, zeros, 0, seed=3), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("level", [1, 2])
def test_the_shrunken_picture_enters(model: SinGAN, level: int) -> None:
    plan = model.scales.plan
    below = image_pyramid(to_signed(to_tensor(IMAGE)), plan)[level - 1]
    start = resize(below.clamp(-1, 1), plan.sizes[level], scale=1 / plan.factor).clamp(-1, 1)
    (sample,) = model.with_fill_options({"start_scale": level}).sample(IMAGE, seed=3)
    assert np.allclose(sample, drawn_by_hand(model, start, level, seed=3), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("level", [1, 2])
def test_the_reconstruction_enters(model: SinGAN, level: int) -> None:
    start = model.scales.reconstruct_below(level, device=torch.device("cpu"))
    worker = model.with_fill_options({"start_scale": level, "start_below": "reconstruction"})
    (sample,) = worker.sample(IMAGE, seed=3)
    assert np.allclose(sample, drawn_by_hand(model, start, level, seed=3), rtol=1e-5, atol=1e-6)


def test_the_higher_the_start_the_nearer_the_picture(model: SinGAN) -> None:
    errors = []
    for level in range(len(model.scales.plan.sizes)):
        (sample,) = model.with_fill_options({"start_scale": level}).sample(IMAGE, seed=3)
        errors.append(float(np.sqrt(np.square(sample - IMAGE).mean())))
    assert errors[1:] == sorted(errors[1:], reverse=True)
    assert errors[-1] < 0.07 < 0.15 < min(errors[:2])


@pytest.mark.parametrize("options", [{}, {"start_scale": 2}, {"start_scale": 2, "start_below": "reconstruction"}])
@pytest.mark.parametrize("size", [(37, 106), (80, 53), (29, 61)])
def test_any_size(model: SinGAN, size: tuple[int, int], options: dict) -> None:
    worker = model.with_fill_options(options)
    first, again = worker.sample(IMAGE, size=size, seed=1), worker.sample(IMAGE, size=size, seed=1)
    assert first[0].shape == (*size, 3)
    assert np.array_equal(first[0], again[0])


def test_noise_of_every_scale_has_the_stretched_size(model: SinGAN) -> None:
    plan = model.scales.plan
    sizes = plan.sizes_for((74, 106))
    assert sizes == tuple((2 * h, 2 * w) for h, w in plan.sizes)
    seen = []
    for n, scale in enumerate(model.scales.trained):
        scale.generator.register_forward_pre_hook(lambda net, inputs, n=n: seen.append((n, inputs[0].shape[-2:])))
    model.sample(IMAGE, size=(74, 106))
    for scale in model.scales.trained:
        scale.generator._forward_pre_hooks.clear()
    assert seen == [(n, (h + 10, w + 10)) for n, (h, w) in enumerate(sizes)]


def test_retargeting_keeps_the_picture_at_its_own_size(model: SinGAN) -> None:
    worker = model.with_fill_options({"start_scale": len(model.scales.plan.sizes) - 1})
    assert float(np.sqrt(np.square(worker.retarget(IMAGE, size=(37, 53)) - IMAGE).mean())) < 0.07
    plan, sizes = model.scales.plan, model.scales.plan.sizes_for((37, 100))
    x = to_signed(to_tensor(IMAGE))
    start = starting_picture(model.scales, x, level=1, sizes=sizes)
    assert start.shape[-2:] == sizes[1]
    generator = make_generator(0, "retarget")
    by_hand = draw(model.scales, start, level=1, sizes=sizes, generator=generator)
    assert np.array_equal(model.retarget(IMAGE, size=(37, 100)), to_array(to_image(by_hand)))
    stretched = resize(x, sizes[0]).clamp(-1, 1)  # resizing overshoots
    assert float((resize(stretched, sizes[1]).clamp(-1, 1) - start).abs().max()) < 1e-6
    assert plan.sizes[1] != sizes[1]


def test_a_larger_picture_is_sampled_with_the_pixels_of_the_finest_scale() -> None:
    image, _ = picture(50, 80)
    model = SinGAN(replace(TINY, min_size=20, max_size=40)).fit(image)
    with pytest.warns(SelfmendWarning, match=mentions("25x40", "50x80", "max_size=80")):
        (sample,) = model.sample(image)
    assert sample.shape == (25, 40, 3)
    with pytest.warns(SelfmendWarning, match=mentions("size", "25x80", "50x160")):
        assert model.retarget(image, size=(50, 160)).shape == (50, 160, 3)
    with pytest.raises(OptionError, match=mentions("size", "10x40", "1")):
        model.retarget(image, size=(20, 80))


def test_grey_and_save(model: SinGAN) -> None:
    grey = IMAGE[..., :1]
    trained = SinGAN(TINY).fit(grey, seed=1)
    loaded = SinGAN(TINY)
    loaded.load_state_dict(trained.state_dict())
    loaded.fitted = True
    first, second = (m.sample(grey, size=(40, 61), seed=8)[0] for m in (trained, loaded))
    assert first.shape == (40, 61, 1)
    assert np.array_equal(first, second)


def test_it_learns_first_where_it_has_not() -> None:
    fitted = SinGAN(TINY).fit(IMAGE, seed=2)
    assert np.array_equal(SinGAN(TINY).sample(IMAGE, seed=2)[0], fitted.sample(IMAGE, seed=2)[0])


def test_what_does_not_fit_is_said_before_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SinGAN, "fit", lambda *a, **k: pytest.fail("trained"))
    with pytest.raises(OptionError, match=mentions("start_scale", "9", "0", "2")):
        SinGAN(replace(TINY, start_scale=9)).sample(IMAGE)
    with pytest.raises(OptionError, match=mentions("start_scale", "0", "2", "1")):
        SinGAN(replace(TINY, start_scale=0)).retarget(IMAGE, size=(40, 40))
    with pytest.raises(OptionError, match=mentions("size", "5x53", "0", "4x43", "11x11", "13x53")):
        SinGAN(TINY).sample(IMAGE, size=(5, 53))
    with pytest.raises(OptionError, match=mentions("min_size")):
        SinGAN(replace(TINY, min_size=40)).retarget(IMAGE, size=(40, 40))


def test_the_smallest_size_that_is_named_fits() -> None:
    plan = SinGAN(TINY).plan((37, 53))
    for height in range(1, 13):
        with pytest.raises(OptionError, match=mentions("13x53")):
            check_sample_size((height, 53), plan, level=0)
    check_sample_size((13, 53), plan, level=0)
    check_sample_size((11, 11), plan, level=2)
    with pytest.raises(OptionError, match=mentions("11x11")):
        check_sample_size((10, 10), plan, level=2)


def test_scales_that_were_not_trained_are_refused() -> None:
    plan = PyramidPlan(sizes=((20, 20), (25, 25), (31, 31), (40, 40)), factor=0.8)
    message = r"scales below 2 are not trained.*start_scale=2 to 3( with start_below=image)?, or train without a mask"
    for level in (0, 1):
        with pytest.raises(OptionError, match=message):
            check_start_scale(level, plan, first=2)
    with pytest.raises(OptionError, match=message):
        check_start_scale(3, plan, first=2, below="reconstruction")
    assert check_start_scale(2, plan, first=2) == 2


def test_a_guided_run_samples_from_its_first_scale_on() -> None:
    config = replace(DEEPER, recipe="guided", painted_holes=2, injection_scale=2)
    model = SlicedWasserstein(config).fit(IMAGE, MASK)
    assert model.scales.first == 2
    with pytest.raises(OptionError, match=mentions("2")):
        model.sample(IMAGE)
    assert list(model.start_scales(IMAGE)) == list(range(2, len(model.scales.plan.sizes)))
    assert model.with_fill_options({"start_scale": 2}).sample(IMAGE)[0].shape == IMAGE.shape


def test_the_work_is_told_from_nothing_to_all_of_it() -> None:
    told: list[float] = []
    SlicedWasserstein.from_options("tiny").inpaint(IMAGE, MASK, progress=lambda event: told.append(event.done))
    assert told[0] < 0.3  # two steps a scale
    assert told == sorted(told)
    assert told[-1] >= 0.95

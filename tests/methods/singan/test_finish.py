"""The exemplar finish of samples: where it starts, which sizes it goes through, and what it makes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pictures import picture
from selfmend.image.pyramid import PyramidPlan, plan_pyramid
from selfmend.image.resize import resize as resize_array
from selfmend.methods.singan.config import TINY
from selfmend.methods.singan.finish import finish, finish_level, finish_sizes
from selfmend.methods.singan.model import SinGAN
from selfmend.nn.tensors import make_generator, resize, to_tensor

PLAN = PyramidPlan(sizes=((20, 25), (27, 33), (36, 45)), factor=0.75)
SMOOTH = resize_array(resize_array(picture()[0], (9, 13)), (72, 90)).clip(0, 1)


def test_level_is_the_nearest() -> None:
    plan = plan_pyramid((188, 250))
    assert [finish_level(plan, start) for start in (10, 75, 250)] == [0, 4, len(plan.sizes) - 1]


def test_sizes_go_on_to_the_whole_picture() -> None:
    pairs = finish_sizes(PLAN, (72, 90), (72, 180), level=1)
    assert pairs == [((27, 33), (27, 66)), ((36, 45), (36, 90)), ((48, 60), (48, 120)), ((64, 80), (64, 160)),
                     ((72, 90), (72, 180))]  # fmt: skip
    assert finish_sizes(PLAN, (36, 45), (36, 45), level=2) == [((36, 45), (36, 45))]


def test_the_picture_at_a_coarse_scale_becomes_the_picture() -> None:
    x = to_tensor(SMOOTH) * 2 - 1
    scales = list(
        finish(resize(x, (27, 33)), x, PLAN, level=1, size=(72, 90), patch=5, generator=make_generator(0, "f"))
    )
    assert [tuple(s.shape[-2:]) for s in scales] == [(27, 33), (36, 45), (48, 60), (64, 80), (72, 90)]
    assert (scales[-1] - x).abs().mean() < 0.02


@pytest.fixture(scope="module")
def model() -> SinGAN:
    config = replace(TINY, min_size=20, max_size=45, finish="always", exemplars_from=33, patch=5)
    return SinGAN(config).fit(SMOOTH, seed=1)


def test_a_finished_sample_has_the_pictures_own_size_and_patches(model: SinGAN) -> None:
    (sample,) = model.sample(SMOOTH)
    assert sample.shape == SMOOTH.shape
    own, theirs = (torch.nn.functional.unfold(t, 5)[0].T for t in map(to_tensor, (SMOOTH, sample)))
    assert torch.cdist(theirs, own).square().amin(1).mean() / 75 < 2e-3
    assert np.array_equal(model.sample(SMOOTH)[0], sample)


def test_another_size_and_start(model: SinGAN) -> None:
    assert model.sample(SMOOTH, size=(72, 120))[0].shape == (72, 120, 3)
    assert model.retarget(SMOOTH, size=(90, 72)).shape == (90, 72, 3)
    near = model.with_fill_options({"start_scale": len(model.scales.plan.sizes) - 1}).sample(SMOOTH)[0]
    assert abs(near - SMOOTH).mean() < abs(model.sample(SMOOTH)[0] - SMOOTH).mean()


def test_never(model: SinGAN) -> None:
    raw = model.with_fill_options({"finish": "never"})
    with pytest.warns(UserWarning, match="not of the picture's"):
        assert raw.sample(SMOOTH)[0].shape == (36, 45, 3)


def test_what_is_copied_may_stand_there_twice_if_it_need_not_be_complete() -> None:
    x = torch.rand(1, 3, 45, 60, generator=make_generator(0, "ground")) * 0.2 - 1
    x[..., 8:18, 8:18] = 1
    plan = PyramidPlan(sizes=((34, 45), (45, 60)), factor=0.75)
    twice = x.clone()
    twice[..., 28:38, 40:50] = 1
    start, whole = resize(twice, (34, 45)), (45, 60)
    (_, free), (_, complete) = (
        finish(start, x, plan, level=0, size=whole, patch=5, complete=c, generator=make_generator(0, "f"))
        for c in (False, True)
    )
    assert free[..., 30:36, 42:48].mean() > 0.8
    assert not torch.equal(free, complete)

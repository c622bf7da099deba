from dataclasses import replace

import numpy as np
import pytest
import torch

from facts import mentions
from pictures import picture
from selfmend.errors import OptionError
from selfmend.image.pyramid import plan_pyramid
from selfmend.methods.singan.config import TINY
from selfmend.methods.singan.model import SinGAN
from selfmend.methods.singan.redraw import check_injection_scale, default_injection_scale
from selfmend.nn.tensors import to_tensor


@pytest.fixture(scope="module")
def trained() -> SinGAN:
    image, mask = picture()
    return SinGAN(TINY).fit(image, mask, seed=2)


def test_same_seed_same_bytes_and_samples_differ(trained: SinGAN) -> None:
    image, mask = picture()
    first, second = trained.inpaint(image, mask, seed=4, samples=2)
    again = trained.inpaint(image, mask, seed=4)[0]
    other = trained.inpaint(image, mask, seed=5)[0]
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, other)
    assert np.array_equal(first[~mask], image[~mask])


@pytest.mark.parametrize("init", ["none", "mean", "local-means", "telea", "biharmonic"])
def test_hole_content_has_no_influence_on_the_fill(trained: SinGAN, init: str) -> None:
    image, mask = picture()
    model = SinGAN(replace(TINY, init=init))
    model.scales, model.fitted = trained.scales, True
    fills = [model.inpaint(np.where(mask[..., None], np.float32(content), image), mask)[0] for content in (0.0, 1.0)]
    assert np.array_equal(fills[0][mask], fills[1][mask])


@pytest.mark.parametrize("changes", [{"progressive": True}, {"keep_known": True}, {"injection_scale": 2}])
def test_ways_of_filling_differ(trained: SinGAN, changes: dict) -> None:
    image, mask = picture()
    model = SinGAN(replace(TINY, **changes))
    model.scales, model.fitted = trained.scales, True
    assert not np.array_equal(model.inpaint(image, mask)[0], trained.inpaint(image, mask)[0])


def test_default_injection_follows_the_depth_of_the_hole() -> None:
    plan = plan_pyramid((188, 250))
    levels = []
    for depth in (2, 8, 20, 60):
        mask = torch.zeros(1, 1, 188, 250, dtype=torch.bool)
        mask[..., 90 - depth : 90 + depth, 125 - depth : 125 + depth] = True
        levels.append(default_injection_scale(mask, plan))
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == 8  # never the finest, which would change next to nothing
    assert levels[-1] == 1


@pytest.mark.parametrize("finish", ["always", "never"])
def test_the_finish_starts_from_what_the_scales_drew(trained: SinGAN, finish: str) -> None:
    image, mask = picture(74, 106)
    model = SinGAN(replace(TINY, finish=finish)).fit(image, mask, seed=2)
    filled = model.inpaint(image, mask)[0]
    assert filled.shape == image.shape
    assert np.array_equal(filled[~mask], image[~mask])
    if finish == "never":  # carried from 64 px by smooth resampling, so smoother than with exemplars
        exemplar = model.with_fill_options({"finish": "larger"}).inpaint(image, mask)[0]
        assert not np.array_equal(exemplar, filled)


def test_refuses(trained: SinGAN) -> None:
    _, mask = picture()
    with pytest.raises(OptionError, match=mentions("injection_scale", "9", "scales", "0", "2", "1")):
        check_injection_scale(9, to_tensor(mask), trained.scales.plan)
    with pytest.raises(OptionError, match=mentions("trained", "37", "53", "40")):
        trained.inpaint(np.random.default_rng(0).random((40, 40, 3), np.float32), np.eye(40, dtype=bool))
    with pytest.raises(OptionError, match="not trained"):
        SinGAN(TINY).state_dict()

"""The steps of SinGAN's critic-free recipe, by hand: with a painted hole, and on distributions of patches alone.

With a hole: the mean absolute error in the painted hole, plus 0.1 of that outside, plus the sliced Wasserstein distance
of patches of 7 px that touch it. Without: that distance of whole pictures, plus 10 times the reconstruction's square
error. Adam's betas are 0.5 and 0.99; the rate falls by half a cosine to a twentieth.
"""

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from one_step import Adam, Watched, changed, same_terms, same_weights
from selfmend.methods.singan.config import SLICED_WASSERSTEIN
from selfmend.methods.singan.model import SlicedWasserstein
from selfmend.methods.singan.sliced_wasserstein import GuidedData, guided_stage
from selfmend.nn.layers import initialize
from selfmend.nn.singan import SinGANGenerator

SMALL = replace(
    SLICED_WASSERSTEIN, min_size=14, max_size=18, channels=4, max_channels=4, precision="32", exemplars_from=15
)


def rate(base: float, i: int, steps: int) -> float:
    return base * (0.05 + 0.95 * (1 + math.cos(math.pi * i / steps)) / 2)


def drawn_by(step: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """All normal numbers that a step draws, in order."""
    numbers, draw = [], torch.randn

    def record(*arguments: object, **options: object) -> Tensor:
        numbers.append(draw(*arguments, **options).clone())
        return numbers[-1]

    with monkeypatch.context() as patch:
        patch.setattr(torch, "randn", record)
        step()
    return numbers


def projected(x: Tensor, directions: Tensor, where: Tensor | None) -> Tensor:
    """(K, number of patches), ascending along every direction."""
    unit = torch.stack([d / (d * d).sum() ** 0.5 for d in directions])
    values = conv2d(x, unit).movedim(1, 0)
    values = values.flatten(1) if where is None else values[:, where[:, 0]]
    return values.sort(1).values


def windows(mask: Tensor) -> Tensor:
    """Whether each window of 7x7 holds any True."""
    return conv2d(mask.double(), torch.ones(1, 1, 7, 7)) > 0


def test_two_steps_with_painted_holes(monkeypatch: pytest.MonkeyPatch) -> None:
    half = torch.rand(1, 3, 20, 11, generator=torch.Generator().manual_seed(2)) * 2 - 1
    truth = torch.cat([half, half.flip(3)], 3)  # whether a crop is mirrored makes no difference
    hole, painted = torch.zeros(2, 1, 1, 20, 22, dtype=torch.bool)
    hole[..., 3:5, 9:13], painted[..., 9:15, 8:14] = True, True
    given = truth.clone()
    given[:, :, 9:15, 8:14] = 0.25
    net = SinGANGenerator(channels=4)
    initialize(net, generator=torch.Generator().manual_seed(3))
    hand, before = deepcopy(net), deepcopy(net.state_dict())
    adam = Adam([hand], (0.5, 0.99))
    stage = guided_stage("scale", GuidedData(given, truth, painted, hole), 0.3, net, SMALL, partial=True)
    watched = Watched(stage.state["optimizer"])
    seen = pad((~hole).double(), [5, 5, 5, 5]).expand(2, 1, -1, -1)
    around = pad(given, [5, 5, 5, 5]).expand(2, -1, -1, -1)
    clear = windows(painted) & ~windows(hole)
    assert clear.any()
    for i in (9, 10):  # batch statistics for a fifth of the 50 steps, then kept ones
        terms: dict[str, Tensor] = {}
        random = torch.Generator().manual_seed(i)
        noise, directions = drawn_by(lambda i=i, r=random, t=terms: t.update(stage.step(i, None, r)), monkeypatch)
        assert (noise.shape, directions.shape) == (around.shape, (32, 3, 7, 7))
        out = hand.train(i < 10)(around + 0.3 * noise * seen, around, seen)
        error = (out - truth).abs().mean(1, keepdim=True)
        absolute = error[painted.expand_as(error)].mean()
        same = error[~(painted | hole).expand_as(error)].mean()
        mended = torch.where(painted, out, truth)
        pairs = (projected(x.expand(2, -1, -1, -1), directions, clear.expand(2, -1, -1, -1)) for x in (mended, truth))
        one, other = pairs
        patches = (one - other).abs().mean()
        adam.step(absolute + 0.1 * same + patches, rate(2e-3, i, 50))
        same_terms(terms, {"absolute": absolute, "same": same, "patches": patches})
    watched.is_like(adam)
    assert changed(net, before)
    same_weights(net, hand, moved=2e-3)


def test_two_steps_on_distributions_of_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    image = torch.rand(1, 3, 14, 14, generator=torch.Generator().manual_seed(2))
    model = SlicedWasserstein(SMALL)
    stage = next(model.stages(image, None, seed=5))
    real = image * 2 - 1
    assert model.scales.plan.sizes == ((14, 14),)
    layout = real - real.mean((2, 3), keepdim=True)
    layout = 0.06 * layout / layout.square().mean() ** 0.5
    u, z_star = pad(layout, [5, 5, 5, 5]), model.scales.z_star.expand(1, 3, -1, -1)
    hand, before = deepcopy(stage.state["generator"]), deepcopy(stage.state["generator"].state_dict())
    adam, watched = Adam([hand], (0.5, 0.99)), Watched(stage.state["optimizer"])
    for i in (0, 150):
        terms: dict[str, Tensor] = {}
        random = torch.Generator().manual_seed(i)
        noise, directions = drawn_by(lambda i=i, r=random, t=terms: t.update(stage.step(i, None, r)), monkeypatch)
        assert (noise.shape, directions.shape) == ((1, 1, 14, 14), (64, 3, 7, 7))
        fake, output = (hand(pad(z.expand(1, 3, -1, -1), [5, 5, 5, 5]) + u, u) for z in (noise, z_star))
        patches = (projected(fake, directions, None) - projected(real, directions, None)).abs().mean()
        reconstruction = ((output - real) ** 2).mean()
        adam.step(patches + 10 * reconstruction, rate(1e-3, i, 300))
        same_terms(terms, {"patches": patches, "reconstruction": reconstruction})
    watched.is_like(adam)
    assert changed(stage.state["generator"], before)
    same_weights(stage.state["generator"], hand, moved=1e-3)

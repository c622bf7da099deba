"""SinGAN's steps against the formulas of its paper and its authors' code, by hand: critic, generator, rates, noise.

Per step: 3 critic steps on mean D(fake) - mean D(real) + 0.1 (|gradient| - 1)², all with the same noise and each with a
new sample from below; 3 generator steps on -mean D(fake) + 10 (reconstruction error)², each on a new fake. Adam with
rate 5e-4, betas 0.5 and 0.999; after 1600 of 2000 steps the rate is a tenth. The gradient in the penalty is that of the
sum of the critic's map, its norm is taken at each pixel, as the authors' code does.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad

from one_step import Adam, Watched, changed, same_terms, same_weights
from selfmend.methods.singan.config import PAPER
from selfmend.methods.singan.model import SinGAN
from selfmend.nn.tensors import resize
from selfmend.training.loop import Stage

SMALL = replace(PAPER, min_size=14, max_size=18, channels=4, max_channels=4)
SEED = 3


def picture_and_mask() -> tuple[Tensor, Tensor]:
    image = torch.rand(1, 3, 16, 18, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(1, 1, 16, 18, dtype=torch.bool)
    mask[..., 4:8, 6:11] = True
    return image, mask


@dataclass
class ByHand:
    """One scale's step, in plain operations."""

    generator: nn.Module
    critic: nn.Module
    real: Tensor
    valid: Tensor | None
    previous: Callable[[torch.Generator], Tensor]
    reconstructed: Tensor
    z_star: Tensor
    sigma: float
    one_noise: bool
    penalty_per: str = "pixel"
    fresh_fakes: bool = True
    redraw: bool = False

    def __post_init__(self) -> None:
        self.critic_adam = Adam([self.critic], (0.5, 0.999))
        self.generator_adam = Adam([self.generator], (0.5, 0.999))

    def draw(self, random: torch.Generator) -> Tensor:
        noise = torch.randn(1, 1 if self.one_noise else 3, *self.real.shape[2:], generator=random)
        return noise.expand(1, 3, -1, -1)

    def made(self, previous: Tensor, noise: Tensor) -> Tensor:
        u = pad(previous, [5, 5, 5, 5])
        seen = None if self.valid is None else pad(self.valid, [5, 5, 5, 5])
        return self.generator(pad(noise, [5, 5, 5, 5]) + u, u, seen)

    def scored(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The sum of the map over the windows that see anything, and their number."""
        scores, _ = self.critic(x, self.valid)
        seen = torch.ones_like(scores) if self.valid is None else max_pool2d(self.valid, 11, 1)
        return (scores * seen).sum(), seen.sum()

    def score(self, x: Tensor) -> Tensor:
        """D(x)."""
        total, count = self.scored(x)
        return total / count

    def penalty(self, fake: Tensor, share: Tensor) -> Tensor:
        between = share * self.real + (1 - share) * fake
        if self.valid is not None:
            between = between * self.valid
        between = between.detach().requires_grad_()
        if self.penalty_per == "sample":
            (slope,) = torch.autograd.grad(self.score(between), between, create_graph=True)
            return ((slope * slope).sum() ** 0.5 - 1) ** 2
        (slope,) = torch.autograd.grad(self.scored(between)[0], between, create_graph=True)
        each = ((slope * slope).sum(1, keepdim=True) ** 0.5 - 1) ** 2
        return each.mean() if self.valid is None else (each * self.valid).sum() / self.valid.sum()

    def error(self, output: Tensor) -> Tensor:
        square = (output - self.real) ** 2
        return square.mean() if self.valid is None else (square * self.valid).sum() / (3 * self.valid.sum())

    def step(self, i: int, random: torch.Generator) -> dict[str, Tensor]:
        rate = 5e-4 if i < 1600 else 5e-5
        noise = self.draw(random) * self.sigma
        if self.redraw:
            self.z_star = self.draw(random)
        for _ in range(3):
            previous = self.previous(random)
            fake = self.made(previous, noise).detach()
            share = torch.rand(1, 1, 1, 1, generator=random)
            distance, penalty = self.score(fake) - self.score(self.real), self.penalty(fake, share)
            self.critic_adam.step(distance + 0.1 * penalty, rate)
        gradients = None
        for _ in range(3):
            if gradients is None or self.fresh_fakes:
                adversarial = -self.score(self.made(previous, noise))
                reconstruction = self.error(self.made(self.reconstructed, self.z_star))
                loss = adversarial + 10 * reconstruction
                gradients = torch.autograd.grad(loss, self.generator_adam.parameters)
            self.generator_adam.follow(gradients, rate)
        return {
            "critic": distance,
            "penalty": penalty,
            "generator": adversarial,
            "reconstruction": reconstruction,
        }


def coarsest(stage: Stage, real: Tensor, valid: Tensor | None, **options: object) -> ByHand:
    """Nothing from below, noise of size 1 that all channels share, z* on the reconstruction path."""
    zeros = torch.zeros_like(real)
    nets = (deepcopy(stage.state[name]) for name in ("generator", "critic"))
    z_star = stage.state["z_star"].value.clone().expand(1, 3, -1, -1)
    return ByHand(*nets, real, valid, lambda random: zeros, zeros, z_star, 1.0, one_noise=True, **options)


def second(
    stage: Stage, first: nn.Module, reals: list[Tensor], valids: list[Tensor] | None, z_star: Tensor, factor: float
) -> ByHand:
    """What the trained coarsest scale gives, enlarged; noise a tenth of the error that the reconstruction leaves."""

    def below(noise: Tensor, valid: Tensor | None) -> Tensor:
        u = torch.zeros(1, 3, *(n + 10 for n in reals[0].shape[2:]))
        seen = None if valids is None else pad(torch.ones_like(valids[0]) if valid is None else valid, [5, 5, 5, 5])
        with torch.no_grad():
            out = first(pad(noise.expand(1, 3, -1, -1), [5, 5, 5, 5]) + u, u, seen).clamp(-1, 1)
        return resize(out, tuple(reals[1].shape[2:]), scale=1 / factor).clamp(-1, 1)

    def drawn(random: torch.Generator) -> Tensor:
        return below(torch.randn(1, 1, *reals[0].shape[2:], generator=random), None)

    nets = (deepcopy(stage.state[name]) for name in ("generator", "critic"))
    valid = None if valids is None else valids[1]
    reconstructed = below(z_star, None if valids is None else valids[0])
    zeros = torch.zeros_like(reals[1])
    hand = ByHand(*nets, reals[1], valid, drawn, reconstructed, zeros, 0.0, one_noise=False)
    hand.sigma = 0.1 * float(hand.error(reconstructed)) ** 0.5
    return hand


def compare(stage: Stage, hand: ByHand, steps: tuple[int, ...]) -> None:
    """The same steps by both."""
    before = {name: deepcopy(stage.state[name].state_dict()) for name in ("generator", "critic")}
    watched = {name: Watched(stage.state[f"{name}_optimizer"]) for name in ("generator", "critic")}
    for i in steps:
        terms = stage.step(i, None, torch.Generator().manual_seed(10 + i))
        same_terms(terms, hand.step(i, torch.Generator().manual_seed(10 + i)))
    watched["critic"].is_like(hand.critic_adam)
    watched["generator"].is_like(hand.generator_adam)
    for name, net in (("generator", hand.generator), ("critic", hand.critic)):
        assert changed(stage.state[name], before[name])
        same_weights(stage.state[name], net, moved=5e-5)


def shrunk(image: Tensor, mask: Tensor, model: SinGAN) -> tuple[list[Tensor], list[Tensor]]:
    """Picture and validity at each scale, the hole zero."""
    plan = model.scales.plan
    scales = [plan.factor ** (len(plan.sizes) - 1 - n) for n in range(len(plan.sizes))]
    pairs = list(zip(plan.sizes, scales, strict=True))
    reals = [resize(image * 2 - 1, size, scale=s) for size, s in pairs[:-1]] + [image * 2 - 1]
    kept = [(resize(mask.double(), size, scale=s).abs() < 1e-9).double() for size, s in pairs[:-1]]
    return reals, [*kept, (~mask).double()]


@pytest.mark.parametrize("holed", [False, True])
@pytest.mark.parametrize("level", [0, 1])
def test_two_steps_of_the_papers_recipe_about_the_drop(level: int, holed: bool) -> None:
    image, mask = picture_and_mask()
    model = SinGAN(SMALL)
    stages = model.stages(image, mask if holed else None, seed=SEED)
    stage = next(stages)
    reals, valids = shrunk(image, mask, model)
    if holed:
        assert all(0 < float((1 - v).sum()) < v.numel() / 2 for v in valids)
        reals = [r * v for r, v in zip(reals, valids, strict=True)]
    if level == 0:
        compare(stage, coarsest(stage, reals[0], valids[0] if holed else None), (1599, 1600))
        return
    stage.step(0, None, torch.Generator().manual_seed(1))
    first, z_star = stage.state["generator"], stage.state["z_star"].value
    stage = next(stages)
    hand = second(stage, first, reals, valids if holed else None, z_star, model.scales.plan.factor)
    compare(stage, hand, (1599, 1600))


@pytest.mark.parametrize(
    ("options", "by_hand"),
    [
        ({"penalty_per": "sample"}, {"penalty_per": "sample"}),
        ({"fresh_fakes": False}, {"fresh_fakes": False}),
        ({"fixed_z_star": False}, {"redraw": True}),
    ],
)
def test_a_step_of_the_variants(options: dict, by_hand: dict) -> None:
    image, mask = picture_and_mask()
    model = SinGAN(replace(SMALL, **options))
    stage = next(model.stages(image, None, seed=SEED))
    reals, _ = shrunk(image, mask, model)
    compare(stage, coarsest(stage, reals[0], None, **by_hand), (0, 1))


def test_finer_scales_have_the_amplitude_of_what_is_left_to_do() -> None:
    image, mask = picture_and_mask()
    model = SinGAN(SMALL)
    stages = model.stages(image, mask, seed=SEED)
    stage = next(stages)
    next(stages)
    reals, valids = shrunk(image, mask, model)
    reals = [r * v for r, v in zip(reals, valids, strict=True)]
    first, z_star = stage.state["generator"], stage.state["z_star"].value
    hand = second(stage, first, reals, valids, z_star, model.scales.plan.factor)
    next(stages)
    assert [s.noise_amplitude for s in model.scales.trained] == [1.0, pytest.approx(hand.sigma, rel=1e-9)]


def test_the_numbers_of_the_paper() -> None:
    assert (PAPER.steps, PAPER.critic_steps, PAPER.generator_steps) == (2000, 3, 3)
    assert (PAPER.learning_rate, PAPER.learning_rate_drop_at, PAPER.learning_rate_drop) == (5e-4, 0.8, 0.1)
    assert (PAPER.penalty_weight, PAPER.reconstruction_weight, PAPER.noise_amplitude) == (0.1, 10, 0.1)
    assert (PAPER.recipe, PAPER.penalty_per, PAPER.fixed_z_star, PAPER.fresh_fakes) == (
        "adversarial",
        "pixel",
        True,
        True,
    )

"""What the tests of whole training steps share: double precision, Adam by hand, and what an optimiser was given.

The expected numbers of these tests are computed from the papers' formulas, with the product's networks but none of its
losses, optimisers or schedules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor, nn


@dataclass
class Adam:
    """Adam (Kingma & Ba, 2015, Algorithm 1) over the parameters of some networks; what it did, step by step."""

    nets: Sequence[nn.Module]
    betas: tuple[float, float]
    norms: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parameters = [p for net in self.nets for p in net.parameters()]
        self.first = [torch.zeros_like(p) for p in self.parameters]
        self.second = [torch.zeros_like(p) for p in self.parameters]

    def step(self, loss: Tensor, rate: float) -> None:
        """One step downhill on `loss`."""
        self.follow(torch.autograd.grad(loss, self.parameters), rate)

    @torch.no_grad()
    def follow(self, gradients: Iterable[Tensor], rate: float) -> None:
        """One step against these gradients."""
        gradients, (b1, b2) = list(gradients), self.betas
        self.norms.append(sum(float((g * g).sum()) for g in gradients) ** 0.5)
        self.rates.append(rate)
        t = len(self.norms)
        for p, g, m, v in zip(self.parameters, gradients, self.first, self.second, strict=True):
            m.copy_(b1 * m + (1 - b1) * g)
            v.copy_(b2 * v + (1 - b2) * g * g)
            p -= rate * (m / (1 - b1**t)) / ((v / (1 - b2**t)) ** 0.5 + 1e-8)


class Watched:
    """The learning rate and the gradient's norm of every step that an optimiser takes."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.norms: list[float] = []
        self.rates: list[float] = []
        optimizer.register_step_pre_hook(self._before)

    def _before(self, optimizer: torch.optim.Optimizer, arguments: object, options: object) -> None:
        (group,) = optimizer.param_groups
        gradients = [p.grad for p in group["params"] if p.grad is not None]
        self.norms.append(sum(float((g * g).sum()) for g in gradients) ** 0.5)
        self.rates.append(group["lr"])

    def is_like(self, expected: Adam) -> None:
        """The same steps, to the digits of double precision."""
        assert self.rates == pytest.approx(expected.rates, rel=1e-9)
        assert self.norms == pytest.approx(expected.norms, rel=1e-6)
        assert min(self.norms) > 0


def same_weights(actual: nn.Module, expected: nn.Module, *, moved: float) -> None:
    """All parameters alike, to a small part of what a step of learning rate `moved` moves them."""
    pairs = list(zip(actual.named_parameters(), expected.parameters(), strict=True))
    for (name, a), e in pairs:
        worst = float((a - e).detach().abs().max())
        assert worst < 1e-3 * moved, f"{name} is {worst / moved:.3g} steps away"


def changed(actual: nn.Module, before: Mapping[str, Tensor]) -> bool:
    """Whether any parameter is another than in a state dict."""
    return any(not torch.equal(p, before[name]) for name, p in actual.named_parameters())


def same_terms(actual: Mapping[str, Tensor | float], expected: Mapping[str, Tensor]) -> None:
    """The same names and values, signs included."""
    assert set(actual) == set(expected)
    for name, value in expected.items():
        assert float(actual[name]) == pytest.approx(float(value.detach()), rel=1e-7, abs=1e-12), name


def cross_entropy(logits: Tensor, label: float) -> Tensor:
    """-log sigmoid for 1, -log (1 - sigmoid) for 0, averaged."""
    probability = 1 / (1 + torch.exp(-logits))
    return -(label * probability.log() + (1 - label) * (1 - probability).log()).mean()


class Tower(nn.Module):
    """Stands in for VGG19: its activations by their names, of few channels, without gradients of its own."""

    def __init__(self, taps: Sequence[str] = ()) -> None:
        """A tower that gives these activations, in order; none means all of them."""
        super().__init__()
        self.taps = taps
        generator = torch.Generator().manual_seed(5)
        counts = (2, 2, 4, 4, 4)
        self.names = [f"relu{block}_{i}" for block, count in enumerate(counts, 1) for i in range(1, count + 1)]
        self.layers = nn.ModuleList()
        for n in range(len(self.names)):
            layer = nn.Conv2d(3 if n == 0 else 4, 4, 3, padding=1)
            layer.weight.data = torch.randn(layer.weight.shape, generator=generator) / 4
            layer.bias.data = torch.rand(4, generator=generator) / 4
            self.layers.append(layer)
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """(N, 3, H, W) in [0, 1]."""
        found, x = {}, image
        for name, layer in zip(self.names, self.layers, strict=True):
            if name.endswith("_1") and name != "relu1_1":
                x = nn.functional.max_pool2d(x, 2)
            x = found[name] = nn.functional.relu(layer(x))
        return {name: x for name, x in found.items() if not self.taps or name in self.taps}

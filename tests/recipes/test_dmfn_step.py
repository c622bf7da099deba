"""DMFN's step against the formulas of its paper and its authors' code, by hand.

The generator first: l1 + 25 (self-guided + VGG's matching) + alignment + 5 times the discriminator's matching + 0.003
of the relativistic loss, all on the composite. Then the discriminator. Adam with rate 2e-4, betas 0.5 and 0.9.
"""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from folder_batches import batch_of, batches_of
from one_step import Adam, Tower, Watched, changed, cross_entropy, same_terms, same_weights
from selfmend.methods import dmfn
from selfmend.methods.dmfn import DMFN, PAPER
from selfmend.training.devices import make_fabric

FABRIC = make_fabric(torch.device("cpu"))
WEIGHTS = [1000 / c**2 for c in (64, 128, 256, 512, 512)]
SIZE = 16


def guidance(made: Tensor, truth: Tensor) -> Tensor:
    """The error of each pixel as a share of the picture's largest, without gradient."""
    error = ((made - truth) ** 2).mean(1, keepdim=True).detach()
    return torch.stack([one / one.max() for one in error])


def halved(x: Tensor) -> Tensor:
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


def centres(features: Tensor) -> Tensor:
    """Centre of mass of each channel, (N, C, 2), in [-1, 1)."""
    share = features + 1e-7
    share = share / share.sum((2, 3), keepdim=True)
    height, width = features.shape[2:]
    y = torch.tensor([2 * i / height - 1 for i in range(height)])
    x = torch.tensor([2 * i / width - 1 for i in range(width)])
    rows = torch.einsum("ncij,i->nc", share, y)
    return torch.stack([rows, torch.einsum("ncij,j->nc", share, x)], 2)


def picture_terms(made: Tensor, truth: Tensor, vgg: Tower | None) -> dict[str, Tensor]:
    terms = {"l1": (made - truth).abs().mean()}
    if vgg is None:
        return terms
    a, b = vgg((made + 1) / 2), vgg((truth + 1) / 2)
    g = guidance(made, truth)
    first, second = (a[tap] - b[tap] for tap in ("relu1_1", "relu2_1"))
    terms["self_guided"] = WEIGHTS[0] * (g * first).abs().mean() + WEIGHTS[1] * (halved(g) * second).abs().mean()
    taps = [f"relu{block}_1" for block in range(1, 6)]
    terms["content"] = sum(w * (a[tap] - b[tap]).abs().mean() for w, tap in zip(WEIGHTS, taps, strict=True))
    terms["alignment"] = ((centres(a["relu4_1"]) - centres(b["relu4_1"])) ** 2).mean()
    return terms


class ByHand:
    """Both networks and their optimisers; holes are the middle of the square."""

    def __init__(self, method: DMFN, vgg: Tower | None) -> None:
        self.generator, self.discriminator = (deepcopy(method.net(n)) for n in ("generator", "discriminator"))
        self.making, self.judging = (Adam([net], (0.5, 0.9)) for net in (self.generator, self.discriminator))
        self.vgg = vgg

    def judge(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        edge = SIZE // 4
        return self.discriminator(x[..., edge:-edge, edge:-edge], x)

    def step(self, image: Tensor, hole: Tensor) -> dict[str, Tensor]:
        truth = image * 2 - 1
        out = self.generator(torch.cat([truth * (1 - hole), hole], 1))
        made = hole * out + (1 - hole) * truth
        with torch.no_grad():
            real, real_features = self.judge(truth)
        fake, fake_features = self.judge(made)
        pairs = zip(WEIGHTS, fake_features, real_features, strict=False)
        matching = sum(w * (a - b).abs().mean() for w, a, b in pairs)
        adversarial = (cross_entropy(real - fake.mean(), 0) + cross_entropy(fake - real.mean(), 1)) / 2
        terms = {"matching": matching, "adversarial": adversarial} | picture_terms(made, truth, self.vgg)
        weights = {"l1": 1, "self_guided": 25, "content": 25, "alignment": 1, "matching": 5, "adversarial": 0.003}
        self.making.step(sum(weights[name] * term for name, term in terms.items()), 2e-4)
        real, fake = self.judge(truth)[0], self.judge(made.detach())[0]
        judged = (cross_entropy(real - fake.mean(), 1) + cross_entropy(fake - real.mean(), 0)) / 2
        self.judging.step(judged, 2e-4)
        return terms | {"discriminator": judged}


@pytest.mark.parametrize("perceptual", ["vgg19", "none"])
def test_two_steps(perceptual: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def stand_in(name: str, **options: object) -> Tower | None:
        asked.append((name, options["normalization"]))
        return Tower(options["taps"]) if name == "vgg19" else None

    monkeypatch.setattr(dmfn, "perceptual_net", stand_in)
    method = DMFN(replace(PAPER, size=SIZE, width=0.07, blocks=1, batch_size=2, perceptual=perceptual))
    method.build(seed=8)
    before = {name: deepcopy(net.state_dict()) for name, net in method.networks().items()}
    (stage,) = method.stages(batches_of(SIZE), seed=8, fabric=FABRIC)
    hand = ByHand(method, Tower() if perceptual == "vgg19" else None)
    watched = {name: Watched(stage.state[f"{name}_optimizer"]) for name in ("generator", "discriminator")}
    for i in range(2):
        batch = batch_of(SIZE, seed=i)
        same_terms(stage.step(i, batch, torch.Generator()), hand.step(batch.image, batch.mask.double()))
    assert asked == [(perceptual, "imagenet")]
    watched["generator"].is_like(hand.making)
    watched["discriminator"].is_like(hand.judging)
    for name, net in (("generator", hand.generator), ("discriminator", hand.discriminator)):
        assert changed(method.net(name), before[name])
        same_weights(method.net(name), net, moved=2e-4)


def test_the_numbers_of_the_paper() -> None:
    assert (PAPER.learning_rate, PAPER.discriminator_rate, PAPER.beta1, PAPER.beta2) == (2e-4, 1, 0.5, 0.9)
    assert (PAPER.l1, PAPER.self_guided, PAPER.content, PAPER.alignment) == (1, 25, 25, 1)
    assert (PAPER.matching, PAPER.adversarial) == (5, 0.003)
    assert (PAPER.size, PAPER.batch_size, PAPER.max_delta, PAPER.steps, PAPER.decay) == (256, 16, 32, 100_000, 0)

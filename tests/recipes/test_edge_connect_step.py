"""EdgeConnect's steps against the formulas of its paper and its authors' code, by hand: all four phases.

Edges: -log D1(drawn) plus 10 times the sum of the five activations' mean absolute differences. Colours: mean |out - gt|
divided by the hole's share, plus 0.1 -log D2, plus 0.1 of the perceptual and 250 of the style loss. Discriminators:
half of both sides, a tenth of the generator's rate. Adam's betas are 0 and 0.9. Discriminators learn first.
"""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage.feature import canny
from torch import Tensor

from folder_batches import batch_of, batches_of
from one_step import Adam, Tower, Watched, changed, cross_entropy, same_terms, same_weights
from selfmend.methods import edge_connect
from selfmend.methods.edge_connect import PAPER
from selfmend.training.data import Batch
from selfmend.training.devices import make_fabric

FABRIC = make_fabric(torch.device("cpu"))
CONTENT = [f"relu{block}_1" for block in range(1, 6)]
STYLE = ["relu2_2", "relu3_4", "relu4_4", "relu5_2"]
RATES = {"edge": 1e-4, "inpaint": 1e-4, "edge-inpaint": 1e-5, "joint": 1e-6}
TRAINED = {"edge": ["edge"], "inpaint": ["inpaint"], "edge-inpaint": ["inpaint"], "joint": ["edge", "inpaint"]}


def gram(x: Tensor) -> Tensor:
    flat = x.flatten(2)
    return torch.einsum("nip,njp->nij", flat, flat) / (x.shape[1] * x.shape[2] * x.shape[3])


class ByHand:
    """The four networks, and what a phase trains of them."""

    def __init__(self, method: edge_connect.EdgeConnect, phase: str, vgg: Tower, known_edges: str) -> None:
        self.known_edges = known_edges
        self.nets = {name: deepcopy(net) for name, net in method.networks().items()}
        self.phase, self.vgg, parts = phase, vgg, TRAINED[phase]
        self.nets["edge_generator"].train("edge" in parts)
        self.making = Adam([self.nets[f"{part}_generator"] for part in parts], (0.0, 0.9))
        self.judging = Adam([self.nets[f"{part}_discriminator"] for part in parts], (0.0, 0.9))

    def step(self, batch: Batch) -> dict[str, Tensor]:
        self.image, self.hole = batch.image, batch.mask.double()
        r, g, b = self.image.unbind(1)
        self.grey = (0.299 * r + 0.587 * g + 0.114 * b)[:, None]
        found = [canny(one.numpy().astype(np.float32), sigma=2) for one in self.grey[:, 0]]
        self.edges = torch.from_numpy(np.stack(found)[:, None]).double()
        assert (self.edges * self.hole).sum() > 0
        self.known = self.edges
        if self.known_edges == "masked":
            pairs = zip(self.grey[:, 0].numpy().astype(np.float32), self.hole[:, 0].numpy() > 0, strict=True)
            found = [canny(one, sigma=2, mask=~hole) for one, hole in pairs]
            self.known = torch.from_numpy(np.stack(found)[:, None]).double()
            assert ((self.known != self.edges) * (1 - self.hole)).sum() > 0
        drawn, painted = self.make()
        rate, judged = RATES[self.phase], {}
        if self.phase in ("edge", "joint"):
            pairs = [torch.cat([self.grey, e], 1) for e in (self.edges, drawn.detach())]
            judged["edge_discriminator"] = self.judge("edge_discriminator", *pairs)
        if painted is not None:
            judged["inpaint_discriminator"] = self.judge("inpaint_discriminator", self.image, painted.detach())
        self.judging.step(sum(judged.values()), rate * 0.1)
        terms = self.edge_terms(drawn) if self.phase in ("edge", "joint") else {}
        terms |= self.colour_terms(painted) if painted is not None else {}
        weights = {"edge_adversarial": 1, "edge_matching": 10, "l1": 1, "adversarial": 0.1, "content": 0.1}
        weights["style"] = 250
        self.making.step(sum(weights[name] * term for name, term in terms.items()), rate)
        return terms | judged

    def make(self) -> tuple[Tensor | None, Tensor | None]:
        """Drawn edges, and the picture painted along the edges that the phase shows."""
        known, drawn, inside = self.known * (1 - self.hole), None, self.edges
        if self.phase != "inpaint":
            seen = [self.grey * (1 - self.hole) + self.hole, known, self.hole]
            drawn = self.nets["edge_generator"](torch.cat(seen, 1))
            drawn = drawn.detach() if self.phase == "edge-inpaint" else drawn
            inside = drawn
        if self.phase == "edge":
            return drawn, None
        shown = self.image * (1 - self.hole) + self.hole
        return drawn, self.nets["inpaint_generator"](torch.cat([shown, inside * self.hole + known], 1))

    def judge(self, name: str, real: Tensor, fake: Tensor) -> Tensor:
        return (cross_entropy(self.nets[name](real)[-1], 1) + cross_entropy(self.nets[name](fake)[-1], 0)) / 2

    def edge_terms(self, drawn: Tensor) -> dict[str, Tensor]:
        real, fake = (self.nets["edge_discriminator"](torch.cat([self.grey, e], 1)) for e in (self.edges, drawn))
        matching = sum((a - b.detach()).abs().mean() for a, b in zip(fake, real, strict=True))
        assert len(fake) == 5
        return {"edge_adversarial": cross_entropy(fake[-1], 1), "edge_matching": matching}

    def colour_terms(self, painted: Tensor) -> dict[str, Tensor]:
        a, b = self.vgg(painted), self.vgg(self.image)
        c, d = self.vgg(painted * self.hole), self.vgg(self.image * self.hole)
        return {
            "l1": (painted - self.image).abs().mean() / (self.hole.sum() / self.hole.numel()),
            "adversarial": cross_entropy(self.nets["inpaint_discriminator"](painted)[-1], 1),
            "content": sum((a[tap] - b[tap]).abs().mean() for tap in CONTENT),
            "style": sum((gram(c[tap]) - gram(d[tap])).abs().mean() for tap in STYLE),
        }


@pytest.mark.parametrize("known_edges", ["whole", "masked"])
@pytest.mark.parametrize("phase", ["edge", "inpaint", "edge-inpaint", "joint"])
def test_two_steps_of_each_phase(phase: str, known_edges: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def stand_in(perceptual: str, **options: object) -> Tower | None:
        asked.append((perceptual, options["normalization"]))
        return Tower(options["taps"]) if perceptual == "vgg19" else None

    monkeypatch.setattr(edge_connect, "perceptual_net", stand_in)
    config = replace(PAPER, size=32, width=0.05, blocks=1, batch_size=2, phases=(phase,), known_edges=known_edges)
    method = edge_connect.EdgeConnect(config)
    method.build(seed=6)
    before = {name: deepcopy(net.state_dict()) for name, net in method.networks().items()}
    (stage,) = method.stages(batches_of(32), seed=6, fabric=FABRIC)
    hand = ByHand(method, phase, Tower(), known_edges)
    watched = {name: Watched(stage.state[f"{name}_optimizer"]) for name in ("generator", "discriminator")}
    for i in range(2):
        same_terms(stage.step(i, batch_of(32, seed=i), torch.Generator()), hand.step(batch_of(32, seed=i)))
    assert asked == [("none" if phase == "edge" else "vgg19", "plain")]
    watched["generator"].is_like(hand.making)
    watched["discriminator"].is_like(hand.judging)
    for name, net in method.networks().items():
        assert changed(net, before[name]) == (name.split("_")[0] in TRAINED[phase])
        same_weights(net, hand.nets[name], moved=RATES[phase] / 10)


def test_the_numbers_of_the_paper() -> None:
    assert (PAPER.edge_adversarial, PAPER.edge_matching) == (1, 10)
    assert (PAPER.l1, PAPER.adversarial, PAPER.content, PAPER.style) == (1, 0.1, 0.1, 250)
    assert (PAPER.size, PAPER.batch_size, PAPER.blocks, PAPER.sigma, PAPER.gan) == (256, 8, 8, 2, "nsgan")
    assert PAPER.known_edges == "whole"
    assert (PAPER.phases, PAPER.edge_cross_entropy, PAPER.decay) == (("edge", "inpaint", "edge-inpaint"), 0, 0)

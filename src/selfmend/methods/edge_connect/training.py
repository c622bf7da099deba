"""A step of EdgeConnect's training: the same in all phases, which differ in what is trained and which edges are shown.

Nazeri et al., 2019, Sec. 3.1 to 3.3. Differences from the authors' code: the discriminators are updated before the
generators' losses are computed, and the joint phase adds up both generators' losses for one update.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from selfmend.image.channels import from_rgb
from selfmend.image.edges import canny_edges
from selfmend.losses.cross_entropy import balanced_cross_entropy
from selfmend.losses.feature_matching import feature_matching, style_loss
from selfmend.losses.gan import discriminator_loss, generator_loss
from selfmend.methods.adversarial import adam, frozen
from selfmend.methods.edge_connect.config import EdgeConnectConfig
from selfmend.methods.edge_connect.passes import draw_edges, merge, paint
from selfmend.nets.vgg import VGG19Features
from selfmend.train.data import Batch
from selfmend.train.stage import Stage, Stateful, Terms
from selfmend.train.updater import Updater

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PERCEPTUAL_TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
STYLE_TAPS = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")


class _Truth(NamedTuple):
    """A batch as the networks see it: pictures (N, C, H, W) in [0, 1], the mask 0 and 1."""

    image: Tensor
    grey: Tensor
    edges: Tensor
    mask: Tensor


class _Made(NamedTuple):
    """What the generators made of it; None where a phase does not need it.

    `drawn` are edges to be judged, `shown` those that the colours follow.
    """

    drawn: Tensor | None
    shown: Tensor | None
    painted: Tensor | None


class Trainer:
    """The phases of one training.

    Args:
        config: of the method.
        networks: all four by name.
        vgg: of the perceptual and the style loss, or None for neither.
        fabric: the processes and the precision.
    """

    def __init__(
        self,
        config: EdgeConnectConfig,
        networks: Mapping[str, nn.Module],
        *,
        vgg: VGG19Features | None,
        fabric: Fabric,
    ) -> None:
        self.config, self.networks, self.vgg, self.fabric = config, networks, vgg, fabric

    def stage(self, phase: str, batches: Callable[[int], Any]) -> Stage:
        """One phase as a stage; the networks that it does not train stay as they are."""
        parts = {"edge": ["edge"], "joint": ["edge", "inpaint"]}.get(phase, ["inpaint"])
        # in evaluation mode, the spectral norm of a net that only serves stays as it is
        self.networks["edge_generator"].train("edge" in parts)
        judges = {name: self.networks[name] for name in (f"{part}_discriminator" for part in parts)}
        makers = {name: self.networks[name] for name in (f"{part}_generator" for part in parts)}
        judging = self._optimizer(judges, phase, self.config.discriminator_rate)
        making = self._optimizer(makers, phase, 1.0)
        judging_updater, making_updater = Updater(self.fabric, judging), Updater(self.fabric, making)

        def step(i: int, batch: Batch, generator: torch.Generator) -> Terms:
            truth = self._truth(batch)
            with self.fabric.autocast():
                made = self._make(truth, phase)
                judged = self._judge(truth, made)
            judging_updater.step(torch.stack([*judged.values()]).sum())
            with self.fabric.autocast(), frozen(*judges.values()):
                terms = {**self._edge_terms(truth, made), **self._inpaint_terms(truth, made)}
            making_updater.step(torch.stack([getattr(self.config, n) * term for n, term in terms.items()]).sum())
            return {name: term.detach() for name, term in (terms | judged).items()}

        state: dict[str, Stateful] = {**makers, **judges}
        state |= {"generator_optimizer": making, "discriminator_optimizer": judging}
        return Stage(name=phase, steps=self.config.steps, step=step, state=state, batches=batches)

    def _optimizer(self, nets: Mapping[str, nn.Module], phase: str, factor: float) -> torch.optim.Adam:
        rates = {"edge-inpaint": self.config.fine_learning_rate, "joint": self.config.joint_learning_rate}
        rate = rates.get(phase, self.config.learning_rate) * factor
        return adam(nets.values(), learning_rate=rate, betas=(self.config.beta1, self.config.beta2))

    def _truth(self, batch: Batch) -> _Truth:
        grey = from_rgb(batch.image, 1)
        return _Truth(batch.image, grey, canny_edges(grey, sigma=self.config.sigma), batch.mask.float())

    def _make(self, truth: _Truth, phase: str) -> _Made:
        drawn, shown = None, truth.edges
        if phase != "inpaint":
            with torch.set_grad_enabled(phase != "edge-inpaint"):
                drawn = draw_edges(self.networks["edge_generator"], truth.grey, truth.edges, truth.mask)
            shown = merge(drawn, truth.edges, truth.mask)
        if phase == "edge":
            return _Made(drawn, None, None)
        painted = paint(self.networks["inpaint_generator"], truth.image, shown, truth.mask)
        return _Made(drawn if phase == "joint" else None, shown, painted)

    def _judge(self, truth: _Truth, made: _Made) -> dict[str, Tensor]:
        """The discriminators' losses by name."""
        losses = {}
        pairs = {"edge": self._edge_pair(truth, made), "inpaint": self._inpaint_pair(truth, made)}
        for part, pair in pairs.items():
            if pair is not None:
                net = self.networks[f"{part}_discriminator"]
                real, fake = (net(picture.detach())[-1] for picture in pair)
                losses[f"{part}_discriminator"] = discriminator_loss(real, fake, kind=self.config.gan)
        return losses

    def _edge_terms(self, truth: _Truth, made: _Made) -> dict[str, Tensor]:
        pair = self._edge_pair(truth, made)
        if pair is None:
            return {}
        net = self.networks["edge_discriminator"]
        with torch.no_grad():
            real = net(pair[0])
        fake = net(pair[1])
        terms = {
            "edge_adversarial": generator_loss(fake[-1], kind=self.config.gan),
            "edge_matching": feature_matching(fake, real),
        }
        if self.config.edge_cross_entropy and made.drawn is not None:
            terms["edge_cross_entropy"] = balanced_cross_entropy(made.drawn, truth.edges, truth.mask)
        return terms

    def _inpaint_terms(self, truth: _Truth, made: _Made) -> dict[str, Tensor]:
        pair = self._inpaint_pair(truth, made)
        if pair is None or made.painted is None:
            return {}
        fake = self.networks["inpaint_discriminator"](pair[1])[-1]
        terms = {
            "l1": (made.painted - truth.image).abs().mean() / truth.mask.mean(),
            "adversarial": generator_loss(fake, kind=self.config.gan),
        }
        if self.vgg is None:
            return terms
        output, target = self.vgg(made.painted), self.vgg(truth.image)
        terms["content"] = feature_matching(*([found[tap] for tap in PERCEPTUAL_TAPS] for found in (output, target)))
        output, target = self.vgg(made.painted * truth.mask), self.vgg(truth.image * truth.mask)
        terms["style"] = style_loss(*([found[tap] for tap in STYLE_TAPS] for found in (output, target)))
        return terms

    def _edge_pair(self, truth: _Truth, made: _Made) -> tuple[Tensor, Tensor] | None:
        """What the edges' discriminator is shown, real and fake: edges with the grey picture."""
        if made.drawn is None:
            return None
        return torch.cat([truth.grey, truth.edges], 1), torch.cat([truth.grey, made.drawn], 1)

    def _inpaint_pair(self, truth: _Truth, made: _Made) -> tuple[Tensor, Tensor] | None:
        """What the colours' discriminator is shown: pictures, with the edges that they follow where that is asked."""
        if made.painted is None or made.shown is None:
            return None
        if not self.config.discriminate_with_edges:
            return truth.image, made.painted
        return torch.cat([truth.image, made.shown], 1), torch.cat([made.painted, made.shown], 1)

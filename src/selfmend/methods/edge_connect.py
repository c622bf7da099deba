"""EdgeConnect (Nazeri et al. 2019): edges are completed first, then colours follow them.

The options of EdgeConnect and their presets: PAPER is the authors' recipe, SMALL a laptop's, TINY a test's.

"Code" in a source is the authors' code with the configuration that they trained with.

What EdgeConnect's two generators are shown. Pictures and edges are (N, C, H, W) in [0, 1], the mask 0 and 1.

A step of EdgeConnect's training: the same in all phases, which differ in what is trained and which edges are shown.

Nazeri et al., 2019, Sec. 3.1 to 3.3. Differences from the authors' code: the discriminators are updated before the
generators' losses are computed, and the joint phase adds up both generators' losses for one update.

EdgeConnect as a method: its networks, its phases, and how they fill a square.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from selfmend.errors import OptionError
from selfmend.image.edges import canny_edges
from selfmend.methods.adversarial import (
    PERCEPTUAL,
    AdversarialMethod,
    adam,
    check_multiple_of_four,
    check_perceptual,
    count_blocks,
    frozen,
    perceptual_net,
)
from selfmend.methods.folder import Batches, FolderConfig, FolderMethod
from selfmend.nn.adversarial_losses import KINDS, discriminator_loss, generator_loss
from selfmend.nn.edge_connect import EdgeGenerator, InpaintGenerator, PatchDiscriminator
from selfmend.nn.perceptual import NORMALIZATIONS, VGGFeatures
from selfmend.nn.reconstruction_losses import balanced_cross_entropy, feature_matching, style_loss
from selfmend.nn.tensors import ImageTensor, MaskTensor, rgb_to_grey, to_array, to_mask, to_tensor
from selfmend.options import option
from selfmend.training.data import Batch
from selfmend.training.optimization import Updater
from selfmend.training.stage import Stage, Stateful, Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric


_PAPER = "EdgeConnect (2019), Sec. 3"
_CODE = "code of EdgeConnect"
PHASES = ("edge", "inpaint", "edge-inpaint", "joint")
KNOWN_EDGES = ("whole", "masked")


@dataclass(frozen=True, kw_only=True)
class EdgeConnectConfig(FolderConfig):
    """Every option; the defaults are the authors'."""

    masks: str = option("random-box", "holes of the training; see the other methods' option of this name", source=_CODE)
    phases: tuple[str, ...] = option(
        PHASES[:3],
        "stages of the training, in order: edge trains the edges; inpaint the colours from true edges; edge-inpaint "
        "the colours from drawn edges; joint trains all together",
        source=_CODE,
        choices=PHASES,
    )
    blocks: int = option(8, "residual blocks of each generator", source=_PAPER, low=1)
    learning_rate: float = option(1e-4, "Adam's, of generators, in edge and inpaint", source=_PAPER, low=0)
    fine_learning_rate: float = option(1e-5, "the same in edge-inpaint", source=_PAPER, low=0)
    joint_learning_rate: float = option(1e-6, "the same in joint", source=_PAPER, low=0)
    discriminator_rate: float = option(0.1, "learning rate of a discriminator to a generator's", source=_PAPER, low=0)
    beta1: float = option(0.0, "Adam's first momentum", source=_PAPER, low=0)
    beta2: float = option(0.9, "Adam's second momentum", source=_PAPER, low=0)
    gan: str = option("nsgan", "the adversarial loss", source=_CODE, choices=KINDS)
    edge_adversarial: float = option(1.0, "weight of the edges' adversarial loss", source=_PAPER, low=0)
    edge_matching: float = option(10.0, "weight of the edges' feature matching", source=_PAPER, low=0)
    edge_cross_entropy: float = option(
        0.0, "weight of the edges' balanced cross-entropy in the hole, which the authors do without", low=0
    )
    l1: float = option(1.0, "weight of the colours' absolute difference", source=_PAPER, low=0)
    adversarial: float = option(0.1, "weight of the colours' adversarial loss", source=_PAPER, low=0)
    content: float = option(0.1, "weight of the perceptual loss", source=_PAPER, low=0)
    style: float = option(250.0, "weight of the style loss", source=_PAPER, low=0)
    perceptual: str = option(
        "vgg19", "the network of the perceptual and the style loss; none leaves both out", choices=PERCEPTUAL
    )
    normalization: str = option("plain", "how pictures are scaled for it", source=_CODE, choices=NORMALIZATIONS)
    discriminate_with_edges: bool = option(
        False, "show the colours' discriminator the edges too, as the paper says and the code does not", source=_CODE
    )
    sigma: float = option(2.0, "smoothing before Canny's edges", unit="px", source=_PAPER, low=0)
    known_edges: str = option(
        "whole",
        "the edges around the hole that training shows. whole: those of the whole picture, which go on up to the hole; "
        "masked: those that are found when a hole is filled, which end one to three pixels before it",
        source=_CODE,
        choices=KNOWN_EDGES,
    )
    merge_edges: bool = option(
        True, "show the known edges as they are; False is what the code's test does", source=_PAPER
    )


PAPER = EdgeConnectConfig()
SMALL = EdgeConnectConfig(
    size=64,
    width=0.25,
    blocks=4,
    steps=3500,
    perceptual="none",
    edge_cross_entropy=1.0,
    edge_adversarial=0.01,
    edge_matching=0.0,
    adversarial=0.01,
    learning_rate=1e-3,
    fine_learning_rate=2e-4,
    decay=0.6,
)
TINY = EdgeConnectConfig(size=24, width=0.07, blocks=1, steps=2, batch_size=2, perceptual="none", sigma=1.0)


def _edges_of(grey: Tensor, mask: MaskTensor | None = None, *, sigma: float) -> Tensor:
    """`canny_edges` of a batch (N, 1, H, W), on its device."""
    masks = [None] * len(grey) if mask is None else [to_mask(one) for one in mask.split(1)]
    found = [canny_edges(to_array(one), hole, sigma=sigma) for one, hole in zip(grey.split(1), masks, strict=True)]
    return torch.cat([to_tensor(edges) for edges in found]).to(grey.device)


def draw_edges(edge_generator: nn.Module, grey: Tensor, edges: Tensor, mask: Tensor) -> Tensor:
    """Soft edges everywhere, (N, 1, H, W), from what is known of a picture and of its edges."""
    known = 1 - mask
    return edge_generator(torch.cat([grey * known + mask, edges * known, mask], 1))


def merge(inside: Tensor, outside: Tensor, mask: Tensor) -> Tensor:
    """`inside` in the hole, `outside` elsewhere."""
    return inside * mask + outside * (1 - mask)


def paint(inpaint_generator: nn.Module, image: Tensor, edges: Tensor, mask: Tensor) -> Tensor:
    """A picture (N, 3, H, W) from what is known of it and all edges."""
    return inpaint_generator(torch.cat([image * (1 - mask) + mask, edges], 1))


PERCEPTUAL_TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
STYLE_TAPS = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")


class _Truth(NamedTuple):
    """A batch as the networks see it: pictures (N, C, H, W) in [0, 1], the mask 0 and 1.

    `edges` are those of the whole picture, `known` those that are shown outside the hole.
    """

    image: Tensor
    grey: Tensor
    edges: Tensor
    known: Tensor
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
        vgg: VGGFeatures | None,
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
        grey, sigma = rgb_to_grey(batch.image), self.config.sigma
        edges = known = _edges_of(grey, sigma=sigma)
        if self.config.known_edges == "masked":
            known = _edges_of(grey, batch.mask, sigma=sigma)
        return _Truth(batch.image, grey, edges, known, batch.mask.float())

    def _make(self, truth: _Truth, phase: str) -> _Made:
        drawn, inside = None, truth.edges
        if phase != "inpaint":
            with torch.set_grad_enabled(phase != "edge-inpaint"):
                drawn = draw_edges(self.networks["edge_generator"], truth.grey, truth.known, truth.mask)
            inside = drawn
        if phase == "edge":
            return _Made(drawn, None, None)
        shown = merge(inside, truth.known, truth.mask)
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


class EdgeConnect(AdversarialMethod):
    """Edges in the hole, then colours; every network sees squares of `config.size`."""

    name: ClassVar[str] = "edgeconnect"
    source: ClassVar[str] = "Nazeri et al., EdgeConnect, 2019"
    presets: ClassVar = {"paper": PAPER, "small": SMALL, "tiny": TINY}
    fill_options: ClassVar[frozenset[str]] = FolderMethod.fill_options | {"sigma", "merge_edges"}
    official: ClassVar[Mapping[str, str]] = {
        "edge_generator": "EdgeConnect's edge generator",
        "inpaint_generator": "EdgeConnect's inpainting generator",
    }
    config: EdgeConnectConfig

    @classmethod
    def official_options(cls, states: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Any]:
        """See `AdversarialMethod`."""
        return {"blocks": count_blocks(states["inpaint_generator"], "middle.")}

    def new_generators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        blocks, width = self.config.blocks, self.config.width
        return {
            "edge_generator": EdgeGenerator(blocks=blocks, width=width),
            "inpaint_generator": InpaintGenerator(blocks=blocks, width=width),
        }

    def new_discriminators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        channels = 4 if self.config.discriminate_with_edges else 3
        return {
            "edge_discriminator": PatchDiscriminator(in_channels=2, width=self.config.width),
            "inpaint_discriminator": PatchDiscriminator(in_channels=channels, width=self.config.width),
        }

    def check_trainable(self) -> None:
        """See `FolderMethod.check_trainable`."""
        check_multiple_of_four(self.config.size, low=24)  # what the discriminators take
        phases = self.config.phases
        if not phases or len(set(phases)) < len(phases):
            raise OptionError(f"phases is {','.join(phases) or 'empty'}; one or more of them fit, none of them twice")
        check_perceptual(self._perceptual)

    def stages(self, batches: Batches, *, seed: int, fabric: Fabric) -> Iterator[Stage]:
        """One stage a phase; see `FolderMethod.stages`."""
        taps, normalization = (*PERCEPTUAL_TAPS, *STYLE_TAPS), self.config.normalization
        vgg = perceptual_net(self._perceptual, taps=taps, normalization=normalization, device=self.device)
        trainer = Trainer(self.config, self.networks(), vgg=vgg, fabric=fabric)
        for phase in self.config.phases:
            yield trainer.stage(phase, batches(phase))

    def complete(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """See `FolderMethod.complete`."""
        image, hole = torch.where(mask, 0, image), mask.float()
        grey = rgb_to_grey(image)
        known = _edges_of(grey, mask, sigma=self.config.sigma)
        edges = draw_edges(self.net("edge_generator"), grey, known, hole)
        if self.config.merge_edges:
            edges = merge(edges, known, hole)
        return paint(self.net("inpaint_generator"), image, edges, hole)

    @property
    def _perceptual(self) -> str:
        """Edges alone are trained without it."""
        return "none" if set(self.config.phases) == {"edge"} else self.config.perceptual

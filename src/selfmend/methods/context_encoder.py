"""The Context Encoder: an encoder-decoder that predicts what is missing from all that is around it.

Pathak et al., "Context Encoders: Feature Learning by Inpainting", CVPR 2016. "Code" in a source is the authors' code
with the options of their README.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from selfmend.errors import OptionError
from selfmend.methods.adversarial import AdversarialMethod, adam, check_power_of_two, frozen
from selfmend.methods.folder import Batches, FolderConfig, Window, windows_around
from selfmend.nn.adversarial_losses import discriminator_loss, generator_loss
from selfmend.nn.context_encoder import (
    ALEXNET_SIZE,
    AlexNetContextEncoder,
    ContextEncoderDiscriminator,
    ContextEncoderGenerator,
)
from selfmend.nn.reconstruction_losses import joint_loss, overlap_weights, weighted_square_error
from selfmend.nn.tensors import ImageTensor, MaskTensor, to_array, to_image, to_mask, to_signed, to_tensor
from selfmend.options import option
from selfmend.training.data import Batch
from selfmend.training.optimization import Updater
from selfmend.training.stage import Stage, Stateful, Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_PAPER = "Context Encoders (CVPR 2016)"
_CODE = "code of the Context Encoder"
_FILL = (117 / 255, 104 / 255, 123 / 255)  # what a hole is filled with before the net sees it, by channel, in [0, 1]
_RESIZING = 2  # pixels by which a hole grows to each side when a window is resized: all that is tainted is hole
NETWORKS = ("center", "random-region", "feature-learning")


@dataclass(frozen=True, kw_only=True)
class ContextEncoderConfig(FolderConfig):
    """Every option; the defaults are the authors'."""

    size: int = option(128, "side of the square that the net sees", unit="px", source=_CODE, low=16)
    batch_size: int = option(64, "pictures a step, over all processes", source=_CODE, low=1)
    network: str = option(
        "center",
        "center: predicts the middle of a square; random-region: holes anywhere in it; feature-learning: AlexNet with "
        "a channel-wise fully connected layer, size 227, square error alone",
        source=_PAPER,
        choices=NETWORKS,
    )
    bottleneck: int = option(4000, "numbers between encoder and decoder, before width", source=_CODE, low=1)
    overlap: int = option(
        4, "of network=center: band of the predicted square that the net is shown", unit="px", source=_CODE, low=0
    )
    border_weight: float = option(10.0, "weight of the square error in that band", source=_CODE, low=0)
    reconstruction_share: float = option(
        0.999, "share of the square error in the joint loss; the rest is adversarial", source=_PAPER, low=0
    )
    learning_rate: float = option(2e-4, "Adam's, of the discriminator", source=_CODE, low=0)
    generator_rate: float = option(10.0, "learning rate of the generator to the discriminator's", source=_PAPER, low=0)
    beta1: float = option(0.5, "Adam's first momentum", source=_CODE, low=0)
    beta2: float = option(0.999, "Adam's second momentum", source=_CODE, low=0)


PAPER = ContextEncoderConfig()
SMALL = ContextEncoderConfig(size=64, width=0.25, batch_size=16, steps=11_000, overlap=2, decay=0.6)
TINY = ContextEncoderConfig(size=16, width=0.03, steps=2, batch_size=2, overlap=1)


class ContextEncoder(AdversarialMethod):
    """The Context Encoder; the network for the centre sees squares whose middle holds the hole."""

    name: ClassVar[str] = "context-encoder"
    source: ClassVar[str] = "Pathak et al., Context Encoders, 2016"
    presets: ClassVar = {"paper": PAPER, "small": SMALL, "tiny": TINY}
    official: ClassVar[Mapping[str, str]] = {"generator": "the Context Encoder's generator"}
    config: ContextEncoderConfig

    @classmethod
    def official_options(cls, states: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Any]:
        """See `AdversarialMethod`; a network that gives the whole square has one doubling more."""
        state = states["generator"]
        whole = "main.32.weight" in state
        bottleneck = state["main.14.weight"].shape[0]
        return {
            "network": "random-region" if whole else "center",
            "masks": "mix" if whole else "center",
            "bottleneck": bottleneck,
        }

    def new_generators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        c = self.config
        if c.network == "feature-learning":
            return {"generator": AlexNetContextEncoder(width=c.width)}
        net = ContextEncoderGenerator(
            size=c.size, output_size=self._output_size, bottleneck=c.bottleneck, width=c.width
        )
        return {"generator": net}

    def new_discriminators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        if self.config.network == "feature-learning":
            return {}
        return {"discriminator": ContextEncoderDiscriminator(size=self._output_size, width=self.config.width)}

    def check_trainable(self) -> None:
        """See `FolderMethod.check_trainable`."""
        c = self.config
        if c.network == "feature-learning":
            if c.size != ALEXNET_SIZE:
                raise OptionError(f"size is {c.size}; network=feature-learning takes {ALEXNET_SIZE}")
            return
        check_power_of_two(c.size, low=16)
        if c.batch_size < 2:
            raise OptionError(f"batch_size is {c.batch_size}; at least 2 fits: its layers are normalised over a batch")
        if c.network == "center" and self._inner_size <= 2 * _RESIZING:
            raise OptionError(
                f"overlap is {c.overlap}; at most {(c.size // 2 - 1) // 2 - _RESIZING} fits size {c.size}"
            )
        if c.network == "center" and c.masks != "center":
            raise OptionError(f"masks is {c.masks}; network=center takes masks=center, network=random-region takes all")

    def stages(self, batches: Batches, *, seed: int, fabric: Fabric) -> Iterator[Stage]:
        """One stage; see `FolderMethod.stages`."""
        c, nets = self.config, self.networks()
        rates = {"generator": c.learning_rate * c.generator_rate, "discriminator": c.learning_rate}
        optimizers = {
            name: adam([net], learning_rate=rates[name], betas=(c.beta1, c.beta2)) for name, net in nets.items()
        }
        updaters = {name: Updater(fabric, optimizer) for name, optimizer in optimizers.items()}

        def step(i: int, batch: Batch, generator: torch.Generator) -> Terms:
            truth = to_signed(batch.image)
            real, weights = self._target(truth, batch.mask)
            terms: dict[str, Tensor] = {}
            with fabric.autocast():
                fake = nets["generator"](self._shown(truth, batch.mask if c.network != "center" else None))
            if c.network == "random-region":
                fake = torch.where(batch.mask, fake, truth)
            if "discriminator" in nets:
                with fabric.autocast():
                    logits = [nets["discriminator"](patch) for patch in (real, fake.detach())]
                    terms["discriminator"] = discriminator_loss(*logits)
                updaters["discriminator"].step(terms["discriminator"])
            terms["l2"] = total = weighted_square_error(fake.float(), real, weights)
            if "discriminator" in nets:
                with fabric.autocast(), frozen(nets["discriminator"]):
                    terms["adversarial"] = generator_loss(nets["discriminator"](fake))
                total = joint_loss(terms["l2"], terms["adversarial"], share=c.reconstruction_share)
            updaters["generator"].step(total)
            return {name: term.detach() for name, term in terms.items()}

        state: dict[str, Stateful] = {**nets, **{f"{name}_optimizer": o for name, o in optimizers.items()}}
        yield Stage(name="train", steps=c.steps, step=step, state=state, batches=batches("train"))

    def complete(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """See `FolderMethod.complete`.

        The network for the centre relies on what lies just around its inner square. A hole that takes some of that is
        filled as in any other picture: in windows of another scale, in which it fits.
        """
        edge = (self.config.size - self._inner_size) // 2
        outside = mask.clone()
        outside[..., edge : edge + self._inner_size, edge : edge + self._inner_size] = False
        if self.config.network != "center" or not outside.any():
            return self.complete_window(image, mask, generator=generator)
        pairs = zip(torch.where(mask, 0.5, image).split(1), mask.split(1), strict=True)
        seed = generator.initial_seed()
        filled = [self.fill(to_array(one), to_mask(hole), seed=seed) for one, hole in pairs]
        return torch.cat([to_tensor(one) for one in filled]).to(self.device)

    def complete_window(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """See `FolderMethod.complete_window`; the network for the centre fills no hole outside it."""
        x = self._shown(to_signed(image), mask)
        drawn = self.net("generator")(x).to(x.dtype)
        if self.config.network == "center":
            drawn = self._center(drawn, into=x)
        return to_image(drawn)

    def windows(self, hole: MaskTensor) -> Iterator[tuple[Window, MaskTensor]]:
        """See `FolderMethod.windows`; the network for the centre has the hole within the part that it is not shown."""
        if self.config.network != "center":
            yield from super().windows(hole)
            return
        size, inner = self.config.size, self._inner_size
        side = self.window_side((hole.shape[2], hole.shape[3]))
        resized = inner - 2 * _RESIZING
        exact = side == size  # nothing is resized where the hole fits as it is
        least = inner if exact else max(1, side * resized // size)
        for window, own in windows_around(hole, least, most=1.0):
            whole = size if exact and window.side == inner else math.ceil(window.side * size / resized)
            whole += (whole - window.side) % 2  # as much on one side as on the other
            margin = (whole - window.side) // 2
            yield Window(window.top - margin, window.left - margin, whole, window.size), own

    @property
    def _output_size(self) -> int:
        return self.config.size // 2 if self.config.network == "center" else self.config.size

    @property
    def _inner_size(self) -> int:
        """Side of what the network for the centre is not shown, in its pixels."""
        return self._output_size - 2 * self.config.overlap

    def _shown(self, x: Tensor, mask: MaskTensor | None) -> Tensor:
        """The picture with a plain colour for what the network is to predict, and wherever else the mask says."""
        if mask is None:
            mask = torch.zeros_like(x[:, :1], dtype=torch.bool)
        if self.config.network == "center":
            inner, edge = self._inner_size, (self.config.size - self._inner_size) // 2
            mask = mask.clone()
            mask[..., edge : edge + inner, edge : edge + inner] = True
        fill = to_signed(torch.tensor(_FILL, device=x.device).view(1, 3, 1, 1))
        return torch.where(mask, fill, x)

    def _target(self, truth: Tensor, mask: MaskTensor) -> tuple[Tensor, Tensor]:
        """What the network is to predict, and how much each pixel of it counts."""
        if self.config.network != "center":
            return truth, mask.float()
        edge, size = self.config.size // 4, self._output_size
        weights = overlap_weights(size, overlap=self.config.overlap, border=self.config.border_weight)
        return truth[..., edge : edge + size, edge : edge + size], weights.to(truth.device)

    def _center(self, drawn: Tensor, *, into: Tensor) -> Tensor:
        """The prediction in its place."""
        edge, size = self.config.size // 4, self._output_size
        whole = into.clone()
        whole[..., edge : edge + size, edge : edge + size] = drawn
        return whole

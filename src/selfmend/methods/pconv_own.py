"""The U-Net of partial convolutions trained on one's own folder, as its paper trains it.

Liu et al., "Image Inpainting for Irregular Holes Using Partial Convolutions", ECCV 2018, Sec. 3.3 and 3.4: one stage,
and a second at a lower rate in which the encoder's batch normalisation is frozen. With the published weights the same
network is `pconv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.errors import OptionError
from selfmend.methods.adversarial import AdversarialMethod, adam, check_perceptual, perceptual_net
from selfmend.methods.folder import Batches, FolderConfig
from selfmend.nn.pconv_unet import MEAN, STD, PConvUNet
from selfmend.nn.perceptual import VGGFeatures
from selfmend.nn.tensors import ImageTensor, MaskTensor
from selfmend.options import option
from selfmend.training.data import Batch
from selfmend.training.optimization import Updater
from selfmend.training.stage import Stage, Stateful, Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_PAPER = "partial convolutions (ECCV 2018)"
_TAPS = {"vgg16": ("relu1_2", "relu2_2", "relu3_3"), "vgg19": ("relu1_2", "relu2_2", "relu3_4"), "none": ()}
"""Before the first three poolings."""


@dataclass(frozen=True, kw_only=True)
class PConvTrainingConfig(FolderConfig):
    """Every option; the defaults are the paper's."""

    masks: str = option("strokes", "training holes, as in every method that learns from a folder", source=_PAPER)
    batch_size: int = option(6, "pictures a step, over all processes", source=_PAPER, low=1)
    levels: int = option(7, "halvings; the paper has 8 at 512 px", source="naoto0804's port", low=1)
    steps: int = option(500_000, "steps of the first stage", source="naoto0804's port", low=1)
    finetune_steps: int = option(
        500_000, "steps of the second, with the encoder's normalisation frozen", source="naoto0804's port", low=1
    )
    learning_rate: float = option(2e-4, "Adam's, in the first stage", source=_PAPER, low=0)
    finetune_rate: float = option(5e-5, "Adam's, in the second", source=_PAPER, low=0)
    valid: float = option(1.0, "weight of the absolute difference outside the hole", source=_PAPER, low=0)
    hole: float = option(6.0, "weight of that in the hole", source=_PAPER, low=0)
    content: float = option(0.05, "weight of the perceptual loss", source=_PAPER, low=0)
    style: float = option(120.0, "weight of the style loss", source=_PAPER, low=0)
    smoothness: float = option(0.1, "weight of the total variation at the hole", source=_PAPER, low=0)
    perceptual: str = option(
        "vgg16", "the network of the perceptual and the style loss; none leaves both out", source=_PAPER,
        choices=("vgg16", "vgg19", "none"),
    )  # fmt: skip


PCONV_PAPER = PConvTrainingConfig()
PCONV_SMALL = PConvTrainingConfig(
    size=64, levels=4, width=0.25, batch_size=16, steps=6000, finetune_steps=2000, learning_rate=1e-3,
    finetune_rate=2e-4, perceptual="none",
)  # fmt: skip
PCONV_TINY = PConvTrainingConfig(
    size=16, levels=2, width=0.07, batch_size=2, steps=2, finetune_steps=2, perceptual="none"
)


class PConvTraining(AdversarialMethod):
    """The U-Net of partial convolutions, trained on a folder in two stages."""

    name: ClassVar[str] = "pconv-own"
    source: ClassVar[str] = "G. Liu et al., Image inpainting for irregular holes using partial convolutions, 2018"
    presets: ClassVar = {"paper": PCONV_PAPER, "small": PCONV_SMALL, "tiny": PCONV_TINY}
    config: PConvTrainingConfig

    def new_generators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        return {"generator": PConvUNet(levels=self.config.levels, width=self.config.width)}

    def new_discriminators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`; it has none."""
        return {}

    def check_trainable(self) -> None:
        """See `FolderMethod.check_trainable`."""
        if self.config.size % (1 << self.config.levels):
            raise OptionError(f"size is {self.config.size}; with levels={self.config.levels} a multiple of "
                              f"{1 << self.config.levels} fits")  # fmt: skip
        check_perceptual(self.config.perceptual)

    def stages(self, batches: Batches, *, seed: int, fabric: Fabric) -> Iterator[Stage]:
        """Two stages; see `FolderMethod.stages`."""
        c, net = self.config, self.net("generator")
        vgg = perceptual_net(c.perceptual, taps=_TAPS[c.perceptual], normalization="imagenet", device=self.device)
        for name, steps, rate in (("train", c.steps, c.learning_rate), ("finetune", c.finetune_steps, c.finetune_rate)):
            optimizer = adam([net], learning_rate=rate, betas=(0.9, 0.999))
            updater = Updater(fabric, optimizer)

            def step(
                i: int, batch: Batch, generator: torch.Generator, *, updater: Updater = updater, name: str = name
            ) -> Terms:
                for key, part in net.named_modules():
                    if isinstance(part, nn.BatchNorm2d) and key.startswith("enc_"):
                        part.train(name == "train")
                with fabric.autocast():
                    terms = pconv_terms(self._draw(batch.image, batch.mask), batch.image, batch.mask, vgg=vgg)
                updater.step(torch.stack([getattr(c, key) * term for key, term in terms.items()]).sum())
                return {key: term.detach() for key, term in terms.items()}

            state: dict[str, Stateful] = {"generator": net, "optimizer": optimizer}
            yield Stage(name=name, steps=steps, step=step, state=state, batches=batches(name))

    def complete(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """See `FolderMethod.complete`."""
        return self._draw(image, mask).clamp(0, 1)

    def _draw(self, image: Tensor, mask: MaskTensor) -> Tensor:
        """(N, 3, S, S), of [0, 1] but not clamped, from the known pixels."""
        mean, std = (image.new_tensor(three).view(1, 3, 1, 1) for three in (MEAN, STD))
        known = torch.where(mask, 0, (image - mean) / std)
        drawn: Tensor = self.net("generator")(known, (~mask).to(image.dtype))[0]
        return drawn * std + mean


def pconv_terms(made: Tensor, truth: Tensor, mask: MaskTensor, *, vgg: VGGFeatures | None) -> dict[str, Tensor]:
    """The terms of the paper's loss, Eq. 1 to 7, by the names of their weights.

    Args:
        made, truth: (N, 3, H, W) of [0, 1].
        mask: (N, 1, H, W), True = hole.
        vgg: of the perceptual and the style loss; None leaves both out.
    """
    difference, composed = (made - truth).abs(), torch.where(mask, made, truth)
    terms = {"valid": (difference * ~mask).mean(), "hole": (difference * mask).mean()}
    near = F.max_pool2d(mask.float(), 3, 1, 1) > 0  # the hole and the pixels beside it
    across = ((composed[..., 1:] - composed[..., :-1]).abs() * (near[..., 1:] & near[..., :-1])).mean()
    down = ((composed[..., 1:, :] - composed[..., :-1, :]).abs() * (near[..., 1:, :] & near[..., :-1, :])).mean()
    terms["smoothness"] = across + down
    if vgg is None:
        return terms
    made_features, composed_features, wanted = (
        [F.max_pool2d(features, 2) for features in vgg(x).values()] for x in (made, composed, truth)
    )
    terms["content"] = terms["style"] = made.new_zeros(())
    for features in (made_features, composed_features):
        for came, want in zip(features, wanted, strict=True):
            terms["content"] = terms["content"] + (came - want).abs().mean()
            terms["style"] = terms["style"] + (_gram(came) - _gram(want)).abs().mean()
    return terms


def _gram(features: Tensor) -> Tensor:
    """Products of all pairs of channels, over their number of values: (N, C, C)."""
    flat = features.flatten(2)
    return flat @ flat.mT / (flat.shape[1] * flat.shape[2])

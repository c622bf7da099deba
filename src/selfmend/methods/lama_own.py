"""LaMa trained on one's own folder, by its paper's recipe.

Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022, Sec. 2.2 and 2.3: large
holes, a perceptual loss through a network whose neurons see most of the picture, a critic of patches to whom only the
patches that touch the hole are fake, the matching of its features, and a penalty on its gradient at true pictures. With
the published weights the same network is `lama`. Of the authors' code, but not of the paper, is the absolute difference
outside the hole; its clipping of gradients, which Adam hardly notices, is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.errors import OptionError
from selfmend.methods.adversarial import AdversarialMethod, adam, check_perceptual, frozen, perceptual_net
from selfmend.methods.folder import Batches, FolderConfig
from selfmend.nn.adversarial_losses import generator_loss, masked_discriminator_loss, r1_penalty
from selfmend.nn.dilated_resnet import load_dilated_resnet
from selfmend.nn.lama import LamaDiscriminator, LamaGenerator
from selfmend.nn.perceptual import TAPS
from selfmend.nn.tensors import ImageTensor, MaskTensor
from selfmend.options import option
from selfmend.training.data import Batch
from selfmend.training.optimization import Updater
from selfmend.training.stage import Stage, Stateful, Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_PAPER = "LaMa (WACV 2022)"
_CODE = "code of LaMa"
_MULTIPLE = 8  # three halvings
_TAPS = TAPS[: TAPS.index("relu5_1") + 1]  # of VGG19, as the code's ablation takes them


@dataclass(frozen=True, kw_only=True)
class LamaTrainingConfig(FolderConfig):
    """Every option; the defaults are the paper's."""

    masks: str = option("wide", "training holes, as in every method that learns from a folder", source=_PAPER)
    batch_size: int = option(30, "pictures a step, over all processes", source=_PAPER, low=1)
    steps: int = option(1_000_000, "steps", source=_PAPER, low=1)
    blocks: int = option(9, "residual blocks of Fourier convolutions; big LaMa has 18", source=_PAPER, low=1)
    layers: int = option(4, "halvings of the critic", source=_CODE, low=1, high=6)
    learning_rate: float = option(1e-3, "Adam's, of the generator", source=_PAPER, low=0)
    critic_rate: float = option(1e-4, "Adam's, of the critic", source=_PAPER, low=0)
    known: float = option(10.0, "weight of the absolute difference outside the hole", source=_CODE, low=0)
    hole: float = option(
        0.0, "weight of that in the hole: what stands in for the perceptual loss where its network is not owned",
        source=_CODE, low=0,
    )  # fmt: skip
    adversarial: float = option(10.0, "weight of the critic's loss", source=_PAPER, low=0)
    matching: float = option(100.0, "weight of the critic's features", source=_PAPER, low=0)
    content: float = option(
        30.0, "weight of the perceptual loss; for VGG19, whose features are larger, the code has .03", source=_PAPER,
        low=0,
    )  # fmt: skip
    r1: float = option(1e-3, "weight of the critic's gradient penalty", source=_PAPER, low=0)
    perceptual: str = option(
        "resnet50",
        "the network of the perceptual loss: the paper's dilated ResNet-50, trained to segment scenes; VGG19; "
        "none, with a weight of the hole's difference in its place",
        source=_PAPER, choices=("resnet50", "vgg19", "none"),
    )  # fmt: skip


LAMA_PAPER = LamaTrainingConfig()
LAMA_SMALL = LamaTrainingConfig(
    size=64, blocks=3, width=0.25, layers=3, batch_size=8, steps=4000, hole=10.0, adversarial=0.1, matching=1.0,
    perceptual="none", decay=0.5,
)  # fmt: skip
LAMA_TINY = LamaTrainingConfig(
    size=16, blocks=1, width=0.07, layers=2, batch_size=2, steps=2, hole=10.0, perceptual="none"
)


class LamaTraining(AdversarialMethod):
    """LaMa, trained on a folder."""

    name: ClassVar[str] = "lama-own"
    source: ClassVar[str] = "R. Suvorov et al., Resolution-robust large mask inpainting with Fourier convolutions, 2022"
    presets: ClassVar = {"paper": LAMA_PAPER, "small": LAMA_SMALL, "tiny": LAMA_TINY}
    config: LamaTrainingConfig

    def new_generators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        return {"generator": LamaGenerator(blocks=self.config.blocks, width=self.config.width)}

    def new_discriminators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        return {"discriminator": LamaDiscriminator(layers=self.config.layers, width=self.config.width)}

    def check_trainable(self) -> None:
        """See `FolderMethod.check_trainable`."""
        if self.config.size % _MULTIPLE:
            raise OptionError(f"size is {self.config.size}; a multiple of {_MULTIPLE} fits")
        check_perceptual(
            self.config.perceptual,
            instead="perceptual=none hole=10, with the absolute difference in the hole in its place (--perceptual none "
            "--set hole=10)",
        )

    def stages(self, batches: Batches, *, seed: int, fabric: Fabric) -> Iterator[Stage]:
        """One stage; see `FolderMethod.stages`."""
        c, judge, look = self.config, self.net("discriminator"), self._perceptual_loss()
        making = adam([self.net("generator")], learning_rate=c.learning_rate, betas=(0.9, 0.999))
        judging = adam([judge], learning_rate=c.critic_rate, betas=(0.9, 0.999))
        making_updater, judging_updater = Updater(fabric, making), Updater(fabric, judging)

        def step(i: int, batch: Batch, generator: torch.Generator) -> Terms:
            hole = batch.mask.to(batch.image.dtype)
            with fabric.autocast():
                made = self._draw(batch.image, batch.mask)
                truth = batch.image.clone().requires_grad_()
                real = judge(truth)[0].float()
                judged = masked_discriminator_loss(real, judge(made.detach())[0].float(), hole)
                penalty = r1_penalty(real, truth)
            judging_updater.step(judged + c.r1 * penalty)
            with fabric.autocast(), frozen(judge):
                logits, features = judge(made)
                with torch.no_grad():
                    wanted = judge(batch.image)[1]
                difference = (made - batch.image).abs()
                terms = {
                    "known": (difference * (1 - hole)).mean(),
                    "hole": (difference * hole).mean(),
                    "adversarial": generator_loss(logits.float()),
                    "matching": mean_squares(features, wanted).mean(),
                }
                if look is not None:
                    terms["content"] = look(made, batch.image)
            making_updater.step(torch.stack([getattr(c, name) * term for name, term in terms.items()]).sum())
            told = {**terms, "discriminator": judged, "r1": penalty}
            return {name: term.detach() for name, term in told.items()}

        state: dict[str, Stateful] = {
            **self.networks(), "generator_optimizer": making, "discriminator_optimizer": judging,
        }  # fmt: skip
        yield Stage(name="train", steps=c.steps, step=step, state=state, batches=batches("train"))

    def complete(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """See `FolderMethod.complete`."""
        return self._draw(image, mask)

    def _draw(self, image: Tensor, mask: MaskTensor) -> Tensor:
        drawn: Tensor = self.net("generator")(torch.cat([torch.where(mask, 0, image), mask.to(image.dtype)], 1))
        return drawn

    def _perceptual_loss(self) -> Callable[[Tensor, Tensor], Tensor] | None:
        """Squared differences of a network's features, added up over its layers as in the code; the paper averages."""
        if self.config.perceptual == "resnet50":
            net = load_dilated_resnet(device=self.device)
            return lambda made, truth: mean_squares(net(made), net(truth)).sum()
        vgg = perceptual_net(self.config.perceptual, taps=_TAPS, normalization="imagenet", device=self.device)
        if vgg is None:
            return None
        return lambda made, truth: mean_squares([*vgg(made).values()], [*vgg(truth).values()]).sum()


def mean_squares(features: list[Tensor], wanted: list[Tensor]) -> Tensor:
    """The mean squared difference of each layer's features (N, C, H, W): (layers,)."""
    return torch.stack([F.mse_loss(came, want) for came, want in zip(features, wanted, strict=True)])

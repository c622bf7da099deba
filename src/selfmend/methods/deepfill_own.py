"""DeepFill v2 trained on one's own folder, as its paper trains it.

Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019, Sec. 3.3 and 3.4: both pictures by their
absolute difference, the fine one against a critic of patches. With the published weights the same network is
`deepfill`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import nn

from selfmend.errors import OptionError
from selfmend.methods.adversarial import AdversarialMethod, adam, frozen
from selfmend.methods.folder import Batches, FolderConfig
from selfmend.nn.adversarial_losses import discriminator_loss, generator_loss
from selfmend.nn.deepfill import DeepFillGenerator, PatchDiscriminator
from selfmend.nn.tensors import ImageTensor, MaskTensor, to_image, to_signed
from selfmend.options import option
from selfmend.training.data import Batch
from selfmend.training.optimization import Updater
from selfmend.training.stage import Stage, Stateful, Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_PAPER = "DeepFill v2 (ICCV 2019)"


@dataclass(frozen=True, kw_only=True)
class DeepFillTrainingConfig(FolderConfig):
    """Every option; the defaults are the paper's."""

    masks: str = option(
        "mix", "training holes, as in every method that learns from a folder; the paper's are strokes and a box",
        source=_PAPER,
    )  # fmt: skip
    batch_size: int = option(16, "pictures a step, over all processes", source="code of DeepFill v2", low=1)
    steps: int = option(1_000_000, "steps", source="code of DeepFill v2", low=1)
    learning_rate: float = option(1e-4, "Adam's, of both networks", source="code of DeepFill v2", low=0)
    beta1: float = option(0.5, "Adam's first momentum", source="code of DeepFill v2", low=0)
    beta2: float = option(0.999, "Adam's second momentum", source="code of DeepFill v2", low=0)
    coarse: float = option(1.0, "weight of the coarse picture's absolute difference", source=_PAPER, low=0)
    fine: float = option(1.0, "weight of the fine one's", source=_PAPER, low=0)
    adversarial: float = option(1.0, "weight of the critic's loss", source=_PAPER, low=0)


DEEPFILL_PAPER = DeepFillTrainingConfig()
DEEPFILL_SMALL = DeepFillTrainingConfig(
    size=64, width=0.25, batch_size=8, steps=6000, learning_rate=5e-4, adversarial=0.01
)
DEEPFILL_TINY = DeepFillTrainingConfig(size=16, width=0.07, batch_size=2, steps=2)


class DeepFillTraining(AdversarialMethod):
    """DeepFill v2, trained on a folder."""

    name: ClassVar[str] = "deepfill-own"
    source: ClassVar[str] = "J. Yu et al., Free-form image inpainting with gated convolution (DeepFill v2), 2019"
    presets: ClassVar = {"paper": DEEPFILL_PAPER, "small": DEEPFILL_SMALL, "tiny": DEEPFILL_TINY}
    config: DeepFillTrainingConfig

    def new_generators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        return {"generator": DeepFillGenerator(staged=True, width=self.config.width)}

    def new_discriminators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        return {"discriminator": PatchDiscriminator(width=self.config.width)}

    def check_trainable(self) -> None:
        """See `FolderMethod.check_trainable`."""
        if self.config.size % 8:
            raise OptionError(f"size is {self.config.size}; a multiple of 8 fits")

    def stages(self, batches: Batches, *, seed: int, fabric: Fabric) -> Iterator[Stage]:
        """One stage; see `FolderMethod.stages`."""
        c, judge = self.config, self.net("discriminator")
        making, judging = (
            adam([self.net(name)], learning_rate=c.learning_rate, betas=(c.beta1, c.beta2))
            for name in ("generator", "discriminator")
        )
        making_updater, judging_updater = Updater(fabric, making), Updater(fabric, judging)

        def step(i: int, batch: Batch, generator: torch.Generator) -> Terms:
            truth, hole = to_signed(batch.image), batch.mask.to(batch.image.dtype)
            with fabric.autocast():
                coarse, fine = self.net("generator")(truth, hole)
                made = torch.where(batch.mask, fine, truth)
                judged = discriminator_loss(judge(truth, hole), judge(made.detach(), hole), kind="hinge")
            judging_updater.step(judged)
            with fabric.autocast(), frozen(judge):
                terms = {
                    "coarse": (coarse - truth).abs().mean(), "fine": (fine - truth).abs().mean(),
                    "adversarial": generator_loss(judge(made, hole), kind="hinge"),
                }  # fmt: skip
            making_updater.step(torch.stack([getattr(c, name) * term for name, term in terms.items()]).sum())
            return {name: term.detach() for name, term in {**terms, "discriminator": judged}.items()}

        state: dict[str, Stateful] = {
            **self.networks(), "generator_optimizer": making, "discriminator_optimizer": judging,
        }  # fmt: skip
        yield Stage(name="train", steps=c.steps, step=step, state=state, batches=batches("train"))

    def complete(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """See `FolderMethod.complete`."""
        return to_image(self.net("generator")(to_signed(image), mask.to(image.dtype))[1])

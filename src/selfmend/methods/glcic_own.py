"""GLCIC's completion network trained on one's own folder, as its paper trains it.

Iizuka et al., "Globally and Locally Consistent Image Completion", SIGGRAPH 2017, Sec. 3.4 and Algorithm 1: the
completion network alone, its discriminator alone, both against each other. With the published weights the same network
is `glcic`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.errors import OptionError
from selfmend.methods.adversarial import AdversarialMethod, check_power_of_two, frozen
from selfmend.methods.dmfn import local_views
from selfmend.methods.folder import Batches, FolderConfig
from selfmend.nn.adversarial_losses import generator_loss
from selfmend.nn.glcic import MEAN, CompletionNetwork, GlcicDiscriminator
from selfmend.nn.tensors import ImageTensor, MaskTensor
from selfmend.options import option
from selfmend.training.data import Batch
from selfmend.training.optimization import Updater
from selfmend.training.stage import Stage, Stateful, Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_PAPER = "GLCIC (SIGGRAPH 2017)"


@dataclass(frozen=True, kw_only=True)
class GlcicTrainingConfig(FolderConfig):
    """Every option; the defaults are the paper's."""

    masks: str = option("random-box", "training holes, as in every method that learns from a folder", source=_PAPER)
    max_delta: int = option(32, "boxes are lower and narrower by up to this", unit="px", source=_PAPER, low=0)
    batch_size: int = option(96, "pictures a step, over all processes", source=_PAPER, low=1)
    completion_steps: int = option(90_000, "steps of the completion network alone", source=_PAPER, low=1)
    discriminator_steps: int = option(10_000, "steps of the discriminator alone, after them", source=_PAPER, low=1)
    steps: int = option(400_000, "steps of both, after these", source=_PAPER, low=1)
    alpha: float = option(4e-4, "weight of the adversarial loss", source=_PAPER, low=0)
    learning_rate: float = option(1.0, "Adadelta's", source=f"{_PAPER}: Adadelta as it is", low=0)
    rho: float = option(
        0.9, "Adadelta's memory of squared gradients", source="PyTorch; paper: none", low=0, high=0.9999
    )
    mean: tuple[float, float, float] = option(
        MEAN, "red, green, blue of the hole as the network sees it: the mean of the pictures", unit="of [0, 1]",
        source="faces of CelebA", low=0, high=1,
    )  # fmt: skip


GLCIC_PAPER = GlcicTrainingConfig()
GLCIC_SMALL = GlcicTrainingConfig(
    size=64, max_delta=8, width=0.25, batch_size=16, completion_steps=6000, discriminator_steps=500, steps=2500
)
GLCIC_TINY = GlcicTrainingConfig(
    size=16, max_delta=2, width=0.07, batch_size=2, completion_steps=2, discriminator_steps=1, steps=2
)


class GlcicTraining(AdversarialMethod):
    """GLCIC, trained on a folder in three phases."""

    name: ClassVar[str] = "glcic-own"
    source: ClassVar[str] = "S. Iizuka et al., Globally and locally consistent image completion, 2017"
    presets: ClassVar = {"paper": GLCIC_PAPER, "small": GLCIC_SMALL, "tiny": GLCIC_TINY}
    config: GlcicTrainingConfig

    def new_generators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        return {"generator": CompletionNetwork(width=self.config.width)}

    def new_discriminators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        size = self.config.size
        return {"discriminator": GlcicDiscriminator(size=size, local_size=size // 2, width=self.config.width)}

    def check_trainable(self) -> None:
        """See `FolderMethod.check_trainable`."""
        check_power_of_two(self.config.size, low=16, high=256)
        if self.config.batch_size < 2:
            raise OptionError("batch_size is 1; at least 2 fits: its layers are normalised over a batch")

    def stages(self, batches: Batches, *, seed: int, fabric: Fabric) -> Iterator[Stage]:
        """Three stages; see `FolderMethod.stages`."""
        c, completion, judge = self.config, self.net("generator"), self.net("discriminator")
        making, judging = (
            torch.optim.Adadelta(net.parameters(), lr=c.learning_rate, rho=c.rho) for net in (completion, judge)
        )
        making_updater, judging_updater = Updater(fabric, making), Updater(fabric, judging)

        def reconstruct(i: int, batch: Batch, generator: torch.Generator) -> Terms:
            with fabric.autocast():
                error = self._error(self._draw(batch.image, batch.mask), batch)
            making_updater.step(error)
            return {"l2": error.detach()}

        def judged(made: Tensor, batch: Batch, generator: torch.Generator) -> Tensor:
            """The discriminator's loss, -log D(x) - log(1 - D(C(x))); a real picture's local view lies anywhere."""
            side = c.size // 2
            corners = torch.randint(c.size - side + 1, (len(made), 2), generator=generator)
            elsewhere = torch.cat([corners, torch.full_like(corners, side)], 1)
            with fabric.autocast():
                real = judge(local_views(batch.image, elsewhere, side=side), batch.image)
                fake = judge(local_views(made, batch.box, side=side), made)
                return F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()

        def discriminate(i: int, batch: Batch, generator: torch.Generator) -> Terms:
            with torch.no_grad(), fabric.autocast():
                made = self._draw(batch.image, batch.mask)
            loss = judged(made, batch, generator)
            judging_updater.step(loss)
            return {"discriminator": loss.detach()}

        def both(i: int, batch: Batch, generator: torch.Generator) -> Terms:
            with fabric.autocast():
                made = self._draw(batch.image, batch.mask)
            against = judged(made.detach(), batch, generator)
            judging_updater.step(against)
            with fabric.autocast(), frozen(judge):
                logits = judge(local_views(made, batch.box, side=c.size // 2), made)
                terms = {"l2": self._error(made, batch), "adversarial": generator_loss(logits)}
            making_updater.step(terms["l2"] + c.alpha * terms["adversarial"])
            return {name: term.detach() for name, term in {**terms, "discriminator": against}.items()}

        made_state: dict[str, Stateful] = {"generator": completion, "generator_optimizer": making}
        judge_state: dict[str, Stateful] = {"discriminator": judge, "discriminator_optimizer": judging}
        yield Stage(
            name="completion", steps=c.completion_steps, step=reconstruct, state=made_state,
            batches=batches("completion"),
        )  # fmt: skip
        yield Stage(
            name="discriminator", steps=c.discriminator_steps, step=discriminate, state={**made_state, **judge_state},
            batches=batches("discriminator"),
        )  # fmt: skip
        yield Stage(
            name="joint", steps=c.steps, step=both, state={**made_state, **judge_state}, batches=batches("joint")
        )

    def complete(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """See `FolderMethod.complete`."""
        return self._draw(image, mask)

    def _draw(self, image: Tensor, mask: MaskTensor) -> Tensor:
        mean = image.new_tensor(self.config.mean).view(1, 3, 1, 1)
        drawn: Tensor = self.net("generator")(torch.cat([torch.where(mask, mean, image), mask.to(image.dtype)], 1))
        return drawn

    @staticmethod
    def _error(made: Tensor, batch: Batch) -> Tensor:
        """The squared difference in the hole, averaged over the whole square."""
        return ((made - batch.image) * batch.mask).square().mean()

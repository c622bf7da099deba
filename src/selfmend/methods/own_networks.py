"""GLCIC, the U-Net of partial convolutions and DeepFill v2, trained on one's own folder, as their papers train them.

Iizuka et al., "Globally and Locally Consistent Image Completion", SIGGRAPH 2017, Sec. 3.4 and Algorithm 1: the
completion network alone, its discriminator alone, both against each other. Liu et al., "Image Inpainting for Irregular
Holes Using Partial Convolutions", ECCV 2018, Sec. 3.3 and 3.4: one stage, and a second at a lower rate in which the
encoder's batch normalisation is frozen. Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019, Sec.
3.3 and 3.4: both pictures by their absolute difference, the fine one against a critic of patches. With the published
weights the same networks are `glcic`, `pconv` and `deepfill`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.errors import OptionError
from selfmend.methods.adversarial import (
    PERCEPTUAL,
    AdversarialMethod,
    adam,
    check_perceptual,
    check_power_of_two,
    frozen,
    perceptual_net,
)
from selfmend.methods.dmfn import local_views
from selfmend.methods.folder import Batches, FolderConfig
from selfmend.nn.adversarial_losses import discriminator_loss, generator_loss
from selfmend.nn.deepfill import DeepFillGenerator, PatchDiscriminator
from selfmend.nn.glcic import MEAN as GLCIC_MEAN
from selfmend.nn.glcic import CompletionNetwork, GlcicDiscriminator
from selfmend.nn.pconv_unet import MEAN, STD, PConvUNet
from selfmend.nn.perceptual import VGG19Features
from selfmend.nn.tensors import ImageTensor, MaskTensor, to_image, to_signed
from selfmend.options import option
from selfmend.training.data import Batch
from selfmend.training.optimization import Updater
from selfmend.training.stage import Stage, Stateful, Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_GLCIC = "GLCIC (SIGGRAPH 2017)"
_PCONV = "partial convolutions (ECCV 2018)"
_DEEPFILL = "DeepFill v2 (ICCV 2019)"
_TAPS = ("relu1_2", "relu2_2", "relu3_4")  # before the first three poolings


class _OwnNetwork(AdversarialMethod):
    """No checkpoint of the authors' is imported into these: `selfmend weights add` takes those over."""

    official: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def official_options(cls, states: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Any]:
        """See `AdversarialMethod`; there is nothing to import."""
        raise OptionError(f"{cls.name} imports no checkpoints; selfmend weights add takes over published weights")


@dataclass(frozen=True, kw_only=True)
class GlcicTrainingConfig(FolderConfig):
    """Every option; the defaults are the paper's."""

    masks: str = option("random-box", "training holes, as in every method that learns from a folder", source=_GLCIC)
    max_delta: int = option(32, "boxes are lower and narrower by up to this", unit="px", source=_GLCIC, low=0)
    batch_size: int = option(96, "pictures a step, over all processes", source=_GLCIC, low=1)
    completion_steps: int = option(90_000, "steps of the completion network alone", source=_GLCIC, low=1)
    discriminator_steps: int = option(10_000, "steps of the discriminator alone, after them", source=_GLCIC, low=1)
    steps: int = option(400_000, "steps of both, after these", source=_GLCIC, low=1)
    alpha: float = option(4e-4, "weight of the adversarial loss", source=_GLCIC, low=0)
    learning_rate: float = option(1.0, "Adadelta's", source=f"{_GLCIC}: Adadelta as it is", low=0)
    rho: float = option(
        0.9, "Adadelta's memory of squared gradients", source="PyTorch; paper: none", low=0, high=0.9999
    )
    mean: tuple[float, float, float] = option(
        GLCIC_MEAN, "red, green, blue of the hole as the network sees it: the mean of the pictures", unit="of [0, 1]",
        source="faces of CelebA", low=0, high=1,
    )  # fmt: skip


GLCIC_PAPER = GlcicTrainingConfig()
GLCIC_SMALL = GlcicTrainingConfig(
    size=64, max_delta=8, width=0.25, batch_size=16, completion_steps=6000, discriminator_steps=500, steps=2500
)
GLCIC_TINY = GlcicTrainingConfig(
    size=16, max_delta=2, width=0.07, batch_size=2, completion_steps=2, discriminator_steps=1, steps=2
)


class GlcicTraining(_OwnNetwork):
    """GLCIC, trained on a folder in three phases."""

    name: ClassVar[str] = "glcic-own"
    title: ClassVar[str] = "GLCIC: dilated convolutions against a global and a local critic; learned from a folder"
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


@dataclass(frozen=True, kw_only=True)
class PConvTrainingConfig(FolderConfig):
    """Every option; the defaults are the paper's."""

    masks: str = option("strokes", "training holes, as in every method that learns from a folder", source=_PCONV)
    batch_size: int = option(6, "pictures a step, over all processes", source=_PCONV, low=1)
    levels: int = option(7, "halvings; the paper has 8 at 512 px", source="naoto0804's port", low=1)
    steps: int = option(500_000, "steps of the first stage", source="naoto0804's port", low=1)
    finetune_steps: int = option(
        500_000, "steps of the second, with the encoder's normalisation frozen", source="naoto0804's port", low=1
    )
    learning_rate: float = option(2e-4, "Adam's, in the first stage", source=_PCONV, low=0)
    finetune_rate: float = option(5e-5, "Adam's, in the second", source=_PCONV, low=0)
    valid: float = option(1.0, "weight of the absolute difference outside the hole", source=_PCONV, low=0)
    hole: float = option(6.0, "weight of that in the hole", source=_PCONV, low=0)
    content: float = option(0.05, "weight of the perceptual loss", source=_PCONV, low=0)
    style: float = option(120.0, "weight of the style loss", source=_PCONV, low=0)
    smoothness: float = option(0.1, "weight of the total variation at the hole", source=_PCONV, low=0)
    perceptual: str = option(
        "vgg19", "the network of the perceptual and the style loss; the paper's is VGG16; none leaves both out",
        source=_PCONV, choices=PERCEPTUAL,
    )  # fmt: skip


PCONV_PAPER = PConvTrainingConfig()
PCONV_SMALL = PConvTrainingConfig(
    size=64, levels=4, width=0.25, batch_size=16, steps=6000, finetune_steps=2000, learning_rate=1e-3,
    finetune_rate=2e-4, perceptual="none",
)  # fmt: skip
PCONV_TINY = PConvTrainingConfig(
    size=16, levels=2, width=0.07, batch_size=2, steps=2, finetune_steps=2, perceptual="none"
)


class PConvTraining(_OwnNetwork):
    """The U-Net of partial convolutions, trained on a folder in two stages."""

    name: ClassVar[str] = "pconv-own"
    title: ClassVar[str] = "U-Net of partial convolutions, for irregular holes; learned from a folder"
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
        vgg = perceptual_net(c.perceptual, taps=_TAPS, normalization="imagenet", device=self.device)
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


@dataclass(frozen=True, kw_only=True)
class DeepFillTrainingConfig(FolderConfig):
    """Every option; the defaults are the paper's."""

    masks: str = option(
        "mix", "training holes, as in every method that learns from a folder; the paper's are strokes and a box",
        source=_DEEPFILL,
    )  # fmt: skip
    batch_size: int = option(16, "pictures a step, over all processes", source="code of DeepFill v2", low=1)
    steps: int = option(1_000_000, "steps", source="code of DeepFill v2", low=1)
    learning_rate: float = option(1e-4, "Adam's, of both networks", source="code of DeepFill v2", low=0)
    beta1: float = option(0.5, "Adam's first momentum", source="code of DeepFill v2", low=0)
    beta2: float = option(0.999, "Adam's second momentum", source="code of DeepFill v2", low=0)
    coarse: float = option(1.0, "weight of the coarse picture's absolute difference", source=_DEEPFILL, low=0)
    fine: float = option(1.0, "weight of the fine one's", source=_DEEPFILL, low=0)
    adversarial: float = option(1.0, "weight of the critic's loss", source=_DEEPFILL, low=0)


DEEPFILL_PAPER = DeepFillTrainingConfig()
DEEPFILL_SMALL = DeepFillTrainingConfig(
    size=64, width=0.25, batch_size=8, steps=6000, learning_rate=5e-4, adversarial=0.01
)
DEEPFILL_TINY = DeepFillTrainingConfig(size=16, width=0.07, batch_size=2, steps=2)


class DeepFillTraining(_OwnNetwork):
    """DeepFill v2, trained on a folder."""

    name: ClassVar[str] = "deepfill-own"
    title: ClassVar[str] = "gated convolutions that copy patches, for holes of any form; learned from a folder"
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


def pconv_terms(made: Tensor, truth: Tensor, mask: MaskTensor, *, vgg: VGG19Features | None) -> dict[str, Tensor]:
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
    made_features, composed_features, wanted = ([*vgg(x).values()] for x in (made, composed, truth))
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

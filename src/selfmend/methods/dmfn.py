"""DMFN: dense multi-scale fusion blocks, self-guided regression, and a relativistic discriminator with two views.

Hui et al., "Image Fine-grained Inpainting", 2020. "Code" in a source is the authors' code.
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
    count_blocks,
    frozen,
    perceptual_net,
)
from selfmend.methods.folder import Batches, FolderConfig
from selfmend.nn.adversarial_losses import relativistic_discriminator_loss, relativistic_generator_loss
from selfmend.nn.dmfn import DMFNDiscriminator, DMFNGenerator
from selfmend.nn.perceptual import NORMALIZATIONS, VGGFeatures
from selfmend.nn.reconstruction_losses import (
    CHANNEL_WEIGHTS,
    alignment_loss,
    feature_matching,
    guidance_map,
    self_guided_regression,
)
from selfmend.nn.tensors import ImageTensor, MaskTensor, to_image, to_signed
from selfmend.options import option
from selfmend.training.data import Batch
from selfmend.training.optimization import Updater
from selfmend.training.stage import Stage, Stateful, Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_PAPER = "DMFN (2020), Sec. 3"
_CODE = "code of DMFN"
_TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


@dataclass(frozen=True, kw_only=True)
class DMFNConfig(FolderConfig):
    """Every option; the defaults are the authors'."""

    max_delta: int = option(
        32, "center and random-box: lower and narrower by up to this, drawn anew", unit="px", source=_CODE, low=0
    )
    batch_size: int = option(16, "pictures a step, over all processes", source=_PAPER, low=1)
    blocks: int = option(8, "fusion blocks", source=_PAPER, low=1)
    fusion_kernel: int = option(3, "side of the convolution that fuses a block's scales: 1 in the paper", source=_CODE)
    use_k: bool = option(False, "a convolution after each sum of a block: in the paper, not in the code", source=_CODE)
    learning_rate: float = option(2e-4, "Adam's, of both networks", source=_PAPER, low=0)
    discriminator_rate: float = option(
        1.0, "learning rate of the discriminator to the generator's", source=_PAPER, low=0
    )
    beta1: float = option(0.5, "Adam's first momentum", source=_PAPER, low=0)
    beta2: float = option(0.9, "Adam's second momentum; 0.999 in the code", source=_PAPER, low=0)
    l1: float = option(1.0, "weight of the absolute difference", source=_PAPER, low=0)
    self_guided: float = option(25.0, "weight of the self-guided regression, half of lambda", source=_PAPER, low=0)
    content: float = option(25.0, "weight of VGG's feature matching, half of lambda", source=_PAPER, low=0)
    alignment: float = option(1.0, "weight of the geometrical alignment, gamma", source=_PAPER, low=0)
    matching: float = option(5.0, "weight of the discriminator's feature matching, eta", source=_PAPER, low=0)
    adversarial: float = option(0.003, "weight of the relativistic loss, mu", source=_PAPER, low=0)
    perceptual: str = option(
        "vgg19",
        "the network of the self-guided regression, of content and alignment; none leaves the three out",
        choices=PERCEPTUAL,
    )
    normalization: str = option(
        "imagenet", "how pictures are scaled for it; dmfn is the code's slip", source=_CODE, choices=NORMALIZATIONS
    )
    compat_alignment: bool = option(False, "align x twice and y never, the code's slip", source=_CODE)


PAPER = DMFNConfig()
SMALL = DMFNConfig(
    size=64, max_delta=8, width=0.25, blocks=4, batch_size=8, steps=8000, perceptual="none", learning_rate=1e-3,
    discriminator_rate=0.1, l1=25.0, decay=0.6,
)  # fmt: skip
TINY = DMFNConfig(size=16, max_delta=2, width=0.07, blocks=1, steps=2, batch_size=2, perceptual="none")


class DMFN(AdversarialMethod):
    """DMFN; every network sees squares of `config.size`."""

    name: ClassVar[str] = "dmfn"
    source: ClassVar[str] = "Hui et al., ImageTensor Fine-grained Inpainting, 2020"
    presets: ClassVar = {"paper": PAPER, "small": SMALL, "tiny": TINY}
    official: ClassVar[Mapping[str, str]] = {"generator": "DMFN's generator"}
    config: DMFNConfig

    @classmethod
    def official_options(cls, states: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Any]:
        """See `AdversarialMethod`."""
        state = states["generator"]
        fusion_kernel, use_k = state["blocks.0.c2.weight"].shape[-1], "blocks.0.k2.weight" in state
        return {"blocks": count_blocks(state, "blocks."), "fusion_kernel": fusion_kernel, "use_k": use_k}

    def new_generators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        c = self.config
        net = DMFNGenerator(blocks=c.blocks, fusion_kernel=c.fusion_kernel, use_k=c.use_k, width=c.width)
        return {"generator": net}

    def new_discriminators(self) -> dict[str, nn.Module]:
        """See `AdversarialMethod`."""
        size = self.config.size
        return {"discriminator": DMFNDiscriminator(size=size, local_size=size // 2, width=self.config.width)}

    def check_trainable(self) -> None:
        """See `FolderMethod.check_trainable`."""
        check_power_of_two(self.config.size, low=16, high=256)
        if self.config.fusion_kernel not in (1, 3):
            raise OptionError(f"fusion_kernel is {self.config.fusion_kernel}; 1 or 3 fits")
        check_perceptual(self.config.perceptual)

    def stages(self, batches: Batches, *, seed: int, fabric: Fabric) -> Iterator[Stage]:
        """One stage; see `FolderMethod.stages`."""
        c = self.config
        vgg = perceptual_net(c.perceptual, taps=_TAPS, normalization=c.normalization, device=self.device)
        making, judging = (
            adam([self.net(name)], learning_rate=c.learning_rate * factor, betas=(c.beta1, c.beta2))
            for name, factor in (("generator", 1.0), ("discriminator", c.discriminator_rate))
        )
        making_updater, judging_updater = Updater(fabric, making), Updater(fabric, judging)
        discriminator = self.net("discriminator")

        def step(i: int, batch: Batch, generator: torch.Generator) -> Terms:
            truth = to_signed(batch.image)
            real = local_views(truth, batch.box, side=c.size // 2), truth
            with fabric.autocast():
                made = torch.where(batch.mask, self._draw(truth, batch.mask), truth)
                fake = local_views(made, batch.box, side=c.size // 2), made
                with frozen(discriminator):
                    terms = {**self._game_terms(fake, real), **picture_terms(made, truth, c, vgg=vgg)}
            making_updater.step(torch.stack([getattr(c, name) * term for name, term in terms.items()]).sum())
            with fabric.autocast():
                real_logits, fake_logits = discriminator(*real)[0], discriminator(*(v.detach() for v in fake))[0]
                judged = relativistic_discriminator_loss(real_logits, fake_logits)
            judging_updater.step(judged)
            return {name: term.detach() for name, term in {**terms, "discriminator": judged}.items()}

        state: dict[str, Stateful] = {
            **self.networks(),
            "generator_optimizer": making,
            "discriminator_optimizer": judging,
        }
        yield Stage(name="train", steps=c.steps, step=step, state=state, batches=batches("train"))

    def complete(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """See `FolderMethod.complete`."""
        return to_image(self._draw(to_signed(image), mask))

    def _draw(self, x: Tensor, mask: MaskTensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] from the known pixels and the mask."""
        return self.net("generator")(torch.cat([torch.where(mask, 0, x), mask.to(x.dtype)], 1))

    def _game_terms(self, fake: tuple[Tensor, Tensor], real: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """What the discriminator says of the local and the whole view of fakes and of reals."""
        discriminator = self.net("discriminator")
        with torch.no_grad():
            real_logits, real_features = discriminator(*real)
        fake_logits, fake_features = discriminator(*fake)
        weights = CHANNEL_WEIGHTS[: len(fake_features)]
        return {
            "matching": feature_matching(fake_features, real_features, weights=weights),
            "adversarial": relativistic_generator_loss(real_logits, fake_logits),
        }


def picture_terms(made: Tensor, truth: Tensor, config: DMFNConfig, *, vgg: VGGFeatures | None) -> dict[str, Tensor]:
    """The terms that compare two signed pictures (N, 3, H, W), by the names of their weights in the config."""
    terms = {"l1": (made - truth).abs().mean()}
    if vgg is None:
        return terms
    output, target = ([*vgg((x + 1) / 2).values()] for x in (made, truth))
    return {
        **terms,
        "self_guided": self_guided_regression(output[:2], target[:2], guidance_map(made, truth)),
        "content": feature_matching(output, target, weights=CHANNEL_WEIGHTS),
        "alignment": alignment_loss(output[3], target[3], compat=config.compat_alignment),
    }


def local_views(x: Tensor, box: Tensor, *, side: int) -> Tensor:
    """Squares around the holes.

    Args:
        x: (N, C, H, W).
        box: (N, 4), top, left, height, width of each hole, in pixels.
        side: of the squares; a hole that is longer than that in one direction is shown whole, scaled down.

    Returns:
        (N, C, side, side).
    """
    views = []
    for one, (top, left, height, width) in zip(x.split(1), box.tolist(), strict=True):
        rows, columns = max(height, side), max(width, side)
        first = min(max(top + (height - rows) // 2, 0), x.shape[2] - rows)
        second = min(max(left + (width - columns) // 2, 0), x.shape[3] - columns)
        view = one[..., first : first + rows, second : second + columns]
        if (rows, columns) != (side, side):
            view = F.interpolate(view, (side, side), mode="bilinear", antialias=True, align_corners=False)
        views.append(view)
    return torch.cat(views)

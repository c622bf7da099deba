"""EdgeConnect as a method: its networks, its phases, and how they fill a square."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from selfmend.core.checks import OptionError
from selfmend.core.types import Image, Mask
from selfmend.image.channels import from_rgb
from selfmend.image.edges import canny_edges
from selfmend.methods.adversarial import (
    AdversarialMethod,
    check_multiple_of_four,
    check_perceptual,
    count_blocks,
    perceptual_net,
)
from selfmend.methods.edge_connect.config import PAPER, SMALL, TINY, EdgeConnectConfig
from selfmend.methods.edge_connect.passes import draw_edges, merge, paint
from selfmend.methods.edge_connect.training import PERCEPTUAL_TAPS, STYLE_TAPS, Trainer
from selfmend.methods.folder import Batches
from selfmend.nets.edge_connect import EdgeGenerator, InpaintGenerator
from selfmend.nets.patchgan import PatchDiscriminator
from selfmend.train.stage import Stage

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class EdgeConnect(AdversarialMethod):
    """Edges in the hole, then colours; every network sees squares of `config.size`."""

    name: ClassVar[str] = "edgeconnect"
    title: ClassVar[str] = "edges first, then colours; learned from a folder of pictures"
    source: ClassVar[str] = "Nazeri et al., EdgeConnect, 2019"
    presets: ClassVar = {"paper": PAPER, "small": SMALL, "tiny": TINY}
    fill_options: ClassVar[frozenset[str]] = frozenset({"sigma", "merge_edges"})
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

    def complete(self, image: Image, mask: Mask, *, generator: torch.Generator) -> Image:
        """See `FolderMethod.complete`."""
        image, hole = torch.where(mask, 0, image), mask.float()
        grey = from_rgb(image, 1)
        known = canny_edges(grey, mask, sigma=self.config.sigma)
        edges = draw_edges(self.net("edge_generator"), grey, known, hole)
        if self.config.merge_edges:
            edges = merge(edges, known, hole)
        return paint(self.net("inpaint_generator"), image, edges, hole)

    @property
    def _perceptual(self) -> str:
        """Edges alone are trained without it."""
        return "none" if set(self.config.phases) == {"edge"} else self.config.perceptual

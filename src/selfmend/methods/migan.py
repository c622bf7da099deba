"""MI-GAN as a method, with weights that the user owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from selfmend.methods.pretrained import PretrainedConfig, PretrainedMethod, padded
from selfmend.nn.migan import MiganGenerator
from selfmend.nn.owned_weights import owned_file
from selfmend.nn.tensors import to_image, to_signed
from selfmend.options import option

SIZES = ("auto", "512", "256")


@dataclass(frozen=True, kw_only=True)
class MiganConfig(PretrainedConfig):
    """How the network is shown a picture; larger parts than its side are made smaller, with `original` too."""

    side: str = option(
        "auto", "side of the squares that the network takes; auto: of the weights that are here, the larger one",
        unit="px", source="its authors", choices=SIZES,
    )  # fmt: skip


class Migan(PretrainedMethod):
    """A small network that fills squares of one size."""

    name: ClassVar[str] = "migan"
    source: ClassVar[str] = "A. Sargsyan et al., MI-GAN: a simple baseline for image inpainting on mobile devices, 2023"
    presets: ClassVar = {"default": MiganConfig()}
    weights: ClassVar[str] = "migan"
    config: MiganConfig

    def weights_name(self) -> str:
        """See `PretrainedMethod`."""
        return "migan" if self._side() == 512 else "migan-256"

    def largest(self) -> int:
        """See `PretrainedMethod`."""
        return self._net.size if isinstance(self._net, MiganGenerator) else self._side()

    def _side(self) -> int:
        if self.config.side != "auto":
            return int(self.config.side)
        return 256 if owned_file("migan") is None and owned_file("migan-256") is not None else 512

    def complete(self, picture: Tensor, hole: Tensor) -> Tensor:
        """See `PretrainedMethod`."""
        net = self.network()
        assert isinstance(net, MiganGenerator)
        height, width = picture.shape[2:]
        shown = torch.cat([0.5 - hole, to_signed(picture) * (1 - hole)], 1)
        return to_image(net(padded(shown, net.size, net.size)))[:, :, :height, :width]

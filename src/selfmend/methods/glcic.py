"""GLCIC's completion network as a method, with weights that the user owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from selfmend.methods.pretrained import PretrainedConfig, PretrainedMethod, padded, rounded_up
from selfmend.nn.glcic import MEAN
from selfmend.options import option

_MULTIPLE = 4  # two halvings


@dataclass(frozen=True, kw_only=True)
class GlcicConfig(PretrainedConfig):
    """How the network is shown a picture."""

    mean: tuple[float, float, float] = option(
        MEAN, "red, green, blue of the hole as the network knows it: the mean of its training pictures",
        unit="of [0, 1]", source="the port's weights for CelebA", low=0, high=1,
    )  # fmt: skip


class Glcic(PretrainedMethod):
    """One pass of a network that was trained with a global and a local critic, at 160 px."""

    name: ClassVar[str] = "glcic"
    title: ClassVar[str] = "holes in faces, by a trained network of dilated convolutions; needs its weights"
    source: ClassVar[str] = "S. Iizuka et al., Globally and locally consistent image completion, 2017"
    presets: ClassVar = {"default": GlcicConfig(limit=160, margin=40)}
    weights: ClassVar[str] = "glcic"
    config: GlcicConfig

    def complete(self, picture: Tensor, hole: Tensor) -> Tensor:
        """See `PretrainedMethod`."""
        height, width = picture.shape[2:]
        sides = [rounded_up(side, _MULTIPLE) for side in (height, width)]
        mean = picture.new_tensor(self.config.mean).view(1, 3, 1, 1)
        shown = torch.cat([picture * (1 - hole) + mean * hole, hole], 1)
        return self.network()(padded(shown, *sides))[:, :, :height, :width]

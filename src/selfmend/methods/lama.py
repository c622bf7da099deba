"""LaMa as a method, with weights that the user owns."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from selfmend.methods.pretrained import PretrainedConfig, PretrainedMethod, padded, rounded_up

_MULTIPLE = 8  # three halvings
_LEAST = 16  # what is reflected at the coarsest scale needs two pixels


class Lama(PretrainedMethod):
    """One pass of a network that was trained for large holes of any shape; it continues structures and repetitions."""

    name: ClassVar[str] = "lama"
    source: ClassVar[str] = "R. Suvorov et al., Resolution-robust large mask inpainting with Fourier convolutions, 2022"
    presets: ClassVar = {"default": PretrainedConfig()}
    weights: ClassVar[str] = "lama"

    def complete(self, picture: Tensor, hole: Tensor) -> Tensor:
        """See `PretrainedMethod`."""
        height, width = picture.shape[2:]
        sides = [rounded_up(side, _MULTIPLE, least=_LEAST) for side in (height, width)]
        shown = torch.cat([picture * (1 - hole), hole], 1)
        return self.network()(padded(shown, *sides))[:, :, :height, :width]

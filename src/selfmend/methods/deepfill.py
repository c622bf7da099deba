"""DeepFill, versions 2 and 1, as methods with weights that the user owns."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from selfmend.methods.pretrained import PretrainedConfig, PretrainedMethod, padded, rounded_up
from selfmend.nn.tensors import to_image, to_signed

_MULTIPLE = 8  # two halvings, and one in the attention


class DeepFill(PretrainedMethod):
    """A coarse and a fine pass of networks that were trained for holes of free form; the fine one copies patches."""

    name: ClassVar[str] = "deepfill"
    source: ClassVar[str] = "J. Yu et al., Free-form image inpainting with gated convolution (DeepFill v2), 2019"
    presets: ClassVar = {"default": PretrainedConfig(limit=512)}
    weights: ClassVar[str] = "deepfill"

    def complete(self, picture: Tensor, hole: Tensor) -> Tensor:
        """See `PretrainedMethod`."""
        height, width = picture.shape[2:]
        sides = [rounded_up(side, _MULTIPLE) for side in (height, width)]
        _, fine = self.network()(padded(to_signed(picture), *sides), padded(hole, *sides))
        return to_image(fine)[:, :, :height, :width]


class DeepFillV1(DeepFill):
    """The version before: plain convolutions, trained for boxes."""

    name: ClassVar[str] = "deepfill-v1"
    source: ClassVar[str] = "J. Yu et al., Generative image inpainting with contextual attention (DeepFill v1), 2018"
    weights: ClassVar[str] = "deepfill-v1"

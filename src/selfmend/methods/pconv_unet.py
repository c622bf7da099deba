"""The U-Net of partial convolutions as a method, with weights that the user owns."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from selfmend.methods.pretrained import PretrainedConfig, PretrainedMethod, padded, rounded_up
from selfmend.nn.pconv_unet import MEAN, STD, PConvUNet


class PConvUNetMethod(PretrainedMethod):
    """One pass of a network that was trained for irregular holes, at 256 px."""

    name: ClassVar[str] = "pconv"
    source: ClassVar[str] = "G. Liu et al., Image inpainting for irregular holes using partial convolutions, 2018"
    presets: ClassVar = {"default": PretrainedConfig(limit=256, margin=64)}
    weights: ClassVar[str] = "pconv"

    def complete(self, picture: Tensor, hole: Tensor) -> Tensor:
        """See `PretrainedMethod`."""
        net = self.network()
        assert isinstance(net, PConvUNet)
        height, width = picture.shape[2:]
        multiple = 1 << net.levels
        sides = [rounded_up(side, multiple) for side in (height, width)]
        mean, std = (picture.new_tensor(three).view(1, 3, 1, 1) for three in (MEAN, STD))
        filled, _ = net(padded((picture - mean) / std, *sides), 1 - padded(hole, *sides))
        return (filled * std + mean)[:, :, :height, :width]

"""The beginning of Inception-v3, as far as single-image statistics look (Szegedy et al., CVPR 2016, Table 1).

Signed pictures (N, 3, H, W) in, features (N, 64 or 192, h, w) out. The names of the layers are those of the published
weights.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.core.checks import check_known
from selfmend.nets.pretrained import INCEPTION_V3, load_pretrained

LEAST_SIZE = {64: 9, 192: 23}
"""Features to the side of the smallest picture, in pixels, that has them at 2 x 2 positions."""


class ConvNormRelu(nn.Module):
    """A convolution without bias, batch normalisation and ReLU: what Inception is made of."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, h, w), not negative."""
        return F.relu(self.bn(self.conv(x)))


class InceptionStem(nn.Module):
    """Inception-v3 up to its second pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = ConvNormRelu(3, 32, kernel=3, stride=2)
        self.Conv2d_2a_3x3 = ConvNormRelu(32, 32, kernel=3)
        self.Conv2d_2b_3x3 = ConvNormRelu(32, 64, kernel=3, padding=1)
        self.Conv2d_3b_1x1 = ConvNormRelu(64, 80, kernel=1)
        self.Conv2d_4a_3x3 = ConvNormRelu(80, 192, kernel=3)

    def forward(self, x: Tensor, *, features: int = 64) -> Tensor:
        """Features of a picture at all positions.

        Args:
            x: (N, 3, H, W) in [-1, 1], of any size from `LEAST_SIZE` on; it is not resized.
            features: 64, before the first pooling, or 192, before the second.

        Returns:
            (N, features, h, w); h and w are about a half of the picture's for 64, a quarter for 192.

        Raises:
            OptionError: another number of features.
        """
        check_known("number of features", str(features), map(str, LEAST_SIZE))
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        if features == 64:
            return x
        return self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, stride=2)))


def load_inception(
    path: Path | None = None, *, download: bool = False, device: str | torch.device = "cpu"
) -> InceptionStem:
    """The network with the published ImageNet weights, for looking only: not training, no gradients of its weights.

    Args:
        path: file or folder of the weights; None looks where `find_weights` says.
        download: fetch the weights (104 MB) where they are missing.
        device: of the network.

    Raises:
        WeightsError: the weights are missing or not the published ones.
    """
    net = InceptionStem()
    load_pretrained(net, INCEPTION_V3, path=path, download=download)
    return net.eval().requires_grad_(False).to(device)

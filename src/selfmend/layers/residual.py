"""EdgeConnect's residual block: (N, C, H, W) in and out.

Nazeri et al., "EdgeConnect: Generative Image Inpainting with Adversarial Edge Learning", 2019, App. A. The state dict
has the keys of the authors' code.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm as parametrize_spectral_norm


def maybe_spectral_norm(layer: nn.Module, *, spectral_norm: bool) -> nn.Module:
    """The layer, with the largest singular value of its weight divided out where that is asked for.

    Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.
    """
    return parametrize_spectral_norm(layer) if spectral_norm else layer


class DilatedResidualBlock(nn.Module):
    """Two 3x3 convolutions, the first one dilated, whose output is added to the input without a last ReLU.

    Args:
        channels: C.
        dilation: of the first convolution, in pixels.
        spectral_norm: whether both convolutions have it; they then have no bias.
    """

    def __init__(self, channels: int, *, dilation: int = 2, spectral_norm: bool = False) -> None:
        super().__init__()
        first = nn.Conv2d(channels, channels, 3, dilation=dilation, bias=not spectral_norm)
        second = nn.Conv2d(channels, channels, 3, bias=not spectral_norm)
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(dilation),
            maybe_spectral_norm(first, spectral_norm=spectral_norm),
            nn.InstanceNorm2d(channels),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            maybe_spectral_norm(second, spectral_norm=spectral_norm),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H, W)."""
        return x + self.conv_block(x)

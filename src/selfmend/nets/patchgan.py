"""The discriminator that judges overlapping patches of 70 x 70 pixels, with spectral norm.

Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017, Sec. 3.2; Nazeri et al.,
"EdgeConnect", 2019, App. A. The state dict has the keys of EdgeConnect's code, in the new form of spectral norm.
"""

from __future__ import annotations

from torch import Tensor, nn

from selfmend.layers.residual import maybe_spectral_norm
from selfmend.nets.width import scaled

_LAYERS = ((64, 2), (128, 2), (256, 2), (512, 1))  # channels and stride; a last one gives the logits


class PatchDiscriminator(nn.Module):
    """Scores each patch of a picture.

    Args:
        in_channels: of the picture.
        spectral_norm: whether all convolutions have it.
        width: multiplies all hidden channels.
    """

    def __init__(self, *, in_channels: int, spectral_norm: bool = True, width: float = 1.0) -> None:
        super().__init__()
        before = in_channels
        for i, (channels, stride) in enumerate(_LAYERS, 1):
            after = scaled(channels, width)
            layer = nn.Conv2d(before, after, 4, stride=stride, padding=1, bias=not spectral_norm)
            convolution = maybe_spectral_norm(layer, spectral_norm=spectral_norm)
            self.add_module(f"conv{i}", nn.Sequential(convolution, nn.LeakyReLU(0.2)))
            before = after
        last = nn.Conv2d(before, 1, 4, padding=1, bias=not spectral_norm)
        self.conv5 = nn.Sequential(maybe_spectral_norm(last, spectral_norm=spectral_norm))

    def forward(self, x: Tensor) -> list[Tensor]:
        """What all layers give.

        Args:
            x: (N, in_channels, H, W), H and W at least 24.

        Returns:
            Five maps (N, C, h, w), after their activation; the last one is the logits (N, 1, h, w), high for real.
        """
        activations = []
        for i in range(1, 6):
            x = self.get_submodule(f"conv{i}")(x)
            activations.append(x)
        return activations

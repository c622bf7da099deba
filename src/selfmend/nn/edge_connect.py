"""EdgeConnect's generators and its patch discriminator (Nazeri et al. 2019).

The discriminator that judges overlapping patches of 70 x 70 pixels, with spectral norm.

Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017, Sec. 3.2; Nazeri et al.,
"EdgeConnect", 2019, App. A. The state dict has the keys of EdgeConnect's code, in the new form of spectral norm.

EdgeConnect's two generators: one draws the edges in the hole, the other one colours them.

Nazeri et al., "EdgeConnect: Generative Image Inpainting with Adversarial Edge Learning", 2019, Sec. 3 and App. A.
Pictures and edges are in [0, 1] here. The state dicts have the keys of the authors' code; spectral norm is in its new
form. H and W are multiples of 4.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from selfmend.nn.layers import DilatedResidualBlock, maybe_spectral_norm, scaled

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


class _Generator(nn.Module):
    """Two halvings, eight dilated residual blocks, two doublings."""

    def __init__(self, *, in_channels: int, out_channels: int, blocks: int, spectral_norm: bool, width: float) -> None:
        super().__init__()
        wide = [scaled(c, width) for c in (64, 128, 256)]

        def down(before: int, after: int) -> nn.Module:
            layer = nn.Conv2d(before, after, 4, stride=2, padding=1)
            return maybe_spectral_norm(layer, spectral_norm=spectral_norm)

        def up(before: int, after: int) -> nn.Module:
            layer = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)
            return maybe_spectral_norm(layer, spectral_norm=spectral_norm)

        first = maybe_spectral_norm(nn.Conv2d(in_channels, wide[0], 7), spectral_norm=spectral_norm)
        self.encoder = nn.Sequential(
            *(nn.ReflectionPad2d(3), first, nn.InstanceNorm2d(wide[0]), nn.ReLU()),
            *(down(wide[0], wide[1]), nn.InstanceNorm2d(wide[1]), nn.ReLU()),
            *(down(wide[1], wide[2]), nn.InstanceNorm2d(wide[2]), nn.ReLU()),
        )
        chain = [DilatedResidualBlock(wide[2], spectral_norm=spectral_norm) for _ in range(blocks)]
        self.middle = nn.Sequential(*chain)
        self.decoder = nn.Sequential(
            *(up(wide[2], wide[1]), nn.InstanceNorm2d(wide[1]), nn.ReLU()),
            *(up(wide[1], wide[0]), nn.InstanceNorm2d(wide[0]), nn.ReLU()),
            *(nn.ReflectionPad2d(3), nn.Conv2d(wide[0], out_channels, 7)),
        )

    def draw(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) to (N, out_channels, H, W) of any values."""
        return self.decoder(self.middle(self.encoder(x)))


class EdgeGenerator(_Generator):
    """Draws edges; all convolutions but the last have spectral norm.

    It takes the grey picture with 1 in the hole, the edges with 0 in it, and the mask, 1 = hole.

    Args:
        blocks: number of residual blocks.
        width: multiplies all hidden channels.
    """

    def __init__(self, *, blocks: int = 8, width: float = 1.0) -> None:
        super().__init__(in_channels=3, out_channels=1, blocks=blocks, spectral_norm=True, width=width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, 1, H, W) in [0, 1], soft."""
        return torch.sigmoid(self.draw(x))


class InpaintGenerator(_Generator):
    """Colours a picture: it takes the picture with 1 in the hole and all edges, but not the mask.

    Args:
        blocks: number of residual blocks.
        width: multiplies all hidden channels.
    """

    def __init__(self, *, blocks: int = 8, width: float = 1.0) -> None:
        super().__init__(in_channels=4, out_channels=3, blocks=blocks, spectral_norm=False, width=width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 4, H, W) to (N, 3, H, W) in [0, 1]."""
        return (torch.tanh(self.draw(x)) + 1) / 2

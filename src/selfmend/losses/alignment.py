"""DMFN's geometrical alignment: each channel's activations lie about the same place in both pictures.

Hui et al., "Image Fine-grained Inpainting", 2020, Sec. 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor

_FLOOR = 1e-7


def centers_of_mass(features: Tensor) -> tuple[Tensor, Tensor]:
    """Where each channel's activations lie on average.

    Args:
        features: (N, C, H, W), not negative, as after ReLU.

    Returns:
        y and x, each (N, C), from -1 at the first row or column to just under 1 at the last one.
    """
    height, width = features.shape[2:]
    features = features.float()
    mass = features + _FLOOR
    mass = mass / mass.sum((2, 3), keepdim=True)
    rows = torch.arange(height, device=features.device, dtype=features.dtype) * (2 / height) - 1
    columns = torch.arange(width, device=features.device, dtype=features.dtype) * (2 / width) - 1
    return (mass.sum(3) * rows).sum(2), (mass.sum(2) * columns).sum(2)


def alignment_loss(output: Tensor, target: Tensor, *, compat: bool = False) -> Tensor:
    """Square distance between the centres of mass of two pictures' activations.

    Args:
        output, target: activations (N, C, H, W) of VGG19's relu4_1; no gradient flows into `target`.
        compat: do as the authors' code does, which takes x in the place of y and so never looks at y.

    Returns:
        A scalar, averaged over channels, pictures and both coordinates.
    """
    y, x = centers_of_mass(output)
    target_y, target_x = centers_of_mass(target.detach())
    across = (x - target_x).square().mean()
    along = across if compat else (y - target_y).square().mean()
    return (across + along) / 2

"""The Context Encoder's joint loss: square error that counts more along the hole's border, and a little of the game.

Pathak et al., "Context Encoders: Feature Learning by Inpainting", CVPR 2016, Sec. 3.2 and the authors' code.
"""

from __future__ import annotations

import torch
from torch import Tensor


def overlap_weights(size: int, *, overlap: int, border: float = 10.0) -> Tensor:
    """How much each pixel of the predicted square counts.

    Args:
        size: side of the square, in pixels.
        overlap: width of the band along its border in which the network was shown the truth, in pixels.
        border: weight in that band; 1 inside it.

    Returns:
        (1, 1, size, size).

    Raises:
        ValueError: a band that leaves nothing inside.

    Example:
        >>> overlap_weights(3, overlap=1)[0, 0, 1]
        tensor([10.,  1., 10.])
    """
    if not 0 <= 2 * overlap < size:
        raise ValueError(f"overlap is {overlap} in a square of {size}; from 0 to less than half of the side fits")
    weights = torch.full((1, 1, size, size), float(border))
    weights[..., overlap : size - overlap, overlap : size - overlap] = 1
    return weights


def weighted_square_error(output: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean over all pixels and channels of the square error times its weight.

    Args:
        output, target: (N, C, H, W).
        weights: of a shape that stretches to theirs.
    """
    return ((output - target).square() * weights).mean()


def joint_loss(reconstruction: Tensor, adversarial: Tensor, *, share: float = 0.999) -> Tensor:
    """`share` of the first, the rest of the second; the paper's are 0.999 and 0.001."""
    return share * reconstruction + (1 - share) * adversarial

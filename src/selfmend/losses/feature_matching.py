"""Distances between the activations of two pictures: of a discriminator's layers, or of a pretrained network's.

Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016; Johnson et al., "Perceptual Losses for Real-Time
Style Transfer and Super-Resolution", ECCV 2016; Gatys et al., "Image Style Transfer Using Convolutional Neural
Networks", CVPR 2016.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def feature_matching(output: Sequence[Tensor], target: Sequence[Tensor], *, weights: Sequence[float] = ()) -> Tensor:
    """Mean absolute difference of activations, added up over the layers.

    With VGG19's activations this is the perceptual loss; with a discriminator's, feature matching.

    Args:
        output, target: activations (N, C, H, W) layer by layer; no gradient flows into `target`.
        weights: of the layers; none means 1 each.

    Returns:
        A scalar.

    Example:
        >>> import torch
        >>> feature_matching([torch.ones(1, 2, 3, 3)], [torch.zeros(1, 2, 3, 3)], weights=[0.5]).item()
        0.5
    """
    terms = [(a - b.detach()).abs().mean() for a, b in zip(output, target, strict=True)]
    return _weighted_sum(terms, weights)


def style_loss(output: Sequence[Tensor], target: Sequence[Tensor], *, weights: Sequence[float] = ()) -> Tensor:
    """Mean absolute difference of the Gram matrices of activations, added up over the layers.

    Args:
        output, target: activations (N, C, H, W) layer by layer; no gradient flows into `target`.
        weights: of the layers; none means 1 each.
    """
    terms = [(gram_matrix(a) - gram_matrix(b.detach())).abs().mean() for a, b in zip(output, target, strict=True)]
    return _weighted_sum(terms, weights)


def gram_matrix(features: Tensor) -> Tensor:
    """Products of all pairs of channels, summed over the positions and divided by C H W.

    Args:
        features: (N, C, H, W).

    Returns:
        (N, C, C).
    """
    with torch.autocast(features.device.type, enabled=False):  # long sums of squares are not for bfloat16
        flat = features.flatten(2).float()
        return flat @ flat.mT / (flat.shape[1] * flat.shape[2])


def _weighted_sum(terms: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    total = terms[0] * (weights[0] if weights else 1.0)
    for i, term in enumerate(terms[1:], 1):
        total = total + term * (weights[i] if weights else 1.0)
    return total

"""DMFN's self-guided regression: shallow activations count more where the picture is still wrong.

Hui et al., "Image Fine-grained Inpainting", 2020, Sec. 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

CHANNEL_WEIGHTS = tuple(1e3 / c**2 for c in (64, 128, 256, 512, 512))
"""Weights of the first activations of VGG19's five blocks, and of the discriminator's five local layers."""


@torch.no_grad()
def guidance_map(output: Tensor, target: Tensor) -> Tensor:
    """Where a picture is wrong, as a share of its largest error.

    Args:
        output, target: (N, C, H, W).

    Returns:
        (N, 1, H, W) in [0, 1]: the square error's mean over the channels, divided by its largest value in each
        picture; 0 where the two are equal.
    """
    error = (output - target).square().mean(1, keepdim=True)
    worst = error.amax((1, 2, 3), keepdim=True)
    return error / worst.clamp(min=torch.finfo(error.dtype).tiny)


def self_guided_regression(
    output: Sequence[Tensor], target: Sequence[Tensor], guidance: Tensor, *, weights: Sequence[float] = CHANNEL_WEIGHTS
) -> Tensor:
    """Mean absolute difference of activations times the guidance, added up over the layers.

    Args:
        output, target: activations (N, C, H, W) of VGG19, each of the later ones half as large as the one before: the
            paper takes relu1_1 and relu2_1. No gradient flows into `target`.
        guidance: (N, 1, H, W) of the size of the first one; it is averaged down for the later ones.
        weights: of the layers, at least as many.

    Returns:
        A scalar.
    """
    total = output[0].new_zeros(())
    for i, (a, b) in enumerate(zip(output, target, strict=True)):
        guidance = F.avg_pool2d(guidance, 2) if i else guidance
        total = total + weights[i] * (guidance * (a - b.detach())).abs().mean()
    return total

"""Cross-entropy of soft edges that weighs the few edge pixels more: a supervised help for short trainings.

After the class-balanced loss of Xie and Tu, "Holistically-Nested Edge Detection", ICCV 2015, Sec. 2.2, with the square
root of their balance: the full balance draws edges wherever one is thinkable.
"""

from __future__ import annotations

from torch import Tensor

_LEAST = 1e-6


def balanced_cross_entropy(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean over the hole; an edge pixel counts as the root of how many times rarer it is there.

    Args:
        output: (N, 1, H, W) in [0, 1], the probability of an edge.
        target: (N, 1, H, W), 0 and 1.
        mask: (N, 1, H, W), 1 = hole.

    Returns:
        A scalar; 0 without a hole.

    Example:
        >>> import torch
        >>> half = torch.full((1, 1, 1, 2), 0.5)
        >>> balanced_cross_entropy(half, torch.tensor([[[[1.0, 0.0]]]]), torch.ones(1, 1, 1, 2))
        tensor(0.6931)
    """
    output = output.float().clamp(_LEAST, 1 - _LEAST)
    edges, pixels = (target * mask).sum(), mask.sum().clamp(min=1)
    weight = ((pixels - edges) / edges.clamp(min=1)).sqrt()
    each = -(weight * target * output.log() + (1 - target) * (1 - output).log())
    return (each * mask).sum() / pixels

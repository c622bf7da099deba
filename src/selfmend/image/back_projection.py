"""Back-projection: an enlargement is corrected until it is, made small again, the picture that it came from.

Irani & Peleg, "Improving resolution by image registration", CVGIP 1991, for one picture.
"""

from __future__ import annotations

from selfmend.image.resize import resize
from selfmend.types import Image


def back_project(large: Image, small: Image, *, rounds: int) -> Image:
    """Add to an enlargement what it lacks to be `small` when it is shrunk.

    Args:
        large: floating (N, C, H, W), of any range.
        small: (N, C, h, w), the picture that was enlarged.
        rounds: how often the difference is added; after three hardly any is left.

    Returns:
        (N, C, H, W), not clamped.

    Example:
        >>> import torch
        >>> small = torch.rand(1, 3, 8, 8)
        >>> large = back_project(torch.zeros(1, 3, 16, 16), small, rounds=20)
        >>> bool(torch.allclose(resize(large, (8, 8)), small, atol=1e-2))
        True
    """
    size, target = (small.shape[2], small.shape[3]), (large.shape[2], large.shape[3])
    for _ in range(rounds):
        large = large + resize(small - resize(large, size), target)
    return large

"""Back-projection: an enlargement is corrected until it is, made small again, the picture that it came from.

Irani & Peleg, "Improving resolution by image registration", CVGIP 1991, for one picture.
"""

from __future__ import annotations

from selfmend.image.resize import resize
from selfmend.types import Image, size_of


def back_project(large: Image, small: Image, *, rounds: int) -> Image:
    """Add to an enlargement what it lacks to be `small` when it is shrunk.

    Args:
        large: float32 (H, W, C), of any range.
        small: (h, w, C), the picture that was enlarged.
        rounds: how often the difference is added; after three hardly any is left.

    Returns:
        (H, W, C), not clamped.

    Example:
        >>> import numpy as np
        >>> small = np.random.default_rng(0).random((8, 8, 3), dtype=np.float32)
        >>> large = back_project(np.zeros((16, 16, 3), np.float32), small, rounds=20)
        >>> bool(np.allclose(resize(large, (8, 8)), small, atol=1e-2))
        True
    """
    for _ in range(rounds):
        large = large + resize(small - resize(large, size_of(small)), size_of(large))
    return large

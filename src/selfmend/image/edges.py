"""Canny's edges of grey pictures.

Canny, "A Computational Approach to Edge Detection", PAMI 1986, as scikit-image has it.
"""

from __future__ import annotations

import numpy as np

from selfmend.types import Image, Mask


def canny_edges(grey: Image, mask: Mask | None = None, *, sigma: float = 2.0) -> Image:
    """Where a picture has edges.

    Args:
        grey: (H, W, 1) in [0, 1]; the hole's content has no influence.
        mask: (H, W), True = hole: there is no edge in it, nor along its border; None looks everywhere.
        sigma: of the Gaussian that smooths first, in pixels; EdgeConnect takes 2.

    Returns:
        float32 (H, W, 1), 1 on an edge and 0 elsewhere.

    Example:
        >>> step = np.zeros((9, 9, 1), np.float32)
        >>> step[:, 5:] = 1
        >>> np.flatnonzero(canny_edges(step, sigma=1)[4]).tolist()
        [4]
    """
    from skimage.feature import canny

    known = None if mask is None else ~mask
    return canny(grey[..., 0], sigma, mask=known)[..., None].astype(np.float32)

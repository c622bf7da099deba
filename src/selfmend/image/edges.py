"""Canny's edges of grey pictures.

Canny, "A Computational Approach to Edge Detection", PAMI 1986, as scikit-image has it.
"""

from __future__ import annotations

import numpy as np
import torch
from skimage.feature import canny

from selfmend.types import Image, Mask


def canny_edges(grey: Image, mask: Mask | None = None, *, sigma: float = 2.0) -> Image:
    """Where a picture has edges.

    Args:
        grey: (N, 1, H, W) in [0, 1]; the hole's content has no influence.
        mask: (N, 1, H, W), True = hole: there is no edge in it, nor along its border; None looks everywhere.
        sigma: of the Gaussian that smooths first, in pixels; EdgeConnect takes 2.

    Returns:
        (N, 1, H, W), 1 on an edge and 0 elsewhere, on the device of `grey`.

    Example:
        >>> step = torch.zeros(1, 1, 9, 9)
        >>> step[..., 5:] = 1
        >>> canny_edges(step, sigma=1)[0, 0, 4].nonzero().flatten().tolist()
        [4]
    """
    known = None if mask is None else ~mask[:, 0].cpu().numpy()
    pictures = grey[:, 0].detach().float().cpu().numpy()
    found = [canny(one, sigma, mask=None if known is None else known[i]) for i, one in enumerate(pictures)]
    return torch.from_numpy(np.stack(found)[:, None].astype(np.float32)).to(grey.device)

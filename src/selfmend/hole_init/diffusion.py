"""Diffusion: fills that carry colour smoothly into the hole (Telea 2004; Navier-Stokes, Bertalmio 2001; biharmonic)."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch

from selfmend.types import Image, Mask


def telea(image: Image, mask: Mask, *, generator: torch.Generator | None = None, radius: float = 3.0) -> Image:
    """Fast marching inpainting (A. Telea, "An image inpainting technique based on the fast marching method", 2004).

    Args:
        image: (N, C, H, W); the hole's content has no influence, NaN neither.
        mask: (N, 1, H, W), True = hole.
        generator: not used; every hole initialisation takes one.
        radius: neighbourhood of each pixel, in pixels; OpenCV's samples use 3.

    Returns:
        (N, C, H, W), known pixels as they came.
    """
    return _opencv(image, mask, radius, cv2.INPAINT_TELEA)


def navier_stokes(image: Image, mask: Mask, *, generator: torch.Generator | None = None, radius: float = 3.0) -> Image:
    """Isophotes carried into the hole (Bertalmio, Bertozzi, Sapiro, "Navier-Stokes, fluid dynamics ...", 2001).

    OpenCV marches inwards with isophote-direction weights rather than solving the equation. Arguments as `telea`.
    """
    return _opencv(image, mask, radius, cv2.INPAINT_NS)


def biharmonic(image: Image, mask: Mask, *, generator: torch.Generator | None = None) -> Image:
    """Solve the biharmonic equation in the hole (Damelin and Hoang, "On surface completion ...", 2018; scikit-image).

    Smoother than `telea`: colour and slope both continue. Arguments as `telea`; time grows with the hole's area.
    """
    from skimage.restoration import inpaint_biharmonic

    def fill(values: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return inpaint_biharmonic(values, hole, channel_axis=-1, split_into_regions=True)

    return _each(image, mask, fill)


def _opencv(image: Image, mask: Mask, radius: float, flag: int) -> Image:
    def fill(values: np.ndarray, hole: np.ndarray) -> np.ndarray:
        # One channel of integers at a time: OpenCV's float path adds the half that rounds integers, which is the whole
        # range of a picture in [0, 1]. Pictures of 8 bits are filled in 8 bits, as everybody else's OpenCV does.
        of_bytes = np.abs(values * 255 - np.rint(values * 255)).max() < 1e-3
        kind, top = (np.uint8, 255) if of_bytes else (np.uint16, 65535)
        integers, stencil = np.rint(values * top).astype(kind), hole.astype(np.uint8)
        planes = [cv2.inpaint(np.ascontiguousarray(p), stencil, radius, flag) for p in np.moveaxis(integers, -1, 0)]
        return np.stack(planes, -1) / np.float32(top)

    return _each(image, mask, fill)


def _each(image: Image, mask: Mask, fill: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Image:
    """Apply a filling of (H, W, C) arrays and boolean (H, W) holes to every picture of a batch."""
    results = []
    for one, hole in zip(image, mask, strict=True):
        values = torch.where(hole, 0.0, one).permute(1, 2, 0).contiguous().numpy()
        filled = fill(values, hole[0].numpy()) if hole.any() else values
        results.append(torch.from_numpy(np.ascontiguousarray(filled, dtype=np.float32)).permute(2, 0, 1).clamp(0, 1))
    return torch.where(mask, torch.stack(results), image)

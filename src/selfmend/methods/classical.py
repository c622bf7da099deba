"""The baselines that everybody has: OpenCV's two fills and scikit-image's, as functions of arrays and as methods.

They carry colour smoothly into the hole (Telea 2004; Navier-Stokes, Bertalmio 2001; biharmonic, Damelin 2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from selfmend.methods.base import Method
from selfmend.options import option
from selfmend.progress import Progress, silent
from selfmend.types import Image, Mask, box_around


def telea(image: Image, mask: Mask, *, seed: int = 0, radius: float = 3.0) -> Image:
    """Fast marching inpainting (A. Telea, "An image inpainting technique based on the fast marching method", 2004).

    Args:
        image: float32 (H, W, C) in [0, 1]; the hole's content has no influence, NaN neither.
        mask: bool (H, W), True = hole.
        seed: not used; every hole initialisation takes one.
        radius: neighbourhood of each pixel, in pixels; OpenCV's samples use 3.

    Returns:
        float32 (H, W, C), known pixels as they came.
    """
    import cv2

    return _by_opencv(image, mask, radius, cv2.INPAINT_TELEA)


def navier_stokes(image: Image, mask: Mask, *, seed: int = 0, radius: float = 3.0) -> Image:
    """Isophotes carried into the hole (Bertalmio, Bertozzi, Sapiro, "Navier-Stokes, fluid dynamics ...", 2001).

    OpenCV marches inwards with isophote-direction weights rather than solving the equation. Arguments as `telea`.
    """
    import cv2

    return _by_opencv(image, mask, radius, cv2.INPAINT_NS)


def biharmonic(image: Image, mask: Mask, *, seed: int = 0) -> Image:
    """Solve the biharmonic equation in the hole (Damelin and Hoang, "On surface completion ...", 2018; scikit-image).

    Smoother than `telea`: colour and slope both continue. Arguments as `telea`; time grows with the hole's area.
    """
    if not mask.any():
        return image.copy()
    from skimage.restoration import inpaint_biharmonic

    values = np.where(mask[..., None], np.float32(0), image)
    return _into_hole(image, mask, inpaint_biharmonic(values, mask, channel_axis=-1, split_into_regions=True))


def _by_opencv(image: Image, mask: Mask, radius: float, flag: int) -> Image:
    import cv2

    if not mask.any():
        return image.copy()
    # One channel of integers at a time: OpenCV's float path adds the half that rounds integers, which is the whole
    # range of a picture in [0, 1]. Pictures of 8 bits are filled in 8 bits, as everybody else's OpenCV does.
    planes = [np.where(mask, np.float32(0), image[..., c]) for c in range(image.shape[2])]
    of_bytes = all(np.abs(p * 255 - np.rint(p * 255)).max() < 1e-3 for p in planes)
    kind, top = (np.uint8, 255) if of_bytes else (np.uint16, 65535)
    stencil = mask.astype(np.uint8)
    filled = [cv2.inpaint(np.rint(p * top).astype(kind), stencil, radius, flag) for p in planes]
    return _into_hole(image, mask, np.stack(filled, -1) / np.float32(top))


def _into_hole(image: Image, mask: Mask, filled: np.ndarray) -> Image:
    result = image.copy()
    result[mask] = np.clip(filled[mask].astype(np.float32), 0, 1)
    return result


_MARCHING_MARGIN = 3  # px beyond the radius


@dataclass(frozen=True, kw_only=True)
class MarchingConfig:
    """Options of OpenCV's fills."""

    radius: float = option(3.0, "neighbourhood of each pixel", unit="px", source="OpenCV's samples", low=0)


@dataclass(frozen=True, kw_only=True)
class BiharmonicConfig:
    """The biharmonic fill has no options."""


class Telea(Method):
    """Fast marching (Telea 2004), OpenCV."""

    name: ClassVar[str] = "telea"
    source: ClassVar[str] = "A. Telea, An image inpainting technique based on the fast marching method, 2004"
    presets: ClassVar = {"default": MarchingConfig()}
    deterministic: ClassVar[bool] = True

    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture; see `Method.fill`."""
        return telea(image, mask, radius=self.config.radius)

    def window(self, mask: Mask) -> tuple[slice, slice]:
        """The neighbourhood of the hole, and what OpenCV takes slopes from; see `Method.window`."""
        return box_around(mask, math.ceil(self.config.radius) + _MARCHING_MARGIN)


class NavierStokes(Method):
    """Isophotes carried inwards (Bertalmio et al. 2001), OpenCV."""

    name: ClassVar[str] = "navier-stokes"
    source: ClassVar[str] = "M. Bertalmio et al., Navier-Stokes, fluid dynamics, and image and video inpainting, 2001"
    presets: ClassVar = {"default": MarchingConfig()}
    deterministic: ClassVar[bool] = True

    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture; see `Method.fill`."""
        return navier_stokes(image, mask, radius=self.config.radius)

    def window(self, mask: Mask) -> tuple[slice, slice]:
        """The neighbourhood of the hole, and what OpenCV takes slopes from; see `Method.window`."""
        return box_around(mask, math.ceil(self.config.radius) + _MARCHING_MARGIN)


class Biharmonic(Method):
    """The biharmonic equation, scikit-image."""

    name: ClassVar[str] = "biharmonic"
    source: ClassVar[str] = "S. B. Damelin, N. S. Hoang, On surface completion and image inpainting by ..., 2018"
    presets: ClassVar = {"default": BiharmonicConfig()}
    deterministic: ClassVar[bool] = True

    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture; see `Method.fill`."""
        return biharmonic(image, mask)

"""What the words Image, Mask and Size mean, everywhere, and the checks of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from selfmend.errors import ImageError, MaskError

if TYPE_CHECKING:
    import torch
    from PIL import Image as PILImage

Image: TypeAlias = NDArray[np.float32]
"""float32 (H, W, C) in [0, 1]; C is 1 (grey), 3 (RGB) or 4 (CMYK). Alpha is never a channel of an Image."""

Mask: TypeAlias = NDArray[np.bool_]
"""bool (H, W); True is hole."""

Size: TypeAlias = tuple[int, int]
"""(height, width) in pixels."""

FilePath: TypeAlias = "str | os.PathLike[str]"

ImageLike: TypeAlias = "FilePath | PILImage.Image | NDArray[np.generic] | torch.Tensor"
"""What functions for users take as a picture: a file; a PIL image of any mode but F; an array (H, W), (H, W, 1),
(H, W, 2: grey, alpha), (H, W, 3) or (H, W, 4: RGBA) of uint8, uint16 or floats in [0, 1]; a float tensor (C, H, W) or
(N, C, H, W) in [0, 1]."""

MaskLike: TypeAlias = ImageLike
"""The same as a mask, white or True = hole; or "alpha" (transparent pixels), "#RRGGBB" (a colour), "x,y,w,h"."""

ImageT = TypeVar("ImageT", bound="PILImage.Image | NDArray[np.generic] | torch.Tensor")
"""A picture that is no file: what comes back is of the kind that came."""

ImageResult: TypeAlias = "PILImage.Image | NDArray[np.generic] | torch.Tensor"
"""A picture that comes back."""

FileImage: TypeAlias = "PILImage.Image | NDArray[np.uint16]"
"""What comes back for a file: a PIL image, or an array (H, W, C) for 16-bit colour, which PIL has no mode for."""

OptionValue: TypeAlias = "int | float | str | Sequence[int] | Sequence[float] | None"
"""Of an option of a method; `selfmend methods NAME` lists them with their ranges."""


def size_of(image: NDArray[Any]) -> Size:
    """(height, width) of an image or a mask."""
    return image.shape[0], image.shape[1]


def box_around(mask: Mask, margin: int) -> tuple[slice, slice]:
    """The rows and columns of a mask's holes, and as many around them as `margin` says.

    Example:
        >>> box_around(np.arange(30).reshape(5, 6) == 14, 1)
        (slice(1, 4, None), slice(1, 4, None))
    """
    sides = []
    for axis, length in enumerate(mask.shape):
        places = np.flatnonzero(mask.any(1 - axis))
        sides.append(slice(max(0, int(places[0]) - margin), min(length, int(places[-1]) + 1 + margin)))
    return sides[0], sides[1]


def check_image(image: Image, mask: Mask | None = None, *, name: str = "image") -> Image:
    """Return `image` if it is a finite float32 (H, W, C) array in [0, 1] with C in {1, 3, 4}.

    Args:
        image: the array.
        mask: bool (H, W); what lies in the hole is not looked at.
        name: of the argument, for the message.

    Raises:
        ImageError: naming the argument, what came and the rule.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.float32 or image.ndim != 3:
        raise ImageError(f"{name} is {_came(image)}; a float32 array (H, W, C) fits")
    if image.shape[2] not in (1, 3, 4) or 0 in image.shape:
        raise ImageError(f"{name} has shape {image.shape}; (H, W, C) with C = 1, 3 or 4 and no zero fits")
    low, high = float(image.min()), float(image.max())
    if not (low >= 0 and high <= 1) and mask is not None:  # seldom: only then is a copy made
        known = image[~mask]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if low != low:  # the least of values of which one is NaN is NaN
        raise ImageError(f"{name} holds NaN (no number) at a known pixel; values in [0, 1] fit, NaN only in the hole")
    if low < 0 or high > 1:
        raise ImageError(f"{name} has values from {low:.4g} to {high:.4g}; values in [0, 1] fit (divide bytes by 255)")
    return image


def check_mask(mask: Mask, image: Image, *, name: str = "mask") -> Mask:
    """Return `mask` if it is a bool (H, W) array of the size of `image`.

    Raises:
        MaskError: naming the argument, what came and the rule.
    """
    if not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.ndim != 2:
        raise MaskError(f"{name} is {_came(mask)}; a bool array (H, W), True = hole, fits")
    if mask.shape != image.shape[:2]:
        raise MaskError(f"{name} is {mask.shape} and the image {image.shape}; the same height and width are needed")
    return mask


def _came(value: Any) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__

"""What all metrics ask of their pictures, and the grey values that some of them look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfmend.errors import ImageError, MaskError
from selfmend.types import Image, Mask, check_image, check_mask

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G and B in ITU-R BT.601."""


def check_pair(output: Image, truth: Image, mask: Mask | None) -> None:
    """Refuse pictures that cannot be compared pixel by pixel, and masks that choose no pixel.

    Raises:
        ImageError: another kind or range, or different shapes.
        MaskError: not a mask of this picture, or no hole in it.
    """
    check_image(output, name="output")
    check_image(truth, name="truth")
    if output.shape != truth.shape:
        raise ImageError(f"output is {output.shape} and truth {truth.shape}; the same shape fits")
    if mask is not None:
        check_hole(mask, truth, otherwise="leave it out to compare whole pictures")


def check_hole(mask: Mask, image: Image, *, otherwise: str = "only filled holes can be measured") -> Mask:
    """Return `mask` if it has a hole.

    Args:
        otherwise: the end of the message where one has none: what to do.

    Raises:
        MaskError: not a mask of this picture, or no hole in it.
    """
    if not check_mask(mask, image).any():
        raise MaskError(f"mask has no hole; {otherwise}")
    return mask


def check_colours(image: Image, *, name: str = "image") -> Image:
    """Return `image`, of any range, if it is grey or RGB.

    Raises:
        ImageError: another number of channels.
    """
    if image.shape[2] not in (1, 3):
        raise ImageError(f"{name} has {image.shape[2]} channels; 1 (grey) or 3 (RGB) fit")
    return image


def grey(image: Image, *, name: str = "image", weights: tuple[float, float, float] = LUMA) -> NDArray[np.float64]:
    """Grey values: the luma of ITU-R BT.601, or another weighted sum of the channels.

    Args:
        image: (H, W, 1 or 3) in [0, 1]; one channel is grey already.
        name: of the argument, for the message.
        weights: of R, G and B.

    Returns:
        float64 (H, W) in [0, 1].

    Raises:
        ImageError: four channels.
    """
    values = check_colours(image, name=name).astype(np.float64)
    return values[..., 0] if image.shape[2] == 1 else (values * np.array(weights)).sum(2)


def mean_over(values: NDArray[np.float64], mask: Mask | None) -> float:
    """The mean of (H, W) or (H, W, C) over pixels and channels, or over the hole's pixels and channels."""
    return float(values.mean() if mask is None else values[mask].mean())

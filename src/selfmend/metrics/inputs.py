"""What all metrics ask of their pictures, and the grey values that some of them look at."""

from __future__ import annotations

import torch
from torch import Tensor

from selfmend.errors import ImageError, MaskError
from selfmend.types import Image, Mask, check_image, check_mask

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G and B in ITU-R BT.601."""


def check_pair(output: Image, truth: Image, mask: Mask | None) -> None:
    """Refuse pictures that cannot be compared pixel by pixel, and masks that choose no pixel.

    Raises:
        ImageError: another kind or range, or different shapes.
        MaskError: not a mask of these pictures, or a picture of the batch has no hole.
    """
    check_image(output, name="output")
    check_image(truth, name="truth")
    if output.shape != truth.shape:
        raise ImageError(f"output is {tuple(output.shape)} and truth {tuple(truth.shape)}; the same shape fits")
    if mask is not None:
        check_hole(mask, truth, otherwise="leave it out to compare whole pictures")


def check_hole(mask: Mask, image: Image, *, otherwise: str = "only filled holes can be measured") -> Mask:
    """Return `mask` if it has a hole in each of these pictures.

    Args:
        otherwise: the end of the message where one has none: what to do.

    Raises:
        MaskError: not a mask of these pictures, or a picture of the batch has no hole.
    """
    if not check_mask(mask, image).flatten(1).any(1).all():
        raise MaskError(f"mask has no hole in at least one picture; {otherwise}")
    return mask


def check_colours(image: Image, *, name: str = "image") -> Image:
    """Return `image`, of any range, if it is grey or RGB.

    Raises:
        ImageError: another number of channels.
    """
    if image.shape[1] not in (1, 3):
        raise ImageError(f"{name} has {image.shape[1]} channels; 1 (grey) or 3 (RGB) fit")
    return image


def check_single(image: Image, *, name: str) -> Image:
    """Return `image` if it is one picture.

    Raises:
        ImageError: another kind or range, or a batch.
    """
    if check_image(image, name=name).shape[0] != 1:
        raise ImageError(f"{name} is a batch of {image.shape[0]}; one picture (1, C, H, W) fits")
    return image


def grey(image: Image, *, name: str = "image", weights: tuple[float, float, float] = LUMA) -> Tensor:
    """Grey values: the luma of ITU-R BT.601, or another weighted sum of the channels.

    Args:
        image: (N, 1 or 3, H, W) in [0, 1]; one channel is grey already.
        name: of the argument, for the message.
        weights: of R, G and B.

    Returns:
        float64 (N, 1, H, W) in [0, 1].

    Raises:
        ImageError: four channels.
    """
    values = check_colours(image, name=name).double()
    if image.shape[1] == 1:
        return values
    return (values * values.new_tensor(weights).view(1, 3, 1, 1)).sum(1, keepdim=True)


def mean_over(values: Tensor, mask: Mask | None) -> Tensor:
    """(N,): the mean of (N, C, H, W) over channels and pixels, or over channels and the hole's pixels."""
    if mask is None:
        return values.mean((1, 2, 3))
    return torch.where(mask, values, 0).sum((1, 2, 3)) / (values.shape[1] * mask.sum((1, 2, 3)))

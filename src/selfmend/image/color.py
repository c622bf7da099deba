"""Colour channels: grey, RGB and CMYK into each other."""

from __future__ import annotations

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import ImageError
from selfmend.image.picture import Picture
from selfmend.types import Image

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as PIL converts to grey
_KINDS = {1: "grey", 3: "RGB", 4: "CMYK"}


def as_channels(image: Image, channels: int, *, name: str) -> Image:
    """One picture as grey or RGB, whichever has so many channels.

    Args:
        image: (H, W, C) in [0, 1].
        channels: 1, 3 or 4; 4 only where C is 4.
        name: what the picture is called, for the message.

    Returns:
        (H, W, channels); `image` itself where nothing has to change.

    Raises:
        ImageError: CMYK on one side only.

    Example:
        >>> as_channels(np.float32([[[1, 0, 0]]]), 1, name="painting").item()
        0.29899999499320984
    """
    have = image.shape[2]
    if have == channels:
        return image
    if 4 in (have, channels):
        wanted = _KINDS[channels]
        raise ImageError(f"the {name} is {_KINDS[have]} and the other picture {wanted}; convert it to {wanted}")
    return np.ascontiguousarray(as_rgb(image)) if channels == 3 else from_rgb(image, channels)


def with_channels(picture: Picture, channels: int, *, name: str) -> Picture:
    """A picture with so many channels, which `Picture.like` then gives its results too; other arguments as above."""
    image = as_channels(picture.image, channels, name=name)
    if image is picture.image:
        return picture
    original = picture.original
    if isinstance(original, PILImage.Image):
        original = PILImage.new("RGB" if channels == 3 else "L", (1, 1))
    elif isinstance(original, np.ndarray):
        original = np.zeros((1, 1, channels), original.dtype)
    return Picture(original, picture.size, image, opaque=True)


def as_rgb(image: Image) -> Image:
    """Pictures as RGB, for nets that know nothing else; CMYK without its profile.

    Args:
        image: (H, W, C) in [0, 1]; C is 1 (grey), 3 (RGB) or 4 (CMYK).

    Returns:
        (H, W, 3) in [0, 1]; a view where the picture is grey.
    """
    if image.shape[2] == 4:
        return (1 - image[..., :3]) * (1 - image[..., 3:])
    return np.broadcast_to(image, (*image.shape[:2], 3))


def from_rgb(image: Image, channels: int) -> Image:
    """RGB pictures (H, W, 3) in [0, 1] as grey, RGB or CMYK; CMYK without black ink, as PIL converts."""
    if channels == 4:
        return np.concatenate([1 - image, np.zeros_like(image[..., :1])], 2)
    if channels == 1:
        return (image * np.array(_LUMA, np.float32)).sum(2, keepdims=True).clip(0, 1)
    return image

"""Watermarks taken out of a picture: what shines through is brought back, and only what does not is filled."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import overload

import numpy as np

from selfmend.errors import ImageError, MaskError, SelfmendWarning
from selfmend.image.color import as_rgb, from_rgb
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture
from selfmend.image.unblend import Layer, estimate_layer, unblend
from selfmend.masks.reading import grow_mask, read_mask
from selfmend.masks.same_mark import FEWEST
from selfmend.masks.watermark import find_same_watermark, find_watermark
from selfmend.methods.base import Method
from selfmend.methods.registry import DEFAULT_METHOD, method_class
from selfmend.progress import Progress, silent
from selfmend.progress_bar import shown
from selfmend.types import FileImage, FilePath, Image, ImageLike, ImageResult, ImageT, Mask, MaskLike, size_of

_SOFT = 2  # pixels around a found mark that its soft border may reach


# fmt: off
@overload
def remove_watermark(
    image: ImageT, mask: MaskLike | None = ..., *, same_in: Sequence[ImageLike] = ..., colour: str | None = ...,
    sensitivity: float = ..., method: str = ..., seed: int = ..., progress: Progress | bool = ...
) -> ImageT: ...
@overload
def remove_watermark(
    image: FilePath, mask: MaskLike | None = ..., *, same_in: Sequence[ImageLike] = ..., colour: str | None = ...,
    sensitivity: float = ..., method: str = ..., seed: int = ..., progress: Progress | bool = ...
) -> FileImage: ...
# fmt: on
def remove_watermark(
    image: ImageLike,
    mask: MaskLike | None = None,
    *,
    same_in: Sequence[ImageLike] = (),
    colour: str | None = None,
    sensitivity: float = 0.5,
    method: str = DEFAULT_METHOD,
    seed: int = 0,
    progress: Progress | bool = False,
) -> ImageResult:
    """The picture without its half-transparent watermark.

    Where its opacity and colour can be estimated, the blend is inverted, so that the picture's own pixels come back;
    where that says nothing (too opaque, cut off at black or white, or no estimate at all), the hole is filled.

    Args:
        image: path, PIL image, array or tensor, as in `inpaint`.
        mask: the watermark, as in `inpaint`; None looks for it.
        same_in: other pictures with the same mark at the same place: then the estimate is far better. Those of another
            size are left out.
        colour: of the mark, "#RRGGBB", where it is known.
        sensitivity: 0 to 1, of the search; more finds fainter marks.
        method: fills what cannot be brought back.
        seed: same seed, same bytes.
        progress: True shows a bar; a function is called with each event.

    Returns:
        The kind that came, equal outside the mark; the picture as it came, after a warning, where there is no mark.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    progress = shown(progress)
    picture = read_picture(image)
    others = alike(picture, same_in)
    hole = find_in_alike(picture, others, sensitivity) if mask is None else read_mask(mask, picture)
    if not hole.any():
        warnings.warn("no watermark was found: the picture is returned as it came", SelfmendWarning, stacklevel=2)
        return picture.rebuild(picture.image, hole)
    worker = method_class(method).from_options(None, {})
    result, touched = taken_out(picture, hole, others, worker, colour=_parsed(colour), seed=seed, progress=progress)
    return picture.rebuild(result, touched)


def taken_out(
    picture: Picture,
    mask: Mask,
    others: Sequence[Image],
    worker: Method,
    *,
    colour: Sequence[float] | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[Image, Mask]:
    """The picture's image without the mark, and where it differs from what came.

    Args:
        picture: with the mark.
        mask: bool (H, W), the mark.
        others: pictures (H, W, 3) with the same mark.
        worker: fills what cannot be brought back.
        colour, seed, progress: as in `remove_watermark`.
    """
    below, lost = without_layer(as_rgb(picture.image), others, mask, colour=colour)
    channels = picture.image.shape[2]
    result = below if channels == 3 else from_rgb(below, channels)
    if lost.any():
        result = worker.inpaint(result, lost, seed=seed, progress=progress)[0]
    return result, grow_mask(mask, _SOFT)


def alike(picture: Picture, others: Sequence[ImageLike]) -> list[Image]:
    """Those of the others that have the picture's size, (H, W, 3).

    Raises:
        ImageError: none has, though some came.
    """
    found = [rgb for rgb in (as_rgb(read_picture(one).image) for one in others) if size_of(rgb) == picture.size]
    if others and not found:
        height, width = picture.size
        raise ImageError(f"none of the {len(others)} other pictures is {width} x {height} as this one is")
    return found


def find_in_alike(picture: Picture, others: Sequence[Image], sensitivity: float) -> Mask:
    """The picture's watermark: what all have in common, if there are enough."""
    image = as_rgb(picture.image)
    if len(others) + 1 >= FEWEST:
        return find_same_watermark([image, *others], sensitivity=sensitivity)
    return find_watermark(image, sensitivity=sensitivity)


def without_layer(
    image: Image, others: Sequence[Image], mask: Mask, *, colour: Sequence[float] | None = None
) -> tuple[Image, Mask]:
    """A picture (H, W, 3) without the layer that lies over it and others, and what of it is to be filled."""
    touched = grow_mask(mask, _SOFT)
    if touched.all():
        raise MaskError(
            "the watermark covers the whole picture, so there is nothing beside it to compare with; fill instead"
        )
    layer: Layer | None = estimate_layer([image, *others], touched, colour=colour)
    if layer is None:
        warnings.warn(
            "the watermark's opacity cannot be told from what is beside it: it is filled", SelfmendWarning, stacklevel=3
        )
        return image, touched
    return unblend(image, layer)


def _parsed(colour: str | None) -> Sequence[float] | None:
    if colour is None:
        return None
    from PIL import ImageColor

    try:
        return [float(v) for v in np.array(ImageColor.getrgb(colour)[:3], np.float32) / 255]
    except ValueError:
        raise MaskError(f"{colour!r} is not a colour; #RRGGBB fits, for example #ffffff") from None

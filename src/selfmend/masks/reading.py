"""Masks: reading them in every way that people have them, and what can be wrong with them. True = hole, everywhere."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import ImageError, MaskError, OptionError, SelfmendWarning
from selfmend.files import exists
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture, is_tensor, to_picture
from selfmend.types import Image, Mask, Size, size_of

THRESHOLD = 128 / 255  # white (>= 128 of 255) is hole
ASPECT_TOLERANCE = 0.01
COLOUR_TOLERANCE = 2.5 / 255  # "#RRGGBB" also takes what a good JPEG makes of that colour's flat areas: 2 levels off
_AT_ONCE = 2**20  # pixels of a mask whose floats are made at a time
_NUMBERS = re.compile(r"\s*-?\d+\s*(,\s*-?\d+\s*)+")


def read_mask(source: Any, picture: Picture, *, invert: bool = False, grow: int = 0) -> Mask:
    """The mask of `picture`, from whatever says where the hole is.

    Args:
        source: path of a mask file (white >= 128 is hole, transparent is not), "alpha" (transparent pixels of the
            picture are the hole, and half-transparent ones that lie at these), "#RRGGBB" (pixels of that colour),
            "x,y,w,h" (a box, in pixels from the top left), a PIL image, an array (H, W) or (H, W, C), or a tensor
            (H, W), (1, H, W) or (1, 1, H, W). Arrays and tensors are bool, integers (0 and 1, or 0 to 255), uint16, or
            floats in [0, 1].
        picture: what the mask is for; a mask of another size is resized if its aspect fits, with a warning.
        invert: the mask's convention is black = hole.
        grow: pixels by which the hole grows to all sides, for soft brush edges and the halos of JPEG.

    Returns:
        bool (H, W), True = hole, of the picture's size.

    Raises:
        MaskError: unreadable, or it does not fit the picture.
    """
    text = source if isinstance(source, str) and not exists(source) else ""
    if isinstance(source, str) and source == "alpha":
        mask = _from_alpha(picture)
    elif text.startswith("#"):
        mask = colour_mask(text, picture.image)
    elif _NUMBERS.fullmatch(text):
        mask = box_mask(parse_box(text), picture.size)
    else:
        mask = fit_mask(drawn_mask(source), picture.size)
    return grow_mask(~mask if invert else mask, grow)


def default_mask(picture: Picture, mask: str | None) -> str | None:
    """The mask that was given, or the picture's transparency, if it has any."""
    if mask is None and picture.alpha is not None and bool((picture.alpha < 0.5).any()):
        return "alpha"
    return mask


def needed_mask(picture: Picture, mask: str | None) -> str:
    """`default_mask`, where there must be one.

    Raises:
        MaskError: none was given, and nothing is transparent.
    """
    source = default_mask(picture, mask)
    if source is None:
        raise MaskError(
            "no mask, and the picture has no transparent pixels; say where the hole is: --mask MASK.png, or "
            "mask='mask.png' in Python"
        )
    return source


def grow_mask(mask: Mask, radius: int) -> Mask:
    """The hole and all pixels within `radius` of it.

    Raises:
        OptionError: a negative radius.
    """
    if radius < 0:
        raise OptionError(f"grow is {radius}; at least 0 fits")
    if radius == 0 or not mask.any():
        return mask
    import cv2

    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return away <= radius


def parse_box(text: str) -> tuple[int, int, int, int]:
    """The box "x,y,w,h": left, top, width and height in pixels.

    Raises:
        MaskError: anything else.
    """
    if not _NUMBERS.fullmatch(text):
        raise MaskError(f"box {text!r} is not x,y,w,h: left, top, width, height in whole pixels")
    numbers = [int(v) for v in text.split(",")]
    if len(numbers) != 4:
        raise MaskError(f"mask {text!r} has {len(numbers)} numbers; a box is x,y,w,h: left, top, width, height")
    x, y, width, height = numbers
    return x, y, width, height


def box_mask(box: tuple[int, ...], size: Size) -> Mask:
    """A box (x, y, width, height) in pixels as a mask of `size`.

    Raises:
        MaskError: the box is empty or lies outside the picture.
    """
    x, y, width, height = box
    mask = np.zeros(size, bool)
    mask[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)] = True
    if width <= 0 or height <= 0 or not mask.any():
        raise MaskError(
            f"box {x},{y},{width},{height} holds no pixel of a {size[1]} x {size[0]} picture; x,y,w,h fits, in pixels "
            "from the top left"
        )
    return mask


def _from_alpha(picture: Picture) -> Mask:
    """What is transparent, and the half-transparent pixels that lie at it, as a soft eraser leaves them."""
    if picture.alpha is None:
        raise MaskError("mask 'alpha' needs a picture with transparency; this one has none, so give a mask file")
    clear, soft = picture.alpha < 0.5, picture.alpha < 1
    if not (soft & ~clear).any():
        return clear
    import cv2

    _, pieces = cv2.connectedComponents(soft.astype(np.uint8), connectivity=8)
    whole = np.isin(pieces, np.unique(pieces[clear])) & soft
    return clear if whole.all() else whole


def colour_mask(colour: str, image: Image, *, tolerance: float = COLOUR_TOLERANCE) -> Mask:
    """The pixels of a colour.

    Args:
        colour: "#RRGGBB".
        image: (H, W, 1 or 3) in [0, 1].
        tolerance: by which each channel may differ, in [0, 1].

    Raises:
        MaskError: no colour, or a CMYK picture.
        OptionError: a tolerance out of range.
    """
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise MaskError(f"mask {colour!r} is not a colour; #RRGGBB fits, for example #ff00ff")
    if image.shape[2] not in (1, 3):
        raise MaskError("a colour can be the mask of RGB and grey pictures only; give a mask file")
    if not 0 <= tolerance < 1:
        raise OptionError(f"tolerance is {tolerance:g}; from 0 to below 1 fits")
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)
    return np.abs(image - rgb).max(2) <= np.float32(tolerance)


def difference_mask(image: Image, other: Image, *, threshold: float, specks: int = 0) -> Mask:
    """Where two pictures differ.

    Args:
        image, other: (H, W, C) in [0, 1], of one shape.
        threshold: by which one channel must differ at least, in [0, 1].
        specks: pixels; smaller connected pieces are left out.

    Raises:
        MaskError: pictures of different shapes.
        OptionError: a threshold or a size of specks out of range.
    """
    if image.shape != other.shape:
        (height, width), (other_height, other_width) = size_of(image), size_of(other)
        raise MaskError(
            f"the pictures are {width} x {height} and {other_width} x {other_height}; two of the same size fit"
        )
    if not 0 < threshold <= 1:
        raise OptionError(f"threshold is {threshold:g}; above 0 and up to 1 fits")
    if specks < 0:
        raise OptionError(f"specks is {specks}; at least 0 fits")
    import cv2

    apart = np.abs(image - other).max(2) >= np.float32(threshold)
    _, pieces, about, _ = cv2.connectedComponentsWithStats(apart.astype(np.uint8), connectivity=8)
    return apart & (about[:, cv2.CC_STAT_AREA] >= specks)[pieces]


def drawn_mask(source: Any) -> Mask:
    """A mask that is a picture of its own, bool (H, W); kinds and convention as in `read_mask`.

    Raises:
        MaskError: unreadable, or of a kind that does not fit.
    """
    if is_tensor(source):
        return _from_array(source.detach().cpu().numpy())
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if not isinstance(source, str | Path | PILImage.Image):
        raise MaskError(f"mask is of type {type(source).__name__}; a path, PIL image, array or tensor fits")
    try:
        return _from_drawing(read_picture(source))
    except ImageError as error:
        raise MaskError(f"the mask cannot be read: {error}") from error


def _from_drawing(drawn: Picture) -> Mask:
    """The brightest channel counts, and transparency is not hole."""
    height, width = drawn.size
    rows = max(1, _AT_ONCE // width)
    bands = [(slice(top, min(height, top + rows)), slice(0, width)) for top in range(0, height, rows)]
    hole, drawn_at_all = np.empty((height, width), bool), np.empty((height, width), bool)
    highest, transparent = np.float32(0), False
    for band in bands:
        part = drawn.part(band)
        value = _whiteness(part)
        hole[band], drawn_at_all[band] = value >= np.float32(THRESHOLD), value > 0
        highest, transparent = max(highest, value.max()), transparent or part.alpha is not None
    if 0 < highest <= np.float32(1 / 255) and not transparent:  # labels: a file of zeros and ones, black to the eye
        warnings.warn("the mask holds only the values 0 and 1: 1 is taken as hole", SelfmendWarning, stacklevel=5)
        return drawn_at_all
    return hole


def _whiteness(drawn: Picture) -> np.ndarray:
    image = drawn.image
    # CMYK, where no ink is white
    value = (1 - image[..., :3].min(2)) * (1 - image[..., 3]) if image.shape[2] == 4 else image.max(2)
    return value if drawn.alpha is None else value * drawn.alpha


def _from_array(array: np.ndarray) -> Mask:
    if array.ndim == 4 and array.shape[:2] == (1, 1):
        array = array[0]
    if array.ndim == 3 and array.shape[0] != 1 and array.shape[-1] in (2, 3, 4) and array.dtype != bool:
        return _from_drawing(to_picture(array))  # (H, W, C), as picture arrays come
    if array.ndim == 3 and array.shape[-1] == 1 and array.shape[0] != 1:
        array = array[..., 0]
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim != 2 or 0 in array.shape:
        raise MaskError(f"mask has shape {array.shape}; (H, W), (H, W, C) or (1, 1, H, W) fits")
    low, high, kind = float(array.min()), float(array.max()), array.dtype.kind
    if kind == "b":
        hole = array
    elif kind in "iu" and low >= 0 and high <= 255:
        hole = array >= (1 if high <= 1 else 128)  # 0 and 1 are common, and 1 of 255 is never meant as "known"
    elif (kind == "u" and array.dtype.itemsize == 2) or (kind == "f" and low >= 0 and high <= 1):
        hole = array.astype(np.float32) >= np.float32(THRESHOLD * (65535 if kind == "u" else 1))
    else:
        raise MaskError(f"mask is {array.dtype} with values from {low:g} to {high:g}; bool, 0...255, or [0, 1] fit")
    return np.array(hole, dtype=bool, order="C")


def fit_mask(mask: Mask, size: Size) -> Mask:
    """The mask at `size`: as it is, or resized with a warning if the aspect fits.

    Every hole pixel of the given mask touches the result: no thin line is lost.

    Raises:
        MaskError: another aspect.
    """
    height, width = mask.shape
    if (height, width) == size:
        return mask
    if not same_aspect((height, width), size) or min(*size, height, width) < 2:
        raise MaskError(
            f"the mask is {width} x {height} and the picture {size[1]} x {size[0]}; a mask of the same size, or of the "
            "same aspect, fits"
        )
    message = f"the mask is {width} x {height} and was resized to the picture's {size[1]} x {size[0]}"
    warnings.warn(message, SelfmendWarning, stacklevel=2)
    # each new pixel is hole if any part of it was; enlarging by whole factors is exact
    return _any_of_part(_any_of_part(mask, size[0]).T, size[1]).T.copy()


def _any_of_part(mask: Mask, count: int) -> Mask:
    """Rows joined into `count` rows, or repeated: each is hole where any row that it covers a part of is."""
    rows = mask.shape[0]
    first = np.arange(count) * rows // count
    last = -(-(np.arange(count) + 1) * rows // count)
    return np.stack([mask[a:b].any(0) for a, b in zip(first, last, strict=True)])


def same_aspect(size: Size, other: Size) -> bool:
    """Whether two sizes (height, width) are one aspect, as near as whole pixels allow.

    Example:
        >>> same_aspect((201, 256), (100, 128)), same_aspect((200, 300), (141, 250))
        (True, False)
    """
    drift = abs(size[1] / size[0] / (other[1] / other[0]) - 1)
    rounding = 1 / min(size) + 1 / min(other)  # two sizes of one aspect, each rounded to whole pixels
    return drift <= max(ASPECT_TOLERANCE, rounding)


def check_hole(mask: Mask) -> bool:
    """Whether there is anything to fill.

    Returns:
        False for an empty mask, after a warning.

    Raises:
        MaskError: all is hole, so that there is nothing to learn from.
    """
    share = float(mask.mean())
    if share == 1:
        raise MaskError(
            "the mask covers the whole picture, so there is nothing to learn from; if black means hole in it, use "
            "--invert-mask"
        )
    if not mask.any():
        warnings.warn(
            "the mask has no hole (no white in it): the picture is returned as it came", SelfmendWarning, stacklevel=3
        )
        return False
    if share > 0.5:
        message = f"{share:.0%} of the picture is hole; if black means hole in the mask, use --invert-mask"
        warnings.warn(message, SelfmendWarning, stacklevel=3)
    return True

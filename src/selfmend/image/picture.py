"""A picture of any kind as an Image, and back into its kind: with only the hole's pixels changed, or a new one.

PIL images of every mode, arrays (H, W[, C]) of uint8, uint16 or float, and tensors (C, H, W) or (1, C, H, W) go through
here. Known pixels are never converted back: they are copied from the original, so they stay equal to the bit in
every mode (palette, CMYK, 16-bit, ...).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

from selfmend.errors import ImageError
from selfmend.image.formats import DEEP_MODE
from selfmend.types import Image, ImageResult, Mask, Size, box_around, check_image, size_of

if TYPE_CHECKING:
    import torch

# What each PIL mode is worked in: colour channels, then whether the last channel of the working mode is alpha.
_WORKING_MODES = {
    "1": "L",
    "L": "L",
    "LA": "LA",
    "La": "LA",
    "RGB": "RGB",
    "RGBX": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "PA": "RGBA",
    "CMYK": "CMYK",
}
_WITH_ALPHA = {"LA": "LA", "La": "LA", "RGBA": "RGBA", "RGBa": "RGBA"}  # mode: its form with straight alpha
_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")


Window = tuple[slice, slice]
"""Rows and columns of a picture, both with a start and a stop within it."""


class Picture:
    """A picture as the methods see it, and what is needed to give it back as it came.

    The floats of a picture of whole numbers take four times its bytes or more. They are made when they are asked for;
    `part` has those of a window alone.

    Args:
        original: the PIL image, array or tensor that came.
        size: (height, width).
        image: the floats, where they are there already.
        opaque: it has no transparency, whatever the channels of `original` are taken for elsewhere.
    """

    def __init__(self, original: Any, size: Size, image: Image | None = None, *, opaque: bool = False) -> None:
        self.original, self.size, self._image, self._opaque = original, size, image, opaque

    @property
    def is_converted(self) -> bool:
        """Whether `image` is there already, so that a part of it costs nothing."""
        return self._image is not None

    @property
    def image(self) -> Image:
        """(H, W, C) float32 in [0, 1], colour only; C is 1 grey, 3 RGB, 4 CMYK (or any four-channel tensor)."""
        if self._image is None:
            self._image = _colour_of(self.original)
        return self._image

    @cached_property
    def alpha(self) -> NDArray[np.float32] | None:
        """(H, W) float32 in [0, 1], or None where the picture has no transparency."""
        return None if self._opaque else _alpha_of(self.original)

    def part(self, window: Window) -> Picture:
        """A window of the picture, as a picture."""
        original = _cropped(self.original, window)
        size = window[0].stop - window[0].start, window[1].stop - window[1].start
        return Picture(original, size, None if self._image is None else self._image[window], opaque=self._opaque)

    def rebuild(self, image: Image, mask: Mask, *, opaque: bool = False, window: Window | None = None) -> ImageResult:
        """The original with the hole's pixels taken from `image`: same kind, size and mode, alpha and ICC kept.

        Args:
            image: (H, W, C), as `self.image`, or as that of a part of the picture.
            mask: (H, W), True = hole; pixels elsewhere are copied from the original.
            opaque: make the hole's pixels opaque (transparency was the mask); else alpha is kept.
            window: the part of which `image` is; all of the hole lies in it.
        """
        if not mask.any():
            return _copied(self.original)
        if getattr(self.original, "mode", "") == "1":  # dithered, which carries errors across the picture
            values = np.zeros((*self.size, image.shape[2]), np.float32)
            values[window or ...] = image
            return _fill_pil(self.original, values, mask, opaque)
        box = box_around(mask, 0)
        top, left = (0, 0) if window is None else (window[0].start, window[1].start)
        values = image[box[0].start - top : box[0].stop - top, box[1].start - left : box[1].stop - left]
        part, hole = _cropped(self.original, box), mask[box]
        if is_tensor(part):
            return _put_back(self.original, _fill_tensor(part, values, hole), box)
        if isinstance(part, np.ndarray):
            return _put_back(self.original, _fill_array(part, values, hole, opaque), box)
        return _put_back(self.original, _fill_pil(part, values, hole, opaque), box)

    def like(self, image: Image, *, alpha: NDArray[np.float32] | None = None) -> ImageResult:
        """A new picture of any size, of the kind and mode of this one, with its colour profile.

        EXIF is not copied: it tells of the photo. A palette, which has this picture's colours only, becomes RGB.

        Args:
            image: (height, width, C) in [0, 1], C as `self.image`.
            alpha: (height, width) in [0, 1]; without it the result has no transparency.
        """
        if is_tensor(self.original):
            return _as_tensor(self.original, image)
        opacity = None if alpha is None else alpha[..., None]
        if isinstance(self.original, np.ndarray):
            return _new_array(self.original, image, opacity)
        return _new_pil(self.original, image, opacity)


def to_picture(source: Any) -> Picture:
    """Adapt a PIL image, an array or a tensor.

    Args:
        source: PIL image of any mode but "F"; array (H, W), (H, W, 1), (H, W, 2: grey and alpha), (H, W, 3) or
            (H, W, 4: RGBA) of uint8, uint16 or float in [0, 1]; tensor (C, H, W) or (1, C, H, W) in [0, 1]. Floats
            may be NaN: whether the mask covers those pixels is checked later.

    Raises:
        ImageError: another kind, shape, range or dtype; the message says what fits.
    """
    if isinstance(source, PILImage.Image):
        return _from_pil(source)
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if is_tensor(source):
        if source.ndim not in (3, 4) or not source.is_floating_point():
            raise ImageError(f"tensor is {source.dtype} {tuple(source.shape)}; floats (C, H, W) or (N, C, H, W) fit")
        if source.ndim == 4 and source.shape[0] != 1:
            raise ImageError(f"tensor is a batch of {source.shape[0]} pictures; one fits here")
        planes = source.detach().cpu().float().numpy()
        values = np.ascontiguousarray(planes.reshape(planes.shape[-3:]).transpose(1, 2, 0))
        return Picture(source, size_of(values), _checked(values, "tensor"))
    raise ImageError(f"image is of type {type(source).__name__}; a path, PIL image, array or tensor fits")


def is_tensor(value: object) -> TypeGuard[torch.Tensor]:
    """Whether it is a PyTorch tensor; asked by its looks, so that no torch is needed where none came."""
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "new_tensor")


def _as_tensor(original: torch.Tensor, image: Image) -> torch.Tensor:
    """An image as a tensor of the kind of another: its type, device, and with or without a batch axis."""
    planes = original.new_tensor(np.ascontiguousarray(image.transpose(2, 0, 1)))
    return planes if original.ndim == 3 else planes[None]


def _fill_tensor(original: torch.Tensor, image: Image, mask: Mask) -> torch.Tensor:
    merged = original.detach().clone()
    hole = original.new_tensor(mask).bool()
    merged[..., hole] = _as_tensor(original, image)[..., hole]
    return merged


def _checked(image: Image, name: str) -> Image:
    """`image` itself; NaN passes, since people mark missing pixels by it and the mask is not known here."""
    check_image(np.nan_to_num(image, nan=0.0, posinf=np.inf, neginf=-np.inf), name=name)
    return image


def _from_array(array: np.ndarray) -> Picture:
    values = array[..., None] if array.ndim == 2 else array
    if values.ndim != 3 or values.shape[2] not in (1, 2, 3, 4) or 0 in values.shape:
        raise ImageError(f"array has shape {array.shape}; (H, W) or (H, W, C) with C = 1 to 4 fits")
    if array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        return Picture(array, size_of(values))
    if array.dtype.kind != "f":
        raise ImageError(f"array is of dtype {array.dtype}; uint8, uint16, or floats in [0, 1] fit")
    return Picture(array, size_of(values), _checked(_colour_of(array), "array"))


def _has_alpha(array: np.ndarray) -> bool:
    """Whether the last channel of an array is its transparency: of two or four, unless they are said to be CMYK."""
    return array.ndim == 3 and array.shape[2] in (2, 4) and getattr(array, "info", {}).get(DEEP_MODE) != "CMYK"


def _colour_of(original: Any) -> Image:
    """The colours of a PIL image or an array."""
    if isinstance(original, np.ndarray):
        values = original[..., None] if original.ndim == 2 else original
        return _floats(values[..., :-1] if _has_alpha(original) else values)
    if original.mode in _SIXTEEN_BIT:
        return _floats(np.asarray(original)[..., None], 65535)
    values = np.asarray(_working(original))
    values = values[..., None] if values.ndim == 2 else values
    return _floats(values[..., :-1] if _working_mode(original) in ("LA", "RGBA") else values)


def _alpha_of(original: Any) -> NDArray[np.float32] | None:
    """The transparency of a PIL image, an array or a tensor."""
    if is_tensor(original):
        return None
    if isinstance(original, np.ndarray):
        return _floats(original[..., -1]) if _has_alpha(original) else None
    if original.mode in _SIXTEEN_BIT:
        key = original.info.get("transparency")
        return (np.asarray(original) != key).astype(np.float32) if isinstance(key, int) else None
    if _working_mode(original) not in ("LA", "RGBA"):
        return None
    return _floats(np.asarray(_working(original).getchannel("A")))


def _floats(values: np.ndarray, top: int | None = None) -> np.ndarray:
    """Whole numbers as shares of the highest that there can be, floats as they are; float32, in one piece."""
    if values.dtype.kind == "f":
        return np.array(values, np.float32, order="C")
    highest = np.float32(np.iinfo(values.dtype).max if top is None else top)
    made = np.empty(values.shape, np.float32)
    return np.divide(values, highest, out=made, dtype=np.float32)


def _working(picture: PILImage.Image) -> PILImage.Image:
    own = picture.copy() if picture.mode in ("P", "PA") else picture  # PIL changes the palette of what it converts
    return own.convert(_working_mode(picture))


def _cropped(original: Any, window: Window) -> Any:
    """A window of what came; of a PIL image a copy, else a view."""
    rows, columns = window
    if is_tensor(original):
        return original[..., rows, columns]
    if isinstance(original, np.ndarray):
        return original[rows, columns]
    return original.crop((columns.start, rows.start, columns.stop, rows.stop))


def _copied(original: Any) -> Any:
    return original.detach().clone() if is_tensor(original) else original.copy()


def _put_back(original: Any, part: Any, window: Window) -> Any:
    """A copy of what came, with another window."""
    made = _copied(original)
    rows, columns = window
    if is_tensor(made):
        made[..., rows, columns] = part
    elif isinstance(made, np.ndarray):
        made[rows, columns] = part
    else:
        made.paste(part, (columns.start, rows.start))
        made.info = dict(original.info)
    return made


def _fill_array(array: np.ndarray, values: np.ndarray, hole: np.ndarray, opaque: bool) -> np.ndarray:
    merged = array.copy()
    view = merged[..., None] if merged.ndim == 2 else merged
    top = np.iinfo(array.dtype).max if array.dtype.kind == "u" else None
    new = np.rint(values * np.float64(top)) if top else values
    view[..., : values.shape[2]][hole] = new[hole].astype(array.dtype)
    if opaque and _has_alpha(array):
        view[..., -1][hole] = top or 1
    return merged


def _new_array(array: np.ndarray, values: np.ndarray, opacity: np.ndarray | None) -> np.ndarray:
    values = values if opacity is None else np.concatenate([values, opacity], 2)
    if values.shape[2] == 1 and (array.ndim == 2 or array.shape[2] == 2):
        values = values[..., 0]
    top = np.iinfo(array.dtype).max if array.dtype.kind == "u" else None
    result = (np.rint(values * np.float64(top)) if top else values).astype(array.dtype)
    if hasattr(array, "info"):
        result = result.view(type(array))
        result.info = _profile(array)  # type: ignore[attr-defined]
    return result


def _profile(source: Any) -> dict[Any, Any]:
    """What of `info` is as true of a new picture as of its source."""
    return {key: source.info[key] for key in ("icc_profile", DEEP_MODE) if key in source.info}


def _from_pil(picture: PILImage.Image) -> Picture:
    if picture.mode == "F":
        raise ImageError("image is of mode F, whose range is not known; convert it to an array in [0, 1] first")
    if 0 in picture.size:
        raise ImageError(f"image has {picture.width} x {picture.height} pixels; at least 1 x 1 fits")
    if picture.mode == "I":
        values = np.asarray(picture)
        if values.min() < 0 or values.max() > 65535:
            span = f"from {values.min():.0f} to {values.max():.0f}"
            raise ImageError(f"image of mode {picture.mode} has values {span}; 16-bit values, 0 to 65535, fit")
    return Picture(picture, picture.size[::-1])


def _working_mode(picture: PILImage.Image) -> str:
    if picture.mode in ("L", "RGB") and "transparency" in picture.info:
        return picture.mode + "A"  # one colour stands for transparent
    if picture.mode == "P":
        return "RGBA" if picture.has_transparency_data else "RGB"
    return _WORKING_MODES.get(picture.mode, "RGB")


def _fill_pil(picture: PILImage.Image, values: np.ndarray, hole: np.ndarray, opaque: bool) -> PILImage.Image:
    if picture.mode in _SIXTEEN_BIT:
        array = np.array(picture)
        new = np.rint(values[..., 0] * 65535).astype(array.dtype)
        key = picture.info.get("transparency")
        if isinstance(key, int):  # the grey that stands for transparent
            hole = hole if opaque else hole & (array != key)
            new[new == key] ^= 1
        array[hole] = new[hole]
        result = picture.copy()
        result.frombytes(array.tobytes())
    elif picture.mode in ("P", "PA"):
        result = _fill_palette(picture, values, hole, opaque)
    else:
        result = _fill_bytes(picture, values, hole, opaque)
    result.info = dict(picture.info)
    return result


def _fill_bytes(picture: PILImage.Image, values: np.ndarray, hole: np.ndarray, opaque: bool) -> PILImage.Image:
    """Modes of whole bytes: convert the fill to the picture's own mode and paste it where the hole is."""
    colour = np.zeros(values.shape, np.uint8)
    colour[hole] = np.rint(values[hole] * 255)  # no other pixel is pasted
    if picture.mode in ("L", "RGB") and "transparency" in picture.info:
        key = np.atleast_1d(np.asarray(picture.info["transparency"]))
        clear = (np.array(picture).reshape(colour.shape) == key).all(-1)
        hole = hole if opaque else hole & ~clear
        colour[..., 0] ^= (colour == key).all(-1)  # the transparent colour itself would be a hole again
    fill = _colours(colour)
    straight = _WITH_ALPHA.get(picture.mode)
    if straight:
        fill = fill.convert(straight)
        fill.putalpha(255) if opaque else fill.putalpha(picture.convert(straight).getchannel("A"))
    result = picture.copy()
    result.paste(fill.convert(picture.mode), mask=PILImage.fromarray(hole.astype(np.uint8) * 255))
    return result


def _new_pil(picture: PILImage.Image, values: np.ndarray, opacity: np.ndarray | None) -> PILImage.Image:
    if picture.mode in _SIXTEEN_BIT:
        result = PILImage.new(picture.mode, (values.shape[1], values.shape[0]))
        result.frombytes(np.rint(values[..., 0] * 65535).astype(np.asarray(picture).dtype).tobytes())
    else:
        result = _colours(np.rint(values * 255).astype(np.uint8))
        if opacity is not None:
            result.putalpha(PILImage.fromarray(np.rint(opacity[..., 0] * 255).astype(np.uint8)))
        elif picture.mode not in _WITH_ALPHA and picture.mode not in ("P", "PA"):
            result = result.convert(picture.mode, dither=PILImage.Dither.NONE)
    result.info = _profile(picture)
    return result


def _colours(values: np.ndarray) -> PILImage.Image:
    """Bytes (H, W, C) as a grey, RGB or CMYK picture."""
    count = values.shape[2]
    return PILImage.fromarray(values[..., 0] if count == 1 else values, {1: "L", 3: "RGB", 4: "CMYK"}[count])


def _fill_palette(picture: PILImage.Image, values: np.ndarray, hole: np.ndarray, opaque: bool) -> PILImage.Image:
    """The nearest colour of the palette for each hole pixel, so that the picture keeps its palette.

    Of opaque colours, or, where it has none, of those that are not wholly transparent.
    """
    palette = np.array(picture.copy().getpalette("RGBA"), dtype=np.float32).reshape(-1, 4)
    transparency = picture.info.get("transparency", b"")
    opacity = palette[:, 3]
    if isinstance(transparency, bytes):
        opacity[: len(transparency)] = np.frombuffer(transparency, np.uint8)[: len(palette)]
    elif transparency < len(palette):
        opacity[transparency] = 0
    usable = opacity == 255 if (opacity == 255).any() else opacity > 0
    if not usable.any():
        raise ImageError("every colour of the palette is transparent; convert the picture to RGBA first")
    candidates = np.flatnonzero(usable)
    from scipy.spatial import cKDTree

    nearest = candidates[cKDTree(palette[candidates, :3]).query(values[hole] * 255)[1]]
    pixels = np.array(picture)
    indices = pixels[..., 0] if picture.mode == "PA" else pixels  # views: PA has an alpha of its own beside the index
    before = np.minimum(indices[hole], len(palette) - 1)
    indices[hole] = nearest if opaque else np.where(usable[before], nearest, indices[hole])
    if opaque and picture.mode == "PA":
        pixels[..., 1][hole] = 255
    result = picture.copy()
    result.frombytes(pixels.tobytes())
    return result

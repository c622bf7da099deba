"""A picture with more around it: the canvas grows, and what is new is filled from the picture itself."""

from __future__ import annotations

import re
import warnings
from typing import Any, overload

import numpy as np

from selfmend.errors import OptionError, SelfmendWarning
from selfmend.image.files import read_picture
from selfmend.methods.registry import PLAIN_METHOD, method_class
from selfmend.progress import Progress
from selfmend.progress_bar import shown
from selfmend.types import FileImage, FilePath, ImageLike, ImageResult, ImageT, Mask, OptionValue, Size

_TRUSTED = 0.15  # of the picture's side: so far from it what is new mostly continues it
_MOST = 4  # times the picture's pixels in the result
_ASPECT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[:/x]\s*(\d+(?:\.\d+)?)\s*")


# fmt: off
@overload
def expand(
    image: ImageT, *, left: int = ..., right: int = ..., top: int = ..., bottom: int = ...,
    aspect: str | None = ..., method: str = ..., preset: str | None = ..., seed: int | None = ...,
    device: str = ..., progress: Progress | bool = ..., **options: OptionValue
) -> ImageT: ...
@overload
def expand(
    image: FilePath, *, left: int = ..., right: int = ..., top: int = ..., bottom: int = ...,
    aspect: str | None = ..., method: str = ..., preset: str | None = ..., seed: int | None = ...,
    device: str = ..., progress: Progress | bool = ..., **options: OptionValue
) -> FileImage: ...
# fmt: on
def expand(
    image: ImageLike,
    *,
    left: int = 0,
    right: int = 0,
    top: int = 0,
    bottom: int = 0,
    aspect: str | None = None,
    method: str = PLAIN_METHOD,
    preset: str | None = None,
    seed: int | None = None,
    device: str = "auto",
    progress: Progress | bool = False,
    **options: Any,
) -> ImageResult:
    """More of the scene around a picture, made of what the picture shows.

    A warning says how much is new and how far it can be trusted: near the picture it continues lines and textures, far
    from it it repeats them. What lies outside of a picture no one knows.

    Args:
        image: path, PIL image, array or tensor, as in `inpaint`.
        left, right, top, bottom: pixels that are added there.
        aspect: width to height of the result, "16:9"; what is lacking after these is added on both sides alike.
        method, preset, options: of what fills, as in `inpaint`.
        seed: same seed, same bytes.
        device: "auto", "cpu", "cuda" or "mps".
        progress: True shows a bar; a function is called with each event.

    Returns:
        The larger picture, of the kind and mode that came; the picture's own part is equal to the bit.

    Raises:
        OptionError: nothing is added, or more than three times the picture.

    Example:
        >>> import numpy as np
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", SelfmendWarning)
        ...     wide = expand(np.tile(np.uint8([0, 0, 255, 255]), (24, 6)), right=4, method="telea")
        >>> wide.shape
        (24, 28)
    """
    progress = shown(progress)
    picture = read_picture(image)
    sides = added(picture.size, (top, bottom, left, right), aspect)
    rows, columns = slice(sides[0], sides[0] + picture.size[0]), slice(sides[2], sides[2] + picture.size[1])
    canvas = np.pad(picture.image, ((sides[0], sides[1]), (sides[2], sides[3]), (0, 0)), mode="edge")
    hole: Mask = np.ones(canvas.shape[:2], bool)
    hole[rows, columns] = False
    worker = method_class(method).from_options(preset, options, device=device)
    filled = worker.inpaint(canvas, hole, seed=seed or 0, progress=progress)[0]
    far = max(1, round(_TRUSTED * min(picture.size)))
    beyond = f"beyond {far} px from it, it repeats it" if max(sides) > far else "which it is near everywhere"
    warnings.warn(
        f"{hole.mean():.0%} of the result is new: close to the picture it continues what is there, {beyond}",
        SelfmendWarning,
        stacklevel=2,
    )
    if picture.alpha is None:
        return picture.like(filled)
    alpha = np.pad(picture.alpha, (sides[:2], sides[2:]), constant_values=1)
    return picture.like(filled, alpha=alpha)


def added(size: Size, sides: tuple[int, int, int, int], aspect: str | None) -> tuple[int, int, int, int]:
    """Pixels that are added on top, at the bottom, left and right.

    Example:
        >>> added((100, 100), (0, 0, 20, 0), "16:9")
        (0, 0, 49, 29)
    """
    if min(sides) < 0:
        raise OptionError(f"top, bottom, left and right are {sides}; at least 0 fits")
    top, bottom, left, right = sides
    if aspect is not None:
        match = _ASPECT.fullmatch(aspect)
        if match is None or not float(match[1]) or not float(match[2]):
            raise OptionError(f"aspect is {aspect!r}; width:height fits, for example 16:9")
        ratio = float(match[1]) / float(match[2])
        height, width = size[0] + top + bottom, size[1] + left + right
        wider, higher = max(0, round(height * ratio) - width), max(0, round(width / ratio) - height)
        if wider:
            left, right = left + wider // 2, right + wider - wider // 2
        elif higher:
            top, bottom = top + higher // 2, bottom + higher - higher // 2
    total = (size[0] + top + bottom) * (size[1] + left + right)
    if total == size[0] * size[1]:
        raise OptionError("nothing is to be added; give left, right, top, bottom or another aspect")
    if total > _MOST * size[0] * size[1]:
        raise OptionError(
            f"the result would have {total / (size[0] * size[1]):.1f} times the picture's pixels; at most {_MOST} "
            "times fits: farther out there is nothing to go by"
        )
    return top, bottom, left, right

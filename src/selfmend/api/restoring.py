"""Damage found and filled: one call from an old photo to a mended one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

from selfmend.errors import OptionError, SelfmendWarning
from selfmend.image.color import as_rgb
from selfmend.image.files import read_picture
from selfmend.image.grain import grained
from selfmend.image.picture import Picture
from selfmend.masks.finders import FINDERS, Region, find_in
from selfmend.masks.reading import box_mask, grow_mask, parse_box
from selfmend.methods.base import Method
from selfmend.methods.registry import DEFAULT_METHOD, method_class
from selfmend.progress import Progress, silent
from selfmend.progress_bar import shown
from selfmend.seeding import make_rng
from selfmend.types import FileImage, FilePath, Image, ImageLike, ImageResult, ImageT, Mask, OptionValue

GROW = 1
"""Pixels by which what was found grows before it is filled: the borders of damage are soft."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A picture that was mended.

    Attributes:
        picture: as it was read.
        mask: bool (H, W), what was filled; all False where nothing was found.
        result: of the kind that came; the picture itself where nothing was found.
    """

    picture: Picture
    mask: Mask
    result: ImageResult


def restored(
    image: ImageLike | Picture,
    worker: Method,
    *,
    kind: str = "damage",
    sensitivity: float = 0.5,
    region: str | Region | None = None,
    grow: int = GROW,
    grain: bool = True,
    same_in: Sequence[ImageLike] = (),
    seed: int = 0,
    progress: Progress = silent,
) -> Restored:
    """`restore`, with what was found; `worker` is the method, and the other arguments are as there."""
    picture = read_picture(image)
    box = parse_box(region) if isinstance(region, str) else region
    others = _alike(picture, kind, same_in)
    if others:
        mask = _shared(picture, others, sensitivity, box, grow)
    else:
        mask = find_in(as_rgb(picture.image), kind, sensitivity=sensitivity, region=box, grow=grow)
    if picture.alpha is not None:
        mask &= picture.alpha >= 0.5  # what is cut away is no damage
    if not mask.any():
        wanted = FINDERS[kind].wanted
        warnings.warn(f"no {wanted} was found: the picture stays as it came", SelfmendWarning, stacklevel=3)
        return Restored(picture=picture, mask=mask, result=picture.original)
    if kind == "watermark":  # what shines through is better than any fill
        from selfmend.api.watermarks import taken_out

        clean, touched = taken_out(picture, mask, others, worker, seed=seed, progress=progress)
        return Restored(picture=picture, mask=mask, result=picture.rebuild(clean, touched))
    (filled,) = worker.inpaint(picture.image, mask, seed=seed, progress=progress)
    if grain:
        filled = grained(filled, mask, make_rng(seed, "grain"))
    return Restored(picture=picture, mask=mask, result=picture.rebuild(filled, mask))


def _alike(picture: Picture, kind: str, same_in: Sequence[ImageLike]) -> list[Image]:
    """The pictures with the same mark.

    Raises:
        OptionError: for another kind, which pictures do not share.
    """
    if not same_in:
        return []
    if kind != "watermark":
        raise OptionError(f"other pictures tell nothing of {kind}; they do with kind watermark")
    from selfmend.api.watermarks import alike

    return alike(picture, same_in)


def _shared(picture: Picture, others: Sequence[Image], sensitivity: float, box: Region | None, grow: int) -> Mask:
    """The mark that the pictures share, in the region."""
    from selfmend.api.watermarks import find_in_alike

    mask = find_in_alike(picture, others, sensitivity)
    return grow_mask(mask if box is None else mask & box_mask(box, picture.size), grow)


# fmt: off
@overload
def restore(
    image: ImageT, kind: str = ..., *, sensitivity: float = ..., region: str | Region | None = ..., grow: int = ...,
    grain: bool = ..., same_in: Sequence[ImageLike] = ..., method: str = ..., preset: str | None = ...,
    seed: int = ..., device: str = ..., progress: Progress | bool = ..., **options: OptionValue
) -> ImageT: ...
@overload
def restore(
    image: FilePath, kind: str = ..., *, sensitivity: float = ..., region: str | Region | None = ...,
    grow: int = ..., grain: bool = ..., same_in: Sequence[ImageLike] = ..., method: str = ...,
    preset: str | None = ..., seed: int = ..., device: str = ..., progress: Progress | bool = ...,
    **options: OptionValue
) -> FileImage: ...
# fmt: on
def restore(
    image: ImageLike,
    kind: str = "damage",
    *,
    sensitivity: float = 0.5,
    region: str | Region | None = None,
    grow: int = GROW,
    grain: bool = True,
    same_in: Sequence[ImageLike] = (),
    method: str = DEFAULT_METHOD,
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | bool = False,
    **options: Any,
) -> ImageResult:
    """Find the damage of a picture and fill it from the picture itself.

    Args:
        image: path, PIL image, array or tensor, as in `inpaint`.
        kind: "damage", or one kind of it: "scratches", "dust", "stains", ...; see `masks.finders.FINDERS`.
        sensitivity: 0 to 1; more finds more, and more that is none.
        region: the box in which it is looked for, "x,y,w,h" or a tuple, in pixels.
        grow: pixels by which what is found grows to all sides before it is filled.
        grain: what was filled gets the grain of the rest.
        same_in: other pictures with the same watermark at the same place, for the kind "watermark".
        method, preset, options: of what fills, as in `inpaint`.
        seed: same seed, same bytes.
        device: "auto", "cpu", "cuda" or "mps".
        progress: True shows a bar; a function is called with each event.

    Returns:
        The kind that came, equal outside of what was filled; without damage, with a warning, as it came.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.

    Example:
        >>> import numpy as np
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", SelfmendWarning)
        ...     even = restore(np.full((40, 40), 0.5))
        >>> bool((even == 0.5).all())
        True
    """
    progress = shown(progress)
    worker = method_class(method).from_options(preset, options, device=device)
    return restored(
        image, worker, kind=kind, sensitivity=sensitivity, region=region, grow=grow, grain=grain, same_in=same_in,
        seed=seed, progress=progress,
    ).result  # fmt: skip

"""What makes the holes of a training: a shape by its name, or the masks of a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import torch

from selfmend.core.checks import MaskError, OptionError, nearest_name
from selfmend.core.files import exists
from selfmend.core.types import Image, Mask, Size
from selfmend.image.hole_shapes import HOLE_SHAPES, center, random_box
from selfmend.image.listing import list_pictures
from selfmend.image.mask import drawn_mask
from selfmend.image.resize import resize

_BOXES = {"center": center, "random-box": random_box}
_TRIES = 20  # crops of a folder's masks until one has both hole and something known


class HoleMaker(Protocol):
    """Makes a hole for a picture."""

    def __call__(self, picture: Image, generator: torch.Generator) -> Mask:
        """A mask bool (1, S, S), True = hole, for a picture (3, S, S) in [0, 1]."""
        ...


def _eye_bars() -> HoleMaker:
    from selfmend.image.bars import EyeBars  # loads the detectors, which no other training needs

    return EyeBars()


SEEING_MAKERS: dict[str, Callable[[], HoleMaker]] = {"eyes": _eye_bars}
"""Makers that look at the picture, by name, each behind a function that loads what it needs."""


def hole_maker(masks: str, *, max_delta: int = 0) -> HoleMaker:
    """The maker that `masks` means: a kind's name, a folder of mask pictures (white >= 128 is hole), or several of
    these with commas between them, one of which is drawn for each picture.

    Args:
        masks: names, or folders.
        max_delta: of "center" and "random-box", see there; other kinds have no use for it.

    Raises:
        OptionError: neither a known name nor a folder.
        MaskError: a folder without masks.
    """
    if "," in masks and not exists(masks):
        kinds = [part.strip() for part in masks.split(",")]
        return _OneOf([hole_maker(kind, max_delta=max_delta) for kind in kinds])
    if masks in _BOXES:
        return partial(_shaped, partial(_BOXES[masks], max_delta=max_delta))
    if masks in SEEING_MAKERS:
        return SEEING_MAKERS[masks]()
    if masks in HOLE_SHAPES:
        return partial(_shaped, HOLE_SHAPES[masks])
    if exists(masks) and Path(masks).is_dir():
        return MaskFolder(masks)
    known = nearest_name(masks, [*HOLE_SHAPES, *SEEING_MAKERS])
    raise OptionError(f"masks is {masks!r}, which is no folder and no known kind of hole; {known}")


class _OneOf:
    """One of several makers, by chance."""

    def __init__(self, makers: Sequence[HoleMaker]) -> None:
        self._makers = makers

    def __call__(self, picture: Image, generator: torch.Generator) -> Mask:
        return self._makers[int(torch.randint(len(self._makers), (), generator=generator))](picture, generator)


def _shaped(shape: Callable[[Size, torch.Generator], Mask], picture: Image, generator: torch.Generator) -> Mask:
    return shape((picture.shape[1], picture.shape[2]), generator)


class MaskFolder:
    """The masks of a folder, of any size: scaled to cover the picture, cropped anywhere, mirrored at random.

    Raises:
        MaskError: no picture file in the folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.paths = [Path(folder) / name for name in list_pictures(folder)]
        if not self.paths:
            raise MaskError(f"{folder} holds no masks; a folder of pictures that are white where the hole is fits")

    def __call__(self, picture: Image, generator: torch.Generator) -> Mask:
        for _ in range(_TRIES):
            path = self.paths[int(torch.randint(len(self.paths), (), generator=generator))]
            mask = _cropped(drawn_mask(path), picture.shape[1:], generator)
            if mask.any() and not mask.all():
                return mask
        raise MaskError(f"{path.parent}: {_TRIES} crops in a row were all hole or without one; take other masks")


def _cropped(mask: Mask, size: torch.Size, generator: torch.Generator) -> Mask:
    """A part of a mask (1, 1, H, W) as (1, *size): the mask scaled to cover `size`, mirrored by chance in both axes."""
    scale = max(new / old for new, old in zip(size, mask.shape[2:], strict=True))
    if scale != 1:
        target = [max(new, round(old * scale)) for new, old in zip(size, mask.shape[2:], strict=True)]
        mask = resize(mask.float(), (target[0], target[1])) >= 0.5
    for axis in (2, 3):
        start = int(torch.randint(mask.shape[axis] - size[axis - 2] + 1, (), generator=generator))
        mask = mask.narrow(axis, start, size[axis - 2])
        if torch.rand((), generator=generator) < 0.5:
            mask = mask.flip(axis)
    return mask[0]

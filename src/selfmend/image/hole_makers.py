"""What makes the holes of a training: a shape by its name, or the masks of a folder."""

from __future__ import annotations

from collections.abc import Callable
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


SEEING_MAKERS: dict[str, Callable[[], HoleMaker]] = {}
"""Makers that look at the picture, by name, each behind a function that loads what it needs: "eyes" belongs here."""


def hole_maker(masks: str, *, max_delta: int = 0) -> HoleMaker:
    """The maker that `masks` means: a shape's name, or a folder of mask pictures (white >= 128 is hole).

    Args:
        masks: the name, or the folder.
        max_delta: of "center" and "random-box", see there.

    Raises:
        OptionError: neither a known name nor a folder, or `max_delta` for one that takes none.
        MaskError: a folder without masks.
    """
    if max_delta and masks not in _BOXES:
        raise OptionError(f"max_delta is {max_delta}; masks={masks} takes none, {' and '.join(_BOXES)} do")
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

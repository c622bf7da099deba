"""Subtitles and other text that was burnt into a picture, as a mask: binarisation, and letters that stand in rows.

Paper 000 (SinGAN with a reference picture) makes its masks of subtitles by binarisation and says no more of it; the
rules here are our own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import torch

from selfmend.core.checks import check_image
from selfmend.core.types import Image, Mask, Size
from selfmend.image.channels import as_channels
from selfmend.image.mask import box_mask
from selfmend.image.text_letters import TextOptions
from selfmend.image.text_lines import TextLine, find_lines

DEFAULTS = TextOptions()
Region: TypeAlias = tuple[int, int, int, int]
"""Left, top, width and height in pixels, as a box mask has them."""


def find_text(image: Image, *, options: TextOptions = DEFAULTS, region: Region | None = None) -> Mask:
    """The text of a picture as a mask; no text is an empty mask, so ask `mask.any()` and say so.

    Args:
        image: one picture, (1, 1 or 3, H, W) in [0, 1].
        options: how text is told from the picture, and how much around it is covered.
        region: x, y, width and height in pixels of the part that is looked at; the whole picture by default.

    Returns:
        bool (1, 1, H, W), True = letters, their outline and what compression has touched around them.

    Raises:
        ImageError: another kind or range, a batch, or CMYK.
        MaskError: a region that holds no pixel of the picture.
    """
    return mask_of(search_text(image, options=options, region=region), (image.shape[-2], image.shape[-1]))


def search_text(image: Image, *, options: TextOptions = DEFAULTS, region: Region | None = None) -> list[TextLine]:
    """The lines of text in a picture; arguments as `find_text`."""
    check_image(image)
    size = (image.shape[2], image.shape[3])
    rows, columns = _place(region, size)
    colours = as_channels(image, 3, name="picture")[0, :, rows, columns].permute(1, 2, 0).cpu().numpy()
    inside = _within(options, size[0], colours.shape[0])
    if inside is None:
        return []
    lines = find_lines(np.ascontiguousarray(1 - colours if options.dark else colours), inside)
    return [dataclasses.replace(line, top=line.top + rows.start, left=line.left + columns.start) for line in lines]


def mask_of(lines: Iterable[TextLine], size: Size) -> Mask:
    """bool (1, 1, H, W): what the lines cover."""
    mask = torch.zeros(1, 1, *size, dtype=torch.bool)
    for line in lines:
        mask[0, 0][line.place] |= torch.from_numpy(line.cover)
    return mask


def _place(region: Region | None, size: Size) -> tuple[slice, slice]:
    """Rows and columns of the part that is looked at."""
    if region is None:
        return slice(0, size[0]), slice(0, size[1])
    box_mask(region, size)  # refuses what lies outside
    x, y, width, height = region
    return slice(max(0, y), min(size[0], y + height)), slice(max(0, x), min(size[1], x + width))


def _within(options: TextOptions, height: int, part: int) -> TextOptions | None:
    """The options for a part of the picture that is `part` pixels high; None where no letter fits into it."""
    low, high = (share * height / part for share in options.height)
    return dataclasses.replace(options, height=(low, min(1.0, high))) if low < 1 else None

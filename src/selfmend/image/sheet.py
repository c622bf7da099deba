"""Pictures side by side, with a caption over each: how a person judges a result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from selfmend.core.types import Image, Mask
from selfmend.image.resize import resize, scaled_size

WIDE = 2.5  # width by height from which pictures are stacked
HOLE_COLOUR = (230, 0, 120)  # seldom found in photos


def to_rgb(image: Image) -> PILImage.Image:
    """One picture (1, C, H, W) in [0, 1] as an 8-bit RGB picture to look at; CMYK without its profile."""
    array = (image[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    if array.shape[2] == 4:
        return PILImage.fromarray(array, "CMYK").convert("RGB")
    return PILImage.fromarray(np.repeat(array, 3, 2) if array.shape[2] == 1 else array)


def thumbnail(image: Image, longest: int) -> Image:
    """A picture (1, C, H, W) in [0, 1], shrunk if a side is longer than `longest` pixels."""
    share = longest / max(image.shape[-2:])
    return image if share >= 1 else resize(image, scaled_size((image.shape[2], image.shape[3]), share)).clamp(0, 1)


def paint_hole(image: Image, mask: Mask) -> PILImage.Image:
    """The picture with its hole painted in one colour."""
    shown = np.array(to_rgb(torch.where(mask, 0.0, image)))
    shown[mask[0, 0].cpu().numpy()] = HOLE_COLOUR
    return PILImage.fromarray(shown)


def contact_sheet(
    pictures: Sequence[PILImage.Image], captions: Sequence[str], *, columns: int | None = None, gap: int = 8
) -> PILImage.Image:
    """Pictures of equal or different size in a grid on white, each under its caption.

    Args:
        pictures: at least one.
        captions: one for each.
        columns: pictures a row; by default one row, or one column where the pictures are much wider than high.
        gap: pixels between pictures.
    """
    width, height = max(p.width for p in pictures), max(p.height for p in pictures)
    columns = columns or (1 if width > WIDE * height else len(pictures))
    font = ImageFont.load_default(size=max(12, min(28, height // 16)))
    band = int(font.getbbox("Ag")[3]) + gap
    width = max(width, *(int(font.getlength(caption)) + 1 for caption in captions))
    rows = -(-len(pictures) // columns)
    sheet = PILImage.new("RGB", (columns * (width + gap) + gap, rows * (height + band + gap) + gap), "white")
    draw = ImageDraw.Draw(sheet)
    for k, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left, top = gap + k % columns * (width + gap), gap + k // columns * (height + band + gap)
        draw.text((left, top), caption, fill="black", font=font)
        sheet.paste(picture.convert("RGB"), (left, top + band))
    return sheet

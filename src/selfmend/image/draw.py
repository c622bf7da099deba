"""Pictures for people to look at: thumbnails, contact sheets, holes in colour, and the demo's damaged photo.

Pictures side by side, with a caption over each: how a person judges a result.

The photo that the demo mends: scikit-image's cup of coffee, scratched, stained and torn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from selfmend.image.resize import resize, scaled_size
from selfmend.types import Image, Mask, size_of

WIDE = 2.5  # width by height from which pictures are stacked
LONGEST_ON_SHEET = 1024  # pixels; a sheet is for choosing
HOLE_COLOUR = (230, 0, 120)  # seldom found in photos


def to_rgb(image: Image) -> PILImage.Image:
    """One picture (H, W, C) in [0, 1] as an 8-bit RGB picture to look at; CMYK without its profile."""
    scaled = image.clip(0, 1)
    scaled *= 255
    array = np.rint(scaled, out=scaled).astype(np.uint8)
    if array.shape[2] == 4:
        return PILImage.fromarray(array, "CMYK").convert("RGB")
    return PILImage.fromarray(np.repeat(array, 3, 2) if array.shape[2] == 1 else array)


def thumbnail(image: Image, longest: int) -> Image:
    """A picture (H, W, C) in [0, 1], shrunk if a side is longer than `longest` pixels."""
    share = longest / max(size_of(image))
    return image if share >= 1 else resize(image, scaled_size(size_of(image), share)).clip(0, 1)


def paint_hole(image: Image, mask: Mask, *, opacity: float = 1.0) -> PILImage.Image:
    """The picture with its hole painted in one colour, through which `1 - opacity` of the picture is seen."""
    shown = np.array(to_rgb(image))
    shown[mask] = np.rint(shown[mask] * (1 - opacity) + np.multiply(HOLE_COLOUR, opacity))
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


def damaged_photo() -> tuple[PILImage.Image, PILImage.Image, PILImage.Image]:
    """The photo as it was, the photo with white damage, and the mask (white = hole); 600 x 400 pixels, always the same.

    Source: scikit-image's `coffee`, by Rachel Michetti, in the public domain (CC0).
    """
    from skimage import data

    truth = PILImage.fromarray(data.coffee())
    mask = PILImage.new("L", truth.size, 0)
    draw = ImageDraw.Draw(mask)
    random = np.random.default_rng(11)
    for height in (60, 130, 215, 300, 372):  # scratches from edge to edge
        x = np.linspace(-5, truth.width + 5, 80)
        y = height + np.cumsum(random.normal(0, 2.2, x.size)) + np.linspace(0, random.uniform(-60, 60), x.size)
        draw.line(
            list(zip(x.tolist(), y.tolist(), strict=True)), fill=255, width=int(random.integers(3, 6)), joint="curve"
        )
    draw.ellipse((425, 255, 515, 330), fill=255)  # a stain across saucer and wood
    draw.ellipse((95, 150, 130, 190), fill=255)
    draw.polygon([(0, 310), (30, 330), (45, 362), (90, 385), (96, 400), (0, 400)], fill=255)  # a torn corner
    draw.rectangle((455, 25, 545, 85), fill=255)  # a date stamp on the table
    damaged = truth.copy()
    damaged.paste((255, 255, 255), mask=mask)
    return truth, damaged, mask

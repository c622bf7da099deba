"""Pictures with text of a known mask, for the tests of what finds text."""

import numpy as np
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from selfmend.image.picture import to_picture
from selfmend.types import Mask


def textured(size: tuple[int, int], *, seed: int = 0) -> np.ndarray:
    """A soft, colourful background, uint8 (H, W, 3), of all brightnesses."""
    coarse = np.random.default_rng(seed).integers(0, 256, (size[0] // 12 + 1, size[1] // 12 + 1, 3), np.uint8)
    return np.array(PILImage.fromarray(coarse).resize((size[1], size[0]), PILImage.Resampling.BICUBIC))


def written(background, *words, at=(0.5, 0.92), letter=18, colour=(255, 255, 255), outline=2, around=(0, 0, 0)):
    """(image (H, W, 3), mask (H, W) of letters and outline) of a background with lines of words on it."""
    picture = PILImage.fromarray(background)
    seen = PILImage.new("L", picture.size)
    font = ImageFont.load_default(size=letter)
    for k, line in enumerate(reversed(words)):
        place = (round(at[0] * picture.width), round(at[1] * picture.height - 1.3 * k * letter))
        how = {"font": font, "anchor": "ms", "stroke_width": outline}
        ImageDraw.Draw(picture).text(place, line, fill=colour, stroke_fill=around, **how)
        ImageDraw.Draw(seen).text(place, line, fill=255, **how)
    return to_picture(picture).image, np.asarray(seen) > 0


def recall_and_precision(found: Mask, truth: Mask) -> tuple[float, float]:
    right = float((found & truth).sum())
    return right / float(truth.sum()), right / max(1.0, float(found.sum()))

"""The photo that the demo mends: scikit-image's coffee cup, with scratches, a lost corner of the table and a stain."""

from __future__ import annotations

import numpy as np
from PIL import Image as PILImage
from PIL import ImageDraw


def damaged_photo() -> tuple[PILImage.Image, PILImage.Image, PILImage.Image]:
    """The photo, the photo with white damage, and the mask (white = hole); 600 x 400 pixels, drawn the same each time.

    Source: scikit-image's `coffee`, by Rachel Michetti, in the public domain (CC0).
    """
    from skimage import data

    truth = PILImage.fromarray(data.coffee())
    mask = PILImage.new("L", truth.size, 0)
    draw = ImageDraw.Draw(mask)
    random = np.random.default_rng(4)
    for _ in range(7):  # scratches right across
        points = np.stack(
            [np.linspace(-10, truth.width + 10, 9), random.uniform(0, truth.height) + random.normal(0, 22, 9)], 1
        )
        draw.line([tuple(p) for p in points], fill=255, width=int(random.integers(3, 7)), joint="curve")
    draw.ellipse((430, 250, 525, 330), fill=255)  # a stain on the wood
    draw.polygon([(0, 290), (95, 400), (0, 400)], fill=255)  # a torn corner
    draw.rectangle((255, 20, 330, 75), fill=255)  # a label on the background
    damaged = truth.copy()
    damaged.paste((255, 255, 255), mask=mask)
    return truth, damaged, mask

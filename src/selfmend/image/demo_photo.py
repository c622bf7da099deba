"""The photo that the demo mends: scikit-image's cup of coffee, scratched, stained and torn."""

from __future__ import annotations

import numpy as np
from PIL import Image as PILImage
from PIL import ImageDraw


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

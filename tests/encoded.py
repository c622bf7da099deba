"""Small picture files for tests of what comes over a wire."""

import io

import numpy as np
from PIL import Image


def encoded(array, *, format="PNG", **options):
    """A picture file of an array."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, format, **options)
    return file.getvalue()


def photo(height=60, width=80, *, format="PNG", **options):
    """A file of random tiles."""
    tiles = np.random.default_rng(0).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    return encoded(np.kron(tiles, np.ones((8, 8, 1), np.uint8))[:height, :width], format=format, **options)


def box(height=60, width=80):
    """A file of a mask with a hole of 12 x 10 pixels."""
    mask = np.zeros((height, width), np.uint8)
    mask[20:30, 30:42] = 255
    return encoded(mask)


def decoded(source):
    """The array of a picture file, or of its content."""
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as picture:
        return np.asarray(picture)

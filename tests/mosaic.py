"""Pictures whose sources are known: noise, where every patch is like no other, and mosaics of it."""

import numpy as np

from selfmend.types import Image


def noise(height: int, width: int, seed: int = 0) -> Image:
    """(height, width, 3) of random bytes."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.float32) / 255


def halves_swapped(image: Image) -> Image:
    """The right half, then the left half."""
    return np.roll(image, image.shape[1] // 2, 1)

"""Small pictures with holes for tests."""

import numpy as np

from selfmend.types import Image, Mask


def picture(height: int = 37, width: int = 53) -> tuple[Image, Mask]:
    """(height, width, 3) of random 4-pixel tiles, and a mask of one box."""
    tiles = np.random.default_rng(0).random((height // 4 + 1, width // 4 + 1, 3), np.float32)
    image = np.ascontiguousarray(tiles.repeat(4, 0).repeat(4, 1)[:height, :width])
    mask = np.zeros((height, width), bool)
    mask[10:20, 12:25] = True
    return image, mask

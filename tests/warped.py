"""Pictures of one scene from two places: a texture, and what a homography makes of it."""

import cv2
import numpy as np

from selfmend.image.resize import resize
from selfmend.types import Image, Mask

TURN = np.array([[1.03, 0.02, 6.3], [-0.03, 0.98, -4.6], [1e-4, -5e-5, 1]])
"""A small change of the camera's place, from the picture to the reference."""


def scene(height: int = 120, width: int = 160, channels: int = 3, seed: int = 0, margin: int = 60) -> Image:
    """(height + 2 margin, width + 2 margin, C) with structure at several scales, like nothing else."""
    generator = np.random.default_rng(seed)
    size = height + 2 * margin, width + 2 * margin
    image = np.zeros((*size, channels), np.float32)
    for cell, weight in ((48, 0.4), (12, 0.35), (4, 0.25)):
        cells = generator.random((size[0] // cell + 1, size[1] // cell + 1, channels), np.float32)
        image += np.float32(weight) * resize(cells, size).clip(0, 1)
    return image.clip(0, 1)


def seen_from(image: Image, homography: np.ndarray, *, margin: int = 60) -> Image:
    """The middle of a scene, as a camera sees it that `homography` moves the picture's points to."""
    height, width = image.shape[0] - 2 * margin, image.shape[1] - 2 * margin
    shift = np.array([[1, 0, -margin], [0, 1, -margin], [0, 0, 1.0]])
    moved = cv2.warpPerspective(image, homography @ shift, (width, height), flags=cv2.INTER_CUBIC)
    return moved.reshape(height, width, -1).clip(0, 1)


def middle_hole(image: Image, share: float = 0.25) -> Mask:
    """A box of `share` of each side in the middle."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), bool)
    high, wide = round(height * share), round(width * share)
    top, left = (height - high) // 2, (width - wide) // 2
    mask[top : top + high, left : left + wide] = True
    return mask


def psnr_in(output: Image, truth: Image, mask: Mask) -> float:
    """Over a mask, in dB."""
    return float(-10 * np.log10(np.square(output - truth)[mask].mean()))

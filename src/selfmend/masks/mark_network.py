"""The learned finder of date stamps and watermarks, run on NumPy alone: how likely each pixel is of either.

The network is `nn/mark_finder.py`, trained by `benchmarks/train_mark_finder.py`; its weights, with batch normalisation
folded into the convolutions, come with the package. A convolution is one matrix product for each strip of rows, which
is as fast as the BLAS that NumPy brings and needs neither PyTorch nor another library.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import cast

import numpy as np

from selfmend.image.resize import resize
from selfmend.types import Image, Size, size_of

STAMP, WATERMARK = 0, 1
LONGEST = 1024
"""The longer side at which the network looks, at most, in pixels."""
SCALES = (1.0, 0.5)
"""The sizes at which it looks, so that letters of all sizes are somewhere as high as it knows them."""
LEAST = 24
"""Pixels: there is no mark in what is smaller."""
_AROUND = 4.0  # pixels, the width of the mean around
_STRIP = 1 << 13  # pixels of a strip


def mark_likelihood(image: Image) -> np.ndarray:
    """How likely each pixel is of a date stamp, and of a watermark.

    Args:
        image: (H, W, 1 or 3) in [0, 1].

    Returns:
        float32 (2, H, W) in [0, 1]: `STAMP`, `WATERMARK`; zeros for pictures of less than `LEAST` pixels a side.
    """
    size = size_of(image)
    rgb = np.ascontiguousarray(np.broadcast_to(image, (*size, 3)))
    likely = np.zeros((2, *size), np.float32)
    if min(size) < LEAST:
        return likely
    for looked_at in dict.fromkeys(_looked_at(size, scale) for scale in SCALES):
        seen = rgb if looked_at == size else resize(rgb, looked_at).clip(0, 1)
        answer = network(seen.astype(np.float32))
        if looked_at != size:
            answer = resize(answer.transpose(1, 2, 0), size).clip(0, 1).transpose(2, 0, 1)
        np.maximum(likely, answer, out=likely)
    return likely


def _looked_at(size: Size, scale: float) -> Size:
    scale *= min(1.0, LONGEST / max(size))
    return max(LEAST, round(size[0] * scale)), max(LEAST, round(size[1] * scale))


@cache
def _weights() -> dict[str, np.ndarray]:
    with files("selfmend.masks").joinpath("mark_finder.npz").open("rb") as file, np.load(file) as arrays:
        return {name: arrays[name].astype(np.float32) for name in arrays.files}


def network_input(image: Image) -> np.ndarray:
    """What the network sees of a picture (H, W, 3) in [0, 1]: float32 (6, H, W).

    Its colours around 0, and four times how they differ from the mean around: a faint mark is a small and even
    difference, which a network learns to see later, or never, beside those of the scene.
    """
    import cv2

    image = np.ascontiguousarray(image, np.float32)
    around = cv2.GaussianBlur(image, (0, 0), _AROUND)
    seen = np.concatenate([image - np.float32(0.5), (4 * (image - around)).clip(-1, 1)], 2)
    return np.ascontiguousarray(seen.transpose(2, 0, 1))


def network(image: Image) -> np.ndarray:
    """The network's answer, float32 (2, H, W) in [0, 1], for a picture (H, W, 3) at the size that it is."""
    weights = _weights()
    levels = (sum(name.endswith("weight") for name in weights) + 1) // 3  # two convolutions down, one up but for one
    height, width = size_of(image)
    multiple = 2**levels
    spare = -height % multiple, -width % multiple
    padded = np.pad(image, ((0, spare[0]), (0, spare[1]), (0, 0)), mode="edge")
    x = _unshuffled(network_input(padded))
    kept, number = [], 0
    for level in range(levels):
        x = _halved(x) if level else x
        for _ in range(2):
            x = _convolved(x, weights, str(number))
            number += 1
        kept.append(x)
    for beside in reversed(kept[:-1]):
        x = _convolved(np.concatenate([x.repeat(2, 1).repeat(2, 2), beside]), weights, str(number))
        number += 1
    logits = _shuffled(_convolved(x, weights, "answer", linear=True))[:, :height, :width]
    return 1 / (1 + np.exp(-logits.clip(-30, 30)))


def _convolved(x: np.ndarray, weights: dict[str, np.ndarray], name: str, *, linear: bool = False) -> np.ndarray:
    """3 x 3, zeros around; (C, H, W) to (D, H, W), without what is below zero unless it is the last one."""
    kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    matrix = kernel.transpose(0, 2, 3, 1).reshape(len(kernel), -1)
    channels, height, width = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    result = np.empty((len(kernel), height, width), np.float32)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        columns = np.empty((9, channels, count, width), np.float32)
        for k in range(9):
            y, left = top + k // 3, k % 3
            columns[k] = padded[:, y : y + count, left : left + width]
        strip = matrix @ columns.reshape(9 * channels, -1) + bias[:, None]
        result[:, top : top + count] = strip.reshape(len(kernel), count, width)
    return result if linear else np.maximum(result, 0, out=result)


def _halved(x: np.ndarray) -> np.ndarray:
    """The largest of each block of 2 x 2."""
    return cast(np.ndarray, x.reshape(len(x), x.shape[1] // 2, 2, -1, 2).max((2, 4)))


def _unshuffled(x: np.ndarray) -> np.ndarray:
    """Blocks of 2 x 2 as channels: (C, H, W) to (4C, H/2, W/2)."""
    channels, height, width = x.shape
    return x.reshape(channels, height // 2, 2, width // 2, 2).transpose(0, 2, 4, 1, 3).reshape(-1, height // 2, width // 2)


def _shuffled(x: np.ndarray) -> np.ndarray:
    """Channels as blocks of 2 x 2, the way back."""
    channels, height, width = x.shape
    return x.reshape(-1, 2, 2, height, width).transpose(0, 3, 1, 4, 2).reshape(channels // 4, 2 * height, 2 * width)

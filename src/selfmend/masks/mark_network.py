"""The learned finder of date stamps and watermarks, run without PyTorch: how likely each pixel is of either.

The network is `nn/mark_finder.py`, trained by `benchmarks/train_mark_finder.py`; its weights, with batch
normalisation folded into the convolutions, come with the package and are run by OpenCV.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

from selfmend.image.resize import resize
from selfmend.masks.damage.onnx_model import OnnxModel, pixel_shuffle, pixel_unshuffle
from selfmend.types import Image, Size, size_of

STAMP, WATERMARK = 0, 1
LONGEST = 1024
"""The longer side at which the network looks, at most, in pixels."""
SCALES = (1.0, 0.5)
"""The sizes at which it looks, so that letters of all sizes are somewhere as high as it knows them."""
LEAST = 24
"""Pixels: there is no mark in what is smaller."""
_AROUND = 4.0  # pixels, the width of the mean around
MULTIPLE = 32
"""Height and width of what the network sees are multiples of it."""


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
    import cv2

    height, width = size_of(image)
    padded = np.pad(image, ((0, -height % MULTIPLE), (0, -width % MULTIPLE), (0, 0)), mode="edge")
    blocks = pixel_unshuffle(network_input(padded))
    net = cv2.dnn.readNetFromONNX(np.frombuffer(_model(_weights(), blocks.shape), np.uint8))
    net.setInput(blocks[None])
    return pixel_shuffle(net.forward()[0])[:, :height, :width]


def _model(weights: dict[str, np.ndarray], shape: tuple[int, ...]) -> bytes:
    """The network as a file of ONNX, for inputs of a shape (C, H, W)."""
    net = OnnxModel("blocks", (1, *shape))
    number = 0

    def convolved(x: str) -> str:
        nonlocal number
        name, number = str(number), number + 1
        return net.relu(net.conv(x, weights[f"{name}.weight"], weights[f"{name}.bias"]))

    levels = MULTIPLE.bit_length() - 1
    kept: list[tuple[str, int]] = []
    x = "blocks"
    for level in range(levels):
        x = convolved(convolved(net.pool(x) if level else x))
        kept.append((x, len(weights[f"{number - 1}.bias"])))
    channels = kept.pop()[1]
    for beside, _ in reversed(kept):
        x = convolved(net.concat(net.repeat(x, channels), beside))
        channels = len(weights[f"{number - 1}.bias"])
    answer = net.conv(x, weights["answer.weight"], weights["answer.bias"])
    return net.bytes(net.sigmoid(answer), (1, len(weights["answer.bias"]), *shape[1:]))

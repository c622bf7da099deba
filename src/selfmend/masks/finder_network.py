"""The network of the learned finders, of damage and of marks, run by OpenCV: weights that come with the package, tiles
that bound the memory.

`nn/finder_unet.py` is the same network in PyTorch, for the training; `tests/nn/test_finder_unet.py` compares them.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfmend.errors import WeightsError
from selfmend.masks.onnx_model import OnnxModel, pixel_shuffle, pixel_unshuffle
from selfmend.types import Image

Weights = Mapping[str, NDArray[np.float32]]

MULTIPLE = 32
"""Height and width of what the network sees are multiples of it."""

PLANES = 20
"""Of `features`."""

_MEDIAN = 13  # pixels: what is wider than half of it is no line or speck
_USUAL = 31  # pixels around in which it is measured how much is usual
_TILE = 1024  # pixels of a side at most; such a tile needs about 0.3 GB
_OVERLAP = 64  # pixels that neighbouring tiles share; half of them is thrown away on each side
_SCALE = ".scale"  # behind the name of an array: what its bytes are multiples of, by channel


def probability(image: Image, weights: Weights, kinds: Sequence[str]) -> NDArray[np.float32]:
    """How probably each pixel is of what a finder finds, by kind.

    Args:
        image: (H, W, 3) in [0, 1].
        weights: of `nn.finder_unet.folded`, or `shipped_weights`.
        kinds: what the finder tells apart.

    Returns:
        float32 (H, W, K) in [0, 1], a plane for each kind.

    Raises:
        WeightsError: weights of another network or of a finder of other kinds.
    """
    import cv2

    height, width = image.shape[:2]
    found = np.zeros((height, width, len(kinds)), np.float32)
    tall, wide = _tile(height), _tile(width)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(_model(weights, len(kinds), (tall, wide)), np.uint8))
    below, beside = (max(_even(side), least) - side for side, least in ((height, tall), (width, wide)))
    seen = features(np.pad(image, ((0, below), (0, beside), (0, 0)), mode="symmetric"))
    for top, first, last in _places(_even(height), tall):
        for left, start, end in _places(_even(width), wide):
            tile = seen[:, top // 2 : (top + tall) // 2, left // 2 : (left + wide) // 2]
            net.setInput(np.ascontiguousarray(tile[None]))
            planes = pixel_shuffle(net.forward()[0]).transpose(1, 2, 0)
            part = planes[first - top : last - top, start - left : end - left]
            found[first:last, start:end] = part[: height - first, : width - start]
    return found


def features(image: Image) -> NDArray[np.float32]:
    """What the network sees of a picture.

    Args:
        image: (H, W, 3) in [0, 1], H and W even.

    Returns:
        float32 (20, H / 2, W / 2): five planes in blocks of 2 x 2 pixels, as `torch.nn.functional.pixel_unshuffle`
        orders them: red, green and blue; how far the grey value is from the median around; and that in multiples of
        what is usual there, since a speck that stands out on a wall may be one of many in gravel.
    """
    import cv2

    grey = np.ascontiguousarray((image[..., 0] + image[..., 1] + image[..., 2]) / np.float32(3))
    median = cv2.medianBlur(np.rint(grey * 255).astype(np.uint8), _MEDIAN).astype(np.float32) / np.float32(255)
    away = grey - median
    usual = np.sqrt(np.maximum(cv2.blur(away * away, (_USUAL, _USUAL)), 0))  # a running sum falls below 0
    planes = [4 * image[..., k] - 2 for k in range(3)]
    planes += [(8 * away).clip(-3, 3), (0.6 * away / (usual + np.float32(0.01))).clip(-3, 3)]
    return pixel_unshuffle(np.stack(planes))


def weights_variable(finder: str) -> str:
    """The variable of the environment that names a file of weights of another training of a finder.

    Example:
        >>> weights_variable("damage-finder")
        'SELFMEND_DAMAGE_FINDER'
    """
    return f"SELFMEND_{finder.upper().replace('-', '_')}"


@lru_cache(maxsize=4)
def shipped_weights(finder: str) -> Weights:
    """The weights of "damage-finder" or "mark-finder" that come with the package, or those that the environment names.

    Raises:
        WeightsError: the file is not there, or damaged.
    """
    own = os.environ.get(weights_variable(finder))
    if own:
        return read_weights(own)
    with resources.as_file(resources.files(__package__) / "weights" / f"{finder}.npz") as path:
        return read_weights(path)


def read_weights(path: str | Path) -> Weights:
    """Weights from an .npz file, as a training writes it.

    Raises:
        WeightsError: no such file, or another one.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name].astype(np.float32) for name in arrays.files}
            for name in [name for name in found if name.endswith(_SCALE)]:
                found[name.removesuffix(_SCALE)] *= found.pop(name)
            return found
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{path} holds no weights of a finder ({error}); a file of selfmend train damage-finder or mark-finder fits"
        ) from error


def write_weights(weights: Weights, path: str | Path) -> None:
    """Write weights as `read_weights` reads them: a byte each, in multiples of a number for each channel: 2 MB."""
    from selfmend.files import atomic_path

    arrays: dict[str, NDArray[np.generic]] = {}
    for name, array in weights.items():
        if array.ndim < 2:
            arrays[name] = array.astype(np.float32)
            continue
        outputs = 1 if name.startswith("up.") else 0  # where a transposed convolution has its channels
        others = tuple(axis for axis in range(array.ndim) if axis != outputs)
        scale = np.maximum(np.abs(array).max(others, keepdims=True), 1e-12) / np.float32(127)
        arrays[name], arrays[name + _SCALE] = np.rint(array / scale).astype(np.int8), scale.astype(np.float32)
    with atomic_path(path) as temporary, Path(temporary).open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _model(weights: Weights, kinds: int, size: tuple[int, int]) -> bytes:
    """The network as a file of ONNX."""
    half = size[0] // 2, size[1] // 2
    try:
        net = OnnxModel("image", (1, PLANES, *half))

        def conv(x: str, name: str, stride: int = 1) -> str:
            return net.relu(net.conv(x, weights[f"{name}.weight"], weights[f"{name}.bias"], stride=stride))

        x = conv(conv("image", "stem.0"), "stem.1")
        passed = []
        depth = sum(name.startswith("up.") for name in weights) // 2
        for k in range(depth):
            passed.append(x)
            x = conv(conv(x, f"down.{k}.0", stride=2), f"down.{k}.1")
        for k in range(depth):
            x = net.enlarge(x, weights[f"up.{k}.weight"], weights[f"up.{k}.bias"])
            x = conv(net.concat(passed.pop(), x), f"join.{k}")
        x = net.conv(conv(x, "last"), weights["head.weight"], weights["head.bias"])
    except KeyError as error:
        raise WeightsError(f"weights of the finder lack {error}; those of `selfmend train` fit") from error
    if len(weights["head.bias"]) != 4 * kinds:
        raise WeightsError(
            f"the weights tell {len(weights['head.bias']) // 4} kinds apart, and this finder {kinds}; those of its own "
            "training fit"
        )
    return net.bytes(net.sigmoid(x), (1, 4 * kinds, *half))


def _even(side: int) -> int:
    return side + side % 2


def _rounded(side: int) -> int:
    return max(2 * MULTIPLE, -(-side // MULTIPLE) * MULTIPLE)


def _tile(length: int) -> int:
    """Pixels of a tile along a side: as many tiles as are needed, none larger than that takes."""
    count = max(1, -(-(length - _OVERLAP) // (_TILE - _OVERLAP)))
    return _rounded(-(-(length - _OVERLAP) // count) + _OVERLAP)


def _places(length: int, tile: int) -> list[tuple[int, int, int]]:
    """Where tiles begin on a side, and from where to where each one's result is taken."""
    if tile >= length:
        return [(0, 0, length)]
    count = -(-(length - _OVERLAP) // (tile - _OVERLAP))
    starts = [_even(k * (length - tile) // (count - 1)) for k in range(count)]
    cuts = [0, *((a + tile + b) // 2 for a, b in itertools.pairwise(starts)), length]
    return list(zip(starts, cuts, cuts[1:], strict=False))

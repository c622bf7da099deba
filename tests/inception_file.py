"""A file in the layout of the published Inception-v3: official keys beside others, weights by rule."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import torch

from golden import weight_by_rule

STEM = {
    "Conv2d_1a_3x3": (32, 3, 3, 3),
    "Conv2d_2a_3x3": (32, 32, 3, 3),
    "Conv2d_2b_3x3": (64, 32, 3, 3),
    "Conv2d_3b_1x1": (80, 64, 1, 1),
    "Conv2d_4a_3x3": (192, 80, 3, 3),
}
REST = {"Mixed_5b.branch1x1.conv.weight": (64, 192, 1, 1), "AuxLogits.fc.bias": (1000,), "fc.weight": (10, 2048)}


def official_state() -> dict[str, torch.Tensor]:
    """The layers that are used and a few of those that are not; no counters of batches, as in the oldest files."""
    return {key: weight_by_rule(key, shape) for key, shape in _shapes()}


def _shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    for layer, shape in STEM.items():
        yield f"{layer}.conv.weight", shape
        for name in ("weight", "bias", "running_mean", "running_var"):
            yield f"{layer}.bn.{name}", shape[:1]
    yield from REST.items()


def write(path: Path) -> str:
    """Save it; the SHA-256 of the file."""
    torch.save(official_state(), path)
    return hashlib.sha256(path.read_bytes()).hexdigest()

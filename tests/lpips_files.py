"""Files in the layout of torchvision's AlexNet and SqueezeNet and of LPIPS' heads, weights by rule."""

import dataclasses
import hashlib
from pathlib import Path

import pytest
import torch

from golden import weight_by_rule
from selfmend.metrics.lpips import BACKBONES
from selfmend.nn.weights import WeightsFile

ALEX = {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3), 8: (256, 384, 3, 3), 10: (256, 256, 3, 3)}
FIRES = {3: (64, 16, 64), 4: (128, 16, 64), 6: (128, 32, 128), 7: (256, 32, 128), 9: (256, 48, 192),
         10: (384, 48, 192), 11: (384, 64, 256), 12: (512, 64, 256)}  # fmt: skip
HEADS = {"alex": (64, 192, 384, 256, 256), "squeeze": (64, 128, 256, 384, 384, 512, 512)}


def backbone_shapes(backbone: str) -> dict[str, tuple[int, ...]]:
    """The published keys; beside the convolutions, one of the classifier's."""
    if backbone == "alex":
        shapes = {f"features.{place}.weight": shape for place, shape in ALEX.items()}
    else:
        shapes = {"features.0.weight": (64, 3, 3, 3)}
        for place, (inputs, squeezed, each) in FIRES.items():
            shapes[f"features.{place}.squeeze.weight"] = (squeezed, inputs, 1, 1)
            shapes[f"features.{place}.expand1x1.weight"] = (each, squeezed, 1, 1)
            shapes[f"features.{place}.expand3x3.weight"] = (each, squeezed, 3, 3)
    biases = {key.replace("weight", "bias"): shape[:1] for key, shape in shapes.items()}
    return shapes | biases | {"classifier.1.weight": (10, 20)}


def backbone_state(backbone: str) -> dict[str, torch.Tensor]:
    return {key: weight_by_rule(key, shape) for key, shape in backbone_shapes(backbone).items()}


def heads_state(backbone: str) -> dict[str, torch.Tensor]:
    """Weights that are not negative, as the published ones."""
    shapes = {f"lin{k}.model.1.weight": (1, count, 1, 1) for k, count in enumerate(HEADS[backbone])}
    return {key: weight_by_rule(key, shape).abs() for key, shape in shapes.items()}


def publish(folder: Path, backbone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write both files into `folder` and let their digests be the published ones."""
    written: list[WeightsFile] = []
    states = (backbone_state(backbone), heads_state(backbone))
    for file, state in zip(BACKBONES[backbone], states, strict=True):
        torch.save(state, folder / file.name)
        digest = hashlib.sha256((folder / file.name).read_bytes()).hexdigest()
        written.append(dataclasses.replace(file, sha256=digest))
    monkeypatch.setitem(BACKBONES, backbone, (written[0], written[1]))

"""A file in the layout of the weights that FID looks with: official keys, weights by rule, the classes beside them."""

import dataclasses
import hashlib
from pathlib import Path

import pytest
import torch

from golden import weight_by_rule
from selfmend.nn import inception as inception_fid
from selfmend.nn.inception import InceptionFid
from selfmend.nn.weights import INCEPTION_FID


def publish(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write it into `folder` and let its digest be the published one."""
    shapes = {key: tuple(value.shape) for key, value in InceptionFid().state_dict().items()}
    state = {key: weight_by_rule(key, shape) for key, shape in shapes.items() if "num_batches" not in key}
    file = folder / INCEPTION_FID.name
    torch.save(state | {"fc.weight": torch.zeros(1008, 3)}, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(inception_fid, "INCEPTION_FID", dataclasses.replace(INCEPTION_FID, sha256=digest[:8]))

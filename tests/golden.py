"""The rules behind tests/data: weights and inputs of the golden vectors are computed, only outputs are stored."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

DATA = Path(__file__).parent / "data"


def outside(name: str) -> Path:
    """A file or folder of the data for development, beside the project; a test that needs it is skipped without."""
    for folder in list(Path(__file__).resolve().parents)[1:4]:
        if (folder / "shared" / name).exists():
            return folder / "shared" / name
    pytest.skip(f"needs ../shared/{name}, which is no part of the project")


def weight_by_rule(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    """The value of the tensor `key`, by its name and shape alone."""
    u = np.random.default_rng(zlib.crc32(key.encode())).uniform(-1, 1, shape).astype(np.float32)
    if key.endswith("running_var"):
        u = 1 + 0.5 * u
    elif len(shape) <= 1:
        u = 1 + 0.1 * u if key.endswith("weight") else 0.1 * u
    else:
        u = u * np.float32(np.sqrt(3 / np.prod(shape[1:])))
    return torch.from_numpy(np.asarray(u, np.float32))


def fill_by_rule(net: torch.nn.Module) -> torch.nn.Module:
    """Fill a network's state dict by the rule; the network."""
    net.load_state_dict({key: weight_by_rule(key, tuple(value.shape)) for key, value in net.state_dict().items()})
    return net


def spectral_by_rule(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state dict with the singular vectors of the old spectral norm as the rule has them."""
    state = dict(state)
    for key in [key for key in state if key.endswith("weight_u")]:
        layer = key.removesuffix("weight_u")
        named = layer.replace("features.0.", "conv1.0.")  # the one is the other's alias
        weight = weight_by_rule(f"{named}weight_orig", tuple(state[f"{layer}weight_orig"].shape))
        u = np.random.default_rng(zlib.crc32(f"{named}weight_u".encode())).uniform(-1, 1, state[key].shape)
        u = torch.from_numpy(u.astype(np.float32))
        state[f"{layer}weight_orig"], state[key] = weight, u / u.norm()
        matrix = (weight if len(weight) == len(u) else weight.transpose(0, 1)).flatten(1)
        state[f"{layer}weight_v"] = torch.nn.functional.normalize(matrix.mT @ state[key], dim=0)
    return state


def input_by_rule(seed: int, shape: tuple[int, ...]) -> torch.Tensor:
    """default_rng(seed) uniform in [-1, 1]."""
    return torch.from_numpy(np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32))


def load_golden(name: str) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """The arrays of tests/data/<name>.npz, and the state dict that belongs to them."""
    with np.load(DATA / f"{name}.npz") as file:
        arrays = {k: torch.from_numpy(file[k]) for k in file.files if file[k].dtype.kind == "f"}
        keys = json.loads(str(file["state_dict"]))
    return arrays, spectral_by_rule({key: weight_by_rule(key, tuple(shape)) for key, shape in keys})


def assert_golden(actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-4) -> None:
    """Equal up to `tolerance` times the largest expected value."""
    assert actual.shape == expected.shape
    worst = float((actual.double() - expected.double()).abs().max() / expected.double().abs().max())
    assert worst <= tolerance, f"differs by {worst:.2e} of the largest value"

"""Checkpoints: what goes in comes out, nothing is executed, and a damaged file is named."""

from pathlib import Path

import pytest
import torch

from facts import mentions
from selfmend.errors import RunError
from selfmend.training.checkpoints import load_outline, load_state, save_state


def test_nested_state_comes_back(tmp_path: Path) -> None:
    shared = torch.arange(4.0)
    state = {
        "net": {"weight": shared, "same memory": shared, "int": torch.tensor(3), "empty": torch.zeros(0, 2)},
        "optimizer": {"state": {0: {"step": torch.tensor(2.0)}, 1: {}}, "param_groups": [{"betas": (0.5, 0.999)}]},
        "numbers": [1, 2.5, True, None, "text", 1e300],
        "bfloat16": torch.ones(3, dtype=torch.bfloat16),
        "$odd key": 1,
    }
    save_state(tmp_path / "a.safetensors", state)
    back = load_state(tmp_path / "a.safetensors")
    assert back["optimizer"]["param_groups"][0]["betas"] == (0.5, 0.999)
    assert back["optimizer"]["state"][0]["step"] == 2
    assert back["numbers"] == state["numbers"]
    assert back["$odd key"] == 1
    assert torch.equal(back["net"]["same memory"], shared)
    assert back["net"]["int"].dtype == torch.int64
    assert back["bfloat16"].dtype == torch.bfloat16


def test_an_optimiser_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    def train(stop: bool) -> torch.Tensor:
        x = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.Adam([x], lr=0.1)
        for i in range(6):
            if i == 3 and stop:
                save_state(tmp_path / "o.safetensors", {"x": x, "o": optimizer.state_dict()})
                saved = load_state(tmp_path / "o.safetensors")
                x = torch.nn.Parameter(saved["x"])
                optimizer = torch.optim.Adam([x], lr=0.5)
                optimizer.load_state_dict(saved["o"])
            optimizer.zero_grad()
            (x**2).sum().backward()
            optimizer.step()
        return x.detach()

    assert torch.equal(train(stop=False), train(stop=True))


@pytest.mark.parametrize("keep", [0, 5, 60, 200])
def test_truncated_file_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.safetensors"
    save_state(path, {"x": torch.zeros(100)})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(RunError, match=mentions("a.safetensors")):
        load_state(path)


def test_what_is_not_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="not function"):
        save_state(tmp_path / "a.safetensors", {"step": lambda: 1})
    assert not list(tmp_path.iterdir())


def test_the_outline_has_the_tree_and_the_sides_of_tensors(tmp_path) -> None:
    state = {"a": torch.zeros(2, 3), "b": [1, "x", None, {"c": torch.ones(4)}], "d": {1: (2.5, True)}}
    save_state(tmp_path / "file", state)
    assert load_outline(tmp_path / "file") == {"a": [2, 3], "b": [1, "x", None, {"c": [4]}], "d": {1: (2.5, True)}}
    (tmp_path / "file").write_bytes((tmp_path / "file").read_bytes()[:100])
    with pytest.raises(RunError, match="is not a whole checkpoint"):
        load_outline(tmp_path / "file")

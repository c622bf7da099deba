"""`selfmend weights`: the list, taking a file over, fetching one."""

import dataclasses
import hashlib
import json
import sys

import pytest
import torch

from owned_files import small_network
from selfmend.nn import owned_weights
from selfmend.nn.owned_weights import NETWORKS


@pytest.fixture(autouse=True)
def _empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TORCH_HOME", raising=False)


def test_a_file_is_taken_over_and_the_method_fills(run, refused, folder, tmp_path):
    assert "selfmend weights add FILE" in refused("inpaint", "photo.png", "-m", "mask.png", "--method", "lama")
    rows = json.loads(run("weights", "--json").out)["weights"]
    assert {row["name"] for row in rows} == set(NETWORKS)
    assert not any(row["here"] for row in rows)
    torch.save({"generator": small_network("lama").state_dict()}, "net.pt")
    assert "LaMa (Apache-2.0)" in run("weights", "add", "net.pt").out
    there = tmp_path / "weights/lama.safetensors"
    assert {row["name"]: row["here"] for row in json.loads(run("weights", "--json").out)["weights"]}["lama"] == str(
        there
    )
    assert str(there) in run("weights").out
    filled = run("inpaint", "photo.png", "-m", "mask.png", "--method", "lama", "-o", "filled.png")
    assert filled.code == 0


def test_published_weights_are_fetched_once(run, tmp_path, monkeypatch):
    source = tmp_path / "big-lama.pt"
    torch.save(small_network("lama").state_dict(), source)
    digest = hashlib.md5(source.read_bytes()).hexdigest()
    file = dataclasses.replace(NETWORKS["lama"].files[0], address=source.as_uri(), md5=digest)
    monkeypatch.setitem(owned_weights.NETWORKS, "lama", dataclasses.replace(NETWORKS["lama"], files=(file,)))
    assert run("weights", "fetch", "lama", "-q").code == 0
    assert sorted(p.name for p in (tmp_path / "weights").iterdir()) == ["lama.safetensors"]
    assert "here already" in run("weights", "fetch", "lama").out


def test_mistakes_end_with_one_line(refused, tmp_path):
    assert "did you mean 'lama'" in refused("weights", "fetch", "lam")
    assert "cannot read" in refused("weights", "add", tmp_path / "none.pt")


def test_without_pytorch_the_list_is_there_and_nothing_is_downloaded(run, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "selfmend.nn.stored_tensors", None)
    assert "lama" in run("weights").out
    assert "pip install" in refused("weights", "fetch", "lama")

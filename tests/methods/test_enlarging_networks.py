"""Networks with owned weights that enlarge: which are applied for a factor, and pictures of any size in tiles."""

from pathlib import Path

import numpy as np
import pytest
from torch import nn
from torch._dynamo.exc import BackendCompilerFailed

import selfmend
from facts import mentions
from owned_files import own_all
from selfmend.errors import MissingWeightsError, OptionError
from selfmend.methods.enlarging import EdsrMethod, SrganMethod, TileConfig
from selfmend.nn.edsr import Edsr
from selfmend.types import Image


@pytest.fixture(autouse=True)
def _weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(own_all(tmp_path / "weights", ("edsr", "srgan"))))


def picture(height: int, width: int) -> Image:
    return np.random.default_rng(0).random((height, width, 3), np.float32)


@pytest.mark.parametrize("kind", [EdsrMethod, SrganMethod])
def test_tiles_give_what_the_whole_gives(kind: type[EdsrMethod | SrganMethod]) -> None:
    image = picture(75, 101)
    whole = kind().super_resolve(image, 2)
    method = kind(TileConfig(tile=32))
    seen = [tile[0] for tile in method.tiles(method.network(2), 75, 101)]
    assert len(seen) == 12
    assert np.abs(method.super_resolve(image, 2) - whole).max() < 1e-5


def test_the_networks_for_a_factor(tmp_path: Path) -> None:
    assert [EdsrMethod().scales(f) for f in (1.5, 2, 2.5, 3, 4, 8, 9, 16)] == [
        [2], [2], [3], [3], [4], [4, 2], [4, 3], [4, 4],
    ]  # fmt: skip
    (tmp_path / "weights/edsr-x4.safetensors").unlink()
    assert [EdsrMethod().scales(f) for f in (2, 4, 6.5)] == [[2], [3, 2], [3, 3]]
    assert selfmend.super_resolve(picture(12, 9), 3.4, method="edsr").shape == (40, 30, 3)


def test_without_weights_it_says_which_file_fits(tmp_path: Path) -> None:
    for file in (tmp_path / "weights").iterdir():
        file.unlink()
    with pytest.raises(MissingWeightsError, match=mentions("edsr_baseline_x4-6b446fab.pt", "weights fetch edsr-x4")):
        selfmend.super_resolve(picture(12, 9), 2, method="edsr")
    with pytest.raises(MissingWeightsError, match=mentions("netG_epoch_4_100.pth")):
        selfmend.super_resolve(picture(12, 9), 2, method="srgan")


def test_a_network_is_compiled_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[nn.Module] = []
    monkeypatch.setattr(nn.Module, "compile", lambda net: compiled.append(net))
    image = picture(12, 9)
    plain = EdsrMethod().super_resolve(image, 2)
    assert compiled == []
    method = EdsrMethod(TileConfig(compile=True))
    assert np.array_equal(method.super_resolve(image, 2), plain)
    assert compiled == [method.network(2)]
    error = BackendCompilerFailed(compile, RuntimeError("no g++"), None)
    monkeypatch.setattr(Edsr, "forward", lambda *a: (_ for _ in ()).throw(error))
    with pytest.raises(OptionError, match=mentions("no g++", "compile")):
        method.super_resolve(image, 2)

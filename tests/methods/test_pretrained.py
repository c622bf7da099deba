"""How a network that somebody else has trained is shown pictures of any size."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._dynamo.exc import BackendCompilerFailed

from owned_files import own_all
from selfmend.errors import OptionError, SelfmendWarning
from selfmend.methods.glcic import Glcic
from selfmend.methods.migan import Migan
from selfmend.methods.pretrained import PretrainedConfig, PretrainedMethod, padded
from selfmend.methods.registry import has_weights
from selfmend.nn.tensors import resize, to_tensor
from selfmend.seeding import make_rng
from selfmend.types import Image, Mask


class Knows(PretrainedMethod):
    """A "network" that knows the truth, as far as it can be seen in a picture as small as the one that it is shown."""

    name = title = source = "knows"
    presets: ClassVar = {"default": PretrainedConfig()}

    def __init__(self, truth: Image, **options: Any) -> None:
        super().__init__(PretrainedConfig(**options), device="cpu")
        self.truth, self.shown = to_tensor(truth), []

    def network(self) -> nn.Module:
        return nn.Identity()

    def complete(self, picture: Tensor, hole: Tensor) -> Tensor:
        size = (picture.shape[2], picture.shape[3])
        self.shown.append(size)
        assert hole.shape == (1, 1, *size)
        assert hole.unique().tolist() in ([1.0], [0.0, 1.0])
        return resize(self.truth, size)


def grating(height: int, width: int) -> Image:
    """Fine lines and coarse waves: the lines cannot be seen in a small picture."""
    rows, columns = np.mgrid[:height, :width]
    wave = 0.5 + 0.2 * np.sin(rows / 40) + 0.2 * np.where(columns // 2 % 2, 1, -1)
    return np.repeat(wave[..., None].astype(np.float32), 3, 2)


def box(height: int, width: int, *corners: tuple[int, int], side: int = 40) -> Mask:
    mask = np.zeros((height, width), bool)
    for top, left in corners:
        mask[top : top + side, left : left + side] = True
    return mask


def test_detail_is_what_the_small_picture_lacks() -> None:
    truth, mask = grating(240, 320), box(240, 320, (100, 140))
    errors = {}
    for strategy in ("detail", "resize", "original"):
        method = Knows(truth, strategy=strategy, limit=80, margin=200)
        filled = method.inpaint(truth, mask)[0]
        assert method.shown == [(240, 320) if strategy == "original" else (60, 80)]
        errors[strategy] = float(np.abs(filled - truth)[mask].mean())
    assert errors["original"] < 1e-6
    assert errors["resize"] > 0.15
    assert errors["detail"] < 0.5 * errors["resize"]


def test_each_hole_of_a_large_picture_has_its_window() -> None:
    truth, mask = make_rng(0).random((1500, 1400, 3)).astype(np.float32), box(1500, 1400, (30, 40), (1300, 1200))
    method = Knows(truth, strategy="crop")
    (first, one), (second, other) = method.windows(mask)
    assert np.array_equal(one | other, mask)
    assert not (one & other).any()
    for window, own in ((first, one), (second, other)):
        assert own[window].sum() == own.sum()
        assert own[window].shape == (512, 512)
    near = box(1500, 1400, (300, 300), (300, 380))
    ((window, own),) = method.windows(near)
    assert own.sum() == near.sum()
    rows, columns = np.nonzero(near)
    assert window[0].start <= rows.min() - 128
    assert window[1].stop >= columns.max() + 1 + 128


def test_a_large_hole_is_shown_with_surroundings_as_large() -> None:
    mask = box(2000, 2000, (700, 700), side=600)
    ((window, _),) = Knows(np.zeros((8, 8, 3), np.float32)).windows(mask)
    assert (window[0].start, window[0].stop) == (400, 1600)


@pytest.mark.filterwarnings("ignore:98%")
def test_where_no_patch_is_left_it_is_said_that_no_detail_is_added() -> None:
    truth, mask = grating(240, 320), np.ones((240, 320), bool)
    mask[::7, ::9] = False
    with pytest.warns(SelfmendWarning, match="no detail is added"):
        Knows(truth, strategy="detail", limit=80).inpaint(truth, mask)


def test_an_unknown_strategy_is_refused() -> None:
    with pytest.raises(OptionError, match="did you mean 'original'"):
        Knows.from_options(options={"strategy": "originl"})


def test_padding_is_the_mirror_image() -> None:
    x = torch.arange(6.0).view(1, 1, 2, 3)
    wanted = np.pad(x[0, 0].numpy(), ((0, 5), (0, 6)), "symmetric")
    assert np.array_equal(padded(x, 7, 9)[0, 0].numpy(), wanted)


def test_a_network_is_compiled_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(own_all(tmp_path, ("glcic",))))
    compiled: list[nn.Module] = []
    monkeypatch.setattr(nn.Module, "compile", lambda net, *a, **k: compiled.append(net))
    for asked in (False, True):
        Glcic.from_options(None, {"compile": asked}).network()
        assert len(compiled) == asked
    monkeypatch.setattr(
        Glcic,
        "complete",
        lambda *a: (_ for _ in ()).throw(BackendCompilerFailed(compile, RuntimeError("no g++"), None)),
    )
    image, mask = np.full((40, 40, 3), 0.5, np.float32), box(40, 40, (10, 10), side=8)
    with pytest.raises(OptionError, match="no g"):
        Glcic.from_options(None, {"compile": True}).inpaint(image, mask)


def test_colours_of_a_fill_can_be_made_to_meet_what_is_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(own_all(tmp_path, ("glcic",))))
    truth, mask = grating(96, 96) * 0.5 + 0.2, box(96, 96, (30, 30), side=20)
    monkeypatch.setattr(Glcic, "network", lambda self: lambda shown: to_tensor(truth) + 0.2)
    options = [{"blend": blend, "strategy": "original"} for blend in (False, True)]
    errors = [np.abs(Glcic.from_options(None, one).inpaint(truth, mask)[0] - truth).max() for one in options]
    assert errors[0] > 0.19
    assert errors[1] < 0.01


def test_migan_takes_the_weights_that_are_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(own_all(tmp_path, ("migan",))))
    assert (Migan().weights_name(), Migan().largest()) == ("migan", 512)
    assert Migan.from_options(None, {"side": "256"}).weights_name() == "migan-256"
    (tmp_path / "migan.safetensors").unlink()
    assert (Migan().weights_name(), Migan().largest()) == ("migan-256", 256)
    assert has_weights("migan")
    filled = Migan().inpaint(grating(40, 50), box(40, 50, (10, 10), side=8))[0]
    assert filled.shape == (40, 50, 3)

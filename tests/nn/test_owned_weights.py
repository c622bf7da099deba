"""Files of other programs are recognised and read as data; what is no whole network of ours is refused."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from owned_files import SMALL, small_network, torchscript
from selfmend.errors import MissingWeightsError, WeightsError
from selfmend.methods.lama import Lama
from selfmend.nn.deepfill import DeepFillGenerator
from selfmend.nn.owned_weights import add_weights, load_owned, owned_file, recognize_file


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and an empty folder of weights in it."""
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TORCH_HOME", raising=False)
    return tmp_path


class Wrapped(nn.Module):
    """As IOPaint's archive has it: the generator two modules deep, beside other things."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.model = nn.Module()
        self.model.generator = generator
        self.mean = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.model.generator(x)


def the_file(kind: str, path: Path) -> Path:
    """LaMa's small network, as programs store it."""
    net = small_network("lama")
    state = net.state_dict()
    if kind == "safetensors":
        save_file({f"generator.{k}": v for k, v in state.items()}, path)
    elif kind == "state dict":
        torch.save(state, path)
    elif kind == "multi-GPU":
        torch.save({"model": {f"module.{k}": v for k, v in state.items()}}, path)
    elif kind == "half":
        torch.save({k: v.half() if v.is_floating_point() else v for k, v in state.items()}, path)
    elif kind == "without counters":
        torch.save({k: v for k, v in state.items() if "num_batches" not in k}, path)
    elif kind == "checkpoint":
        all_of_it = {f"generator.{k}": v for k, v in state.items()} | {"discriminator.model0.0.weight": torch.ones(3)}
        torch.save({"epoch": 7, "state_dict": all_of_it, "optimizer": [{"lr": 1e-3, "step": np.float64(3)}]}, path)
    elif kind == "before 2020":
        torch.save(state, path, _use_new_zipfile_serialization=False)
    else:
        torchscript(Wrapped(net), path, torch.zeros(1, 4, 16, 16))
    return path


KINDS = (
    "safetensors", "state dict", "multi-GPU", "half", "without counters", "checkpoint", "before 2020", "TorchScript",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_kind_becomes_the_same_network(kind: str, tmp_path: Path) -> None:
    network, ours = add_weights(the_file(kind, tmp_path / "file.pt"))
    assert network.name == "lama"
    assert owned_file("lama") == ours
    with safe_open(ours, "pt") as file:
        assert file.metadata()["from"] == "file.pt"
    expected, state = small_network("lama").state_dict(), load_owned("lama").state_dict()
    assert state.keys() == expected.keys()
    for key, value in expected.items():
        wanted = value.half().float() if kind == "half" and value.is_floating_point() else value
        assert torch.equal(state[key], wanted) or "num_batches" in key, key


def test_the_models_of_iopaint_are_used_where_they_lie(home: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"weights fetch lama"):
        load_owned("lama")
    folder = home / "cache/torch/hub/checkpoints"
    folder.mkdir(parents=True)
    the_file("TorchScript", folder / "big-lama.pt")
    assert owned_file("lama") == folder / "big-lama.pt"
    image, mask = np.random.default_rng(0).random((20, 30, 3), np.float32), np.zeros((20, 30), bool)
    mask[5:9, 5:9] = True
    assert not np.array_equal(Lama().inpaint(image, mask)[0], image)


def refused(path: Path, match: str) -> None:
    """It is refused in one line that names the file."""
    with pytest.raises(WeightsError, match=match) as caught:
        add_weights(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["safetensors", "state dict", "before 2020", "TorchScript"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_cut_file_is_refused(kind: str, share: float, tmp_path: Path) -> None:
    path = the_file(kind, tmp_path / "file.safetensors" if kind == "safetensors" else tmp_path / "file.pt")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    refused(path, "whole|cut|damaged|no tensors")


@pytest.mark.parametrize("kind", ["state dict", "TorchScript"])
def test_a_flipped_byte_is_noticed(kind: str, tmp_path: Path) -> None:
    path = the_file(kind, tmp_path / "file.pt")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        part = next(p for p in archive.infolist() if p.filename.endswith("data/0"))
    data[part.header_offset + 200] ^= 0xFF
    path.write_bytes(data)
    refused(path, "damaged")


def test_another_network_is_named(tmp_path: Path) -> None:
    torch.save({"generator": {"decoder.7.weight": torch.zeros(3, 4, 7, 7)}}, tmp_path / "a.pth")
    refused(tmp_path / "a.pth", "EdgeConnect's inpainting generator.*selfmend import")
    torch.save({"some.weight": torch.zeros(3)}, tmp_path / "b.pth")
    refused(tmp_path / "b.pth", "no network that we know: 1 tensors, first 'some.weight'")
    torch.save({"epoch": 3}, tmp_path / "c.pth")
    refused(tmp_path / "c.pth", "no tensors")
    (tmp_path / "d.pt").write_text("a page that says that the file has moved")
    refused(tmp_path / "d.pt", "no whole PyTorch file")
    with zipfile.ZipFile(tmp_path / "e.pt", "w") as archive:
        archive.writestr("letter.txt", "hello")
    refused(tmp_path / "e.pt", "not one of PyTorch's")


def test_a_missing_key_another_shape_and_a_nan_are_named(tmp_path: Path) -> None:
    key = "model.5.conv1.ffc.convg2g.fu.conv_layer.weight"
    state = small_network("lama").state_dict()
    torch.save({k: v for k, v in state.items() if k != key}, tmp_path / "a.pt")
    refused(tmp_path / "a.pt", f"lacks '{key}'")
    torch.save(state | {key: torch.zeros(3, 3)}, tmp_path / "b.pt")
    refused(tmp_path / "b.pt", rf"'{key}'.*\(3, 3\)")
    torch.save(state | {key: torch.full_like(state[key], torch.nan)}, tmp_path / "c.pt")
    refused(tmp_path / "c.pt", "NaN")


class _Runs:
    """An object whose pickle runs a command when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("new", [True, False])
def test_code_in_a_pickle_is_refused_and_not_run(new: bool, tmp_path: Path) -> None:
    state: dict[str, Any] = dict(small_network("lama").state_dict())
    torch.save(state | {"x": _Runs(tmp_path / "ran")}, tmp_path / "a.pt", _use_new_zipfile_serialization=new)
    refused(tmp_path / "a.pt", "io.open.*not run" if new else "tensors alone")
    assert not (tmp_path / "ran").exists()


def rewritten(path: Path, change: Any, *, packed: bool = False) -> Path:
    """An archive whose parts were changed: `change` takes a name and bytes, and gives bytes."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(name, change(name, data))
    return path


def test_an_archive_that_unpacks_to_more_than_it_is_is_refused(tmp_path: Path) -> None:
    path = the_file("state dict", tmp_path / "a.pt")
    zeros = bytes(64 << 20)
    rewritten(path, lambda name, data: zeros if name.endswith("data.pkl") else data, packed=True)
    assert path.stat().st_size < 1 << 20
    refused(path, "packed")


class _Pid:
    """Stands for a storage of an archive in a pickle of ours."""

    def __init__(self, count: int) -> None:
        self.count = count


def archive_of(path: Path, shape: tuple[int, ...], strides: tuple[int, ...], count: int) -> Path:
    """An archive with one tensor that claims to be larger than its storage."""
    from torch._utils import _rebuild_tensor_v2

    class Tensors:
        def __reduce__(self) -> Any:
            return _rebuild_tensor_v2, (_Pid(count), 0, shape, strides, False, None)

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> Any:
            return ("storage", torch.FloatStorage, "0", "cpu", obj.count) if isinstance(obj, _Pid) else None

    held = io.BytesIO()
    Pickler(held, 2).dump({"model.1.ffc.convl2l.weight": Tensors()})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", held.getvalue())
        archive.writestr("a/data/0", bytes(16))
    return path


@pytest.mark.parametrize(
    ("shape", "strides"), [((10**6, 4, 7, 7), (0, 0, 0, 0)), ((8, 4, 7, 7), (196, 49, 7, 1)), ((-8, 4), (1, 1))]
)
def test_a_tensor_larger_than_its_numbers_is_refused(
    shape: tuple[int, ...], strides: tuple[int, ...], tmp_path: Path
) -> None:
    refused(archive_of(tmp_path / "a.pt", shape, strides, 4), "not run|damaged")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.pt", "cannot read.*No such file")
    refused(tmp_path, "cannot read.*directory")


def test_a_stored_network_of_another_name_is_refused(home: Path) -> None:
    (home / "weights").mkdir()
    torch.save({"some.weight": torch.zeros(3)}, home / "weights/big-lama.pt")
    with pytest.raises(WeightsError, match="no network that we know"):
        load_owned("lama")
    assert recognize_file(the_file("half", home / "a.pt"))[0].name == "lama"


@pytest.mark.parametrize("name", sorted(SMALL))
def test_each_network_is_recognised_by_its_keys(name: str, tmp_path: Path) -> None:
    torch.save({"model": {f"module.{k}": v for k, v in small_network(name).state_dict().items()}}, tmp_path / "a.pt")
    network, ours = add_weights(tmp_path / "a.pt")
    assert (network.name, ours.name) == (name, f"{name}.safetensors")
    assert type(load_owned(name)) is type(small_network(name))
    if name != "lama":
        with pytest.raises(MissingWeightsError, match=r"LaMa"):
            load_owned("lama")


def test_both_layouts_of_deepfill_are_recognised(tmp_path: Path) -> None:
    net = DeepFillGenerator(staged=True, width=0.125)
    torch.save({"G": net.state_dict(), "D": {"conv1.weight": torch.ones(3)}, "n_iter": 7}, tmp_path / "a.pth")
    assert add_weights(tmp_path / "a.pth")[0].name == "deepfill"
    assert load_owned("deepfill").staged


def test_migan_as_iopaint_has_it(tmp_path: Path) -> None:
    path = torchscript(small_network("migan"), tmp_path / "migan_traced.pt", torch.zeros(1, 4, 512, 512))
    assert add_weights(path)[0].name == "migan"

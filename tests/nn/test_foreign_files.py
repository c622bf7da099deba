"""TensorFlow's checkpoints and Torch7's files become ours; what is damaged is one line, whatever byte it is."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from golden import fill_by_rule, input_by_rule
from selfmend.errors import WeightsError
from selfmend.nn import tensorflow_checkpoint
from selfmend.nn.deepfill import DeepFillGenerator
from selfmend.nn.deepfill_v1 import DeepFillV1Generator
from selfmend.nn.glcic import AuthorsCompletionNetwork
from selfmend.nn.owned_weights import add_weights, load_owned
from selfmend.nn.stored_tensors import stored_tensors
from selfmend.nn.tensorflow_checkpoint import checkpoint_tensors
from selfmend.nn.torch7_file import torch7_tensors
from tensorflow_files import write_checkpoint
from torch7_files import Function, Module, write_torch7


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def as_variables(net: torch.nn.Module) -> dict[str, np.ndarray]:
    """The weights by the names and in the order of axes that the authors' TensorFlow code gives them."""
    variables = {"global_step": np.int64(7) * np.ones((), np.int64)}
    for key, value in net.state_dict().items():
        layer, last = key.split(".")[0], key.split(".")[-1]
        inner = f"{layer}/{layer}_conv" if layer.endswith("_upsample") else layer
        if last == "weight":
            variables[f"inpaint_net/{inner}/kernel"] = value.permute(2, 3, 1, 0).numpy()
            variables[f"inpaint_net/{inner}/kernel/Adam"] = np.zeros(3, np.float32)
        elif last == "bias":
            variables[f"inpaint_net/{inner}/bias"] = value.numpy()
    return variables


@pytest.mark.parametrize("name", ["deepfill", "deepfill-v1"])
def test_a_checkpoint_of_tensorflow_becomes_the_network(name: str, tmp_path: Path) -> None:
    kind = {"deepfill": DeepFillGenerator, "deepfill-v1": lambda **o: DeepFillV1Generator(authors=True, **o)}[name]
    net = fill_by_rule(kind(width=0.125)).eval()
    index = write_checkpoint(tmp_path / "snap-0", as_variables(net))
    for path in (index, index.with_name("snap-0.data-00000-of-00001")):
        assert add_weights(path)[0].name == name
        x, hole = input_by_rule(1, (1, 3, 24, 24)), torch.zeros(1, 1, 24, 24)
        hole[:, :, 6:14, 6:14] = 1
        with torch.no_grad():
            assert torch.equal(load_owned(name)(x, hole)[1], net(x, hole)[1])


def as_modules(net: AuthorsCompletionNetwork) -> dict[str, object]:
    """A table as the authors saved it: modules with their parameters, the first of which share a function."""
    shared, modules = Function(), dict[float, Module]()
    for k, layer in enumerate(net.model, 1):
        fields = {name: value.numpy() for name, value in layer.state_dict().items() if value.ndim}
        modules[k] = Module(f"nn.{type(layer).__name__}", train=False, dW=1, hook=shared, **fields)
    modules[len(modules) + 1] = Module("nn.Sigmoid", output=np.zeros((1, 3), np.float32).T)
    return {"model": Module("nn.Sequential", modules=modules, train=False), "mean": {1: 0.5, 2: 0.25, 3: 0.125}}


def test_a_file_of_torch7_becomes_the_network(tmp_path: Path) -> None:
    net = AuthorsCompletionNetwork(width=0.125)
    net.load_state_dict({k: v + 0.1 if v.is_floating_point() else v for k, v in net.state_dict().items()})
    net.mean.copy_(torch.tensor([0.5, 0.25, 0.125]))
    path = write_torch7(tmp_path / "completionnet.t7", as_modules(net))
    assert add_weights(path)[0].name == "glcic-places"
    x = input_by_rule(1, (1, 4, 16, 16))
    with torch.no_grad():
        assert torch.equal(load_owned("glcic-places")(x), net.eval()(x))


def test_the_authors_order_is_read_off_the_file(tmp_path: Path) -> None:
    net = AuthorsCompletionNetwork(width=0.125, order=("conv", "", "bn") * 16 + ("conv",))
    net.model[2].running_mean.fill_(3)
    add_weights(write_torch7(tmp_path / "a.t7", as_modules(net)))
    with torch.no_grad():
        x = input_by_rule(1, (1, 4, 16, 16))
        assert not torch.equal(net.eval()(x), AuthorsCompletionNetwork(width=0.125).eval()(x))
        assert torch.equal(load_owned("glcic-places")(x), net(x))
    modules = as_modules(AuthorsCompletionNetwork(width=0.125, order=("conv", "bn", "") * 16 + ("conv",)))
    del modules["model"].fields["modules"][49]  # type: ignore[attr-defined]
    with pytest.raises(WeightsError, match="16 convolutions"):
        add_weights(write_torch7(tmp_path / "b.t7", modules))


def test_kinds_of_tensors(tmp_path: Path) -> None:
    came = {"a/b": np.arange(6, dtype=np.float16).reshape(2, 3), "c": np.float64(2) * np.ones(()),
            "d": np.zeros((0, 3), np.int32)}  # fmt: skip
    found = checkpoint_tensors(write_checkpoint(tmp_path / "x", came))
    assert {k: (v.shape, v.read().dtype) for k, v in found.items()} == {k: (v.shape, v.dtype) for k, v in came.items()}
    assert all(np.array_equal(found[k].read(), v) for k, v in came.items())
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T
    (tensor,) = torch7_tensors(write_torch7(tmp_path / "x.t7", {"w": turned})).values()
    assert np.array_equal(tensor.read(), turned)


def written(kind: str, folder: Path) -> Path:
    """A small file of a kind."""
    if kind == "index":
        return write_checkpoint(folder / "n", {f"k{i}/kernel": np.ones((2, 1, i, 2), np.float32) for i in range(9)})
    if kind == "data":
        index = write_checkpoint(folder / "n", {"k": np.ones(40, np.float32)})
        return index.with_name("n.data-00000-of-00001")
    module = Module("nn.X", modules={1: Module("nn.Y", weight=np.ones((2, 2)))})
    return write_torch7(folder / "n.t7", {"m": module, "f": Function(), "mean": {1: 1, 2: 2}})


class _Any(int):
    """A checksum that is that of everything."""

    def __ne__(self, other: object) -> bool:
        return False


@pytest.mark.parametrize("kind", ["index", "index with right checksums", "data", "t7"])
def test_whatever_byte_is_wrong_it_is_one_line(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "index with right checksums":
        monkeypatch.setattr(tensorflow_checkpoint, "_masked_crc", lambda data: _Any())
        kind = "index"
    path = written(kind, tmp_path)
    whole, draw = path.read_bytes(), random.Random(kind)
    lines = list[str]()
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(draw.choice((1, 1, 2, 8))):
            data[draw.randrange(len(data))] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
        if draw.random() < 0.3:
            data = data[: draw.randrange(len(data))]
        path.write_bytes(data)
        try:
            for tensor in stored_tensors(path).values():
                tensor.read()
        except WeightsError as error:
            lines.append(str(error))
    assert not any("\n" in line for line in lines)
    assert len(lines) > 300


def test_data_that_are_damaged_or_not_there(tmp_path: Path) -> None:
    index = write_checkpoint(tmp_path / "n", {"k": np.ones(4, np.float32)})
    data = index.with_name("n.data-00000-of-00001")
    data.write_bytes(data.read_bytes()[:-1] + b"\1")
    with pytest.raises(WeightsError, match="checksum"):
        stored_tensors(index)["k"].read()
    data.unlink()
    with pytest.raises(WeightsError, match=r"data-00000-of-00001, which belongs to the index"):
        stored_tensors(index)["k"].read()
    with pytest.raises(WeightsError, match="cannot read"):
        stored_tensors(tmp_path / "m.index")

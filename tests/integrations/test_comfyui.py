"""ComfyUI's node, loaded as ComfyUI loads it, against a running server."""

import importlib.util
import sys
import types

import numpy as np
import pytest
import torch

import install
from facts import mentions
from mending_server import TOKEN, MendingRunner, Server


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The installed folder as a package whose name is its path, which is ComfyUI's way."""
    comfyui = tmp_path_factory.mktemp("comfyui")
    (comfyui / "custom_nodes").mkdir()
    folder = install.install("comfyui", install.comfyui_folder(comfyui))
    name = str(folder)
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    yield module
    for loaded in [key for key in sys.modules if key.startswith(name)]:
        del sys.modules[loaded]


@pytest.fixture
def node(package):
    return package.NODE_CLASS_MAPPINGS["SelfmendInpaint"]()


@pytest.fixture
def image(photo):
    """Two images between whose bytes there is room: known pixels must come back to the bit."""
    one = torch.from_numpy(photo).float() / 255
    return torch.stack([one, one.flip(1)]) * 0.987


@pytest.fixture
def mask(hole):
    return torch.from_numpy(hole > 0).float()[None]


def fill(node, server, image, mask, *, method="telea", seed=0, grow=0):
    (mended,) = node.mend(image, mask, method, seed, grow, server.address)
    return mended


def test_a_batch_is_filled_and_known_pixels_keep_their_bits(node, server, image, mask):
    mended = fill(node, server, image, mask)
    assert (mended.shape, mended.dtype) == (image.shape, image.dtype)
    inside = mask[0] > 0
    assert torch.equal(mended[:, ~inside], image[:, ~inside])
    assert ((mended != image).any(-1)[:, inside].float().mean()) > 0.9
    for index in range(2):
        assert torch.equal(fill(node, server, image[index : index + 1], mask)[0], mended[index])


def test_each_image_has_its_mask_and_one_without_a_hole_stays(node, server, image, mask):
    masks = torch.cat([torch.zeros_like(mask), mask * 0.5])
    before = len(server.runner.submitted)
    mended = fill(node, server, image, masks)
    assert len(server.runner.submitted) == before + 1
    assert torch.equal(mended[0], image[0])
    assert not torch.equal(mended[1], image[1])


@pytest.mark.parametrize("channels", [1, 4])
def test_other_numbers_of_channels(node, server, image, mask, channels):
    image = image[..., :1] if channels == 1 else torch.cat([image, image[..., :1]], dim=-1)
    mended = fill(node, server, image, mask)
    assert mended.shape == image.shape
    assert not torch.equal(mended, image)


def test_what_the_node_asks_for_arrives(node, server, image, mask):
    fill(node, server, image[:1], mask, method="patchmatch", seed=7, grow=2)
    assert server.runner.settings[-1] == {"method": "patchmatch", "seed": 7, "grow_mask": 2}


def test_shapes_that_do_not_fit(node, server, image, mask):
    with pytest.raises(ValueError, match=mentions("1x64x64", "2x60x91", "64x64")):
        fill(node, server, image, torch.zeros(1, 64, 64))
    with pytest.raises(ValueError, match=mentions("3x60x91", "2x60x91")):
        fill(node, server, image, mask.expand(3, -1, -1))
    with pytest.raises(ValueError, match="the mask is empty"):
        fill(node, server, image, mask * 0.49)
    with pytest.raises(ValueError, match=mentions("(2, 60, 91, 2)", "1", "3", "4")):
        fill(node, server, image[..., :2], mask)


def test_the_token_comes_from_the_environment(node, image, mask, tmp_path, monkeypatch):
    """Inputs are written into the pictures that ComfyUI saves; a secret must not be one."""
    assert not [name for group in node.INPUT_TYPES().values() for name in group if "token" in name]
    with Server(MendingRunner(tmp_path), token=TOKEN) as server:
        monkeypatch.setenv("SELFMEND_TOKEN", TOKEN)
        assert fill(node, server, image[:1], mask).shape == image[:1].shape


@pytest.fixture
def comfy(monkeypatch):
    """The two names of ComfyUI that the node uses where they are."""
    bars = []

    class ProgressBar:
        def __init__(self, total):
            self.total, self.values = total, []
            bars.append(self)

        def update_absolute(self, value):
            self.values.append(value)

    management = types.SimpleNamespace(throw_exception_if_processing_interrupted=lambda: None)
    monkeypatch.setitem(sys.modules, "comfy", types.ModuleType("comfy"))
    monkeypatch.setitem(sys.modules, "comfy.utils", types.SimpleNamespace(ProgressBar=ProgressBar))
    monkeypatch.setitem(sys.modules, "comfy.model_management", management)
    return types.SimpleNamespace(bars=bars, management=management)


def test_the_bar_moves_over_all_images(node, server, image, mask, comfy):
    fill(node, server, image, mask)
    (bar,) = comfy.bars
    assert bar.total == bar.values[-1] == 200
    assert bar.values == sorted(bar.values)


def test_warnings_of_the_server_are_told(node, server, image, mask, caplog, monkeypatch):
    change = server.runner.change
    monkeypatch.setattr(server.runner, "change", lambda id, **to: change(id, **to, warnings=("a small one",)))
    fill(node, server, image[:1], mask)
    assert caplog.messages.count("Selfmend: a small one") == 1


def test_an_interrupt_stops_the_job_on_the_server(node, server, image, mask, comfy):
    class InterruptedByUserError(Exception):
        pass

    def throw():
        raise InterruptedByUserError

    comfy.management.throw_exception_if_processing_interrupted = throw
    with pytest.raises(InterruptedByUserError):
        fill(node, server, image, mask, method="waits")
    assert server.runner.stopped()


def test_the_node_is_what_comfyui_expects(package, node):
    assert package.NODE_DISPLAY_NAME_MAPPINGS.keys() == package.NODE_CLASS_MAPPINGS.keys()
    arguments = node.mend.__code__.co_varnames[1 : node.mend.__code__.co_argcount]
    assert list(node.INPUT_TYPES()["required"]) == list(arguments)
    assert callable(getattr(node, node.FUNCTION))
    assert isinstance(node.RETURN_TYPES, tuple)


def test_methods_are_some_of_the_server(node, client):
    offered = {method["name"] for method in client.methods()["methods"]}
    assert set(node.INPUT_TYPES()["required"]["method"][0]) <= offered


def test_a_hole_in_half_precision(node, server, image, mask):
    mended = fill(node, server, image[:1].half(), mask.half())
    assert mended.dtype == torch.float16
    assert np.isfinite(mended.numpy()).all()

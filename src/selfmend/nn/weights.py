"""Published weights: where they are looked up and checked, and the authors' checkpoints read as ours.

Published weights: where they are looked up, how they are downloaded and checked, and how a network takes them.

A file is looked up at the path that the caller gives, or else in the folder that the environment variable
SELFMEND_WEIGHTS names, then in the user's cache folder. Nothing is downloaded unasked.

State dicts of the authors' codes, in whatever wrapping they come, as our networks take them.

Handled: the prefix of multi-GPU files, dicts around the state dict, both forms of spectral norm, the alias of a layer
in EdgeConnect's discriminators, counters of batches that old files lack.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import platformdirs

from selfmend.errors import MissingWeightsError, WeightsError
from selfmend.files import atomic_path

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

_VARIABLE = "SELFMEND_WEIGHTS"
_TIMEOUT = 60  # seconds without a byte
_NUMBER = re.compile(r"\(os error (\d+)\)")


@dataclass(frozen=True, kw_only=True)
class FileTensor:
    """A tensor of another program's file, which is not read before it is asked for.

    Attributes:
        shape: of it.
        read: gives it, in the type that it has in the file; raises WeightsError where its part is damaged.
    """

    shape: tuple[int, ...]
    read: Callable[[], np.ndarray]


def save_tensors(tensors: Mapping[str, Tensor], path: Path, about: dict[str, str]) -> None:
    """Write tensors as a safetensors file, with texts in its header.

    Raises:
        OSError: it cannot be written; safetensors' own error has the system's number in its text only.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        save_file(dict(tensors), path, metadata=about)
    except SafetensorError as error:
        found = _NUMBER.search(str(error))
        if found is None:
            raise
        raise OSError(int(found[1]), os.strerror(int(found[1])), str(path)) from error


def lies_in_storage(shape: Sequence[int], strides: Sequence[int], first: int, count: int) -> bool:
    """Whether a tensor, as a file that may say anything describes it, lies in a storage of `count` numbers.

    Args:
        shape, strides: of the tensor, none negative.
        first: where in the storage its first number is.
        count: numbers of the storage.

    Example:
        >>> lies_in_storage((2, 3), (3, 1), 4, 10), lies_in_storage((2, 3), (3, 1), 5, 10)
        (True, False)
    """
    numbers = math.prod(shape)
    last = first + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    return not numbers or (last < count and numbers <= count)


class DamagedFileError(Exception):
    """What does not fit in a file that is being parsed, in words; its reader tells it as a WeightsError."""


@dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """A published file.

    Attributes:
        name: of the file, in every folder.
        origin: how to come by it: "it is at ADDRESS", in words that end a message.
        address: from which it can be downloaded; None where there is none that we may use.
        sha256: beginning of the hexadecimal digest of its content, as the publisher gives it; "" where none is given.
    """

    name: str
    origin: str
    address: str | None = None
    sha256: str = ""


_PYTORCH = "https://download.pytorch.org/models/"


def _of_pytorch(name: str) -> WeightsFile:
    """A file of torchvision's; the beginning of the digest is in its name."""
    address = f"{_PYTORCH}{name}"
    return WeightsFile(name=name, origin=f"it is at {address}", address=address, sha256=name[-12:-4])


def _of_lpips(name: str, sha256: str) -> WeightsFile:
    """A file of LPIPS' authors, as in their package lpips 0.1.4."""
    address = f"https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights/v0.1/{name}"
    origin = f"it is at {address}, and in the package lpips 0.1.4"
    return WeightsFile(name=name, origin=origin, address=address, sha256=sha256)


INCEPTION_V3 = _of_pytorch("inception_v3_google-0cc3c7bd.pth")
"""ImageNet Inception-v3 as torchvision publishes it."""

_FID_ADDRESS = (
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth"
)
INCEPTION_FID = WeightsFile(
    name="pt_inception-2015-12-05-6726825d.pth",
    origin=f"it is at {_FID_ADDRESS}",
    address=_FID_ADDRESS,
    sha256="6726825d",
)
"""The Inception-v3 of the first FID, as pytorch-fid publishes it."""

VGG19 = _of_pytorch("vgg19-dcbb9e9d.pth")
"""ImageNet VGG19 without batch normalisation as torchvision publishes it."""

ALEXNET = _of_pytorch("alexnet-owt-7be5be79.pth")
"""ImageNet AlexNet as torchvision publishes it."""

SQUEEZENET = _of_pytorch("squeezenet1_1-b8a52dc0.pth")
"""ImageNet SqueezeNet 1.1 as torchvision publishes it."""

VGG16 = _of_pytorch("vgg16-397923af.pth")
"""ImageNet VGG16 without batch normalisation as torchvision publishes it."""

ADE20K_ENCODER = WeightsFile(
    name="encoder_epoch_20.pth",
    origin="it is at http://sceneparsing.csail.mit.edu/model/pytorch/ade20k-resnet50dilated-ppm_deepsup/",
)
"""The dilated ResNet-50 that segments scenes, as MIT CSAIL publishes it; no hash is given with it."""

LPIPS_ALEX = _of_lpips("alex.pth", "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0")
"""The heads of LPIPS v0.1 on AlexNet."""

LPIPS_SQUEEZE = _of_lpips("squeeze.pth", "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76")
"""The heads of LPIPS v0.1 on SqueezeNet 1.1."""


def find_weights(file: WeightsFile, *, path: Path | None = None, download: bool = False) -> Path:
    """Where a published file is on this machine, its content checked.

    Args:
        file: which one.
        path: the file under any name, or a folder that holds it; no other place is looked at. None: the folder that
            SELFMEND_WEIGHTS names, then the cache folder.
        download: fetch it from its address where it is missing: into `path` or the first of the folders.

    Raises:
        MissingWeightsError: it is not there.
        WeightsError: it cannot be fetched, or has another content than the published one.
    """
    places = _places(file, path)
    found = next((place for place in places if place.is_file()), None)
    if found is None and download and file.address is not None:
        return _download(file, file.address, places[0])
    if found is None:
        folder = f"the folder that {_VARIABLE} names, or pass its path"
        where = f"put it into {places[-1].parent} or {folder}" if path is None else f"{places[0]} does not exist"
        raise MissingWeightsError(f"weights {file.name} are missing: {where}; {file.origin}")
    try:
        with open(found, "rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"cannot read {found}: {error.strerror}") from error
    _check_digest(file, digest, str(found))
    return found


def load_pretrained(module: nn.Module, file: WeightsFile, *, path: Path | None = None, download: bool = False) -> None:
    """Fill a network from a published state dict; what the file holds beside the network's own keys is left.

    Args:
        module: with the official keys; its counters of batches, which older files lack, need not be there.
        file, path, download: as in `find_weights`.

    Raises:
        WeightsError: as `find_weights`, or the file holds no state dict, lacks a key, or has another shape.
    """
    import torch

    found = find_weights(file, path=path, download=download)
    state = read_tensors(found)
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WeightsError(f"{found} is a PyTorch file, but no state dict; a published state dict fits")
    wanted = module.state_dict()
    for key, value in wanted.items():
        counter = key.endswith("num_batches_tracked")
        if key not in state and not counter:
            raise WeightsError(f"{found} has no {key!r}; the published file has: {file.origin}")
        if not counter and state[key].shape != value.shape:
            shapes = f"{tuple(state[key].shape)}; the published file has {tuple(value.shape)}"
            raise WeightsError(f"{key!r} in {found} has shape {shapes}")
    module.load_state_dict({key: state.get(key, value) for key, value in wanted.items()})


def read_tensors(path: Path) -> Any:
    """What a PyTorch file holds, without running any code that it may hold.

    Raises:
        WeightsError: it cannot be read, is not whole, or holds anything but tensors, numbers, texts and their dicts.
    """
    try:
        with open(path, "rb") as file:
            return _loaded(file, path)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from error


def _loaded(file: BinaryIO, path: Path) -> Any:
    import torch

    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # what a damaged file raises depends on where it is damaged; OSError is among it
        raise WeightsError(f"{path} is no whole PyTorch file of tensors alone; a published state dict fits") from error


def _places(file: WeightsFile, path: Path | None) -> list[Path]:
    """Where the file may be, first choice first."""
    if path is not None:
        return [path / file.name if path.is_dir() or not path.suffix else path]
    folders = [Path(os.environ[_VARIABLE])] if os.environ.get(_VARIABLE) else []
    return [folder / file.name for folder in [*folders, Path(platformdirs.user_cache_dir("selfmend")) / "weights"]]


def _download(file: WeightsFile, address: str, target: Path) -> Path:
    """Fetch a file whole and checked, or not at all."""
    digest = hashlib.sha256()
    try:
        with atomic_path(target) as temporary, open(temporary, "wb") as copy:
            with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
                while block := answer.read(1 << 20):
                    digest.update(block)
                    copy.write(block)
            _check_digest(file, digest.hexdigest(), address)
    except (OSError, HTTPException) as error:
        why = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
        raise WeightsError(f"cannot download {address} to {target}: {why}; bring the file there by hand") from error
    return target


def _check_digest(file: WeightsFile, digest: str, where: str) -> None:
    if not digest.startswith(file.sha256):
        came = f"SHA-256 {digest[: len(file.sha256)]}..., the published one has {file.sha256}..."
        raise WeightsError(f"{where} is not the published {file.name}: {came}; get a whole copy: {file.origin}")


_WRAPPERS = ("generator", "discriminator", "state_dict", "model", "net")
_PARALLEL = "module."
_ALIAS = "features.0."
_SPECTRAL = {  # old form (torch.nn.utils.spectral_norm) to new form (torch.nn.utils.parametrizations)
    "weight_orig": "parametrizations.weight.original",
    "weight_u": "parametrizations.weight.0._u",
    "weight_v": "parametrizations.weight.0._v",
}
_COUNTER = "num_batches_tracked"
_KNOWN: tuple[tuple[str, str, int, int], ...] = (  # name, a weight, its axis, the length of that axis
    ("EdgeConnect's edge generator", "decoder.7.weight", 0, 1),
    ("EdgeConnect's inpainting generator", "decoder.7.weight", 0, 3),
    ("EdgeConnect's edge discriminator", "conv1.0.parametrizations.weight.original", 1, 2),
    ("EdgeConnect's inpainting discriminator", "conv1.0.parametrizations.weight.original", 1, 3),
    ("DMFN's generator", "blocks.0.c1.weight", 2, 3),
    ("DMFN's discriminator", "local_fea1.conv.weight", 1, 3),
    ("the Context Encoder's discriminator", "main.11.weight", 0, 1),
    ("the Context Encoder's discriminator", "main.14.weight", 0, 1),
    ("the Context Encoder's generator", "main.14.weight", 2, 4),
    ("SinGAN's generator", "tail.0.weight", 2, 3),
    ("SinGAN's critic", "tail.weight", 2, 3),
    ("Inception-v3", "Conv2d_1a_3x3.conv.weight", 1, 3),
    ("VGG", "features.0.weight", 1, 3),
)


def read_official(path: Path) -> dict[str, Tensor]:
    """The state dict in a file of an author's code, under the keys of our networks.

    Raises:
        WeightsError: the file cannot be read, is not whole, or holds no state dict.
    """
    return plain_state(read_tensors(path), where=str(path))


def plain_state(content: Any, *, where: str) -> dict[str, Tensor]:
    """What a file holds, without wrappers and prefixes, spectral norm in its new form.

    Args:
        content: a state dict, or a dict that holds one.
        where: the file, for the message.

    Raises:
        WeightsError: there is no state dict.
    """
    for name in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    from torch import Tensor

    if not isinstance(content, Mapping) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise WeightsError(f"{where} is a PyTorch file, but no state dict; a checkpoint of the authors' code fits")
    keys = {str(key) for key in content}
    parallel = all(key.startswith(_PARALLEL) for key in keys)
    state = {str(key).removeprefix(_PARALLEL if parallel else ""): value for key, value in content.items()}
    has_alias = any(key.startswith("conv1.0.") for key in state)
    return {_renamed(key): value for key, value in state.items() if not (has_alias and key.startswith(_ALIAS))}


def recognize(state: Mapping[str, Any]) -> str | None:
    """The name of the network that a plain state dict belongs to; None where it is none that we know.

    Args:
        state: as `plain_state` gives it, or anything with shapes under its keys.
    """
    for name, key, axis, length in _KNOWN:
        if key in state and state[key].ndim > axis and state[key].shape[axis] == length:
            return name
    return None


def load_official(net: nn.Module, state: Mapping[str, Tensor], *, name: str, where: str) -> None:
    """Fill a network from a plain state dict.

    Args:
        net: with as many channels and layers as the authors' one.
        state: as `plain_state` gives it.
        name: what is wanted, one of the names that `recognize` gives.
        where: the file, for messages.

    Raises:
        WeightsError: it is another network, lacks a tensor, has one too many, or has another shape.
    """
    found = recognize(state)
    if found != name:
        raise WeightsError(f"{where} holds {found or 'no network that we know'}; {name} fits")
    wanted = net.state_dict()
    needed = {key for key in wanted if not key.endswith(_COUNTER)}
    came = {key for key in state if not key.endswith(_COUNTER)}
    for verb, keys in {"lacks": needed - came, "has an unknown": came - needed}.items():
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise WeightsError(f"{where} {verb} {min(keys)!r}{more}; a whole checkpoint of {name} fits")
    for key in sorted(needed):
        if state[key].shape != wanted[key].shape:
            shapes = f"{tuple(state[key].shape)}; {tuple(wanted[key].shape)} fits"
            raise WeightsError(f"{key!r} in {where} has shape {shapes}")
    net.load_state_dict({key: state.get(key, value) for key, value in wanted.items()})


def _renamed(key: str) -> str:
    layer, dot, last = key.rpartition(".")
    return f"{layer}{dot}{_SPECTRAL.get(last, last)}"

"""State dicts of the authors' codes, in whatever wrapping they come, as our networks take them.

Handled: the prefix of multi-GPU files, dicts around the state dict, both forms of spectral norm, the alias of a layer
in EdgeConnect's discriminators, counters of batches that old files lack.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from selfmend.core.checks import WeightsError
from selfmend.nets.pretrained import read_tensors

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
    if not isinstance(content, Mapping) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise WeightsError(f"{where} is a PyTorch file, but no state dict; a checkpoint of the authors' code fits")
    keys = {str(key) for key in content}
    parallel = all(key.startswith(_PARALLEL) for key in keys)
    state = {str(key).removeprefix(_PARALLEL if parallel else ""): value for key, value in content.items()}
    has_alias = any(key.startswith("conv1.0.") for key in state)
    return {_renamed(key): value for key, value in state.items() if not (has_alias and key.startswith(_ALIAS))}


def recognize(state: Mapping[str, Tensor]) -> str | None:
    """The name of the network that a plain state dict belongs to; None where it is none that we know.

    Args:
        state: as `plain_state` gives it.
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

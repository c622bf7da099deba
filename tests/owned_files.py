"""Small networks of those whose weights people own, filled by rule, and files of them as other programs write them."""

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from golden import weight_by_rule
from selfmend.nn.deepfill import DeepFillGenerator
from selfmend.nn.deepfill_v1 import DeepFillV1Generator
from selfmend.nn.edsr import Edsr
from selfmend.nn.glcic import AuthorsCompletionNetwork, CompletionNetwork
from selfmend.nn.lama import LamaGenerator
from selfmend.nn.migan import MiganGenerator
from selfmend.nn.pconv_unet import PConvUNet
from selfmend.nn.srgan import SrganGenerator

SMALL: dict[str, Callable[[], nn.Module]] = {
    "lama": lambda: LamaGenerator(blocks=1, width=0.125),
    "deepfill": lambda: DeepFillGenerator(width=0.125),
    "deepfill-v1": lambda: DeepFillV1Generator(width=0.125),
    "glcic-places": lambda: AuthorsCompletionNetwork(width=0.125),
    "glcic": lambda: CompletionNetwork(width=0.125),
    "pconv": lambda: PConvUNet(levels=7, width=0.125),
    "migan": lambda: MiganGenerator(size=512, width=1 / 32),
    "migan-256": lambda: MiganGenerator(size=256, width=1 / 32),
    "edsr-x2": lambda: Edsr(scale=2, blocks=2, channels=8),
    "edsr-x3": lambda: Edsr(scale=3, blocks=2, channels=8),
    "edsr-x4": lambda: Edsr(scale=4, blocks=2, channels=8),
    "srgan-x2": lambda: SrganGenerator(doublings=1, width=0.125),
    "srgan-x4": lambda: SrganGenerator(doublings=2, width=0.125),
}


def small_network(name: str) -> nn.Module:
    """The network of those weights at its smallest, in evaluation mode."""
    net = SMALL[name]()
    state = {
        key: weight_by_rule(key, tuple(value.shape)) if value.is_floating_point() else value
        for key, value in net.state_dict().items()
    }
    net.load_state_dict(state)
    return net.eval()


def own_all(folder: Path, starts: tuple[str, ...] = ("",)) -> Path:
    """The folder, with the weights of all of them, or of those whose names start so, in it as ours."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (name for name in SMALL if name.startswith(starts)):
        save_file(small_network(name).state_dict(), folder / f"{name}.safetensors")
    return folder


def torchscript(net: nn.Module, path: Path, *example: torch.Tensor) -> Path:
    """A TorchScript archive of a network, traced; the path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the files are there, whatever becomes of the format
        torch.jit.trace(net, example).save(str(path))
    return path

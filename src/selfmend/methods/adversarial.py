"""What the methods share that train generators against discriminators on a folder of pictures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from selfmend.errors import MissingWeightsError, OptionError
from selfmend.methods.folder import FolderMethod
from selfmend.nn.layers import initialize
from selfmend.nn.perceptual import VGGFeatures, load_vgg
from selfmend.nn.tensors import make_generator
from selfmend.nn.weights import ADE20K_ENCODER, VGG16, VGG19, find_weights

PERCEPTUAL = ("vgg19", "none")
"""What compares pictures by more than their pixels."""


class AdversarialMethod(FolderMethod):
    """A folder method whose trained state is its generators.

    Subclasses say which networks there are; `self.net(name)` gives them.
    """

    official: ClassVar[Mapping[str, str]] = {}
    """Each generator's name to what `nn.weights.recognize` calls it in the authors' checkpoints; none: there are none
    to import."""

    _networks: dict[str, nn.Module]
    _generator_names: tuple[str, ...]

    @abstractmethod
    def new_generators(self) -> dict[str, nn.Module]:
        """The networks that fill holes, by name, with any weights."""

    @abstractmethod
    def new_discriminators(self) -> dict[str, nn.Module]:
        """The networks that only training needs, by name, with any weights."""

    @classmethod
    def official_options(cls, states: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Any]:
        """What the shapes of the authors' state dicts, by generator, say of the config; asked where `official` is."""
        raise NotImplementedError(f"{cls.name} names checkpoints to import and does not say what they say")

    def build(self, *, seed: int) -> None:
        """See `FolderMethod.build`."""
        with torch.random.fork_rng(devices=[]):  # constructors draw weights too, which are not kept
            generators, discriminators = self.new_generators(), self.new_discriminators()
        networks = {**generators, **discriminators}
        for name, net in networks.items():
            initialize(net, generator=make_generator(seed, "build", name))
        self._take(networks, generators=generators)

    def networks(self) -> dict[str, nn.Module]:
        """See `FolderMethod.networks`; the generators alone after `load_state_dict`."""
        return self._networks

    def net(self, name: str) -> nn.Module:
        """One of the networks."""
        return self._networks[name]

    def state_dict(self) -> dict[str, Any]:
        """The generators' state dicts by name."""
        return {name: self._networks[name].state_dict() for name in self._generator_names}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        with torch.random.fork_rng(devices=[]):
            networks = self.new_generators()
        for name, net in networks.items():
            net.load_state_dict(state[name])
        self._take(networks, generators=networks)

    def _take(self, networks: dict[str, nn.Module], *, generators: Iterable[str]) -> None:
        self._networks = {name: net.to(self.device) for name, net in networks.items()}
        self._generator_names = tuple(generators)


def adam(nets: Iterable[nn.Module], *, learning_rate: float, betas: tuple[float, float]) -> torch.optim.Adam:
    """Adam over all parameters of some networks."""
    return torch.optim.Adam([p for net in nets for p in net.parameters()], lr=learning_rate, betas=betas)


@contextmanager
def frozen(*nets: nn.Module) -> Iterator[None]:
    """Networks that let gradients through and collect none: a discriminator while its generator learns."""
    parameters = [p for net in nets for p in net.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def check_perceptual(perceptual: str, *, instead: str = "perceptual=none (--perceptual none)") -> None:
    """Refuse a training whose pretrained network is not there.

    Args:
        perceptual: which one; "none" needs nothing.
        instead: options that train without it, for the message.

    Raises:
        MissingWeightsError: which file to put where, or what to give up.
    """
    files = {"vgg16": VGG16, "vgg19": VGG19, "resnet50": ADE20K_ENCODER}
    if perceptual == "none":
        return
    try:
        find_weights(files[perceptual])
    except MissingWeightsError as error:
        raise MissingWeightsError(f"{error}; or train without its losses: {instead}") from error


def perceptual_net(
    perceptual: str, *, taps: Sequence[str], normalization: str, device: torch.device
) -> VGGFeatures | None:
    """A VGG with the published weights, or None where no such losses are wanted.

    Raises:
        WeightsError: the weights are missing or not the published ones.
    """
    if perceptual == "none":
        return None
    return load_vgg(perceptual, taps=taps, normalization=normalization, device=device)


def check_power_of_two(size: int, *, low: int, high: int | None = None) -> None:
    """Refuse a side that a network of halvings down to 4 x 4 cannot take.

    Raises:
        OptionError: what fits.
    """
    if size & (size - 1) or size < low or (high is not None and size > high):
        upper = f"to {high}" if high else "on"
        raise OptionError(f"size is {size}; a power of two from {low} {upper} fits")


def check_multiple_of_four(size: int, *, low: int) -> None:
    """Refuse a side that a network of two halvings does not give back.

    Raises:
        OptionError: what fits.
    """
    if size % 4 or size < low:
        raise OptionError(f"size is {size}; a multiple of 4 from {low} on fits")


def count_blocks(state: Mapping[str, Tensor], prefix: str) -> int:
    """How many numbered modules a state dict has: `prefix`0 to `prefix`N.

    Example:
        >>> count_blocks({"blocks.0.weight": torch.zeros(1), "blocks.1.weight": torch.zeros(1)}, "blocks.")
        2
    """
    return len({key.removeprefix(prefix).split(".")[0] for key in state if key.startswith(prefix)})

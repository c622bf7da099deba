"""The classifiers that perceptual losses and LPIPS look through: VGG-16 and VGG-19, AlexNet, SqueezeNet.

VGG as far as losses look: pictures in, named activations out.

Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015, configurations D
and E.
The keys are those of the published weights. Pictures are (N, 3, H, W) in [0, 1].

The convolutions of AlexNet as torchvision publishes it, "one weird trick" (Krizhevsky, arXiv 1404.5997, 2014).

Pictures (N, 3, H, W), normalised as the caller's method says, in; features after every ReLU out.

The convolutions of SqueezeNet 1.1 (Iandola et al., arXiv 1602.07360, 2016).

Pictures (N, 3, H, W), normalised as the caller's method says, in; features at seven depths out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from selfmend.errors import check_known
from selfmend.nn.weights import VGG16, VGG19, load_pretrained

_CHANNELS = (64, 128, 256, 512, 512)  # of each block; pooling lies between the blocks
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue."""

NORMALIZATIONS = ("plain", "imagenet", "dmfn")
"""How a picture in [0, 1] is scaled before the network.

"imagenet" is what the weights were trained with; "plain" takes the picture as it is, as EdgeConnect's code does; "dmfn"
subtracts half of ImageNet's mean, the slip of DMFN's code with which its weights of the terms were chosen.
"""


def _names(convolutions: Sequence[int]) -> tuple[str, ...]:
    """Of the activations, from relu1_1 on, where each block has so many convolutions."""
    return tuple(f"relu{b}_{i}" for b, count in enumerate(convolutions, 1) for i in range(1, count + 1))


TAPS = _names((2, 2, 4, 4, 4))
"""Names of VGG19's activations, in order: relu1_1 to relu5_4."""


class VGGFeatures(nn.Module):
    """VGG up to the deepest activation that is asked for. Subclasses say how deep it is.

    Args:
        taps: names of the activations that `forward` gives, of `names`.
        normalization: of `NORMALIZATIONS`.

    Attributes:
        names: of all activations, in order.

    Raises:
        OptionError: an unknown activation or normalisation.
    """

    names: ClassVar[tuple[str, ...]]

    def __init__(self, *, taps: Sequence[str], normalization: str = "imagenet") -> None:
        super().__init__()
        for tap in taps:
            check_known("activation", tap, self.names)
        check_known("normalization", normalization, NORMALIZATIONS)
        layers: list[nn.Module] = []
        self.found: dict[int, str] = {}  # name of the activation after a layer, by the layer's number
        before, block = 3, "1"
        for name in self.names[: max(map(self.names.index, taps)) + 1]:
            if name[4] != block:
                layers.append(nn.MaxPool2d(2, 2))
            block = name[4]
            after = _CHANNELS[int(block) - 1]
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
            before = after
            if name in taps:
                self.found[len(layers) - 1] = name
        self.features = nn.Sequential(*layers)
        mean = torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1) * (0.5 if normalization == "dmfn" else 1.0)
        # not in the state dict: the published file has neither
        self.register_buffer("mean", mean if normalization != "plain" else torch.zeros(1, 3, 1, 1), persistent=False)
        std = torch.tensor(IMAGENET_STD).view(1, 3, 1, 1)
        self.register_buffer("std", std if normalization != "plain" else torch.ones(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Activations by name.

        Args:
            image: (N, 3, H, W) in [0, 1], H and W at least 16 for block 5.
        """
        x = (image - self.get_buffer("mean")) / self.get_buffer("std")
        found = {}
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.found:
                found[self.found[index]] = x
        return found


class VGG19Features(VGGFeatures):
    """VGG19, configuration E; see `VGGFeatures`."""

    names = TAPS


class VGG16Features(VGGFeatures):
    """VGG16, configuration D; see `VGGFeatures`."""

    names = _names((2, 2, 3, 3, 3))


def load_vgg(
    name: str,
    *,
    taps: Sequence[str],
    normalization: str = "imagenet",
    path: Path | None = None,
    download: bool = False,
    device: str | torch.device = "cpu",
) -> VGGFeatures:
    """The network with the published ImageNet weights, for looking only: its weights get no gradients.

    Args:
        name: "vgg16" or "vgg19".
        taps, normalization: as in `VGGFeatures`.
        path: file or folder of the weights; None looks where `find_weights` says.
        download: fetch the weights (528 and 548 MB) where they are missing.
        device: of the network.

    Raises:
        WeightsError: the weights are missing or not the published ones.
    """
    kind, file = {"vgg16": (VGG16Features, VGG16), "vgg19": (VGG19Features, VGG19)}[name]
    net: VGGFeatures = kind(taps=taps, normalization=normalization)
    load_pretrained(net, file, path=path, download=download)
    return net.eval().requires_grad_(False).to(device)


ALEXNET_CHANNELS = (64, 192, 384, 256, 256)
"""Of the five features."""

ALEXNET_LEAST_SIZE = 31
"""Side in pixels of the smallest picture that has all features."""


class AlexNetFeatures(nn.Module):
    """AlexNet up to its last convolution; its keys are those of the published file."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features of a picture at five depths.

        Args:
            x: (N, 3, H, W), H and W at least `ALEXNET_LEAST_SIZE`.

        Returns:
            Five of (N, `ALEXNET_CHANNELS`, h, w), not negative.
        """
        found = []
        for layer in self.features:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                found.append(x)
        return found


SQUEEZENET_CHANNELS = (64, 128, 256, 384, 384, 512, 512)
"""Of the seven features."""

SQUEEZENET_LEAST_SIZE = 17
"""Side in pixels of the smallest picture that has all features."""

_TAPS = (1, 4, 7, 9, 10, 11, 12)  # the first convolution, and the fire modules before each pooling and after the last


class Fire(nn.Module):
    """A convolution to few channels, then one of 1x1 and one of 3x3 side by side."""

    def __init__(self, inputs: int, squeezed: int, outputs: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, outputs // 2, 1)
        self.expand3x3 = nn.Conv2d(squeezed, outputs // 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W), not negative."""
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x), self.expand3x3(x)], 1).relu()


class SqueezeNetFeatures(nn.Module):
    """SqueezeNet 1.1 up to its last fire module; its keys are those of the published file."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, stride=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, ceil_mode=True),
            Fire(64, 16, 128),
            Fire(128, 16, 128),
            nn.MaxPool2d(3, stride=2, ceil_mode=True),
            Fire(128, 32, 256),
            Fire(256, 32, 256),
            nn.MaxPool2d(3, stride=2, ceil_mode=True),
            Fire(256, 48, 384),
            Fire(384, 48, 384),
            Fire(384, 64, 512),
            Fire(512, 64, 512),
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features of a picture at seven depths.

        Args:
            x: (N, 3, H, W), H and W at least `SQUEEZENET_LEAST_SIZE`.

        Returns:
            Seven of (N, `SQUEEZENET_CHANNELS`, h, w), not negative.
        """
        found = []
        for place, layer in enumerate(self.features):
            x = layer(x)
            if place in _TAPS:
                found.append(x)
        return found

"""Deep Image Prior as a method: a fresh network is fitted to what is known, and what it says of the rest is the result.

What is known is the picture outside its hole, or the small picture that is to be enlarged.

Ulyanov et al., CVPR 2018. The options and their presets: KATE, VASE and LIBRARY are the three cases of the authors'
notebook (text over a picture, a large hole, a very large one), ENLARGE those of that of enlargement, SMALL a laptop's,
TINY a test's. The noise on weights that the notebook has in its third case has no effect there, and is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from selfmend.errors import OptionError
from selfmend.image.pyramid import enlarged_size
from selfmend.methods.generative import Enlarging
from selfmend.methods.learning import TensorMethod
from selfmend.methods.pretrained import padded
from selfmend.nn.skip_net import SkipNet
from selfmend.nn.tensors import ImageTensor, MaskTensor, resize, resize_mask, to_array, to_tensor
from selfmend.options import option
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.types import Image, Size, size_of

_CODE = "Deep Image Prior (2018), notebook of inpainting"


@dataclass(frozen=True, kw_only=True)
class DeepImagePriorConfig:
    """Every option; the defaults are those of KATE.

    Raises:
        OptionError: an even kernel, which has no middle.
    """

    input: str = option(
        "noise",
        "what the network is given: noise, or the pixels' coordinates",
        source=_CODE,
        choices=("noise", "meshgrid"),
    )
    input_channels: int = option(32, "channels of the noise", source=_CODE, low=1)
    channels: tuple[int, ...] = option((128,) * 5, "of each level, finest first", source=_CODE, low=1)
    skip: int = option(128, "channels of each skip; 0 for none", source=_CODE, low=0)
    kernel_down: int = option(3, "side of the encoder's kernels, odd", unit="px", source=_CODE, low=1)
    kernel_up: int = option(3, "side of the decoder's kernels, odd", unit="px", source=_CODE, low=1)
    pointwise: bool = option(True, "a convolution of single pixels after each of the decoder's", source=_CODE)
    smooth: bool = option(False, "enlarge between levels bilinearly, not by the nearest pixel", source=_CODE)
    steps: int = option(6001, "steps of the fit: more follow the known pixels further", source=_CODE, low=1)
    learning_rate: float = option(0.01, "Adam's learning rate", source=_CODE, low=0)
    input_noise: float = option(
        0.03, "standard deviation of the noise on the input, drawn in each step", source=_CODE, low=0
    )
    average: float = option(
        0.0, "how much of the mean of earlier outputs is kept in each step; 0: the last one is the fill",
        source="paper: 0.99 for denoising", low=0, high=0.9999,
    )  # fmt: skip
    limit: int = option(
        512, "filling: longest side; a larger picture is made smaller, and its fill larger", unit="px", low=32
    )

    def __post_init__(self) -> None:
        for name in ("kernel_down", "kernel_up"):
            if getattr(self, name) % 2 == 0:
                raise OptionError(f"option {name} is {getattr(self, name)}; an odd number fits, such as 3")


KATE = DeepImagePriorConfig()
VASE = replace(KATE, input="meshgrid", input_channels=2, skip=0, steps=5001)
LIBRARY = replace(
    KATE, input_channels=1, channels=(16, 32, 64, 128, 128, 128), skip=0, kernel_down=5, pointwise=False, steps=3001,
    input_noise=0.0,
)  # fmt: skip
ENLARGE = replace(KATE, skip=4, steps=2000, smooth=True)
SMALL = replace(KATE, channels=(32, 64, 64, 64, 64), skip=4, steps=600, average=0.95, limit=256)
TINY = replace(KATE, input_channels=2, channels=(4, 4), skip=2, steps=3)


class DeepImagePrior(Enlarging, TensorMethod):
    """Fits a network from scratch to the known pixels of one picture, or to a small one that it enlarges."""

    name: ClassVar[str] = "deep-image-prior"
    source: ClassVar[str] = "D. Ulyanov et al., Deep image prior, 2018"
    presets: ClassVar = {
        "small": SMALL,
        "kate": KATE,
        "vase": VASE,
        "library": LIBRARY,
        "enlarge": ENLARGE,
        "tiny": TINY,
    }
    config: DeepImagePriorConfig

    def fill_tensor(
        self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator, progress: Progress = silent
    ) -> ImageTensor:
        """See `TensorMethod`."""
        size = (image.shape[2], image.shape[3])
        scale = min(1.0, self.config.limit / max(size))
        if scale < 1:
            small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
            image, mask = resize(image, small).clamp(0, 1), resize_mask(mask, small)
        filled = self._fitted(image.to(self.device), (~mask).to(self.device, image.dtype), generator, progress).cpu()
        return filled if scale == 1 else resize(filled, size).clamp(0, 1)

    def enlarge_one(self, image: Image, factor: float, *, seed: int, progress: Progress = silent) -> Image:
        """See `Enlarging`: what is the picture that came when our resize shrinks it; the notebook has Lanczos'."""
        small = to_tensor(image).to(self.device)
        size = enlarged_size(size_of(image), factor)

        def missed(out: Tensor) -> Tensor:
            return F.mse_loss(resize(out[:, :, : size[0], : size[1]], size_of(image)), small)

        generator = torch.Generator().manual_seed(seed)
        return to_array(self._fit(size, image.shape[2], missed, generator, progress).cpu().clamp(0, 1))

    def _fitted(self, image: Tensor, valid: Tensor, generator: torch.Generator, progress: Progress) -> Tensor:
        """What the network says of a whole picture whose valid pixels it is fitted to."""
        sides = self._sides((image.shape[2], image.shape[3]))
        known, valid = padded(image * valid, *sides), padded(valid, *sides)

        def missed(out: Tensor) -> Tensor:
            return F.mse_loss(out * valid, known)

        return self._fit((image.shape[2], image.shape[3]), image.shape[1], missed, generator, progress)

    def _fit(
        self,
        size: Size,
        channels: int,
        missed: Callable[[Tensor], Tensor],
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """What the network says after its steps, (1, C, *size); `missed` is how far an output is from the known."""
        config = self.config
        height, width = size
        sides = self._sides(size)
        net = self._network(channels, generator)
        given = self._input(sides, generator).to(self.device)
        optimizer = torch.optim.Adam(net.parameters(), lr=config.learning_rate)
        mean = None
        for step in range(config.steps):
            noise = torch.randn(given.shape, generator=generator).to(self.device) * config.input_noise
            out = net(given + noise)
            loss = missed(out)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            shown = out.detach()
            mean = shown if mean is None else config.average * mean + (1 - config.average) * shown
            done = (step + 1) / config.steps
            terms = {"error": float(loss.detach())}
            progress(ProgressEvent(stage="fit", step=step + 1, steps=config.steps, done=done, terms=terms))
        if config.average == 0:
            with torch.no_grad():
                mean = net(given)
        assert mean is not None
        return mean[:, :, :height, :width]

    def _sides(self, size: Size) -> list[int]:
        """Height and width as the network can have them."""
        config = self.config
        whole = 1 << len(config.channels)  # of which sides must be multiples
        least = whole * (max(config.kernel_down, config.kernel_up) // 2 + 1)  # what is mirrored must be there
        return [max(least, -(-side // whole) * whole) for side in size]

    def _network(self, channels: int, generator: torch.Generator) -> SkipNet:
        """A fresh network with PyTorch's own initial weights, as the authors have it."""
        config = self.config
        seed = int(torch.randint(1 << 62, (), generator=generator))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = SkipNet(
                in_channels=2 if config.input == "meshgrid" else config.input_channels,
                channels=config.channels,
                out_channels=channels,
                skip=config.skip,
                kernels=(config.kernel_down, config.kernel_up),
                pointwise=config.pointwise,
                smooth=config.smooth,
            )
        return net.to(self.device).train()

    def _input(self, sides: list[int], generator: torch.Generator) -> Tensor:
        """What the network is given in every step: (1, C, H, W)."""
        if self.config.input == "meshgrid":
            rows, columns = (torch.linspace(0, 1, side) for side in sides)
            return torch.stack([columns.expand(*sides), rows[:, None].expand(*sides)])[None]
        return torch.rand(1, self.config.input_channels, *sides, generator=generator) * 0.1

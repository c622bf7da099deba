"""Zero-shot super-resolution as a method: a small network learns from the picture and its smaller self to enlarge it.

Shocher et al., "Zero-Shot" Super-Resolution using Deep Internal Learning, CVPR 2018. A *father* is a crop of the
picture, turned, mirrored or bent; its *son* is the father made small by the factor and enlarged again: the network
learns to make the one of the other. Then it is given the enlarged picture itself. The options and their presets: PAPER
the paper's, FAST a laptop's, TINY a test's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from selfmend.errors import OptionError
from selfmend.image.back_projection import back_project
from selfmend.image.pyramid import enlarged_size
from selfmend.methods.generative import Enlarging
from selfmend.methods.learning import OnTorchDevice
from selfmend.nn.tensors import make_generator, resize, to_array, to_tensor
from selfmend.nn.zssr import ZssrNet
from selfmend.options import option
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.seeding import derive_seed
from selfmend.types import Image, Size, size_of

_PAPER = "ZSSR (CVPR 2018)"
_CODE = "code of ZSSR"
_OURS = "docs/results-generation.md"
_LEAST_SIDE = 8  # of a picture that something can be learned from

_PLATEAU = 1.5
"""The error falls no more where its slope over a window, times this, is less than that slope's standard error (the
authors' code)."""

_TEST_EVERY, _TESTS_IN_WINDOW = 50, 5
"""Steps between two looks at the whole picture, and how many looks make a window."""


@dataclass(frozen=True, kw_only=True)
class ZssrConfig:
    """Every option; the defaults are those of PAPER.

    Raises:
        OptionError: values that do not go together.
    """

    width: int = option(64, "hidden channels", source=_PAPER, low=1)
    depth: int = option(8, "convolutions", source=_PAPER, low=2)
    enlargements: int = option(
        6, "enlargements one after the other, each of which teaches the next", source=f"{_PAPER}: 6 on BSD100", low=1
    )
    steps: int = option(3000, "steps an enlargement at most", source=_CODE, low=1)
    crop: int = option(128, "side of a father", unit="px", source=_PAPER, low=_LEAST_SIDE)
    learning_rate: float = option(0.001, "Adam's, at first", source=_PAPER, low=0)
    least_rate: float = option(
        9e-6, "learning ends where the rate, a tenth after each plateau, falls below this", source=_CODE, low=0
    )
    plain: float = option(
        0.5, "share of fathers that are only turned by right angles and mirrored", source=_CODE, low=0, high=1
    )
    least_scale: float = option(
        0.5, "the others are made smaller at most to this, and turned by any angle", source=_CODE, low=0.1, high=1
    )
    shear: float = option(0.1, "standard deviation of their shear", source=_CODE, low=0)
    noise: float = option(
        0.0, "noise on the sons, for pictures that are noisy themselves", unit="of [0, 1]",
        source=f"{_CODE}: 0.0125 for real photos", low=0,
    )  # fmt: skip
    ensemble: int = option(
        8, "turned and mirrored versions whose results' median is taken, 1 to 8", source=_PAPER, low=1
    )
    back_projections: int = option(
        10, "corrections, so that the result is the picture when it is shrunk", source=_CODE, low=0
    )

    def __post_init__(self) -> None:
        if self.ensemble > 8:
            raise OptionError(f"option ensemble is {self.ensemble}; 1 to 8 fits, as there are eight versions")


PAPER = ZssrConfig()
FAST = replace(PAPER, width=32, enlargements=2, steps=500, crop=64, ensemble=4)
TINY = replace(FAST, width=4, depth=3, enlargements=1, steps=3, crop=16, ensemble=2, back_projections=1)


class Zssr(Enlarging, OnTorchDevice):
    """Enlarges a picture by a network that is fitted to it."""

    name: ClassVar[str] = "zssr"
    source: ClassVar[str] = "A. Shocher et al., Zero-shot super-resolution using deep internal learning, 2018"
    presets: ClassVar = {"fast": FAST, "paper": PAPER, "tiny": TINY}
    config: ZssrConfig

    def enlarge_one(self, image: Image, factor: float, *, seed: int, progress: Progress = silent) -> Image:
        """See `Enlarging`."""
        if min(size_of(image)) < _LEAST_SIDE:
            raise OptionError(
                f"the picture has {image.shape[0]}x{image.shape[1]} pixels; at least {_LEAST_SIDE}x{_LEAST_SIDE} fit"
            )
        small = to_tensor(image).to(self.device)
        count = self.config.enlargements
        net, fathers, large = self._network(image.shape[2], seed), [small], image
        for k in range(1, count + 1):
            step = float(factor) if k == count else factor ** (k / count)
            for done, terms in self._fit(net, small, fathers, step, make_generator(seed, "fit", k)):
                told = (k - 1 + done) / count
                progress(ProgressEvent(stage=f"learning to enlarge by {step:.3g}", step=int(done * self.config.steps),
                                       steps=self.config.steps, done=0.9 * told, terms=terms))  # fmt: skip
            large = self._enlarged(net, image, enlarged_size(size_of(image), step))
            fathers.append(to_tensor(large).to(self.device))
            done = 0.9 * k / count if k < count else 1.0
            progress(ProgressEvent(stage="enlarging", step=k, steps=count, done=done))
        return large

    def _network(self, channels: int, seed: int) -> ZssrNet:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "network"))
            net = ZssrNet(channels, width=self.config.width, depth=self.config.depth)
        return net.to(self.device)

    def _fit(
        self, net: ZssrNet, small: Tensor, fathers: list[Tensor], factor: float, generator: torch.Generator
    ) -> Iterator[tuple[float, dict[str, float]]]:
        """Train for one factor; yields the share that is done and the terms, at each look at the whole picture."""
        config = self.config
        optimizer = torch.optim.Adam(net.parameters(), lr=config.learning_rate)
        pyramids = [_pyramid(father, config.least_scale) for father in fathers]
        son = _son(small, factor)
        errors: list[float] = []
        rate = config.learning_rate
        for step in range(1, config.steps + 1):
            pyramid = pyramids[int(torch.randint(len(pyramids), (), generator=generator))]
            father = self._father(pyramid, generator)
            given = _son(father, factor)
            if config.noise > 0:
                given = given + config.noise * torch.randn(given.shape, generator=generator).to(given.device)
            loss = F.l1_loss(net(given), father)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            if step % _TEST_EVERY and step < config.steps:
                continue
            with torch.no_grad():
                errors.append(float(F.mse_loss(net(son).clamp(0, 1), small)))
            yield step / config.steps, {"loss": float(loss.detach()), "error": errors[-1]}
            if _falls_no_more(errors):
                rate /= 10
                errors = errors[-1:]
                if rate < config.least_rate:
                    return
                for group in optimizer.param_groups:
                    group["lr"] = rate

    def _father(self, pyramid: list[tuple[float, Tensor]], generator: torch.Generator) -> Tensor:
        """A crop (1, C, side, side) of a picture, turned by right angles and mirrored, or by any angle and bent."""
        config = self.config
        drawn = torch.rand(6, generator=generator).tolist()
        if drawn[0] < config.plain:
            whole = pyramid[0][1]
            side = min(config.crop, *whole.shape[2:])
            top, left = (int(drawn[i] * (whole.shape[1 + i] - side + 1)) for i in (1, 2))
            crop = whole[:, :, top : top + side, left : left + side]
            return _turned(crop, int(drawn[3] * 8))
        scale = config.least_scale + (1 - config.least_scale) * drawn[1]
        level, source = next((s, x) for s, x in reversed(pyramid) if s >= scale)  # which nothing aliases of
        side = min(config.crop, *source.shape[2:])
        angle = 2 * math.pi * drawn[2]
        shear = config.shear * torch.randn(2, generator=generator, dtype=torch.float64).numpy()
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        bend = np.array([[1, shear[0]], [shear[1], 1]]) @ np.diag([1 if drawn[3] < 0.5 else -1, 1])
        matrix = level / scale * turn @ bend
        rows = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
        spots = torch.stack(torch.meshgrid(rows, rows, indexing="xy"), -1) @ torch.from_numpy(matrix.T)
        sides = torch.tensor([source.shape[3], source.shape[2]], dtype=torch.float64)
        reach = spots.reshape(-1, 2).abs().amax(0).clamp(max=sides / 2)  # the crop stays inside where it can
        middle = reach + torch.tensor(drawn[4:6], dtype=torch.float64) * (sides - 2 * reach)
        grid = (2 * (spots + middle) / sides - 1).float()[None].to(source.device)
        return F.grid_sample(source, grid, mode="bicubic", padding_mode="reflection", align_corners=False).clamp(0, 1)

    @torch.no_grad()
    def _enlarged(self, net: ZssrNet, image: Image, size: Size) -> Image:
        """The picture as the network enlarges it."""
        given = resize(to_tensor(image).to(self.device), size)
        results = []
        for k in range(self.config.ensemble):
            result = to_array(_turned_back(net(_turned(given, k)), k))
            results.append(back_project(result, image, rounds=self.config.back_projections).clip(0, 1))
        middle = np.median(results, axis=0).astype(np.float32)
        return back_project(middle, image, rounds=self.config.back_projections).clip(0, 1)


def _pyramid(x: Tensor, least: float) -> list[tuple[float, Tensor]]:
    """A picture at scales from 1 down to the least, and these; a fifth between neighbours at most."""
    count = max(1, math.ceil(math.log(least) / math.log(0.8) - 1e-9))
    scales = [least ** (k / count) for k in range(count + 1)] if least < 1 else [1.0]
    sizes = [(max(1, round(x.shape[2] * s)), max(1, round(x.shape[3] * s))) for s in scales]
    return [(s, x if s == 1 else resize(x, size).clamp(0, 1)) for s, size in zip(scales, sizes, strict=True)]


def _son(father: Tensor, factor: float) -> Tensor:
    """A picture (1, C, H, W) that is made small by the factor, and enlarged again."""
    height, width = father.shape[2:]
    small = resize(father, (max(1, round(height / factor)), max(1, round(width / factor)))).clamp(0, 1)
    return resize(small, (height, width))


def _turned(x: Tensor, k: int) -> Tensor:
    """One of the eight versions of a picture."""
    turned = torch.rot90(x, k % 4, (2, 3))
    return turned.flip(3) if k >= 4 else turned


def _turned_back(x: Tensor, k: int) -> Tensor:
    return torch.rot90(x.flip(3) if k >= 4 else x, -(k % 4), (2, 3))


def _falls_no_more(errors: list[float]) -> bool:
    """Whether the last errors have a slope that is lost in their scatter."""
    if len(errors) < _TESTS_IN_WINDOW:
        return False
    last = np.array(errors[-_TESTS_IN_WINDOW:])
    steps = _TEST_EVERY * np.arange(_TESTS_IN_WINDOW)
    (slope, _), covariance = np.polyfit(steps, last, 1, cov=True)
    return bool(_PLATEAU * -slope < math.sqrt(max(0.0, covariance[0, 0])))

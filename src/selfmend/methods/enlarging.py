"""EDSR and SRGAN as methods: networks that others have trained to enlarge, with weights that the user owns.

A network enlarges by one whole number. Any other factor is made of these: enlarged to at least its size, once or more
often, then shrunk. A large picture goes through it in tiles that overlap by as far as the network sees, so that the
result is that of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from selfmend.errors import MissingWeightsError
from selfmend.image.color import as_rgb, from_rgb
from selfmend.image.pyramid import enlarged_size
from selfmend.image.resize import resize
from selfmend.methods.compiling import CompileConfig, compile_once, compiling
from selfmend.methods.generative import Enlarging
from selfmend.methods.learning import OnTorchDevice
from selfmend.nn.edsr import Edsr
from selfmend.nn.owned_weights import how_to_get, load_owned, owned_file
from selfmend.nn.srgan import SrganGenerator
from selfmend.nn.tensors import to_array, to_tensor
from selfmend.options import option
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.types import Image, size_of

_FEATURES = 1 << 28
"""Numbers that the largest features of a tile may have, where its side is not given: 1 GiB."""

_LEAST_TILE = 32


@dataclass(frozen=True, kw_only=True)
class TileConfig(CompileConfig):
    """How much a network is given at once, and whether it is compiled; the result is the same."""

    tile: int | None = option(
        None, "side of the parts of a picture that the network is given, without their overlap", unit="px",
        source="ours", none="as much as features of 1 GiB hold", low=_LEAST_TILE,
    )  # fmt: skip


class PretrainedEnlarger(Enlarging, OnTorchDevice):
    """A network with owned weights that enlarges. Subclasses say which.

    Attributes:
        weights: names in `nn.owned_weights.NETWORKS`, by the scale of each.
    """

    weights: ClassVar[dict[int, str]]
    presets: ClassVar = {"default": TileConfig()}
    config: TileConfig

    def __init__(self, config: Any = None, *, device: Any = "auto") -> None:
        super().__init__(config, device=device)
        self._nets: dict[int, Edsr | SrganGenerator] = {}

    def network(self, scale: int) -> Edsr | SrganGenerator:
        """The network of a scale on `self.device`, loaded when it is first used.

        Raises:
            MissingWeightsError: nobody has brought its weights; the message says which file fits.
            WeightsError: they are damaged, or of another network.
        """
        if scale not in self._nets:
            net = load_owned(self.weights[scale]).to(self.device)
            assert isinstance(net, Edsr | SrganGenerator)
            if self.config.compile:
                compile_once(net)
            self._nets[scale] = net
        return self._nets[scale]

    def scales(self, factor: float) -> list[int]:
        """The networks that are applied one after the other, by their scales: as few as reach the factor.

        Raises:
            MissingWeightsError: there are no weights of any.
        """
        there = [scale for scale, name in sorted(self.weights.items()) if owned_file(name) is not None]
        if not there:
            raise MissingWeightsError(how_to_get(next(iter(self.weights.values()))))
        taken: list[int] = []
        while math.prod(taken) < factor - 1e-9:
            left = factor / math.prod(taken)
            taken.append(next((scale for scale in there if scale >= left - 1e-9), there[-1]))
        return taken

    def enlarge_one(self, image: Image, factor: float, *, seed: int, progress: Progress = silent) -> Image:
        """See `Enlarging`; the seed has no influence."""
        size = enlarged_size(size_of(image), factor)
        large, scales = np.ascontiguousarray(as_rgb(image)), self.scales(factor)
        work = [math.prod(scales[: k + 1]) ** 2 for k in range(len(scales))]
        for k, scale in enumerate(scales):
            net, before = self.network(scale), sum(work[:k])
            made = np.empty((large.shape[0] * scale, large.shape[1] * scale, 3), np.float32)
            tiles = list(self.tiles(net, large.shape[0], large.shape[1]))
            for i, (seen, kept, target) in enumerate(tiles):
                done = (before + work[k] * i / len(tiles)) / sum(work)
                progress(ProgressEvent(stage=f"enlarging by {scale}", step=i, steps=len(tiles), done=done))
                with torch.inference_mode(), compiling(self.config.compile):
                    made[target] = to_array(net(to_tensor(large[seen]).to(self.device)).clamp(0, 1))[kept]
            large = made
        return from_rgb(resize(large, size).clip(0, 1), image.shape[2])

    def tiles(
        self, net: Edsr | SrganGenerator, height: int, width: int
    ) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice], tuple[slice, slice]]]:
        """What the network is given of a picture; what of its result is kept; and where that belongs."""
        side = self.config.tile or max(_LEAST_TILE, int(math.sqrt(_FEATURES / net.channels)) // net.scale)
        for rows in _parts(height, side, net.reach, net.scale):
            for columns in _parts(width, side, net.reach, net.scale):
                seen, kept, target = zip(rows, columns, strict=True)
                yield seen, kept, target


def _parts(whole: int, side: int, reach: int, scale: int) -> Iterator[tuple[slice, slice, slice]]:
    """One axis of `tiles`, in parts that are alike in length."""
    count = -(-whole // side)
    for i in range(count):
        first, last = i * whole // count, (i + 1) * whole // count
        start, stop = max(0, first - reach), min(whole, last + reach)
        yield (
            slice(start, stop),
            slice(scale * (first - start), scale * (last - start)),
            slice(scale * first, scale * last),
        )


class EdsrMethod(PretrainedEnlarger):
    """Near to the truth, and soft where that cannot be known."""

    name: ClassVar[str] = "edsr"
    source: ClassVar[str] = "B. Lim et al., Enhanced deep residual networks for single image super-resolution, 2017"
    weights: ClassVar = {4: "edsr-x4", 2: "edsr-x2", 3: "edsr-x3"}


class SrganMethod(PretrainedEnlarger):
    """Sharp, with detail that may be invented."""

    name: ClassVar[str] = "srgan"
    source: ClassVar[str] = "C. Ledig et al., Photo-realistic single image super-resolution using a GAN, 2017"
    weights: ClassVar = {4: "srgan-x4", 2: "srgan-x2"}

"""The method for each part of a hole, chosen by its kind and size: what fills where nothing else is named.

The rules are measured (`benchmarks/auto_rules.py`, docs/results-auto.md). A hole of a pixel or two, and pixels lost at
random, are too little for exemplars: what is known around them says more, and a thin plate through it wins by decibels.
Everything else is filled with patches of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import cv2
import numpy as np

from selfmend.methods.base import Choice, Method
from selfmend.options import option
from selfmend.patches.em import BLEND, PatchMatchOptions, varied
from selfmend.patches.inpaint import Reference, inpaint, window_of
from selfmend.patches.scales import hole_depth
from selfmend.patches.smooth import TILE, plate_in_tiles, tiles_around
from selfmend.progress import Progress, silent
from selfmend.registration.align import Aligned
from selfmend.types import Image, Mask, box_around

OURS = "measured, docs/results-auto.md"


@dataclass(frozen=True, kw_only=True)
class AutoConfig:
    """When a part of the hole is filled smoothly."""

    thin: float = option(2.0, "parts less deep than that are filled smoothly", unit="pixels", source=OURS, low=0)
    scattered: float = option(
        1.7, "lost neighbours of a known pixel beside the hole, of four, from which pixels count as lost at random",
        unit="pixels", source=OURS, low=0, high=4,
    )  # fmt: skip
    core: int = option(
        11, "side of a square inside lost pixels that counts as a hole of its own", unit="pixels", source=OURS, low=1
    )


class Auto(Method):
    """Thin plates where little is lost at a place, patches of the picture elsewhere."""

    name: ClassVar[str] = "auto"
    source: ClassVar[str] = "measured, docs/results-auto.md"
    presets: ClassVar = {"default": AutoConfig()}
    takes_reference: ClassVar[bool] = True

    config: AutoConfig
    patches: PatchMatchOptions = BLEND

    def window(self, mask: Mask) -> tuple[slice, slice] | None:
        """The surroundings of its patches and plates; see `Method.window`."""
        box = box_around(mask, 1)
        thin, scattered = _smooth_parts(mask[box], self.config)
        smooth = thin | scattered
        plates = tiles_around(smooth, (box[0].start, box[1].start), mask.shape) if smooth.any() else None
        if smooth[mask[box]].all():
            return plates
        rest = mask.copy()
        rest[box] &= ~smooth
        patches = window_of(rest, self.patches)
        if plates is None or patches is None:
            return patches
        rows, columns = (
            slice(min(a.start, b.start) // TILE * TILE, max(a.stop, b.stop))
            for a, b in zip(plates, patches, strict=True)
        )
        return rows, columns

    def varied(self) -> Self:
        """Further fills take from other parts of the picture; see `Method.varied`."""
        other = type(self)(self.config)
        other.patches = varied(BLEND)
        return other

    def choices(self, mask: Mask, *, reference: bool = False) -> list[Choice]:
        """What fills which share of the hole, and why; see `Method.choices`."""
        mask = mask[box_around(mask, 1)] if mask.any() else mask
        thin, scattered = _smooth_parts(mask, self.config)
        if reference:
            thin, scattered = np.zeros_like(mask), np.zeros_like(mask)
        rest = mask & ~thin & ~scattered
        told = [
            Choice("thin plate", _share(thin, mask), f"less than {self.config.thin:g} pixels deep"),
            Choice("thin plate", _share(scattered, mask), "pixels lost at random"),
            Choice(
                "patchmatch:blended", _share(rest, mask),
                "the reference shows what is there" if reference
                else f"up to {hole_depth(rest).max():.0f} pixels deep: the picture's own texture is needed",
            ),
        ]  # fmt: skip
        return [one for one in told if one.share > 0]

    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture; see `Method.fill`."""
        thin, scattered = _smooth_parts(mask, self.config)
        smooth = thin | scattered
        if smooth.any():
            image = plate_in_tiles(image, mask, smooth)
        rest = mask & ~smooth
        return inpaint(image, rest, seed=seed, options=self.patches, progress=progress) if rest.any() else image

    def fill_from(
        self, image: Image, mask: Mask, reference: Aligned, *, seed: int, progress: Progress = silent
    ) -> Image:
        """Fill one picture; the reference's patches join the sources, for all of the hole. See `Method.fill_from`."""
        shown = [Reference(reference.image, reference.known)]
        return inpaint(image, mask, seed=seed, references=shown, progress=progress)


def _share(part: np.ndarray, hole: np.ndarray) -> float:
    return float(part.sum()) / max(1, int(hole.sum()))


def _smooth_parts(hole: np.ndarray, config: AutoConfig) -> tuple[np.ndarray, np.ndarray]:
    """Where the hole is thin, and where pixels were lost at random; decided for each connected part of it.

    Pixels lost at random leave known ones that have lost most of their neighbours; a known pixel beside a scratch or a
    block has lost one. A square without a known pixel among them is a hole of its own.
    """
    thin, scattered = np.zeros_like(hole), np.zeros_like(hole)
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    if rows.size:  # a small hole in a large picture costs little: its box, and a pixel around that
        box = tuple(slice(max(0, at[0] - 1), at[-1] + 2) for at in (rows, columns))
        thin[box], scattered[box] = _parts_of(np.ascontiguousarray(hole[box]), config)
    return thin, scattered


def _parts_of(hole: np.ndarray, config: AutoConfig) -> tuple[np.ndarray, np.ndarray]:
    """`_smooth_parts` of a box."""
    count, labels = cv2.connectedComponents(hole.view(np.uint8), connectivity=8)
    flat = labels.ravel()
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, flat, hole_depth(hole).ravel())
    pairs, beside = np.zeros(count), np.zeros(count)
    height, width = hole.shape
    around = np.pad(labels, 1)
    sides = [around[1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in ((-1, 0), (1, 0), (0, -1), (0, 1))]
    for k, side in enumerate(sides):
        touched = ~hole & (side > 0)
        found = np.bincount(side[touched], minlength=count)
        pairs += found
        first = touched.copy()
        for other in sides[:k]:
            first &= other != side
        beside += np.bincount(side[first], minlength=count)
    thin = deepest < config.thin
    random = ~thin & (pairs > config.scattered * beside)
    thin[0] = random[0] = False
    scattered = random[labels]
    if scattered.any():
        square = np.ones((config.core, config.core), np.uint8)
        core = cv2.morphologyEx(
            scattered.view(np.uint8), cv2.MORPH_OPEN, square, borderType=cv2.BORDER_CONSTANT, borderValue=0
        ).view(bool)
        scattered &= ~core
    return thin[labels], scattered

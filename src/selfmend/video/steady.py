"""Fills of neighbouring frames brought to agree: each is averaged with those around it, along the flow between them.

Every frame is first filled with an eye on what other frames show (`filling.py`), but for itself: an edge is half a
pixel off in one frame and not in the next, a hidden leg is guessed anew. The mean over the fills around, moved along
with the scene, is nearer to the truth than any of them and flickers less; where two fills disagree, they count little
for each other. It is a non-local mean (Buades et al., "A non-local algorithm for image denoising", CVPR 2005) whose
patches the flow has found. Fills may also come from frames that are lighter or darker: what the others say of the known
pixels beside the hole is compared with what is there, and the difference is spread into the hole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from selfmend.metrics.flicker import flicker
from selfmend.registration.flow import dense_flow, inside, warp
from selfmend.types import box_around
from selfmend.video.frames import StoredFrame, to_image
from selfmend.video.motion import difference_of, spread
from selfmend.video.window import Part

_MARGIN, _MARGIN_SHARE = 128, 3  # px around the hole in which the flow is found, at least; the larger side by that
_DISAGREEING = 40.0  # 0 to 255: a fill that is this far off has lost e-fold of its weight
_NEIGHBOURHOOD = 2.5  # px, of the Gaussian over which fills are compared
_SEEN = 2.0  # how much more a pixel counts that the other frame truly shows
_RING, _RING_SPREAD = 4, 2.0  # px beside the hole that are compared, and of the Gaussian that spreads the difference
_RING_OUTLIER = 20.0  # 0 to 255: a difference this large has lost e-fold of its weight
_MOVING_SHARE = 0.02  # of the pixels: as much may disagree in a scene at rest
_NEARLY_NONE, _LEAST_WEIGHT = np.float32(1e-6), np.float32(0.05)


@dataclass(frozen=True)
class Draft:
    """A frame as it was filled at first.

    Attributes:
        still: the frame.
        pixels: uint8 (H, W, 3), the frame with its hole filled.
    """

    still: StoredFrame
    pixels: np.ndarray

    @cached_property
    def grey(self) -> np.ndarray:
        """uint8 (H, W)."""
        return cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY)


@dataclass(frozen=True)
class Steadied:
    """A draft after those around it have had their say.

    Attributes:
        draft: the draft.
        pixels: uint8 (H, W, 3), the frame with its hole filled.
        flicker: `metrics.flicker` against the frame before; None at a cut, without a hole, or where all of the hole
            comes from outside the frame.
    """

    draft: Draft
    pixels: np.ndarray
    flicker: float | None


def steadied(
    drafts: Iterable[Draft], *, reach: int, rest: float, first: int = 0, before: np.ndarray | None = None
) -> Iterator[Steadied]:
    """The drafts in their order, brought to agree.

    Args:
        drafts: in order, without gaps.
        reach: how many drafts before and behind are looked at; 0 leaves all as they are.
        rest: mean difference, 0 to 255, up to which a scene is at rest and is not resampled.
        first: number of the frame from which they come out; drafts before it are only looked at.
        before: the frame before the first, as it came out, uint8 (H, W, 3); None if there is none.
    """
    held: deque[Draft] = deque()
    place, source, more = 0, iter(drafts), True
    while True:
        while more and len(held) <= place + reach:
            draft = next(source, None)
            more = draft is not None
            if draft is not None:
                held.append(draft)
        if place >= len(held):
            return
        now = held[place]
        if now.still.index >= first:
            pixels, change = now.pixels, None
            if now.still.hole.any():
                near = {k - place: held[k] for k in _same_shot(held, place, reach)}
                pixels, flow = agreed(now, near, reach=reach, rest=rest)
                if before is not None and flow is not None:
                    change = _flicker(pixels, before, now.still.hole, flow)
            yield Steadied(now, pixels, change)
            before = pixels
        place += 1
        if place > max(1, reach):
            held.popleft()
            place -= 1


def _same_shot(held: Sequence[Draft], place: int, reach: int) -> list[int]:
    """Places of the drafts up to `reach` away that no cut lies between, and of the one before."""
    found = []
    for step, far in ((-1, max(1, reach)), (1, reach)):
        for k in range(place + step, place + step * (far + 1), step):
            if not 0 <= k < len(held) or held[max(k, k - step)].still.cut:
                break
            found.append(k)
    return found


def agreed(now: Draft, near: Mapping[int, Draft], *, reach: int, rest: float) -> tuple[np.ndarray, np.ndarray | None]:
    """A draft, its hole as it and the drafts near it agree on it.

    Args:
        now: the draft, which has a hole.
        near: others of the same shot, by how many frames behind each is, -1 for the one before.
        reach: no one further away has a say.
        rest: see `steadied`.

    Returns:
        uint8 (H, W, 3), and the flow to the draft before, (H, W, 2), if it is there.
    """
    hole, flow = now.still.hole, None
    part = box_around(hole, max(_MARGIN, max(hole.shape) // _MARGIN_SHARE))
    mine, lacking = now.pixels[part].astype(np.float32), hole[part]
    sums, weights = np.zeros_like(mine), np.zeros(lacking.shape, np.float32)
    for distance, other in near.items():
        way = _flow(now, other, part, rest)
        if distance == -1:
            flow = np.zeros((*hole.shape, 2), np.float32)
            flow[part] = 0 if way is None else way
        if abs(distance) > reach:
            continue
        theirs, seen = other.pixels[part].astype(np.float32), (~other.still.hole[part]).astype(np.float32)
        if way is not None:
            theirs, seen = warp(theirs, way).clip(0, 255), warp(seen, way, sharp=False)
        difference = cv2.GaussianBlur(difference_of(theirs, mine), (0, 0), _NEIGHBOURHOOD)
        weight = np.exp(-((difference / _DISAGREEING) ** 2)) * (1 + _SEEN * seen) / np.float32(np.sqrt(abs(distance)))
        if way is not None:
            weight *= inside(way)
        sums += theirs * weight[..., None]
        weights += weight
    # mine counts once, the others as often as they weigh
    result = (mine + sums) / (1 + weights)[..., None]
    result += _lighter(mine, sums, weights, lacking) * (weights / (1 + weights))[..., None]
    pixels = now.pixels.copy()
    pixels[hole] = np.rint(result[lacking]).clip(0, 255).astype(np.uint8)
    return pixels, flow


def _flow(now: Draft, other: Draft, part: Part, rest: float) -> np.ndarray | None:
    """The flow from a part of one draft to that of another, (H, W, 2); None at rest: nothing is resampled."""
    known = ~now.still.hole[part] & ~other.still.hole[part]
    noise = cv2.blur(difference_of(*(one.pixels[part].astype(np.float32) for one in (now, other))), (5, 5))
    if (noise[known] > rest).sum() <= _MOVING_SHARE * known.sum():
        return None
    return dense_flow(now.grey[part], other.grey[part])


def _lighter(mine: np.ndarray, sums: np.ndarray, weights: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """How much lighter the frame is than the others say, (H, W, 3), measured beside the hole and spread into it."""
    side = np.ones((2 * _RING + 1, 2 * _RING + 1), np.uint8)
    ring = (cv2.dilate(hole.astype(np.uint8), side) > 0) & ~hole & (weights > _LEAST_WEIGHT)
    lighter = mine - sums / np.maximum(weights, _LEAST_WEIGHT)[..., None]
    trust = ring * np.exp(-((np.abs(lighter).mean(2) / np.float32(_RING_OUTLIER)) ** 2))
    return spread(lighter, trust + _NEARLY_NONE * ring, _RING_SPREAD)


def _flicker(now: np.ndarray, before: np.ndarray, hole: np.ndarray, flow: np.ndarray) -> float | None:
    """`metrics.flicker` of uint8 (H, W, 3); None where all of the hole comes from outside the picture."""
    hole = hole & inside(flow)
    if not hole.any():
        return None
    return flicker(to_image(now), to_image(before), mask=hole, flow=flow)

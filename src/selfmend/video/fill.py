"""Holes of a clip filled from the frames around, and steadily: each fill continues the one before.

For each hole pixel, in this order: what other frames show there (`borrow`), what the fill of the frame before becomes
when it moves along, and what a method makes of the rest. Nothing is taken across a cut. A frame's fill depends on the
frames up to `reach` before and behind it and on the fill before, so that work can go on anywhere with the same bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from selfmend.core.checks import OptionError
from selfmend.core.options import option
from selfmend.core.rng import derive_seed
from selfmend.image.flow import warp, inside
from selfmend.methods.base import Method
from selfmend.metrics.flicker import flicker
from selfmend.video.align import View, at_rest, find_motion, moved, view
from selfmend.video.borrow import Neighbour, borrow, distances
from selfmend.video.stills import Still, take, to_bytes
from selfmend.video.types import MaskedFrame, MendedFrame

OURS = "measured, docs/results-video.md"


@dataclass(frozen=True, kw_only=True)
class TemporalOptions:
    """Options of `TemporalFill`."""

    reach: int = option(30, "how far to look for a hole's content, before and behind", unit="frames", source=OURS)
    margin: int = option(32, "surroundings of a hole that are looked at", unit="px", source=OURS)
    softness: float = option(1.0, "error at which an answer's weight falls e-fold", unit="0 to 255", source=OURS)
    trust: float = option(20.0, "largest error around a pixel that is borrowed", unit="0 to 255", source=OURS)
    carry: float = option(25.0, "the same for what comes from the fill before", unit="0 to 255", source=OURS)
    surcharge: float = option(3.0, "error added to what comes from the fill before", unit="0 to 255", source=OURS)
    rest: float = option(4.0, "error up to which a scene is at rest", unit="0 to 255", source=OURS)


class TemporalFill:
    """A `FrameFiller` that looks at the frames around."""

    def __init__(self, options: TemporalOptions, *, method: Method, seed: int) -> None:
        self.options, self.method, self.seed = options, method, seed

    @property
    def reach(self) -> int:
        return self.options.reach

    def mend(self, frames: Iterable[MaskedFrame], *, done: Sequence[MendedFrame] = ()) -> Iterator[MendedFrame]:
        reach = self.options.reach
        first = done[-1].index + 1 if done else None
        before = to_bytes(done[-1].image) if done else None
        window: deque[Still] = deque()
        place = 0  # of the next frame to fill
        source = iter(frames)
        ended = False
        while True:
            while not ended and len(window) <= place + reach:
                frame = next(source, None)
                if frame is None:
                    ended = True
                    break
                window.append(take(frame, window[-1] if window else None))
                if first is not None and window[-1].index < first:
                    place = len(window)
            if place >= len(window):
                return
            mended, before = self._fill(window, place, before)
            yield mended
            place += 1
            if place > reach:
                window.popleft()
                place -= 1

    def _fill(self, window, place, before):
        now = window[place]
        if now.cut:
            before = None
        o = self.options
        if not now.hole.any():
            return MendedFrame(now.index, now.with_hole(np.zeros((0, 3), np.uint8)), None), now.pixels
        part = _around(now.hole, o.margin)
        here = view(now.pixels[part], now.hole[part])
        hole = now.hole[part]
        flow = np.zeros((*hole.shape, 2), np.float32)
        if before is not None and place > 0:
            raw = window[place - 1]
            raw = view(raw.pixels[part], raw.hole[part])
            if (at_rest(here, raw).error > o.rest).mean() > 0.02:
                flow = find_motion(here, raw)
        answers = borrow(here, _neighbours(window, place, o.reach, part), flow)
        colours, error = answers.blend(o.softness)
        limit = np.full(error.shape, o.trust, np.float32)
        if before is not None:
            last = view(before[part], np.zeros_like(hole))
            answers.add(at_rest(here, last), surcharge=o.surcharge)
            if flow.any():
                answers.add(moved(here, last, flow), factor=1.1, surcharge=o.surcharge)
            c2, e2 = answers.blend(o.softness)
            limit = np.where(error < o.trust, np.inf, o.carry + o.surcharge)
            colours, error = c2, e2
        rest = ~(error < limit)
        filled = here.colours.copy()
        filled[hole] = colours
        self.stat = (rest.mean(), len(answers.errors))
        if rest.any():
            left = np.zeros_like(hole)
            left[hole] = rest
            image = torch.from_numpy((filled / np.float32(255)).clip(0, 1)).permute(2, 0, 1)[None].contiguous()
            image = self.method.inpaint(image, torch.from_numpy(left)[None, None], seed=derive_seed(self.seed, now.index))[0]
            filled = image[0].permute(1, 2, 0).numpy() * 255
        fill = np.rint(filled[hole]).clip(0, 255).astype(np.uint8)
        result = now.pixels.copy()
        result[now.hole] = fill
        fl = None
        if before is not None:
            fl = _fl(result[part], before[part], hole, flow)
        return MendedFrame(now.index, now.with_hole(fill), fl), result


def _fl(now, before, hole, flow):
    im = [torch.from_numpy(x.astype(np.float32) / 255).permute(2, 0, 1)[None] for x in (now, before)]
    f = torch.from_numpy(flow).permute(2, 0, 1)[None]
    return float(flicker(*im, mask=torch.from_numpy(hole)[None, None], flow=f))


def _neighbours(window, place, reach, part):
    result = []
    open_ = {-1: True, 1: True}
    allowed = {}
    for side in (-1, 1):
        k = place
        while True:
            # a cut lies between k-1 and k
            if side == -1:
                if window[k].cut:
                    break
                k -= 1
            else:
                k += 1
                if k >= len(window) or window[k].cut:
                    break
            if k < 0 or abs(k - place) > reach:
                break
            allowed[k - place] = window[k]
    for d in distances(reach):
        for side in (-1, 1):
            s = allowed.get(side * d)
            if s is not None:
                hole = s.hole[part]
                result.append(Neighbour(side * d, hole, partial(view, s.pixels[part], hole)))
    return result


def _around(hole, margin):
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    return (
        slice(max(0, rows[0] - margin), rows[-1] + 1 + margin),
        slice(max(0, columns[0] - margin), columns[-1] + 1 + margin),
    )

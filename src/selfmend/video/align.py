"""What another frame shows where this one has its hole: its colours brought into place, and how far to trust them.

A hole is at rest in the picture where it is a subtitle, so that nothing within it tells how the scene moves: the flow
there is spread in from around it, and then made exact by what is known around (Lucas and Kanade, "An iterative image
registration technique", 1981). How well the other frame agrees there is the trust put in what it shows inside.
All arrays are parts of frames, (H, W) or (H, W, C), float32, colours in 0 to 255.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from selfmend.image.flow import dense_flow, inside, warp

AGREEING = 12.0  # 0 to 255: a flow that fetches colours this far off has lost e-fold of its weight
_FLOW_SPREAD, _ERROR_SPREAD = 5.0, 3.0  # px, of Gaussians
_NEAR = 10  # px
_REFINEMENTS, _LONGEST_STEP = 2, 1.0  # rounds, px
_STIFFNESS = 1.0  # squared grey values a pixel: without slopes nothing moves
_OUTLIER = 25.0  # 0 to 255
_LEAST_SHARE = 0.03
_NEARLY_NONE, _NOTHING = np.float32(1e-6), np.float32(1e-9)


@dataclass(frozen=True)
class View:
    """A part of a frame.

    Attributes:
        colours: (H, W, 3), 0 to 255.
        known: (H, W), 1 outside the hole, 0 in it.
        grey: uint8 (H, W), the hole filled smoothly: no letter is left that a flow could follow.
    """

    colours: np.ndarray
    known: np.ndarray
    grey: np.ndarray


@dataclass(frozen=True)
class Showing:
    """What another frame shows in this one's hole of N pixels, in scan order.

    Attributes:
        colours: (N, 3), 0 to 255.
        seen: bool (N,), whether the other frame has known pixels there.
        error: (N,), mean absolute difference of the known pixels around, 0 to 255.
    """

    colours: np.ndarray
    seen: np.ndarray
    error: np.ndarray


def view(pixels: np.ndarray, hole: np.ndarray) -> View:
    """A part of a frame, uint8 (H, W, 3), whose hole (H, W) is True, as the other functions take it."""
    return view_of(pixels, hole, smooth_grey(pixels, hole))


def view_of(pixels: np.ndarray, hole: np.ndarray, grey: np.ndarray) -> View:
    """`view` with its grey values, which `smooth_grey` has made."""
    return View(pixels.astype(np.float32), (~hole).astype(np.float32), grey)


def smooth_grey(pixels: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Grey values with the hole filled smoothly, uint8 (H, W)."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if hole.any() and not hole.all():
        smooth = spread(grey.astype(np.float32), (~hole).astype(np.float32), _ERROR_SPREAD)
        grey = np.where(hole, np.rint(smooth).clip(0, 255), grey).astype(np.uint8)
    return grey


def spread(values: np.ndarray, weight: np.ndarray, sigma: float) -> np.ndarray:
    """Weighted means over Gaussian neighbourhoods, as wide as they must be to reach something of weight.

    Normalised convolution (Knutsson and Westin, 1993) over a pyramid. Faster than `pull_push` and with weights of any
    size; that one keeps the known pixels, this one smooths them too.
    """
    sums, share = values * _like(weight, values), weight
    blurred, reached = cv2.GaussianBlur(sums, (0, 0), sigma), cv2.GaussianBlur(share, (0, 0), sigma)
    if reached.min() >= _LEAST_SHARE or min(weight.shape) < 8:
        overall = sums.sum((0, 1)) / max(float(share.sum()), _NOTHING)  # for what even this scale does not reach
        return (blurred + _NOTHING * overall) / (_like(reached, values) + _NOTHING)
    height, width = weight.shape
    half = (width + 1) // 2, (height + 1) // 2
    sums, share = (cv2.resize(x, half, interpolation=cv2.INTER_AREA) for x in (sums, share))
    wider = spread(sums / np.maximum(_like(share, values), _NEARLY_NONE), share, sigma)
    wider = cv2.resize(wider, (width, height), interpolation=cv2.INTER_LINEAR)
    return (blurred + _LEAST_SHARE * wider) / (_like(reached, values) + _LEAST_SHARE)


def find_motion(now: View, other: View, *, start: np.ndarray | None = None) -> np.ndarray:
    """The flow from `now` to `other`, (H, W, 2), also in the hole; `start` is a flow that is near."""
    flow = dense_flow(now.grey, other.grey, start=start)
    reaches = inside(flow)
    clear, other_clear = (cv2.blur(x.known, (9, 9)) ** 2 * x.known for x in (now, other))  # DIS sees 8x8 px
    error = _difference(warp(other.colours, flow, sharp=False), now.colours)
    trust = clear * warp(other_clear, flow, sharp=False) * np.exp(-((error / AGREEING) ** 2))
    flow = spread(flow, (trust + _NEARLY_NONE) * reaches, _FLOW_SPREAD)
    return refine(now, other, flow, reach=_NEAR)


def refine(now: View, other: View, flow: np.ndarray, *, reach: int) -> np.ndarray:
    """The flow, further moved so that the known pixels up to `reach` px away from each pixel agree better."""
    for _ in range(_REFINEMENTS):
        flow = flow + _step(now, other, flow, reach)
    return flow


def _step(now: View, other: View, flow: np.ndarray, reach: int) -> np.ndarray:
    """How much further each pixel must go so that the known pixels around it agree, (H, W, 2)."""
    both = now.known * (warp(other.known, flow, sharp=False) > 0.99) * inside(flow)
    shown, wanted = warp(other.grey.astype(np.float32), flow), now.grey.astype(np.float32)
    shown = np.where(both > 0, shown, wanted)
    difference = shown - wanted
    weight = both * np.exp(-((difference / _OUTLIER) ** 2))
    right, down = cv2.Scharr(shown, -1, 1, 0) / 32, cv2.Scharr(shown, -1, 0, 1) / 32
    products = right * right, right * down, down * down, right * difference, down * difference
    a, b, c, p, q = (cv2.blur(x * weight, (2 * reach + 1, 2 * reach + 1)) for x in products)
    a, c = a + _STIFFNESS, c + _STIFFNESS
    scale = 1 / (a * c - b * b)
    step = cv2.merge([(b * q - c * p) * scale, (b * p - a * q) * scale])
    return step.clip(-_LONGEST_STEP, _LONGEST_STEP)


def at_rest(now: View, other: View) -> Showing:
    """What `other` shows if nothing moves: nothing is resampled, so a scene at rest loses no detail."""
    return _judge(now, other.colours, other.known > 0)


def moved(now: View, other: View, flow: np.ndarray) -> Showing:
    """What `other` shows if all moves along a flow."""
    seen = (warp(other.known, flow, sharp=False) > 0.99) & inside(flow)
    return _judge(now, warp(other.colours, flow).clip(0, 255), seen)


def _judge(now: View, colours: np.ndarray, seen: np.ndarray) -> Showing:
    hole = now.known == 0
    error = spread(_difference(colours, now.colours), now.known * seen + _NEARLY_NONE * now.known, _ERROR_SPREAD)
    return Showing(colours[hole], seen[hole], error[hole])


def _difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(H, W): mean absolute difference of the colours."""
    return cv2.transform(cv2.absdiff(a, b), np.full((1, 3), 1 / 3, np.float32))


def _like(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(H, W) as a factor of (H, W) or (H, W, C)."""
    return weight if values.ndim == 2 else weight[..., None]

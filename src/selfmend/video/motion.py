"""How the frames around lie on the one that is filled: the camera's motion first, what moves by itself then.

What another frame shows where this one has its hole: its colours brought into place, and how far to trust them.

A hole is at rest in the picture where it is a subtitle, so that nothing within it tells how the scene moves: the flow
there is spread in from around it, and then made exact by what is known around (Lucas and Kanade, "An iterative image
registration technique", 1981). How well the other frame agrees there is the trust put in what it shows inside.
All arrays are parts of frames, (H, W) or (H, W, C), float32, colours in 0 to 255.

How the scene as a whole moves from frame to frame: an affine map, followed through a clip by multiplying.

Maps are float64 (3, 3), from a pixel (x, y, 1) of one frame to its place in another. People who walk through the
picture count for little: the fit is repeated with the weight of what does not fit taken away.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from selfmend.registration.flow import dense_flow, inside, warp
from selfmend.video.frames import StoredFrame

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
    error = difference_of(warp(other.colours, flow, sharp=False), now.colours)
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
    error = spread(difference_of(colours, now.colours), now.known * seen + _NEARLY_NONE * now.known, _ERROR_SPREAD)
    return Showing(colours[hole], seen[hole], error[hole])


def difference_of(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(H, W): mean absolute difference of the colours."""
    return cv2.transform(cv2.absdiff(a, b), np.full((1, 3), 1 / 3, np.float32))


def _like(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(H, W) as a factor of (H, W) or (H, W, C)."""
    return weight if values.ndim == 2 else weight[..., None]


_LONGEST = 448  # px: larger frames are looked at in this size
_STEP = 6  # px between the places where the flow is read
_ROUNDS = 8
_SMALLEST = 16  # px; the flow is read 4 px from the edges
_CAMERA_REFINEMENTS = 2  # DIS falls short of a motion by some per cent
_NOISE = 4.0  # 0 to 255: difference at which a pixel has lost half its weight
_FIT = 0.3  # px: residual at which a place has lost half its weight


def camera_step(now: StoredFrame, other: StoredFrame) -> np.ndarray:
    """The map from a frame to another one that is next to it; the identity where too little is known."""
    shrunk = min(1.0, _LONGEST / max(now.hole.shape))
    (grey, known), (other_grey, other_known) = (_small(still, shrunk) for still in (now, other))
    if min(grey.shape) < _SMALLEST:
        return np.eye(3)
    flow = dense_flow(grey, other_grey)
    clear = cv2.erode((known & other_known).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0  # DIS sees 8x8 px
    slope = cv2.Scharr(grey, cv2.CV_32F, 1, 0) ** 2 + cv2.Scharr(grey, cv2.CV_32F, 0, 1) ** 2
    rows, columns = np.mgrid[4 : grey.shape[0] - 4 : _STEP, 4 : grey.shape[1] - 4 : _STEP]
    rows, columns = rows.ravel(), columns.ravel()
    weight = clear[rows, columns] * np.minimum(slope[rows, columns], 1e5).astype(np.float64)
    if (weight > 0).sum() < 12:
        return np.eye(3)
    centre = np.array([grey.shape[1], grey.shape[0]]) / 2
    places = np.stack([columns - centre[0], rows - centre[1], np.full(rows.size, centre.max())], 1) / centre.max()
    terms = _fit(places, flow[rows, columns].astype(np.float64), weight)
    for _ in range(_CAMERA_REFINEMENTS):
        terms = terms + _refined_step(grey, other_grey, known, other_known, terms, centre)
    # from places around the centre, in units of half the longer side, to pixels of the full size
    linear = terms[:2].T / centre.max()
    result = np.eye(3)
    result[:2, :2] += linear
    result[:2, 2] = (terms[2] - linear @ centre) / shrunk
    return result


def flow_of(camera: np.ndarray, part: tuple[slice, slice]) -> np.ndarray:
    """The map as a flow float32 (H, W, 2) in a part of the frame."""
    y, x = (np.arange(*side.indices(side.stop), dtype=np.float64) for side in part)
    linear = camera[:2, :2] - np.eye(2)
    flow = np.empty((y.size, x.size, 2), np.float32)
    for i in (0, 1):
        np.add.outer(linear[i, 1] * y + camera[i, 2], linear[i, 0] * x, out=flow[..., i], casting="same_kind")
    return flow


def _refined_step(
    grey: np.ndarray,
    other: np.ndarray,
    known: np.ndarray,
    other_known: np.ndarray,
    terms: np.ndarray,
    centre: np.ndarray,
) -> np.ndarray:
    """(3, 2): what must be added to a map so that the pictures agree better (a step of Gauss and Newton)."""
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
    base = np.stack([(x - centre[0]) / centre.max(), (y - centre[1]) / centre.max(), np.ones_like(x)], 2)
    flow = (base @ terms).astype(np.float32)
    shown = warp(other.astype(np.float32), flow)
    both = known & inside(flow) & (warp(other_known.astype(np.float32), flow, sharp=False) > 0.99)
    difference = shown - grey
    weight = (both / (1 + (difference / _NOISE) ** 2) ** 2)[::3, ::3, None]
    slopes = (cv2.Scharr(shown, -1, 1, 0)[::3, ::3, None] / 32, cv2.Scharr(shown, -1, 0, 1)[::3, ::3, None] / 32)
    columns = np.concatenate([base[::3, ::3] * slope for slope in slopes], 2).reshape(-1, 6).astype(np.float64)
    weighted = columns * weight.reshape(-1, 1)
    products = np.einsum("ni,nj->ij", weighted, columns)  # not @: BLAS adds in an order of its own
    products += 1e-6 * max(1.0, np.trace(products)) * np.eye(6)
    return np.linalg.solve(products, -np.einsum("ni,n->i", weighted, difference[::3, ::3].ravel())).reshape(2, 3).T


def _small(still: StoredFrame, shrunk: float) -> tuple[np.ndarray, np.ndarray]:
    """Grey values with the hole filled smoothly, uint8 (h, w), and what is known, bool (h, w)."""
    grey, known = cv2.cvtColor(still.pixels, cv2.COLOR_RGB2GRAY), (~still.hole).astype(np.float32)
    if shrunk < 1:
        size = max(1, round(grey.shape[1] * shrunk)), max(1, round(grey.shape[0] * shrunk))
        grey, known = (cv2.resize(x, size, interpolation=cv2.INTER_AREA) for x in (grey, known))
    sure = known > 0.99
    if not sure.all() and sure.any():
        smooth = spread(grey.astype(np.float32), sure.astype(np.float32), 3.0)
        grey = np.where(sure, grey, np.rint(smooth).clip(0, 255)).astype(np.uint8)
    return grey, sure


def _fit(places: np.ndarray, flows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(3, 2): the linear map from places (N, 3) to flows (N, 2) that most of the weight agrees with."""
    chosen = weight > 0
    places, flows, weight = places[chosen], flows[chosen], weight[chosen]
    residual = np.linalg.norm(flows - np.median(flows, 0), axis=1)
    width = max(_FIT, float(np.median(residual)))
    for _ in range(_ROUNDS):
        now = weight / (1 + (residual / width) ** 2) ** 2
        products = np.einsum("ni,nj,n->ij", places, places, now)
        sums = np.einsum("ni,nj,n->ij", places, flows, now)
        terms = np.linalg.solve(products + 1e-9 * np.trace(products) * np.eye(3), sums)
        residual = np.linalg.norm(flows - places @ terms, axis=1)
        width = max(_FIT, 0.7 * width)
    return terms

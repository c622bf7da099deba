"""How the scene as a whole moves from frame to frame: an affine map, followed through a clip by multiplying.

Maps are float64 (3, 3), from a pixel (x, y, 1) of one frame to its place in another. People who walk through the
picture count for little: the fit is repeated with the weight of what does not fit taken away.
"""

from __future__ import annotations

import cv2
import numpy as np

from selfmend.image.flow import dense_flow, inside, warp
from selfmend.video.align import spread
from selfmend.video.stills import Still

_LONGEST = 448  # px: larger frames are looked at in this size
_STEP = 6  # px between the places where the flow is read
_ROUNDS = 8
_REFINEMENTS = 2  # DIS falls short of a motion by some per cent
_NOISE = 4.0  # 0 to 255: difference at which a pixel has lost half its weight
_FIT = 0.3  # px: residual at which a place has lost half its weight


def camera_step(now: Still, other: Still) -> np.ndarray:
    """The map from a frame to another one that is next to it; the identity where too little is known."""
    shrunk = min(1.0, _LONGEST / max(now.hole.shape))
    (grey, known), (other_grey, other_known) = (_small(still, shrunk) for still in (now, other))
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
    for _ in range(_REFINEMENTS):
        terms = terms + _step(grey, other_grey, known, other_known, terms, centre)
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


def _step(
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


def _small(still: Still, shrunk: float) -> tuple[np.ndarray, np.ndarray]:
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

"""One mark of damage: where it lies, how thick, of which colour; and how it is laid over a picture with its mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfmend.types import Image, Mask, Size

KINDS = ("scratches", "dust", "stains", "missing")
"""What damage is told apart into: long and thin; small; soft-edged, or emulsion that is gone; torn off."""

Alpha = NDArray[np.float32]
"""float32 (H, W) in [0, 1]: how much of a pixel the mark covers."""

Points = NDArray[np.float64]
"""(N, 2): x and y in pixels."""

_COVERED = 0.3  # of a pixel, from which on it belongs to the mark
_SEEN = 0.08  # by which a channel must change to be seen
_BRIDGE = 9  # pixels: a part that cannot be seen belongs to the mark if as near to one that can


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A mark, or several of one colour.

    Attributes:
        kind: one of `KINDS`.
        alpha: (H, W) in [0, 1].
        colour: (3,) or (H, W, 3) in [0, 1] of what covers the picture.
        multiply: the colour is laid on as a glaze: what is below shines through in proportion.
        masked: whether it belongs to the mask; the soft shade beside a fold does not.
    """

    kind: str
    alpha: Alpha
    colour: NDArray[np.float32]
    multiply: bool = False
    masked: bool = True


def lay(image: Image, mark: Mark) -> tuple[Image, Mask]:
    """A picture with a mark laid on it.

    Args:
        image: (H, W, 3) in [0, 1].

    Returns:
        The picture, and bool (H, W), True where the mark can be seen, or covers a pixel close to where it can.
    """
    import cv2

    alpha = mark.alpha[..., None]
    over = image * mark.colour if mark.multiply else mark.colour
    after = (image + alpha * (over - image)).astype(np.float32)
    if not mark.masked:
        return after, np.zeros(mark.alpha.shape, bool)
    change = np.abs(after - image)
    seen = (np.maximum(np.maximum(change[..., 0], change[..., 1]), change[..., 2]) > _SEEN).astype(np.uint8)
    near = cv2.dilate(seen, np.ones((_BRIDGE, _BRIDGE), np.uint8)) > 0
    return after, (mark.alpha > _COVERED * max(float(mark.alpha.max()), 0.2)) & near


def stroke_canvas(size: Size) -> NDArray[np.uint8]:
    """An empty canvas for `cv2` to draw strokes on, `FINER` times as fine as the picture."""
    return np.zeros((size[0] * FINER, size[1] * FINER), np.uint8)


def to_alpha(canvas: NDArray[np.uint8], size: Size) -> Alpha:
    """What a fine canvas covers of each pixel of the picture."""
    import cv2

    return cv2.resize(canvas, size[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)


FINER = 2
_FRACTION = 4  # bits of a coordinate behind the point, as cv2 takes them


def polyline(headings: NDArray[np.float64], steps: NDArray[np.float64] | float) -> Points:
    """Where one comes from (0, 0) by steps of so many pixels along headings, in radians: after each of them."""
    return np.cumsum(np.asarray(steps)[..., None] * np.stack([np.cos(headings), np.sin(headings)], 1), 0)


def draw_stroke(
    canvas: NDArray[np.uint8],
    points: NDArray[np.float64],
    widths: NDArray[np.float64] | float,
    opacity: NDArray[np.float64] | float = 1.0,
) -> None:
    """Draw a line through points onto a fine canvas; where strokes meet, the denser one is seen.

    Args:
        canvas: of `stroke_canvas`.
        points: (N, 2), x and y in pixels of the picture.
        widths: (N,) in pixels of the picture, or one for all.
        opacity: (N,) in [0, 1], or one for all.
    """
    import cv2

    fixed = np.rint(points * FINER * 2**_FRACTION).astype(np.int64).clip(-(2**24), 2**24).astype(np.int32)
    thick = np.maximum(1, np.rint(np.broadcast_to(widths, len(points)) * FINER)).astype(int)
    dense = np.rint(np.broadcast_to(opacity, len(points)) * 255).astype(int)
    for k in range(len(points) - 1):
        if dense[k] > 0:
            start, end = tuple(map(int, fixed[k])), tuple(map(int, fixed[k + 1]))
            cv2.line(canvas, start, end, int(dense[k]), int(thick[k]), cv2.LINE_AA, _FRACTION)


def wobble(count: int, rng: np.random.Generator, *, smooth: float) -> NDArray[np.float64]:
    """(count,) random numbers of mean 0 and deviation near 1 that change slowly, over `smooth` places."""
    from scipy.ndimage import gaussian_filter1d

    if smooth < 0.3:
        return rng.standard_normal(count)
    noise = gaussian_filter1d(rng.standard_normal(count + 2 * int(4 * smooth) + 2), smooth)[int(4 * smooth) :][:count]
    return noise * np.sqrt(2 * np.sqrt(np.pi) * smooth)


def smooth_noise(size: Size, rng: np.random.Generator, *, grain: float) -> NDArray[np.float32]:
    """(H, W) noise of mean 0 and deviation 1 whose blobs are about `grain` pixels wide."""
    import cv2

    coarse = (int(size[0] / grain) + 4, int(size[1] / grain) + 4)
    noise = cv2.resize(
        rng.standard_normal(coarse).astype(np.float32), None, fx=grain, fy=grain, interpolation=cv2.INTER_CUBIC
    )
    top, left = (
        int(rng.integers(0, max(1, noise.shape[0] - size[0]))),
        int(rng.integers(0, max(1, noise.shape[1] - size[1]))),
    )
    part = noise[top : top + size[0], left : left + size[1]]
    return (part / max(1e-6, float(part.std()))).astype(np.float32)


def around(image: Image, side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and deviation of the brightness around each pixel of a picture (H, W, 3), in squares of so many pixels."""
    import cv2

    grey = np.ascontiguousarray(image.mean(2))
    mean, square = (cv2.blur(values, (side, side)) for values in (grey, grey * grey))
    return mean, np.sqrt(np.maximum(square - mean * mean, 0))


def rgb(red: float, green: float, blue: float) -> NDArray[np.float32]:
    """(3,) a colour."""
    return np.array([red, green, blue], np.float32)


def chance(rng: np.random.Generator, share: float) -> bool:
    """True in such a share of all cases."""
    return bool(rng.random() < share)


def between(rng: np.random.Generator, low: float, high: float, *, log: bool = False) -> float:
    """A number between two, evenly, or evenly in its logarithm: small ones as often as great ones."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high)))) if log else float(rng.uniform(low, high))


def paper(rng: np.random.Generator) -> NDArray[np.float32]:
    """(3,) the colour of paper that has lost its emulsion: white to cream and light brown."""
    value, warm = between(rng, 0.7, 1.0), between(rng, 0, 0.3) * (rng.random() < 0.6)
    return rgb(value, value * (1 - 0.35 * warm), value * (1 - warm))


def mark_colour(rng: np.random.Generator, *, light: float = 0.65) -> NDArray[np.float32]:
    """(3,) the colour of a scratch or a speck: light in such a share of all cases, else dark; seldom tinted."""
    if chance(rng, 0.06):  # scratches of colour film show its layers
        return rng.uniform(0, 1, 3).astype(np.float32)
    if chance(rng, light):
        return paper(rng) if chance(rng, 0.4) else np.full(3, between(rng, 0.72, 1.0), np.float32)
    return (between(rng, 0.0, 0.28) * rgb(1, between(rng, 0.8, 1), between(rng, 0.6, 1))).astype(np.float32)

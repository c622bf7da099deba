"""What may be letters: bright strokes with something darker all around."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from selfmend.errors import OptionError
from selfmend.options import option

_BOUNDS = (0.45, 0.85)  # of Otsu's threshold: bright text is never below the one, and often not above the other
_AROUND = 2  # pixels from a letter's border to where it is darker
_EDGE = 0.75  # share of a letter's border where it is
_SOLID = (0.12, 0.95)  # share of its box that a letter fills
_NARROW = 0.5  # width by height of a letter that fills all of its box: I, l
_MOST = 1500  # pieces: more are noise, and every pair of them is looked at


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """How text is told from the picture, and how much of what is around it is covered."""

    dark: bool = option(False, "the text is darker than what is around it")
    threshold: float | None = option(None, "brightness of a letter, at least; none: Otsu's", unit="0...1", low=0)
    saturation: float = option(
        1.0, "saturation of a letter, at most: 0.25 takes white and grey only", unit="0...1", low=0
    )
    contrast: float = option(0.25, "by which a letter is brighter than what is around it", unit="0...1", low=0)
    height: tuple[float, float] = option((0.018, 0.2), "of letters", unit="shares of the picture's height", low=0)
    stroke: float = option(0.45, "width of a letter's strokes, at most", unit="heights of the letter", low=0)
    letters: int = option(2, "of a line, at least", low=1)
    outline: int | None = option(None, "width of what is around the strokes; none: measured", unit="px", low=0)
    spread: int = option(1, "further pixels that compression has touched", unit="px", low=0)

    def __post_init__(self) -> None:
        """Refuse what no picture has.

        Raises:
            OptionError: a share above 1, or heights that are no range.
        """
        for name in ("threshold", "saturation", "contrast", "stroke"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise OptionError(f"option {name} is {value}; 0 to 1 fits")
        low, high = self.height
        if not 0 <= low < high <= 1:
            raise OptionError(
                f"option height is {low},{high}; two shares of the picture's height fit, such as 0.02,0.2"
            )

    def least_height(self, height: int) -> float:
        """Pixels, in a picture of that height; smaller letters have no strokes."""
        return max(4.0, self.height[0] * height)


@dataclass(frozen=True)
class Letters:
    """Pieces that may be letters, an entry a piece: whatever is needed to find those that stand in a row.

    Attributes:
        labels: int32 (H, W), 0 where no piece is; the entry k has the number `numbers[k]`.
        numbers: of the pieces in `labels`.
        left, top, right, bottom: of the box; right and bottom are the first pixels after it.
        stroke: width in pixels.
        colour: (n, 3), in [0, 1].
        level: brightness of the border, on average.
        border: its pixels.
        around, around_squared: sums over them of how dark it is near them, and of its square.
    """

    labels: np.ndarray
    numbers: np.ndarray
    left: np.ndarray
    top: np.ndarray
    right: np.ndarray
    bottom: np.ndarray
    stroke: np.ndarray
    colour: np.ndarray
    level: np.ndarray
    border: np.ndarray
    around: np.ndarray
    around_squared: np.ndarray

    @property
    def height(self) -> np.ndarray:
        """Pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> np.ndarray:
        """Pixels."""
        return self.right - self.left

    def of(self, which: np.ndarray) -> Letters:
        """Some of them, by a bool or index array."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "labels"]
        return Letters(self.labels, *(getattr(self, name)[which] for name in names))

    def drawn(self, rows: slice) -> np.ndarray:
        """bool (h, W): where they are, in some rows of the picture."""
        labels = self.labels[rows]
        chosen = np.zeros(max(int(labels.max(initial=0)), int(self.numbers.max(initial=0))) + 1, bool)
        chosen[self.numbers] = True
        return chosen[labels]


def brightness(colours: np.ndarray) -> np.ndarray:
    """Luma of float32 (H, W, 3): blue sky is dark in it, and yellow letters are bright."""
    return colours @ np.array([0.299, 0.587, 0.114], np.float32)


def find_letters(colours: np.ndarray, options: TextOptions) -> Iterator[Letters]:
    """Pieces that may be letters of bright text, at one threshold after the other.

    Args:
        colours: float32 (H, W, 3) in [0, 1].
        options: see there; `dark` is the caller's business.
    """
    import cv2

    grey = brightness(colours)
    thin = top_hat(grey, options) >= options.contrast
    if options.saturation < 1:
        top = colours.max(2)
        thin &= (top - colours.min(2)) <= options.saturation * top
    darkest = cv2.erode(grey, np.ones((2 * _AROUND + 1, 2 * _AROUND + 1), np.uint8))
    for threshold in thresholds(grey[thin], options):
        bright = thin & (grey >= threshold)
        _, labels, statistics, _ = cv2.connectedComponentsWithStats(bright.astype(np.uint8), connectivity=8)
        numbers = _of_a_letters_size(statistics, options, grey.shape[0])
        yield _measured((colours, grey, darkest), bright, labels, statistics, numbers, options)


def top_hat(grey: np.ndarray, options: TextOptions) -> np.ndarray:
    """By how much a pixel is brighter than what is left when everything as thin as a stroke is taken away."""
    import cv2

    widest = options.stroke * options.height[1] * grey.shape[0]
    side = 2 * max(2, round(widest / 2)) + 1
    return cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, np.ones((side, side), np.uint8))


def thresholds(values: np.ndarray, options: TextOptions) -> list[float]:
    """The given threshold, or Otsu's, and those of what is brighter and of what is darker than it.

    Of what is thin, so that a bright sky has no say. Where yellow letters are the second brightest, the first threshold
    is too high; where the first joins letters with what is bright behind them, the second does not.
    """
    if options.threshold is not None:
        return [options.threshold]
    if not len(values):
        return []
    first = otsu(values)
    sides = [side for side in (values[values > first], values[values <= first]) if len(side)]
    found = [np.clip(one, *_BOUNDS) for one in (first, *(otsu(side) for side in sides))]
    return [float(one) for one in dict.fromkeys(found)]


def otsu(values: np.ndarray) -> float:
    """The threshold that parts values in [0, 1] into two groups that vary least (Otsu 1979)."""
    import cv2

    levels = (values * 255).round().astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return (threshold + 0.5) / 255  # between the last level of the one group and the first of the other


def _of_a_letters_size(statistics: np.ndarray, options: TextOptions, height: int) -> np.ndarray:
    import cv2

    tall, wide, area = (
        statistics[:, which] for which in (cv2.CC_STAT_HEIGHT, cv2.CC_STAT_WIDTH, cv2.CC_STAT_AREA)
    )  # fmt: skip
    fits = (tall >= options.least_height(height)) & (tall <= options.height[1] * height)
    solid = area / (tall * wide)
    fits &= (solid >= _SOLID[0]) & ((solid <= _SOLID[1]) | (wide <= _NARROW * tall))
    fits[0] = False  # what is around the pieces
    numbers = np.flatnonzero(fits)
    return numbers[np.argsort(-area[numbers], kind="stable")][:_MOST]


def _measured(
    picture: tuple[np.ndarray, np.ndarray, np.ndarray],
    bright: np.ndarray,
    labels: np.ndarray,
    statistics: np.ndarray,
    numbers: np.ndarray,
    options: TextOptions,
) -> Letters:
    """The pieces with their strokes and colours, without those that are no strokes or have nothing darker around.

    `picture` is its colours, its brightness, and the darkest brightness near each pixel.
    """
    import cv2

    inside = cv2.distanceTransform(bright.astype(np.uint8), cv2.DIST_L2, 3)
    count = len(statistics)
    wanted = np.zeros(count, bool)
    wanted[numbers] = True
    pixels = np.flatnonzero(wanted[labels])  # most pieces are too small or too large for letters
    place, inside = labels.ravel()[pixels], inside.ravel()[pixels]
    colours, grey, darkest = (plane.reshape(-1, *plane.shape[2:])[pixels] for plane in picture)
    thickest = np.zeros(count, np.float32)
    np.maximum.at(thickest, place, inside)
    edge, core = inside < 1.5, inside >= thickest[place] - 0.5

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(place[edge], values[edge], count)

    border = np.maximum(1, total(np.ones_like(inside)))
    steep = total(grey - darkest >= options.contrast) / border
    cores = np.maximum(1, np.bincount(place, core, count))
    colour = np.stack([np.bincount(place, core * values, count) / cores for values in colours.T], 1)
    left, top, wide, tall, _ = statistics[numbers].T
    letters = Letters(
        labels, numbers, left, top, left + wide, top + tall, 2 * thickest[numbers] - 1, colour[numbers],
        (total(grey) / border)[numbers], border[numbers], total(darkest)[numbers], total(darkest**2)[numbers],
    )  # fmt: skip
    return letters.of((steep[numbers] >= _EDGE) & (letters.stroke <= np.maximum(2, options.stroke * letters.height)))

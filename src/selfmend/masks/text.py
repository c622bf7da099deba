"""Text in pictures: letters that stand in lines, as subtitles do, found without a model, and the mask of it.

Subtitles and other text that was burnt into a picture, as a mask: binarisation, and letters that stand in rows.

Paper 000 (SinGAN with a reference picture) makes its masks of subtitles by binarisation and says no more of it; the
rules here are our own.

Lines of text: letters in a row with like heights, strokes, colours and spacing, and what they cover.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import ndimage

from selfmend.image.color import as_channels
from selfmend.masks.reading import box_mask
from selfmend.masks.text_letters import Letters, TextOptions, brightness, find_letters
from selfmend.types import Image, Mask, Size, check_image, size_of

DEFAULTS = TextOptions()
Region: TypeAlias = tuple[int, int, int, int]
"""Left, top, width and height in pixels, as a box mask has them."""


def find_text(image: Image, *, options: TextOptions = DEFAULTS, region: Region | None = None) -> Mask:
    """The text of a picture as a mask; no text is an empty mask, so ask `mask.any()` and say so.

    Args:
        image: one picture, (H, W, 1 or 3) in [0, 1].
        options: how text is told from the picture, and how much around it is covered.
        region: x, y, width and height in pixels of the part that is looked at; the whole picture by default.

    Returns:
        bool (H, W), True = letters, their outline and what compression has touched around them.

    Raises:
        ImageError: another kind or range, or CMYK.
        MaskError: a region that holds no pixel of the picture.
    """
    return mask_of(search_text(image, options=options, region=region), size_of(image))


def search_text(image: Image, *, options: TextOptions = DEFAULTS, region: Region | None = None) -> list[TextLine]:
    """The lines of text in a picture; arguments as `find_text`."""
    check_image(image)
    size = size_of(image)
    rows, columns = _place(region, size)
    colours = as_channels(image, 3, name="picture")[rows, columns]
    inside = _within(options, size[0], colours.shape[0])
    if inside is None:
        return []
    lines = find_lines(np.ascontiguousarray(1 - colours if options.dark else colours), inside)
    return [dataclasses.replace(line, top=line.top + rows.start, left=line.left + columns.start) for line in lines]


def mask_of(lines: Iterable[TextLine], size: Size) -> Mask:
    """bool (H, W): what the lines cover."""
    mask = np.zeros(size, bool)
    for line in lines:
        mask[line.place] |= line.cover
    return mask


def _place(region: Region | None, size: Size) -> tuple[slice, slice]:
    """Rows and columns of the part that is looked at."""
    if region is None:
        return slice(0, size[0]), slice(0, size[1])
    box_mask(region, size)  # refuses what lies outside
    x, y, width, height = region
    return slice(max(0, y), min(size[0], y + height)), slice(max(0, x), min(size[1], x + width))


def _within(options: TextOptions, height: int, part: int) -> TextOptions | None:
    """The options for a part of the picture that is `part` pixels high; None where no letter fits into it."""
    low, high = (share * height / part for share in options.height)
    return dataclasses.replace(options, height=(low, min(1.0, high))) if low < 1 else None


_TALLER = 2.4  # the taller of two neighbours, in heights of the other: H and x, with a descender
_LEVEL = 0.5  # share of the lower one's height at which two neighbours stand side by side
_SPACE = 1.3  # between two neighbours, in heights of the taller one
_THICKER = 2.2  # strokes of two neighbours, by each other
_COLOUR = 0.18  # between two neighbours
_AROUND = 0.1  # between what is around two neighbours
_OFF_LINE = 0.1  # heights of a letter by which one may stand higher or lower than another
_GAP = 3.0  # between two letters of a line that both stand on it, in heights: y and p between them do not
_UNEVEN = (0.05, 0.01, 0.12)  # what is around a line of two letters, more with each further letter, and at most
_KNOWN = 0.5  # share of a line that lies on one found before
_LEVELS = (0.4, 0.55, 0.7, 0.85)  # thresholds for small signs, between what is around the letters and the letters
_AS_BRIGHT = 0.75  # the brightest pixel of a small sign, at least, on the same scale
_AS_DARK = 0.3  # what is around a small sign, at most, on the same scale
_SIGN_SPACE = 1.0  # from a small sign to the next, at most, in heights of a letter
_EDGE = 0.75  # share of its border where it is
_OUTLINE = 0.22  # width of an outline, at most, in heights of a letter
_DARK_RING = 0.6  # share of an outline's pixels that are dark
_FEW, _STEEP = 5, 0.6  # a line of fewer letters is brighter by so much than what is around it
_WIDE = 0.7  # letters in a piece as wide as high
_LONG = 1.4  # length of a line, in heights of its letters


@dataclass(frozen=True)
class TextLine:
    """A line of text and what it covers.

    Attributes:
        top, left: of the two masks, in pixels of the picture.
        written: bool (h, w), letters with their outline.
        cover: bool (h, w), with what lies around that compression has touched.
    """

    top: int
    left: int
    written: np.ndarray
    cover: np.ndarray

    @property
    def place(self) -> tuple[slice, slice]:
        """Where the masks lie in the picture."""
        height, width = self.cover.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def find_lines(colours: np.ndarray, options: TextOptions) -> list[TextLine]:
    """The lines of bright text in a picture, float32 (H, W, 3) in [0, 1]."""
    grey = brightness(colours)
    taken = np.zeros(grey.shape, bool)
    lines = []
    for letters in find_letters(colours, options):
        for row in rows_of(letters, options):
            rows = slice(letters.top[row].min(), letters.bottom[row].max())
            if taken[rows][letters.of(row).drawn(rows)].mean() > _KNOWN:
                continue
            line = covered(letters.of(row), grey, options)
            lines.append(line)
            taken[line.place] |= line.written
    return lines


def rows_of(letters: Letters, options: TextOptions) -> list[np.ndarray]:
    """Indices of the letters of each line."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    if not len(letters.numbers):
        return []
    count, label = connected_components(csr_array(_neighbours(letters)), directed=False)
    alone = np.bincount(label, minlength=count) < options.letters
    wide = np.bincount(label, letters.width > letters.height, count) > 0
    members = np.flatnonzero((~alone | wide)[label])  # most pieces of a picture stand alone
    order = members[np.argsort(label[members], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if len(order) else []
    return [row for group in groups for row in _rows_in(group, letters, options)]


def _rows_in(group: np.ndarray, letters: Letters, options: TextOptions) -> Iterator[np.ndarray]:
    """The lines among letters that hang together: what stands on one line, the fullest first."""
    while _may_be_a_line(group, letters, options):
        bottom, height = letters.bottom[group], letters.height[group]
        near = abs(bottom[:, None] - bottom) <= np.maximum(1, _OFF_LINE * height)[:, None]
        best = near[near.sum(1).argmax()]
        row = group[best]
        row = row[np.argsort(letters.left[row], kind="stable")]
        spaces = letters.left[row][1:] - np.maximum.accumulate(letters.right[row])[:-1]
        pieces = np.split(row, np.flatnonzero(spaces > _GAP * np.median(letters.height[row])) + 1)
        for piece in pieces:
            if _may_be_a_line(piece, letters, options) and _is_line(piece, letters, options):
                yield piece
        group = group[~best]


def _neighbours(letters: Letters) -> np.ndarray:
    """bool (n, n): which letters can stand beside which."""

    def pair(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.minimum.outer(values, values), np.maximum.outer(values, values)

    (low, high), (thin, thick) = pair(letters.height), pair(letters.stroke)
    together = pair(letters.bottom)[0] - pair(letters.top)[1]
    space = pair(letters.left)[1] - pair(letters.right)[0]
    around = letters.around / letters.border
    colour = abs(letters.colour[:, None] - letters.colour).max(2)
    return (
        (high <= _TALLER * low)
        & (together >= _LEVEL * low)
        & (space <= _SPACE * high)
        & (thick <= _THICKER * thin + 1)
        & (colour <= _COLOUR)
        & (abs(np.subtract.outer(around, around)) <= _AROUND)
    )


def _may_be_a_line(group: np.ndarray, letters: Letters, options: TextOptions) -> bool:
    """Whether there are enough of them, without a closer look."""
    return len(group) >= options.letters or bool((letters.width[group] > letters.height[group]).any())


def _is_line(piece: np.ndarray, letters: Letters, options: TextOptions) -> bool:
    height = float(np.median(letters.height[piece]))
    length = letters.right[piece].max() - letters.left[piece].min()
    signs = np.maximum(1, np.round(_WIDE * letters.width[piece] / height)).sum()  # small letters run together
    if signs < options.letters or length < _LONG * height:
        return False
    letters = letters.of(piece)
    if signs < _FEW and _level(letters) - _dark(letters) < _STEEP:
        return False
    return _unevenness(letters) <= min(_UNEVEN[0] + _UNEVEN[1] * (signs - 2), _UNEVEN[2])


def _level(letters: Letters) -> float:
    """Brightness of the letters' border."""
    return float(np.average(letters.level, weights=letters.border))


def _dark(letters: Letters) -> float:
    """Brightness of what is around them."""
    return float(letters.around.sum() / letters.border.sum())


def _unevenness(letters: Letters) -> float:
    """How much that which is around the letters varies, in shares of how much darker than they it is.

    An outline is the same everywhere, and so is the wall behind most letters; what is around leaves and stones is not.
    """
    dark = _dark(letters)
    deviation = math.sqrt(max(0.0, letters.around_squared.sum() / letters.border.sum() - dark**2))
    return deviation / max(_level(letters) - dark, 1e-6)


def covered(letters: Letters, grey: np.ndarray, options: TextOptions) -> TextLine:
    """The line with its dots, commas and faint letters, its outline, and the pixels around that compression touched."""
    height = float(np.median(letters.height))
    above = round(0.8 * height) + options.spread + 2
    top, bottom = max(0, letters.top.min() - above), letters.bottom.max() + above
    band = grey[top:bottom]
    sure = letters.drawn(slice(top, bottom))
    drawn = sure | _small_signs(sure, band, letters, height)
    outline = _outline(drawn, band, _dark(letters), height) if options.outline is None else options.outline
    away = _distance(drawn)
    cover = away <= outline + 1 + options.spread
    columns = np.flatnonzero(cover.any(0))
    wide = slice(columns[0], columns[-1] + 1)
    return TextLine(top=int(top), left=int(columns[0]), written=(away <= outline)[:, wide], cover=cover[:, wide])


def _distance(drawn: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.distanceTransform((~drawn).astype(np.uint8), cv2.DIST_L2, 5)


def _small_signs(sure: np.ndarray, grey: np.ndarray, letters: Letters, height: float) -> np.ndarray:
    """What is beside the letters, and about as bright, thick and dark around as they: dots, commas, faint letters.

    Looked for at several thresholds: where the outline is thin, a letter hangs together with what is bright behind it.
    """
    level, dark = _level(letters), _dark(letters)
    rows = np.flatnonzero(sure.any(1))
    first, last = rows[0] - 0.5 * height, rows[-1] + 1 + 0.5 * height
    limit = dark + max(_AS_DARK, 2 * _unevenness(letters)) * (level - dark)
    thickest = 1.5 * float(letters.stroke.max()) + 1
    signs = np.zeros_like(sure)
    for share in _LEVELS:
        pieces = _pieces(grey >= dark + share * (level - dark), grey, limit)
        fits = (pieces.stroke <= thickest) & (pieces.enclosed >= _EDGE)
        fits &= pieces.brightest >= dark + _AS_BRIGHT * (level - dark)
        fits &= (pieces.top >= first) & (pieces.bottom <= last)
        fits[0] = False
        signs |= fits[pieces.labels]
    return signs & _beside(sure, signs, _SIGN_SPACE * height)


def _beside(sure: np.ndarray, signs: np.ndarray, space: float) -> np.ndarray:
    """bool (W,): columns from which one comes to a sure letter over gaps of at most `space` pixels."""
    reach = round(space)
    columns = ndimage.binary_closing(np.pad((sure | signs).any(0), reach), np.ones(reach + 1))[reach:-reach]
    runs, _ = ndimage.label(columns)
    kept: np.ndarray = np.isin(runs, np.unique(runs[sure.any(0)]))
    return kept


@dataclass(frozen=True)
class _Pieces:
    """Connected pieces, an entry each; the first is what is around them."""

    labels: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    stroke: np.ndarray
    brightest: np.ndarray
    enclosed: np.ndarray  # share of the border with something as dark as `limit` near it


def _pieces(bright: np.ndarray, grey: np.ndarray, limit: float) -> _Pieces:
    import cv2

    count, labels, statistics, _ = cv2.connectedComponentsWithStats(bright.astype(np.uint8), connectivity=8)
    inside, place = cv2.distanceTransform(bright.astype(np.uint8), cv2.DIST_L2, 3)[bright], labels[bright]
    thickest, brightest = np.zeros((2, count), np.float32)
    np.maximum.at(thickest, place, inside)
    np.maximum.at(brightest, place, grey[bright])
    edge = inside < 1.5
    dark = cv2.erode(grey, np.ones((5, 5), np.uint8))[bright][edge] <= limit
    border = np.maximum(1, np.bincount(place[edge], minlength=count))
    top, tall = statistics[:, cv2.CC_STAT_TOP], statistics[:, cv2.CC_STAT_HEIGHT]
    return _Pieces(labels, top, top + tall, 2 * thickest - 1, brightest, np.bincount(place[edge], dark, count) / border)


def _outline(drawn: np.ndarray, grey: np.ndarray, dark: float, height: float) -> int:
    """How far from the letters it is dark: an outline is the same dark all around, what is behind it is not."""
    away = _distance(drawn)
    limit = dark + _AS_DARK * (float(np.median(grey[drawn])) - dark)
    found = 1
    for radius in range(2, max(2, round(_OUTLINE * height)) + 1):
        ring = grey[(away > radius - 1) & (away <= radius)]
        if not ring.size or (ring <= limit).mean() < _DARK_RING:
            break
        found = radius
    return found

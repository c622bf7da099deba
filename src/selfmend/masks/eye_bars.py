"""Bars over eyes: how they are drawn over a face, and how one that is there is found.

Bars over eyes: where one belongs on a face, jittered ones for training, and finding one that is there already.

Pictures (H, W, C) in [0, 1], masks (H, W); True = hole. The bar is that of the faces in
"Deep Learning for Visual Inpainting" (2020): a rectangle
along the line through both eyes.

Finding a censor bar that is there already: an even, dark, rotated rectangle with sharp borders.

Cascades find no face under a bar, so the bar is looked for by itself. Pictures (H, W, 1 or 3) in [0, 1].
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from selfmend.errors import ImageError, OptionError
from selfmend.image.color import as_channels
from selfmend.image.draw import thumbnail
from selfmend.masks.faces import Box, Face, find_faces
from selfmend.types import Image, Mask, Size, check_image, size_of

EYE_ROW = 0.375
"""Height of the eyes in a face's box, from its top: with a bar 0.15 high, 0.30 to 0.45 is covered."""

USUAL_FACE = (0.0, 0.06, 0.86, 0.86)
"""Top, left, height, width of the face in a tight square crop, in shares of it: the median of 492 detections."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A rotated rectangle.

    Attributes:
        row, column: of its centre, in pixels.
        height, length: of its sides, in pixels.
        angle: of its long side, in radians; positive where the right end is the lower one.
    """

    row: float
    column: float
    height: float
    length: float
    angle: float = 0.0

    def mask(self, size: Size) -> Mask:
        """bool (H, W): the pixels whose centre lies in the rectangle."""
        row = np.arange(size[0], dtype=np.float32)[:, None] + 0.5 - self.row
        column = np.arange(size[1], dtype=np.float32)[None] + 0.5 - self.column
        sine, cosine = math.sin(self.angle), math.cos(self.angle)
        along, across = column * cosine + row * sine, row * cosine - column * sine
        return (np.abs(along) <= self.length / 2) & (np.abs(across) <= self.height / 2)


def mask_of(bars: Sequence[Bar], size: Size) -> Mask:
    """bool (H, W): the pixels of all bars; of no bar, an empty mask."""
    mask = np.zeros(size, bool)
    for bar in bars:
        mask |= bar.mask(size)
    return mask


def bar_of(face: Face, *, height: float = 0.15, margin: float = 0.2) -> Bar:
    """The bar over the eyes of a face; over the place where eyes are where they were not found.

    Args:
        face: as `find_faces` gives it.
        height: of the bar, in heights of the face's box.
        margin: from the centre of an eye to the end of the bar, in widths of the box. Without eyes the bar is as wide
            as the box.

    Raises:
        OptionError: no height, or a negative margin.
    """
    if not height > 0 or not margin >= 0:
        raise OptionError(f"height is {height} and margin {margin}; a height above 0 and a margin of at least 0 fit")
    box = face.box
    if face.eyes is None:
        row, column = box.top + EYE_ROW * box.height, box.left + box.width / 2
        return Bar(row=row, column=column, height=height * box.height, length=box.width)
    (row, column), (other_row, other_column) = (eye.centre for eye in face.eyes)
    return Bar(
        row=(row + other_row) / 2,
        column=(column + other_column) / 2,
        height=height * box.height,
        length=math.hypot(other_row - row, other_column - column) + 2 * margin * box.width,
        angle=math.atan2(other_row - row, other_column - column),
    )


def eye_bars(faces: Sequence[Face], size: Size, *, height: float = 0.15, margin: float = 0.2) -> Mask:
    """A bar over the eyes of every face.

    Args:
        faces: as `find_faces` gives them.
        size: (height, width) of their picture.
        height, margin: as in `bar_of`.

    Returns:
        bool (H, W), True = hole.

    Raises:
        ImageError: there is no face.
        OptionError: as `bar_of`.
    """
    if not faces:
        raise ImageError("no face was found; a picture with an upright face seen from the front fits")
    return mask_of([bar_of(face, height=height, margin=margin) for face in faces], size)


class EyeBars:
    """Draws a bar over the eyes of a training picture, each time a little elsewhere.

    The jitter keeps a network from learning the detector's habits: at use the bar is another one's.

    Faces are found once a picture and its mirror image, and remembered: that takes longer than a small net's step.

    Attributes:
        seen: pictures so far, each of which counts every time.
        without_eyes: of these, faces whose eyes were not found; the bar lies where eyes are in a face.
        without_face: of these, pictures without a face; the bar lies where eyes are in a tight crop (`USUAL_FACE`).
    """

    def __init__(
        self,
        *,
        height: float = 0.15,
        margin: float = 0.2,
        shift: float = 0.03,
        stretch: float = 0.25,
        turn: float = 6.0,
        usual_face: tuple[float, float, float, float] = USUAL_FACE,
    ) -> None:
        """
        Args:
            height, margin: as in `bar_of`.
            shift: greatest displacement to each side, in widths of the face.
            stretch: height and length are multiplied by factors from 1 - stretch / 2 to 1 + stretch.
            turn: greatest turn to each side, in degrees.
            usual_face: top, left, height and width of the face where none is found, in shares of the picture.
        """
        if not (shift >= 0 and turn >= 0 and 0 <= stretch < 2):
            raise OptionError(f"jitter is {shift}, {stretch}, {turn}; no negative one and a stretch below 2 fit")
        self.height, self.margin = height, margin
        self.shift, self.stretch, self.turn = shift, stretch, math.radians(turn)
        self.usual_face = usual_face
        self.seen = self.without_eyes = self.without_face = 0
        self._found: dict[bytes, Face | None] = {}

    def __call__(self, picture: Image, generator: np.random.Generator) -> Mask:
        """A bar for one picture.

        Args:
            picture: (H, W, 3) in [0, 1].
            generator: five numbers are drawn from it, whatever is found.

        Returns:
            bool (H, W), True = hole.
        """
        face = self._face(picture)
        bar = bar_of(face, height=self.height, margin=self.margin)
        down, right, high, long, turn = (2 * generator.random(5) - 1).tolist()
        width = face.box.width
        jittered = dataclasses.replace(
            bar,
            row=bar.row + down * self.shift * width,
            column=bar.column + right * self.shift * width,
            height=bar.height * self._factor(high),
            length=bar.length * self._factor(long),
            angle=bar.angle + turn * self.turn,
        )
        return jittered.mask(size_of(picture))

    def _factor(self, number: float) -> float:
        return 1 + self.stretch * (number if number > 0 else number / 2)

    def _face(self, picture: Image) -> Face:
        self.seen += 1
        face = self._remembered(picture)
        if face is not None:
            self.without_eyes += face.eyes is None
            return face
        self.without_face += 1
        height, width = size_of(picture)
        top, left, high, wide = self.usual_face
        return Face(box=Box(top * height, left * width, high * height, wide * width), eyes=None)

    def _remembered(self, picture: Image) -> Face | None:
        """The largest face of a picture; that of its mirror image is the mirrored one."""
        sides = [(x * 255).round().astype(np.uint8).tobytes() for x in (picture, picture[:, ::-1])]
        mirrored = sides[1] < sides[0]
        key = hashlib.blake2b(sides[mirrored], digest_size=16).digest()
        if key not in self._found:
            faces = find_faces(np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture)
            self._found[key] = faces[0] if faces else None
        face = self._found[key]
        return face.mirrored(picture.shape[1]) if face is not None and mirrored else face


_SIDE = 256  # pixels of the long side at which bars are looked for
_GREYS = ((10, 6), (5, 4))  # levels of a byte to both sides that are one grey to JPEG, and from one grey to the next
_DARKEST = 64  # levels: no bar is brighter
_CHROMA = 30  # levels between the colour channels
_OPENINGS = (1, 5, 9)  # pixels: strands of hair that hang on a bar are narrower
_CROSSING = range(-30, 31, 5)  # degrees at which a bar is looked for in hair as dark as it is
_LEAST = (0.06, 0.4)  # height and length of such a bar, in shares of the short side

_RECTANGLE = 0.85  # share of its own rectangle that a bar fills
_ASPECTS = (1.8, 12.0)  # length by height
_STEEPEST = math.radians(50)
_LENGTH, _HEIGHT, _AREA = 0.18, 4.0, 0.35  # least share of the short side, least pixels, largest share of the picture
_UNEVENNESS = 5.0  # standard deviation inside, in levels
_STEP = 12.0  # levels by which it is brighter just outside
_LONG_SUPPORT, _SUPPORT = 0.55, 0.6  # share of each long side, and of all sides, where it is
_PROBE = 2.5  # pixels from the border to where "just outside" and "inside" are looked at


def find_bars(image: Image) -> Mask:
    """The censor bars of a picture as a mask; no bar is an empty mask, so ask `mask.any()` and say so.

    Args:
        image: one picture, (H, W, 1 or 3) in [0, 1].

    Returns:
        bool (H, W), True = bar; grow it (`grow_mask`) by two pixels or so where JPEG has blurred the border.

    Raises:
        ImageError: another kind or range, or CMYK.
    """
    return mask_of(search_bars(image), size_of(image))


def search_bars(image: Image) -> list[Bar]:
    """The censor bars of a picture, the surest first; arguments as `find_bars`.

    A bar that is as dark as what it crosses is looked for only where no other is found.
    """
    check_image(image)
    colours = as_channels(image, 3, name="picture")
    full, small = _bytes(colours), _bytes(thumbnail(colours, _SIDE))
    scale = max(full.shape[:2]) / max(small.shape[:2])
    grey = _grey(small)
    masks = list(_one_grey(small))
    found = _rated(grey, (piece for mask in masks for piece in _pieces(mask)))
    found = found or _rated(grey, (piece for mask in masks for piece in _crossing_pieces(mask)))
    grey = _grey(full)
    return [_snapped(grey, _scaled(bar, scale), scale) for bar in _apart(found, (small.shape[0], small.shape[1]))]


def _bytes(image: Image) -> np.ndarray:
    """float32 (H, W, 3) in levels of a byte."""
    return image * np.float32(255)


def _grey(picture: np.ndarray) -> np.ndarray:
    """float32 (H, W); a bar has no colour, so the plain mean does."""
    values: np.ndarray = picture.mean(2, dtype=np.float32)
    return values


def _one_grey(picture: np.ndarray) -> Iterator[np.ndarray]:
    """For every dark grey, where the picture has it: uint8 (H, W)."""
    grey, chroma = _grey(picture), np.ptp(picture, axis=2)
    for tolerance, step in _GREYS:
        for level in range(0, _DARKEST, step):
            mask = (abs(grey - level) <= tolerance) & (chroma <= _CHROMA)
            if mask.any():
                yield mask.astype(np.uint8)


def _pieces(mask: np.ndarray) -> Iterator[np.ndarray]:
    """The connected pieces of a mask, with and without what is thin."""
    import cv2

    for side in _OPENINGS:
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
        yield from _connected(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)))


def _crossing_pieces(mask: np.ndarray) -> Iterator[np.ndarray]:
    """Where a long box fits into the mask, at every angle: of a bar that crosses dark hair that leaves the bar."""
    import cv2

    height, width = mask.shape
    side = math.ceil(math.hypot(height, width))
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    box = np.ones([max(3, int(min(mask.shape) * share)) for share in _LEAST], np.uint8)
    for degrees in _CROSSING:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        turn[:, 2] += (side - width) / 2, (side - height) / 2
        turned = cv2.morphologyEx(
            cv2.warpAffine(closed, turn, (side, side), flags=cv2.INTER_NEAREST), cv2.MORPH_OPEN, box
        )
        if turned.any():
            back = cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
            yield from _connected(cv2.warpAffine(turned, turn, (width, height), flags=back))


def _connected(mask: np.ndarray) -> Iterator[np.ndarray]:
    """uint8 (H, W), a piece each, without crumbs."""
    import cv2

    count, labels, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    least = _LENGTH * min(mask.shape) * _HEIGHT * _RECTANGLE
    for k in range(1, count):
        if statistics[k, cv2.CC_STAT_AREA] >= least:
            yield (labels == k).astype(np.uint8)


def _rated(grey: np.ndarray, pieces: Iterator[np.ndarray]) -> list[tuple[float, Bar]]:
    rated = [(_rating(grey, piece, bar := _rectangle(piece)), bar) for piece in pieces]
    return sorted((one for one in rated if one[0] > 0), key=lambda one: -one[0])


def _rectangle(piece: np.ndarray) -> Bar:
    """The smallest rectangle around a piece."""
    import cv2

    (x, y), (width, height), degrees = cv2.minAreaRect(cv2.findNonZero(piece))
    angle = math.radians(degrees) + (math.pi / 2 if height > width else 0)
    angle = (angle + math.pi / 2) % math.pi - math.pi / 2
    # from the centres of the outermost pixels to their borders
    return Bar(row=y + 0.5, column=x + 0.5, height=min(width, height) + 1, length=max(width, height) + 1, angle=angle)


def _rating(grey: np.ndarray, piece: np.ndarray, bar: Bar) -> float:
    """How much a piece is a bar, up to 1; 0 where it is none: no rectangle, odd shape, uneven, or no sharp border."""
    import cv2

    filled = float(piece.sum()) / (bar.height * bar.length)
    least, most = _ASPECTS
    if filled < _RECTANGLE or not least <= bar.length / bar.height <= most or abs(bar.angle) > _STEEPEST:
        return 0.0
    too_small = bar.length < _LENGTH * min(grey.shape) or bar.height < _HEIGHT
    if too_small or bar.height * bar.length > _AREA * grey.size:
        return 0.0
    inside = grey[cv2.erode(piece, np.ones((3, 3), np.uint8)) > 0]
    if not inside.size or inside.std() > _UNEVENNESS:
        return 0.0
    upper, lower, left, right = (_support(grey, bar, side) for side in range(4))
    ends, sides = bar.height * (left + right), bar.length * (upper + lower)
    support = (ends + sides) / (2 * (bar.height + bar.length))
    return support * filled if min(upper, lower) >= _LONG_SUPPORT and support >= _SUPPORT else 0.0


def _support(grey: np.ndarray, bar: Bar, side: int) -> float:
    """Share of a side (upper, lower, left, right) along which it is brighter outside than inside."""
    outside, known = _line(grey, bar, side, _PROBE)
    inside, _ = _line(grey, bar, side, -_PROBE)
    return float(((outside - inside > _STEP) & known).mean())


def _line(grey: np.ndarray, bar: Bar, side: int, offset: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture along a side, moved outwards by `offset` px, and where that is inside the picture."""
    import cv2

    out = (1 if side % 2 else -1) * ((bar.height if side < 2 else bar.length) / 2 + offset)
    reach = (bar.length if side < 2 else bar.height) / 2
    places = np.linspace(-0.9 * reach, 0.9 * reach, max(8, int(2 * reach)))  # corners are rounded by JPEG
    along, across = (places, np.full_like(places, out)) if side < 2 else (np.full_like(places, out), places)
    sine, cosine = math.sin(bar.angle), math.cos(bar.angle)
    rows = bar.row + along * sine + across * cosine
    columns = bar.column + along * cosine - across * sine
    known = (rows >= 0) & (rows <= grey.shape[0]) & (columns >= 0) & (columns <= grey.shape[1])
    x, y = ((values - 0.5).astype(np.float32).reshape(1, -1) for values in (columns, rows))
    values = cv2.remap(grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    return values, known


def _apart(rated: list[tuple[float, Bar]], size: Size) -> list[Bar]:
    """The best of the bars that overlap each other."""
    kept: list[Bar] = []
    for _, bar in rated:
        mask = bar.mask(size)
        if mask.any() and not (mask & mask_of(kept, size)).any():
            kept.append(bar)
    return kept


def _scaled(bar: Bar, scale: float) -> Bar:
    lengths = {name: getattr(bar, name) * scale for name in ("row", "column", "height", "length")}
    return dataclasses.replace(bar, **lengths)


def _snapped(grey: np.ndarray, bar: Bar, scale: float) -> Bar:
    """The bar with each side moved, by a few pixels at most, to where the picture changes most."""
    offsets = np.arange(-3, 3.01, 0.5) * scale
    for side in range(4):
        lines = [_line(grey, bar, side, offset) for offset in [offsets[0] - 1, *offsets, offsets[-1] + 1]]
        known = np.all([inside for _, inside in lines], axis=0)
        if not known.any():  # the bar ends with the picture
            continue
        profile = np.array([np.median(values[known]) for values, _ in lines])
        steps = profile[2:] - profile[:-2]
        if steps.max() < _STEP:
            continue
        by = float(offsets[int(steps.argmax())])
        outwards = (1 if side % 2 else -1) * by / 2
        sine, cosine = math.sin(bar.angle), math.cos(bar.angle)
        if side < 2:
            bar = dataclasses.replace(
                bar, height=bar.height + by, row=bar.row + outwards * cosine, column=bar.column - outwards * sine
            )
        else:
            bar = dataclasses.replace(
                bar, length=bar.length + by, row=bar.row + outwards * sine, column=bar.column + outwards * cosine
            )
    return bar

"""Bars over eyes: where one belongs on a face, jittered ones for training, and finding one that is there already.

Pictures (1, C, H, W) in [0, 1], masks (1, 1, H, W); True = hole. The bar is that of paper 004's faces: a rectangle
along the line through both eyes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from selfmend.core.checks import ImageError, OptionError
from selfmend.core.types import Mask, Size
from selfmend.image.faces import Box, Face, find_faces

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
        """bool (1, 1, H, W): the pixels whose centre lies in the rectangle."""
        row = torch.arange(size[0]).view(-1, 1) + 0.5 - self.row
        column = torch.arange(size[1]).view(1, -1) + 0.5 - self.column
        sine, cosine = math.sin(self.angle), math.cos(self.angle)
        along, across = column * cosine + row * sine, row * cosine - column * sine
        return ((along.abs() <= self.length / 2) & (across.abs() <= self.height / 2))[None, None]


def mask_of(bars: Sequence[Bar], size: Size) -> Mask:
    """bool (1, 1, H, W): the pixels of all bars; of no bar, an empty mask."""
    mask = torch.zeros(1, 1, *size, dtype=torch.bool)
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
        bool (1, 1, H, W), True = hole.

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

    def __call__(self, picture: Tensor, generator: torch.Generator) -> Tensor:
        """A bar for one picture.

        Args:
            picture: (3, H, W) in [0, 1].
            generator: of the CPU; five numbers are drawn from it, whatever is found.

        Returns:
            bool (1, H, W), True = hole.
        """
        face = self._face(picture)
        bar = bar_of(face, height=self.height, margin=self.margin)
        down, right, high, long, turn = (2 * torch.rand(5, generator=generator) - 1).tolist()
        width = face.box.width
        jittered = dataclasses.replace(
            bar,
            row=bar.row + down * self.shift * width,
            column=bar.column + right * self.shift * width,
            height=bar.height * self._factor(high),
            length=bar.length * self._factor(long),
            angle=bar.angle + turn * self.turn,
        )
        return jittered.mask((picture.shape[1], picture.shape[2]))[0]

    def _factor(self, number: float) -> float:
        return 1 + self.stretch * (number if number > 0 else number / 2)

    def _face(self, picture: Tensor) -> Face:
        self.seen += 1
        face = self._remembered(picture)
        if face is not None:
            self.without_eyes += face.eyes is None
            return face
        self.without_face += 1
        height, width = picture.shape[1:]
        top, left, high, wide = self.usual_face
        return Face(box=Box(top * height, left * width, high * height, wide * width), eyes=None)

    def _remembered(self, picture: Tensor) -> Face | None:
        """The largest face of a picture; that of its mirror image is the mirrored one."""
        sides = [(x * 255).round().byte().numpy().tobytes() for x in (picture, picture.flip(2))]
        mirrored = sides[1] < sides[0]
        key = hashlib.blake2b(sides[mirrored], digest_size=16).digest()
        if key not in self._found:
            faces = find_faces((picture.flip(2) if mirrored else picture)[None])
            self._found[key] = faces[0] if faces else None
        face = self._found[key]
        return face.mirrored(picture.shape[2]) if face is not None and mirrored else face

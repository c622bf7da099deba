"""Faces and eyes by OpenCV's Haar cascades (Viola & Jones, CVPR 2001), on the picture as it will be used.

Nothing is resized behind the caller's back: boxes are in pixels of the picture (H, W, C) in [0, 1] that came.
"""

from __future__ import annotations

import itertools
import math
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from selfmend.errors import SelfmendError
from selfmend.image.color import as_channels
from selfmend.image.resize import resize
from selfmend.types import Image, check_image

LOWEST_EYE = 0.6
"""Share of the face's height below whose line nothing is an eye (nostrils and corners of the mouth look like some)."""

_TRIES = (("alt2", 0.25, 3), ("alt2", 0.0, 3), ("alt", 0.25, 3), ("default", 0.25, 6), ("default", 0.0, 6))
"""Cascade, border in shares of the long side, and hits that make a face, until one is found: a tight crop has one only
with a border, and the cascade named "default" imagines some."""

_SIDES = (256, 1024)  # pixels of the long side within which faces are looked for
_LEAST_FACE = 24  # pixels at that size
_FACE_WIDTH = 220  # pixels of a face in which eyes are looked for
_EYE_CASCADES = (
    (("eye", 0.0),),
    (("eye_tree_eyeglasses", 0.0),),
    (("lefteye_2splits", 0.035), ("righteye_2splits", 0.035)),
)
"""Looked through one after the other; the number is how much lower the eye is than its box's centre, in face widths."""

_GOOD_PAIR, _WORST_PAIR = 4.0, 12.0  # oddness of a pair of eyes: no further cascade is asked; no pair at all


@dataclass(frozen=True)
class Box:
    """A box in pixels from the top left of its picture; parts of it may lie outside the picture."""

    top: float
    left: float
    height: float
    width: float

    @property
    def centre(self) -> tuple[float, float]:
        """(row, column)."""
        return self.top + self.height / 2, self.left + self.width / 2

    def mirrored(self, width: int) -> Box:
        """The box in the mirror image of a picture of so many pixels across."""
        return replace(self, left=width - self.left - self.width)


@dataclass(frozen=True, kw_only=True)
class Face:
    """A face as the detector sees it: a square from the brow to the chin.

    Attributes:
        box: of the face.
        eyes: the left and the right one of the picture; None where not both were found (closed, hidden, turned away).
    """

    box: Box
    eyes: tuple[Box, Box] | None

    def mirrored(self, width: int) -> Face:
        """The face in the mirror image of a picture of so many pixels across."""
        eyes = None if self.eyes is None else (self.eyes[1].mirrored(width), self.eyes[0].mirrored(width))
        return Face(box=self.box.mirrored(width), eyes=eyes)


def find_faces(image: Image) -> list[Face]:
    """The frontal faces of a picture and their eyes, the largest face first.

    Args:
        image: one picture, (H, W, 1 or 3) in [0, 1], of the size at which the boxes will be used.

    Returns:
        No face is an empty list: say so to the user. Boxes are no smaller than about a tenth of a picture of 256 px.

    Raises:
        ImageError: another kind or range, or CMYK.
        SelfmendError: an OpenCV without cascades (version 5).
    """
    check_image(image)
    grey = (as_channels(image, 1, name="picture")[..., 0] * 255).round().astype(np.uint8)
    boxes = next((found for attempt in _TRIES if (found := _face_boxes(grey, *attempt))), [])
    largest_first = sorted(boxes, key=lambda box: -box.width)
    return [Face(box=box, eyes=_eyes(grey, box)) for box in largest_first]


@lru_cache(maxsize=64)
def _cascade(name: str, thread: int) -> Any:
    """A cascade of this thread's own: they are not made for being shared."""
    import cv2

    if not hasattr(cv2, "CascadeClassifier"):
        raise SelfmendError(f"OpenCV {cv2.__version__} has no face detector; install 'opencv-python-headless>=4.10,<5'")
    folder = cv2.data.haarcascades  # type: ignore[attr-defined]
    return cv2.CascadeClassifier(f"{folder}haarcascade_{name}.xml")


def _detect(name: str, picture: np.ndarray, **settings: Any) -> list[tuple[int, int, int, int]]:
    """Boxes (x, y, width, height)."""
    found = _cascade(name, threading.get_ident()).detectMultiScale(picture, 1.1, **settings)
    return [(int(x), int(y), int(width), int(height)) for x, y, width, height in found]


def _face_boxes(grey: np.ndarray, cascade: str, border: float, hits: int) -> list[Box]:
    """Faces in a picture whose edge pixels are repeated outwards (a mirrored border would hold mirrored faces)."""
    pad = round(border * max(grey.shape))
    padded = np.pad(grey, pad, "edge").astype(np.float32)
    scale = min(max(max(grey.shape), _SIDES[0]), _SIDES[1]) / max(grey.shape)
    size = (round(padded.shape[0] * scale), round(padded.shape[1] * scale))
    small = resize(padded, size).clip(0, 255).round().astype(np.uint8)
    found = _detect(f"frontalface_{cascade}", small, minNeighbors=hits, minSize=(_LEAST_FACE, _LEAST_FACE))
    return [Box(y / scale - pad, x / scale - pad, height / scale, width / scale) for x, y, width, height in found]


def _eyes(grey: np.ndarray, box: Box) -> tuple[Box, Box] | None:
    """The most likely pair of eyes in the upper part of a face."""
    import cv2

    scale = _FACE_WIDTH / box.width
    shift = np.array([[scale, 0, -box.left * scale], [0, scale, -box.top * scale]], np.float32)
    size = (_FACE_WIDTH, round(_FACE_WIDTH * (LOWEST_EYE + 0.1)))  # an eye above the line reaches below it
    if scale < 1:  # no pixel between those that are taken may be left out
        grey = cv2.GaussianBlur(grey, (0, 0), 0.4 / scale)
    upper = cv2.equalizeHist(cv2.warpAffine(grey, shift, size, borderMode=cv2.BORDER_REPLICATE))
    candidates: list[Box] = []
    best = None
    for cascades in _EYE_CASCADES:
        for name, lower in cascades:
            candidates += _eye_boxes(upper, name, lower)
        pairs = [(_oddness(*pair), pair) for pair in itertools.permutations(candidates, 2)]
        best = min(pairs, key=lambda rated: rated[0], default=None)
        if best is not None and best[0] <= _GOOD_PAIR:
            break
    if best is None or best[0] > _WORST_PAIR:
        return None
    return _in_picture(best[1][0], box), _in_picture(best[1][1], box)


def _eye_boxes(upper: np.ndarray, name: str, lower: float) -> list[Box]:
    """What looks like an eye, in widths of the face from its top left corner."""
    least, most = round(0.12 * _FACE_WIDTH), round(0.42 * _FACE_WIDTH)
    found = _detect(name, upper, minNeighbors=1, minSize=(least, least), maxSize=(most, most))
    boxes = [Box(y / _FACE_WIDTH + lower, x / _FACE_WIDTH, h / _FACE_WIDTH, w / _FACE_WIDTH) for x, y, w, h in found]
    return [box for box in boxes if box.centre[0] < LOWEST_EYE]


def _in_picture(eye: Box, face: Box) -> Box:
    side = face.width
    return Box(face.top + eye.top * side, face.left + eye.left * side, eye.height * side, eye.width * side)


def _oddness(left: Box, right: Box) -> float:
    """How far a pair is from where the eyes of a face are, in squared standard deviations; infinite if swapped.

    Measured on aligned faces: 0.385 face widths apart, at 0.385 of its height, on both sides of its middle.
    """
    (row, column), (other_row, other_column) = left.centre, right.centre
    if other_column <= column:
        return math.inf
    terms = (
        (other_column - column - 0.385) / 0.07,
        (other_row - row) / 0.07,
        ((column + other_column) / 2 - 0.49) / 0.07,
        ((row + other_row) / 2 - 0.385) / 0.06,
        math.log(left.width / right.width) / 0.3,
    )
    return sum(term * term for term in terms)

"""One result for each scale at which a picture can enter, on one sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from selfmend.errors import OptionError
from selfmend.image.draw import LONGEST_ON_SHEET, contact_sheet, thumbnail, to_rgb
from selfmend.image.picture import to_picture
from selfmend.types import Image, Size

if TYPE_CHECKING:
    from PIL import Image as PILImage


def sheet(scales: Mapping[int, Size], shown: Mapping[str, Image], call: Callable[[int], Any]) -> PILImage.Image:
    """What comes of entering at each scale, on one sheet: how people choose one.

    Args:
        scales: number and (height, width) of each.
        shown: what comes before, by its caption.
        call: draws from a scale.
    """
    images = [*shown.values(), *(to_picture(call(level)).image for level in scales)]
    pictures = [to_rgb(thumbnail(image, LONGEST_ON_SHEET)) for image in images]
    return contact_sheet(pictures, [*shown, *_captions(scales)], columns=math.ceil(math.sqrt(len(pictures))))


def scale_film(scales: Mapping[int, Size], call: Callable[[int], list[PILImage.Image]]) -> list[PILImage.Image]:
    """One film in which the picture moves from every scale beside each other.

    Args:
        scales: number and (height, width) of each.
        call: draws the frames that move from a scale.
    """
    films = [call(level) for level in scales]
    captions, columns = _captions(scales), math.ceil(math.sqrt(len(scales)))
    return [contact_sheet(pictures, captions, columns=columns) for pictures in zip(*films, strict=True)]


def _captions(scales: Mapping[int, Size]) -> list[str]:
    return [f"scale {level} ({height}x{width})" for level, (height, width) in scales.items()]


def parse_start_scale(text: int | str | None) -> int | None:
    """A start scale as a number.

    Raises:
        OptionError: no whole number.
    """
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise OptionError(f"--start-scale is {text!r}; a whole number or all fits, 1 is the second coarsest") from error

"""One result for each scale at which a picture can enter, on one sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from selfmend.errors import OptionError
from selfmend.image.draw import LONGEST_ON_SHEET, contact_sheet, thumbnail, to_rgb
from selfmend.image.picture import to_picture
from selfmend.types import Image

if TYPE_CHECKING:
    from PIL import Image as PILImage

    from selfmend.api.models import Model


def sheet(model: Model, shown: Mapping[str, Image], call: Callable[[int], Any]) -> Any:
    """What comes of entering at each scale, on one sheet: how people choose one.

    Args:
        model: of SinGAN.
        shown: what comes before, by its caption.
        call: draws from a scale.
    """
    levels = model.entry_scales()
    images = [*shown.values(), *(to_picture(call(level)).image for level in levels)]
    captions = [*shown, *(scale_caption(model, level) for level in levels)]
    pictures = [to_rgb(thumbnail(image, LONGEST_ON_SHEET)) for image in images]
    return contact_sheet(pictures, captions, columns=math.ceil(math.sqrt(len(pictures))))


def scale_film(model: Model, **options: Any) -> list[PILImage.Image]:
    """One film in which the picture moves from every scale beside each other.

    Args:
        model: of SinGAN.
        options: of `Model.animate`, but for the start scale.
    """
    levels = model.walking_scales()
    films = [model.animate(start_scale=level, **options) for level in levels]
    captions, columns = [scale_caption(model, level) for level in levels], math.ceil(math.sqrt(len(levels)))
    return [contact_sheet(pictures, captions, columns=columns) for pictures in zip(*films, strict=True)]


def scale_caption(model: Model, level: int) -> str:
    """The number and size of a scale, for a sheet."""
    height, width = model.scale_sizes()[level]
    return f"scale {level} ({height}x{width})"


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

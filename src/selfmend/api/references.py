"""A reference as the caller has it, brought onto the picture and into its colours: the one place where this is done."""

from __future__ import annotations

from typing import Any

from selfmend.core.checks import ImageError
from selfmend.core.progress import Progress, ProgressEvent, silent
from selfmend.core.types import Mask
from selfmend.image.align import Aligned, align, place
from selfmend.image.colour_match import match_colours
from selfmend.image.io import read_picture
from selfmend.image.picture import Picture
from selfmend.methods import check_takes_reference
from selfmend.methods.base import Method


def fitted_reference(
    source: Any,
    picture: Picture,
    mask: Mask,
    kind: type[Method],
    *,
    aligning: bool = True,
    progress: Progress = silent,
) -> Aligned | None:
    """Another picture of the scene as it lies on the picture that is filled.

    Args:
        source: path, PIL image, array or tensor, whose transparent pixels show nothing; an `Aligned` is returned as it
            is, and None for none.
        picture: what is filled.
        mask: (1, 1, H, W), its hole.
        kind: the method that fills.
        aligning: find the motion between the two, and refuse a reference that does not fit; False takes it as it lies.
        progress: told of how well it fits.

    Raises:
        OptionError: the method takes no reference.
        ImageError: unreadable, too small, or it does not fit.
    """
    if source is None:
        return None
    check_takes_reference(kind)
    if isinstance(source, Aligned):
        return source
    if not mask.any() or mask.all():  # nothing to fill, or nothing to fit to: the method says so
        return None
    if picture.image.shape[0] != 1:
        raise ImageError(f"a reference goes with one picture; {picture.image.shape[0]} came")
    try:
        given = read_picture(source)
    except ImageError as error:
        raise ImageError(f"the reference cannot be read: {error}") from error
    shown = None if given.alpha is None else given.alpha >= 0.5
    progress(ProgressEvent(stage="aligning the reference"))
    lay = align if aligning else place
    aligned = match_colours(lay(given.image, picture.image, mask, known=shown), picture.image, mask)
    progress(ProgressEvent(stage=f"reference ({aligned.by})", terms={"confidence": aligned.confidence}))
    return aligned

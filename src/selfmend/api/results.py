"""From what a method made to what the caller gets, and the references that it needs before."""

from __future__ import annotations

import warnings
from typing import Any

from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture
from selfmend.image.resize import resize
from selfmend.methods.base import Method
from selfmend.methods.generative import Generative
from selfmend.methods.registry import check_takes_reference, methods_that
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.registration.align import Aligned, align, match_colours, place
from selfmend.types import Image, Mask, Size, size_of


def mended(picture: Picture, mask: Mask, fills: list[Image], *, opaque: bool) -> list[Any]:
    """Each fill in the kind of the picture; `opaque` says that transparency was the mask."""
    return [picture.rebuild(fill, mask, opaque=opaque) for fill in fills]


def drawn(
    worker: Generative,
    picture: Picture,
    image: Image,
    *,
    size: Size | None = None,
    samples: int = 1,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Any]:
    """Samples in the kind of `picture`; `image` is what they are to be like, without a hole."""
    made = worker.sample(image, size=size, samples=samples, seed=seed, progress=progress)
    warn_of_transparency(picture)
    return [picture.like(one) for one in made]


def retargeted(
    worker: Generative, picture: Picture, image: Image, *, size: Size, seed: int = 0, progress: Progress = silent
) -> Any:
    """`image` in another shape, in the kind of `picture`."""
    made = worker.retarget(image, size=size, seed=seed, progress=progress)
    warn_of_transparency(picture)
    return picture.like(made)


def enlarged(picture: Picture, image: Image) -> Any:
    """An enlargement of `picture` in its kind and mode, its transparency enlarged with it."""
    if picture.alpha is None:
        return picture.like(image)
    return picture.like(image, alpha=resize(picture.alpha, size_of(image)).clip(0, 1))


def warn_of_transparency(picture: Picture) -> None:
    """Say that a new picture has none."""
    if picture.alpha is not None and bool((picture.alpha < 1).any()):
        warnings.warn(
            "new pictures are opaque: the picture's transparency is not learned", SelfmendWarning, stacklevel=3
        )


def generative(worker: Method) -> Generative:
    """`worker`, if it makes new pictures.

    Raises:
        OptionError: it fills holes only; those that do more are named.
    """
    if not isinstance(worker, Generative):
        able = ", ".join(methods_that("generates"))
        raise OptionError(f"{worker.name} fills holes and makes no new pictures; these do: {able}")
    return worker


def one_or_all(results: list[Any]) -> Any:
    """The only result, or the list of all."""
    return results[0] if len(results) == 1 else results


def is_alpha(mask: Any) -> bool:
    """Whether the picture's transparency is the mask."""
    return isinstance(mask, str) and mask == "alpha"


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
        mask: (H, W), its hole.
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

"""The one way of a picture: read, mask, method, paste back, write.

The Python interface, the command line, folder jobs and the server's jobs all go it; films go it frame by frame
(`video/pipeline.py`). A method sees arrays only; what came, file or PIL image or array or tensor, is what goes back.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture
from selfmend.image.resize import resize
from selfmend.masks.reading import check_hole, needed_mask, read_mask
from selfmend.methods.base import Configured, Method
from selfmend.methods.generative import Generative
from selfmend.methods.registry import check_takes_reference, methods_that
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.types import Image, ImageLike, ImageResult, Mask, MaskLike, Size, size_of

if TYPE_CHECKING:
    from selfmend.registration.align import Aligned


@dataclass(frozen=True, kw_only=True)
class MaskedPicture:
    """A picture that was read, and its hole.

    Attributes:
        picture: as the methods see it, and as it came.
        mask: bool (H, W), True = hole.
        opaque: whether transparency was the mask, so that what is filled becomes opaque.
    """

    picture: Picture
    mask: Mask
    opaque: bool = False


def read_masked(
    image: ImageLike | Picture, mask: MaskLike | None = None, *, invert: bool = False, grow: int = 0
) -> MaskedPicture:
    """Read a picture and its mask.

    Args:
        image: path, PIL image, array or tensor; see `image.picture.to_picture`. A `Picture` is taken as it is.
        mask: see `masks.reading.read_mask`; None takes the picture's transparent pixels.
        invert: in the mask, black is the hole.
        grow: pixels by which the hole grows to all sides.

    Raises:
        ImageError, MaskError: in one line, what cannot be read or does not fit.
    """
    picture = read_picture(image)
    source = needed_mask(picture, None) if mask is None else mask
    hole = read_mask(source, picture, invert=invert, grow=grow)
    return MaskedPicture(picture=picture, mask=hole, opaque=is_alpha(source))


def fill(
    masked: MaskedPicture,
    method: Method,
    *,
    seed: int = 0,
    samples: int = 1,
    reference: ImageLike | Aligned | None = None,
    align: bool = True,
    progress: Progress = silent,
) -> list[ImageResult]:
    """Fill a hole, and paste the fills into what came: known pixels are copied from there, to the bit.

    Args:
        masked: of `read_masked`.
        method: fills arrays.
        seed: same seed, same bytes.
        samples: number of different fills.
        reference: another picture of the scene, or None; see `fitted_reference`.
        align: False takes the reference as it lies.
        progress: called with each event.

    Returns:
        `samples` pictures of the kind, size and mode that came.
    """
    picture, mask = masked.picture, masked.mask
    aligned = fitted_reference(reference, picture, mask, type(method), aligning=align, progress=progress)
    window = method.window(mask) if aligned is None and mask.any() and not picture.is_converted else None
    if window is None:
        fills = method.inpaint(picture.image, mask, seed=seed, samples=samples, reference=aligned, progress=progress)
    else:  # of the others nothing is converted, so that a small hole in a large picture takes little memory
        check_hole(mask)
        part = picture.part(window).image
        fills = method.fills(part, mask[window], seed=seed, samples=samples, progress=progress)
    return [picture.rebuild(one, mask, opaque=masked.opaque, window=window) for one in fills]


def drawn(
    worker: Generative,
    picture: Picture,
    image: Image,
    *,
    size: Size | None = None,
    samples: int = 1,
    seed: int = 0,
    progress: Progress = silent,
) -> list[ImageResult]:
    """Samples in the kind of `picture`; `image` is what they are to be like, without a hole."""
    made = worker.sample(image, size=size, samples=samples, seed=seed, progress=progress)
    warn_of_transparency(picture)
    return [picture.like(one) for one in made]


def retargeted(
    worker: Generative, picture: Picture, image: Image, *, size: Size, seed: int = 0, progress: Progress = silent
) -> ImageResult:
    """`image` in another shape, in the kind of `picture`."""
    made = worker.retarget(image, size=size, seed=seed, progress=progress)
    warn_of_transparency(picture)
    return picture.like(made)


def enlarged(picture: Picture, image: Image) -> ImageResult:
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


def generative(worker: Configured) -> Generative:
    """`worker`, if it makes new pictures.

    Raises:
        OptionError: it fills holes only; those that do more are named.
    """
    if not isinstance(worker, Generative):
        able = ", ".join(methods_that("generates"))
        raise OptionError(f"{worker.name} fills holes and makes no new pictures; these do: {able}")
    return worker


def one_or_all(results: list[ImageResult]) -> ImageResult | list[ImageResult]:
    """The only result, or the list of all."""
    return results[0] if len(results) == 1 else results


def is_alpha(mask: object) -> bool:
    """Whether the picture's transparency is the mask."""
    return isinstance(mask, str) and mask == "alpha"


def fitted_reference(
    source: ImageLike | Aligned | None,
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
    from selfmend.registration.align import Aligned, align, match_colours, place

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

"""From what a method made to what the caller gets: the kind of picture that came."""

from __future__ import annotations

import warnings
from typing import Any

from selfmend.core.checks import OptionError, SelfmendWarning
from selfmend.core.progress import Progress, silent
from selfmend.core.types import Image, Mask, Size
from selfmend.image.picture import Picture
from selfmend.image.resize import resize
from selfmend.methods import method_class, method_names
from selfmend.methods.base import Method
from selfmend.methods.generative import Generative


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
    return picture.like(image, alpha=resize(picture.alpha, (image.shape[2], image.shape[3])).clamp(0, 1))


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
        able = [n for n in method_names() if issubclass(method_class(n), Generative)]
        raise OptionError(f"{worker.name} fills holes and makes no new pictures; these do: {', '.join(able)}")
    return worker


def one_or_all(results: list[Any]) -> Any:
    """The only result, or the list of all."""
    return results[0] if len(results) == 1 else results


def is_alpha(mask: Any) -> bool:
    """Whether the picture's transparency is the mask."""
    return isinstance(mask, str) and mask == "alpha"

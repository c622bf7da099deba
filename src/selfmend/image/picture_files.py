"""Picture files in pairs and by name, and their colours whatever their mode."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selfmend.errors import ImageError, MaskError, SelfmendWarning
from selfmend.files import exists
from selfmend.image.color import as_rgb
from selfmend.image.draw import to_rgb
from selfmend.image.files import by_stem, picture_size, read_picture
from selfmend.image.formats import ENDINGS
from selfmend.image.picture import to_picture
from selfmend.types import Image


def pictures_at(path: Path) -> list[Path]:
    """The picture itself, or the pictures of a folder in the order of their names.

    Raises:
        ImageError: nothing is there.
    """
    if not exists(path):
        raise ImageError(f"no such file or folder: {path}")
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS and file.is_file())
    if not found:
        raise ImageError(f"{path} holds no pictures; a folder with picture files fits")
    return found


def alike_beside(picture: Path, folder: Path, *, most: int) -> list[Path]:
    """Other pictures of a folder with a picture's size, at most so many of them, spread over all.

    Raises:
        ImageError: no folder, or one without pictures.
    """
    if not folder.is_dir():
        raise ImageError(f"{folder} is no folder; one with pictures that have the same mark fits")
    size, own = picture_size(picture), picture.resolve()
    found = [file for file in pictures_at(folder) if file.resolve() != own and picture_size(file) == size]
    return [found[k * len(found) // most] for k in range(most)] if len(found) > most else found


def read_rgb(path: Path) -> Image:
    """A picture's colours, (H, W, 3), whatever its mode: pictures of different modes can be compared then."""
    picture = read_picture(path)
    if picture.alpha is not None and bool((picture.alpha < 1).any()):
        warn(f"{path} is transparent in parts; its colours are measured as if it were not")
    image = picture.image
    return to_picture(to_rgb(image)).image if image.shape[2] == 4 else as_rgb(image)


def pair_by_name(truths: Path, outputs: Path) -> list[tuple[Path, Path]]:
    """Two pictures, or those of two folders whose names are equal but for the ending; a warning counts the others.

    Raises:
        ImageError: no such files, a folder and a picture, two pictures of one name, or none in common.
    """
    one, other = pictures_at(truths), pictures_at(outputs)
    if truths.is_dir() != outputs.is_dir():
        raise ImageError(f"{truths} and {outputs} are a folder and a picture; two folders or two pictures fit")
    if not truths.is_dir():
        return [(truths, outputs)]
    named, by_name = by_stem(truths, one), by_stem(outputs, other)
    both = sorted(named.keys() & by_name.keys())
    if not both:
        raise ImageError(f"no picture in {outputs} has the name of one in {truths}; equal names, any ending, fit")
    lonely = len(one) + len(other) - 2 * len(both)
    if lonely:
        warn(f"pictures left out because the other folder has none of their name: {lonely}")
    return [(named[stem], by_name[stem]) for stem in both]


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Say of which file an error speaks."""
    try:
        yield
    except (ImageError, MaskError) as error:
        raise type(error)(f"{file}: {error}") from error


def warn(message: str) -> None:
    """Tell the user something that does not stop the work."""
    warnings.warn(message, SelfmendWarning, stacklevel=3)

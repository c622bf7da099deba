"""The pictures of a folder, found, read at the size that is needed, and kept in memory while they fit.

Decoded, scaled pictures kept in memory, for all worker processes together.

The pictures of a folder that are learned from: which ones, how large, and what names them in a run's record.
"""

from __future__ import annotations

import hashlib
import itertools
import mmap
import multiprocessing
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from selfmend.errors import ImageError, SelfmendError, SelfmendWarning, check_known
from selfmend.image.color import as_rgb
from selfmend.image.files import list_pictures, picture_size, read_picture
from selfmend.image.resize import resize
from selfmend.types import Size, size_of


class PictureCache:
    """Reads the pictures of a set, each file once where they all fit into memory.

    The memory is shared with processes that are forked later, which fill it together: two that fill the same place
    write the same bytes, and its mark is set after them.

    Args:
        pictures: the set.
        size, scale: as in `read_scaled`.
        limit: bytes that the decoded set may take; a larger one is read from the files each time.
    """

    def __init__(self, pictures: PictureSet, *, size: int, scale: str, limit: int) -> None:
        self._pictures, self._size, self._scale = pictures, size, scale
        self._shapes = pictures.scaled_sizes(size, scale)
        self._starts = [0, *itertools.accumulate(3 * h * w for h, w in self._shapes)]
        self.bytes = self._starts[-1]
        self.kept = self.bytes <= limit and "fork" in multiprocessing.get_all_start_methods()
        if self.kept:
            self._values = _shared_bytes(self.bytes)
            self._marks = _shared_bytes(len(self._shapes))

    def __getitem__(self, index: int) -> torch.Tensor:
        """Picture `index`, uint8 (3, H, W); not to be written to.

        Raises:
            ImageError: the file is damaged.
        """
        if self.kept and self._marks[index]:
            return self._place(index)
        path = self._pictures.root / self._pictures.names[index]
        picture = read_scaled(path, size=self._size, scale=self._scale)
        if self.kept and picture.shape[1:] == self._shapes[index]:  # else the file changed since it was listed
            self._place(index).copy_(picture)
            self._marks[index] = 1
        return picture

    def _place(self, index: int) -> torch.Tensor:
        return self._values[self._starts[index] : self._starts[index + 1]].view(3, *self._shapes[index])


def _shared_bytes(count: int) -> torch.Tensor:
    """Zeros that forked processes share: not a file in /dev/shm, which containers keep small."""
    return torch.frombuffer(mmap.mmap(-1, max(1, count)), dtype=torch.uint8)


_ATTRIBUTES = "list_attr_celeba.txt"
_SHOWN = 5  # names in a message


@dataclass(frozen=True)
class PictureSet:
    """Pictures of a folder.

    Attributes:
        root: the folder.
        names: of the files, relative to `root`, in order.
        sizes: (height, width) of each.
        unreadable: names of picture files that are none.
    """

    root: Path
    names: tuple[str, ...]
    sizes: tuple[Size, ...]
    unreadable: tuple[str, ...] = ()

    def divided(self, held_back: int) -> tuple[PictureSet, PictureSet]:
        """All but the last `held_back` pictures, and these.

        Raises:
            ImageError: nothing would be left to learn from.
        """
        count = len(self.names)
        if not 0 < held_back < count:
            raise ImageError(f"{self.root} holds {count} pictures; of these, 1 to {count - 1} can be held back")
        places = slice(None, count - held_back), slice(count - held_back, None)
        kept, held = (PictureSet(self.root, self.names[place], self.sizes[place]) for place in places)
        return kept, held

    def digest(self) -> dict[str, object]:
        """The number of pictures, and a hash of their names and sizes: another folder has another one."""
        text = "\n".join(f"{h}x{w} {name}" for name, (h, w) in zip(self.names, self.sizes, strict=True))
        return {
            "pictures": len(self.names),
            "sha256": hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest(),
        }

    def scaled_sizes(self, size: int, scale: str) -> list[Size]:
        """The size of each picture as training holds it; `size` and `scale` as in `read_scaled`."""
        return [_scaled(s, size) if scale == "whole" else s for s in self.sizes]

    def check_crops(self, size: int, scale: str) -> None:
        """Refuse pictures that are smaller than the square that is cropped from them.

        Raises:
            ImageError: how many there are, and the smallest.
        """
        small = [k for k, s in enumerate(self.sizes) if min(s) < size]
        if scale == "whole" or not small:
            return
        least = min(small, key=lambda k: min(self.sizes[k]))
        height, width = self.sizes[least]
        raise ImageError(
            f"{len(small)} of {len(self.names)} pictures are smaller than the crop of {size} x {size} (the smallest, "
            f"{self.names[least]}, is {width} x {height}); a smaller size fits, or scale=whole"
        )


def find_pictures(folder: str | Path, *, celeba_attributes: Sequence[str] = ()) -> PictureSet:
    """List the pictures of a folder and of the folders in it; those that cannot be read are named in one warning.

    Args:
        folder: any layout.
        celeba_attributes: only those pictures that have all of these attributes of CelebA, "-Name" for not having it;
            read from `list_attr_celeba.txt` in the folder, beside it, or in an `Anno` folder at either place.

    Raises:
        ImageError: no folder, no picture in it, or none with these attributes.
        OptionError: an unknown attribute.
    """
    root = Path(folder)
    names = list_pictures(root)
    if not names:
        raise ImageError(f"{folder} holds no pictures; a folder of pictures (in any depth) fits")
    if celeba_attributes:
        names = _with_attributes(root, names, celeba_attributes)
    sizes = [picture_size(root / name) for name in names]
    bad = tuple(name for name, size in zip(names, sizes, strict=True) if size is None)
    pairs = [(name, size) for name, size in zip(names, sizes, strict=True) if size is not None]
    if not pairs:
        raise ImageError(f"none of the {len(names)} picture files of {folder} can be read ({shown(bad)})")
    if bad:
        message = f"{len(bad)} of {len(names)} files of {folder} cannot be read and are left out: {shown(bad)}"
        warnings.warn(message, SelfmendWarning, stacklevel=2)
    return PictureSet(root, tuple(n for n, _ in pairs), tuple(s for _, s in pairs), bad)


def read_scaled(path: Path, *, size: int, scale: str) -> torch.Tensor:
    """A picture file as training holds it: RGB, uint8 (3, H, W).

    Args:
        path: of the file.
        size: side of the square that the net sees, in pixels.
        scale: "whole" scales the short side to `size`; "native" leaves the picture as it is.

    Raises:
        ImageError: not a picture, or a damaged one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SelfmendWarning)  # of frames and depths: true of many files, or of none
        image = as_rgb(read_picture(path).image)
    if scale == "whole":
        image = resize(image, _scaled(size_of(image), size)).clip(0, 1)
    return torch.from_numpy((image * 255).round().astype(np.uint8).transpose(2, 0, 1).copy())


def shown(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _scaled(size: Size, short: int) -> Size:
    scale = short / min(size)
    return max(short, round(size[0] * scale)), max(short, round(size[1] * scale))


def _with_attributes(root: Path, names: list[str], wanted: Sequence[str]) -> list[str]:
    places = [root, root / "Anno", root.parent, root.parent / "Anno", root.parent.parent / "Anno"]
    file = next((p / _ATTRIBUTES for p in places if (p / _ATTRIBUTES).is_file()), None)
    if file is None:
        raise ImageError(f"there is no {_ATTRIBUTES} in {root} or beside it; put CelebA's file there")
    known, rows = _read_attributes(file)
    signs = {w.lstrip("-+"): -1 if w.startswith("-") else 1 for w in wanted}
    columns = [known.index(check_known("attribute of CelebA", name, known)) for name in signs]
    signed = np.array(list(signs.values()))
    chosen = [n for n in names if (row := rows.get(Path(n).name)) is not None and (row[columns] == signed).all()]
    if not chosen:
        raise ImageError(f"none of the {len(names)} pictures of {root} is {' and '.join(wanted)} in {file}")
    return chosen


def _read_attributes(file: Path) -> tuple[list[str], dict[str, np.ndarray]]:
    """The names of the columns, and each picture's row of 1 and -1."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        known = lines[1].split()
        rows = {line.split()[0]: np.array(line.split()[1:], dtype=np.int8) for line in lines[2:] if line.strip()}
        if any(len(row) != len(known) for row in rows.values()):
            raise SelfmendError("its rows and its names differ in number")
    except (OSError, ValueError, IndexError, SelfmendError) as error:
        raise ImageError(f"{file} is not CelebA's list of attributes ({error}); get a whole copy of it") from error
    return known, rows

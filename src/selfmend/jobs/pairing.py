"""The pictures of a folder, the mask of each, and the name of its result; all mistakes known before the work begins."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from selfmend.errors import ImageError, MaskError
from selfmend.files import exists
from selfmend.image.files import is_picture_name, list_files, list_pictures, stem_of
from selfmend.image.formats import ENDINGS

_SUFFIXES = ("-mask", "_mask")
_TEXT = re.compile(r"alpha|#.*|\s*-?\d+\s*(,\s*-?\d+\s*)+")  # what read_mask takes beside files


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A picture and where its hole is.

    Attributes:
        name: of the picture, relative to the folder, with "/" between folders.
        output: name of the result, relative to the folder of results.
        mask: a file, or a text as `read_mask` takes it; None is the picture's transparency.
        problem: why it cannot be mended, "" where nothing is known against it.
    """

    name: str
    output: str
    mask: str | None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """What a folder holds.

    Attributes:
        pairs: a picture each, in the order of their names.
        lonely: masks that no picture has.
        others: files that are no pictures.
    """

    pairs: tuple[Pair, ...]
    lonely: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def find_pairs(folder: str | Path, masks: str | Path | None, output: str | Path) -> Pairing:
    """Find the pictures of a folder, in any depth, and the mask of each.

    Args:
        folder: of the pictures. Hidden files, and those of `output` and `masks`, are not taken for pictures.
        masks: a folder with a mask of the same relative name, whatever its ending (a.jpg has a.png, a-mask.png,
            a_mask.png or a.jpg.png); a file for all; "alpha", "#RRGGBB" or "x,y,w,h"; None is transparency.
        output: the folder of results.

    Raises:
        ImageError: no folder, or no picture in it.
        MaskError: no such masks, or none that belongs to a picture.
    """
    root, given = Path(folder), None if masks is None else str(masks)
    names = _without(list_files(root), root, Path(output))
    drawn = given is not None and given != "alpha" and exists(given)
    if given is not None and not drawn and not _TEXT.fullmatch(given):
        raise MaskError(f"no such masks: {given}; a folder, a picture file, alpha, '#RRGGBB' or x,y,w,h fits")
    of_folder = drawn and Path(str(given)).is_dir()
    files: list[str] = []
    if of_folder:
        files, names = _mask_files(root, Path(str(given)), Path(output), names)
    elif drawn:
        names = _without(names, root, Path(str(given)))
    pictures = [name for name in names if is_picture_name(name)]
    if not pictures:
        raise ImageError(f"{folder} holds no pictures; a folder of pictures (in any depth) fits")
    pairs = [Pair(name=name, output=_written(name), mask=given) for name in pictures]
    lonely: list[str] = []
    if of_folder:
        pairs, lonely = _pair(pairs, Path(str(given)), files)
        if all(pair.mask is None for pair in pairs):
            stem = os.path.splitext(pictures[0])[0]
            raise MaskError(f"no mask in {masks} has the name of a picture in {folder}; {stem}.png fits {pictures[0]}")
    others = tuple(name for name in names if not is_picture_name(name))
    return Pairing(pairs=tuple(_without_clashes(pairs)), lonely=tuple(lonely), others=others)


def _without(names: Sequence[str], root: Path, path: Path) -> list[str]:
    """The names of files in `root` without `path`, or what is in it, if that lies in `root`."""
    try:
        own = path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return list(names)
    return [name for name in names if name != own and not name.startswith(f"{own}/")]


def _mask_files(root: Path, masks: Path, output: Path, names: list[str]) -> tuple[list[str], list[str]]:
    """The masks of their folder, and what is left of the pictures' names without them."""
    if not masks.samefile(root):
        files = _without(_without(list_pictures(masks), masks, output), masks, root)
        return files, _without(names, root, masks)
    stems = {stem_of(name) for name in names if is_picture_name(name)}
    files = [n for n in names if is_picture_name(n) and _plain(stem_of(n)) in stems]
    return files, sorted(set(names) - set(files))


def _plain(stem: str) -> str | None:
    """The stem of a picture whose mask has this one, if that is marked as one."""
    return next((stem.removesuffix(suffix) for suffix in _SUFFIXES if stem.endswith(suffix)), None)


def _pair(pairs: Sequence[Pair], folder: Path, files: Sequence[str]) -> tuple[list[Pair], list[str]]:
    """The pairs with their masks or problems, and the masks that are left over."""
    named: dict[str, list[str]] = defaultdict(list)
    for file in files:
        stem = stem_of(file)
        for key in filter(None, (stem, _plain(stem))):
            named[key].append(file)
    bare = Counter(stem_of(pair.name) for pair in pairs)
    paired, taken = [], set()
    for pair in pairs:
        stem = stem_of(pair.name)
        exact = named.get(unicodedata.normalize("NFC", pair.name))
        found = exact or named.get(stem, [])
        taken.update(found)
        if not found:
            problem = f"no mask: {folder / stem}.png or {folder / stem}-mask.png would fit"
        elif len(found) > 1:
            problem = f"several masks: {', '.join(found)}; one of them must go"
        elif not exact and bare[stem] > 1:
            problem = f"{bare[stem]} pictures share the mask {found[0]}; name it {pair.name}.png"
        else:
            problem = ""
        paired.append(replace(pair, mask=str(folder / found[0]) if found else None, problem=problem))
    return paired, [file for file in files if file not in taken]


def _written(name: str) -> str:
    """The name of the result: the same, or a PNG's where the picture's format can only be read."""
    stem, ending = os.path.splitext(name)
    return name if ending.lower() in ENDINGS else f"{stem}.png"


def _without_clashes(pairs: Iterable[Pair]) -> list[Pair]:
    """Pairs whose results would overwrite those of others have a problem."""
    pairs = list(pairs)
    count = Counter(pair.output for pair in pairs)
    clash = "its result would be {0.output}, as that of another picture; rename one of them"
    return [
        replace(pair, problem=clash.format(pair)) if count[pair.output] > 1 and pair.output != pair.name else pair
        for pair in pairs
    ]

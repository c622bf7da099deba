"""The cases of a benchmark: photos at one size, each with a hole of every kind, or with masks that were given."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import ImageError, MaskError, OptionError, SelfmendWarning, check_known
from selfmend.evaluation.benchmark_folder import BenchmarkFolder
from selfmend.files import exists
from selfmend.image.color import as_rgb
from selfmend.image.draw import paint_hole, to_rgb
from selfmend.image.files import by_stem, list_pictures, read_picture, save_picture, stem_of
from selfmend.image.resize import resize
from selfmend.masks.random import strokes, text
from selfmend.masks.reading import box_mask, drawn_mask, fit_mask, same_aspect
from selfmend.progress import Progress, work_done
from selfmend.seeding import make_rng
from selfmend.types import Image, Mask, Size, size_of

ALL = "all"
"""In tables: holes of every kind."""

GIVEN = "given"
"""The kind of holes whose masks lie in no folder of their own."""

_BLOCK = 0.28  # of each side
_THIN, _WIDE = (0.012, 0.03), (0.05, 0.12)  # width of strokes, as shares of the short side
_SHARES = (0.005, 0.5)  # of a picture that is hole
_TRIES = 100
LEAST_SIDE = 32  # pixels: LPIPS needs 31
_LONGEST_NAME = 80  # characters of a photo's name in a case's: a file's name has an end


def _block(size: Size, generator: np.random.Generator) -> Mask:
    height, width = (max(1, round(_BLOCK * side)) for side in size)
    y, x = (int(generator.integers(side - own + 1)) for side, own in zip(size, (height, width), strict=True))
    return box_mask((x, y, width, height), size)


KINDS: Mapping[str, Callable[[Size, np.random.Generator], Mask]] = {
    "thin": partial(strokes, width=_THIN),
    "wide": partial(strokes, width=_WIDE),
    "block": _block,
    "text": text,
}
"""Kinds of holes, each a function of a size and a generator to bool (H, W)."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One picture with one hole.

    Attributes:
        name: of its files, without the ending.
        kind: of its hole.
        photo: the picture file that it was made of.
        mask: the mask file; None draws the hole.
    """

    name: str
    kind: str
    photo: Path
    mask: Path | None = None


def find_cases(photos: Sequence[str | Path], *, holes: Sequence[str], masks: str | Path | None = None) -> list[Case]:
    """What is filled, found by names alone.

    Args:
        photos: picture files, and folders of any depth.
        holes: names of `KINDS`; every photo gets a hole of each.
        masks: a folder of masks instead, paired with the photos by name, or, where no name fits, in their order. Masks
            in folders of it are of the kind that the folder's name says.

    Raises:
        ImageError: no such file or folder, or no pictures in it.
        MaskError: masks of another number, or without the name of a photo.
        OptionError: an unknown kind, or the same one twice.
    """
    if len(set(holes)) < len(holes) or not holes:
        raise OptionError(f"holes are {', '.join(holes) or 'none'}; different kinds fit: {', '.join(KINDS)}")
    for kind in holes:
        check_known("kind of hole", kind, KINDS)
    named = _named(photos)
    if masks is None:
        return [Case(name=f"{k}_{name}", kind=k, photo=photo) for name, photo in named.items() for k in holes]
    root = Path(masks)
    return [
        Case(name=f"{kind}_{name}", kind=kind, photo=photo, mask=mask)
        for (name, photo), mask in zip(named.items(), _paired(root, list(named.values())), strict=True)
        for kind in [_kind(mask.relative_to(root).parent)]
    ]


def digest(cases: Sequence[Case]) -> dict[str, object]:
    """The number of photos and a hash of all files' contents: other photos or masks have another one."""
    found, seen = hashlib.sha256(), {case.photo for case in cases}
    for case in sorted(cases, key=lambda case: case.name):
        found.update(case.name.encode(errors="surrogateescape"))
        for file in (case.photo, case.mask):
            try:
                found.update(b"" if file is None else hashlib.sha256(file.read_bytes()).digest())
            except OSError as error:
                raise ImageError(f"cannot read {file}: {error.strerror}") from error
    return {"pictures": len(seen), "sha256": found.hexdigest()}


def write_cases(cases: Sequence[Case], folder: BenchmarkFolder, *, size: int, seed: int, progress: Progress) -> None:
    """Write truth, mask and damaged picture of every case that is not there yet.

    Args:
        size: longest side, in pixels; smaller photos stay as they are.
        seed: of the holes; a case's hole depends on it and on the case's name alone.

    Raises:
        ImageError: a photo cannot be read, or is too small.
        MaskError: a mask cannot be read, is of another aspect, or has no hole.
    """
    for done, case in enumerate(cases):
        files = folder.truth(case.name), folder.mask(case.name), folder.damaged(case.name)
        if not all(file.exists() for file in files):
            truth, mask = make_case(case, size=size, seed=seed)
            drawn = PILImage.fromarray(mask.astype(np.uint8) * 255)
            for picture, file in zip((to_rgb(truth), drawn, paint_hole(truth, mask)), files, strict=True):
                save_picture(picture, file)
        progress(work_done("cases", done + 1, len(cases)))


def read_case(case: Case, folder: BenchmarkFolder) -> tuple[Image, Mask]:
    """Truth and mask, (H, W, 3) and (H, W), as they were written."""
    return as_rgb(read_picture(folder.truth(case.name)).image), drawn_mask(folder.mask(case.name))


def make_case(case: Case, *, size: int, seed: int) -> tuple[Image, Mask]:
    """Truth and mask of a case; see `write_cases`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SelfmendWarning)  # of frames and depths
        photo = as_rgb(read_picture(case.photo).image)
    original = size_of(photo)
    share = min(1.0, size / max(original))
    height, width = (round(side * share) for side in original)
    if min(height, width) < LEAST_SIDE:
        raise ImageError(
            f"{case.photo} is {width} x {height} px at size {size}; at least {LEAST_SIDE} px a side fit, so leave it "
            "out or take a larger --size"
        )
    truth = photo if share == 1 else resize(photo, (height, width)).clip(0, 1)
    if case.mask is None:
        return truth, _drawn(case, (height, width), seed)
    return truth, _given(case.mask, case, original, (height, width))


def _drawn(case: Case, size: Size, seed: int) -> Mask:
    for attempt in range(_TRIES):
        mask = KINDS[case.kind](size, make_rng(seed, "hole", case.name, attempt))
        if _SHARES[0] <= float(mask.mean()) <= _SHARES[1]:
            return mask
    raise MaskError(f"{case.photo} is too small for a hole of kind {case.kind}; a larger picture fits")


def _given(file: Path, case: Case, original: Size, size: Size) -> Mask:
    mask = drawn_mask(file)
    own = size_of(mask)
    if own != original and not same_aspect(own, original):
        raise MaskError(
            f"{file} is {own[1]} x {own[0]} and {case.photo} is {original[1]} x {original[0]}; a mask of the same size "
            "or aspect fits"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SelfmendWarning)  # that it was resized: so was the photo
        mask = fit_mask(mask, size)
    if not mask.any() or mask.all():
        raise MaskError(f"{file} has no hole, or nothing else; white is hole, and both fits")
    return mask


def _named(photos: Sequence[str | Path]) -> dict[str, Path]:
    """All photos by names that are different and have no folder in them."""
    found: list[tuple[str, Path]] = []
    for one in map(Path, photos):
        if exists(one) and one.is_dir():
            names = list_pictures(one)
            if not names:
                raise ImageError(f"{one} holds no pictures; a folder of photos (in any depth) fits")
            found += [(name, one / name) for name in names]
        elif exists(one):
            found.append((one.name, one))
        else:
            raise ImageError(f"no such file or folder: {one}")
    if not found:
        raise ImageError("no photos were given; picture files or folders of them fit")
    named: dict[str, Path] = {}
    for label, file in found:
        stem = label.removesuffix(Path(label).suffix).replace("/", "-")[:_LONGEST_NAME]
        name, number = stem, 1
        while name in named:
            number += 1
            name = f"{stem}-{number}"
        named[name] = file
    return named


def _kind(folder: Path) -> str:
    """The kind of the masks in a folder; never `ALL`, nor empty."""
    name = "-".join(folder.parts)
    return GIVEN if name in ("", ALL) else name


def _paired(folder: Path, photos: Sequence[Path]) -> list[Path]:
    """The mask of each photo."""
    files = [folder / name for name in list_pictures(folder)]
    if not files:
        raise MaskError(f"{folder} holds no masks; a folder of pictures that are white where the hole is fits")
    stems = {stem_of(photo.name) for photo in photos}
    if not stems & {stem_of(file.name) for file in files}:
        if len(files) != len(photos):
            raise MaskError(
                f"{folder} holds {len(files)} masks for {len(photos)} photos, and none has a photo's name; as many "
                "masks as photos, or masks with their names, fit"
            )
        return files
    named = by_stem(folder, [file for file in files if stem_of(file.name) in stems])
    lacking = next((photo for photo in photos if stem_of(photo.name) not in named), None)
    if lacking is not None:
        raise MaskError(
            f"{folder} has no mask named {lacking.stem!r}, but others have a photo's name; one of each fits"
        )
    return [named[stem_of(photo.name)] for photo in photos]

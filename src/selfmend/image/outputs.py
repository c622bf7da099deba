"""Where results go: names beside the source, and the one rule of what may be replaced.

An input is never replaced. What else is there already is replaced only where the user said so (`overwrite`); where the
name is not the user's but ours, a free one is taken instead.
"""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from selfmend.errors import ImageError, SelfmendWarning, nearest_name
from selfmend.files import check_writable, exists
from selfmend.image.formats import ENDINGS


def check_replaced(path: Path, *, overwrite: bool = False, inputs: Sequence[str | Path] = ()) -> None:
    """The rule: refuse an output that would replace an input, or, unless `overwrite`, anything else.

    Raises:
        ImageError: it would.
    """
    if any(exists(path) and exists(i) and path.samefile(i) for i in inputs):
        raise ImageError(f"{path} is an input, which stays as it is; choose another -o")
    if exists(path) and not overwrite:
        raise ImageError(f"{path} is there already; choose another -o, or say --overwrite to replace it")
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ImageError(f"{path} is a pipe or a device, which cannot be replaced; the name of a file fits")


def check_output(path: str | Path, *, overwrite: bool = False, inputs: Sequence[str | Path] = ()) -> Path:
    """Find out before the work whether a picture can be written to `path`.

    Raises:
        ImageError: no known picture extension, a folder that cannot be written, or what `check_replaced` refuses.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        hint = nearest_name(path.suffix, [".png", ".jpg", ".webp", ".tif", ".bmp", ".gif"])
        raise ImageError(f"cannot tell the format of {str(path)!r} by its ending; {hint}")
    if path.is_dir():
        raise ImageError(f"{path} is a folder; the name of a picture file fits")
    check_replaced(path, overwrite=overwrite, inputs=inputs)
    check_folder_of(path)
    return path


def free_by_now(names: Sequence[Path], *, overwrite: bool) -> list[Path]:
    """The names of results that are to be written now: free ones, where another program took one during the work.

    They were free when the work began (`check_output`). What was done is neither thrown away nor put in the place of
    what another one did; a warning names the place.
    """
    if overwrite or not any(exists(name) for name in names):
        return list(names)
    made = list(names)
    for k, name in enumerate(names):
        if exists(name):
            (made[k],) = numbered(name, free=True, taken=lambda one: exists(one) or one in made)
            warn = f"{name} was written by another program meanwhile and stays; this result is {made[k]}"
            warnings.warn(warn, SelfmendWarning, stacklevel=3)
    return made


def check_folder_of(path: Path) -> None:
    """Refuse, before any work, a file in a folder that cannot be written.

    Raises:
        ImageError: see there.
    """
    try:
        check_writable(path.parent)
    except OSError as error:
        raise ImageError(f"cannot write into {path.parent}: {error.strerror or error}; choose another -o") from error


def target_beside(source: Path, output: Path | None, suffix: str, *, ending: str | None = None) -> Path:
    """Where a result goes: `output` as given, or SOURCE with a suffix beside the source or in the folder `output`.

    Args:
        source: a picture file, or the folder of a run.
        output: what the user said.
        suffix: "-sample" makes photo-sample.jpg of photo.jpg.
        ending: of the default name; None keeps that of a picture whose format can be written, and else is ".png".
    """
    if not is_ours(output):
        assert output is not None
        return output
    known = source.suffix.lower() in ENDINGS and not source.is_dir()
    base = Path(os.path.abspath(source)) if source.name in ("", "..") else source
    name = base.with_name((base.stem if known else base.name) + suffix + (ending or (base.suffix if known else ".png")))
    return name if output is None else output / name.name


def is_ours(output: Path | None) -> bool:
    """Whether the name of the result is left to us: nothing was said, or only the folder."""
    return output is None or output.is_dir()


def beside(path: Path, suffix: str, *, ending: str | None = None) -> Path:
    """`photo.jpg` and "-mended" to `photo-mended.jpg`."""
    return path.with_name(f"{path.stem}{suffix}{ending or path.suffix}")


def numbered(target: Path, count: int = 1, *, free: bool = False, taken: Callable[[Path], bool] = exists) -> list[Path]:
    """The target itself for one result; for several OUT-1, OUT-2, ..., with as many digits as make the names sort.

    Args:
        target: the name of one result.
        count: of the results.
        free: pass over what is there: OUT-2 for OUT, and several are numbered on, OUT-4 to OUT-6 after OUT-3.
        taken: whether something is there.
    """
    is_folder = target.is_dir() and target.suffix.lower() not in ENDINGS  # of a picture's name: it is in the way
    stem, ending = (target.name, "") if is_folder else (target.stem, target.suffix)
    for first in itertools.count(1):
        digits = len(str(first + count - 1))
        names = [target.with_name(f"{stem}-{first + k:0{digits}d}{ending}") for k in range(count)]
        names = [target] if count == first == 1 else names
        if not (free and any(taken(name) for name in names)):
            return names
    raise AssertionError("there are more numbers than files")

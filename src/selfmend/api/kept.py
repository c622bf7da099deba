"""Work that goes on where it was stopped: what is said of it then, and where it is if nobody named a folder."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

from selfmend._version import __version__
from selfmend.errors import SelfmendWarning
from selfmend.files import check_writable
from selfmend.image.picture import Picture
from selfmend.interrupts import telling
from selfmend.methods.base import describe_config
from selfmend.types import Mask


@contextmanager
def kept_in(folder: Path | None, *, what: str = "what was learned") -> Iterator[None]:
    """Say with a Ctrl-C, or with a full disk, where the work is: in a note of the exception, which is printed.

    Args:
        folder: that holds it; nothing is said where it is not there yet, or where there is none.
        what: is kept.
    """

    def where(words: str) -> str:
        there = folder is not None and folder.is_dir()
        return f"{words} is kept in {folder}, and the same command goes on from there" if there else ""

    with telling(lambda: where(what), lambda: where(f"{what} before")):
        yield


def cache_folder(name: str, config: Any, seed: int, picture: Picture, mask: Mask | None) -> Path | None:
    """One folder for each different command, so that repeating the command finds its interrupted training.

    None, which a warning says, where nothing can be written into the user's cache, as without a home folder.
    """
    from selfmend.api.models import digest

    known = digest(picture.image, mask, excludes_hole=getattr(config, "exclude_hole", True))
    parts = (__version__, name, sorted(describe_config(config).items()), seed, known)
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    folder = Path(platformdirs.user_cache_dir("selfmend")) / "runs"
    try:
        check_writable(folder)
    except OSError as error:
        why = f"{folder} cannot be written ({error.strerror or error})"
        warnings.warn(f"{why}; a training that is stopped begins anew", SelfmendWarning, stacklevel=2)
        return None
    return folder / key

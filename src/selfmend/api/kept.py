"""Work that goes on where it was stopped: what is said of it then, and where it is if nobody named a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

from selfmend._version import __version__
from selfmend.image.picture import Picture
from selfmend.methods.base import describe_config
from selfmend.types import Mask


@contextmanager
def kept_in(folder: Path, *, what: str = "what was learned") -> Iterator[None]:
    """Say with a Ctrl-C where the work is: in a note of the exception, which the command line prints.

    Args:
        folder: that holds it; nothing is said where it is not there yet.
        what: is kept.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        if folder.is_dir():
            stop.add_note(f"stopped; {what} is kept in {folder}, and the same command goes on from there")
        raise


def cache_folder(name: str, config: Any, seed: int, picture: Picture, mask: Mask | None) -> Path:
    """One folder for each different command, so that repeating the command finds its interrupted training."""
    from selfmend.api.models import digest

    known = digest(picture.image, mask, excludes_hole=getattr(config, "exclude_hole", True))
    parts = (__version__, name, sorted(describe_config(config).items()), seed, known)
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("selfmend")) / "runs" / key

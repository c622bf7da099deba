"""Errors that say what came, what fits and what to do, and the checks that raise them."""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""How a disk, or a user's part of it, says that it is full, or that it holds no file so large."""

_MACHINE = (
    *FULL, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENAMETOOLONG, errno.ELOOP,
    errno.ENOTDIR,
)  # fmt: skip
_MEMORY = re.compile("out of memory|can't allocate memory")  # torch raises a RuntimeError


class SelfmendError(Exception):
    """Whatever Selfmend refuses; the message is one line for a person."""


class ImageError(SelfmendError, ValueError):
    """A picture that cannot be read, written or used."""


class TooManyPixelsError(ImageError):
    """A picture that claims to be larger than may be decoded."""


class MaskError(SelfmendError, ValueError):
    """A mask that cannot be read or does not fit its picture."""


class OptionError(SelfmendError, ValueError):
    """An unknown option or a value out of range."""


class RunError(SelfmendError):
    """A run folder that cannot be used: of another version, of another method, half-written, not writable."""


class DiskFullError(RunError):
    """What cannot be kept because the disk, or this user's part of it, is full."""


class WeightsError(SelfmendError):
    """Pretrained weights that are not there, or are not what their name says."""


class MissingWeightsError(WeightsError):
    """Pretrained weights that are not there; the message says which file to put where."""


class TrainingError(SelfmendError):
    """Training that cannot go on, such as a loss that is no longer finite."""


class MissingExtraError(SelfmendError, ImportError):
    """An optional dependency is missing; the message names the extra to install."""

    @classmethod
    def of(cls, what: str, extra: str, error: ImportError) -> MissingExtraError:
        """The line for something that needs an extra, from the import that failed."""
        missing = (error.name or str(error)).partition(".")[0]
        return cls(f"{what} needs {missing}, which is not installed: pip install 'selfmend[{extra}]'")


EXTRAS = {
    "torch": "learn", "lightning_fabric": "learn", "safetensors": "learn", "av": "video", "fastapi": "web",
    "starlette": "web", "uvicorn": "web", "pydantic": "web", "multipart": "web", "python_multipart": "web",
    "sse_starlette": "web", "ray": "cluster", "tensorboard": "tensorboard", "onnxruntime": "onnx",
    "pillow_heif": "heic",
}  # fmt: skip
"""Which extra brings a package that is imported where it is used."""


class SelfmendWarning(UserWarning):
    """Something that the user should know and that does not stop the work."""


def one_line(error: BaseException) -> str:
    """What an error says, without its line breaks."""
    return " ".join(str(error).split())


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is used up."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_MEMORY.search(str(error))))


def is_of_machine(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, is one of disks and permissions, such as a full disk."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _MACHINE:
            return True
        error = error.__cause__
    return False


def line_for(error: BaseException) -> str | None:
    """What to tell a person about an error that is theirs or their machine's; None for an error of the program."""
    if isinstance(error, SelfmendError):
        return str(error)
    if isinstance(error, ImportError) and (error.name or "").partition(".")[0] in EXTRAS:
        return str(MissingExtraError.of("this", EXTRAS[(error.name or "").partition(".")[0]], error))
    if is_out_of_memory(error):
        return "not enough memory for this picture; a smaller picture or another method needs less"
    if isinstance(error, OSError) and error.errno in _MACHINE:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return None


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The hint that ends a message about an unknown name: the nearest known one, and all of them.

    Example:
        >>> nearest_name("patchmach", ["telea", "patchmatch"])
        "did you mean 'patchmatch'? Known: patchmatch, telea"
    """
    names = sorted(filter(None, known))
    if not names:
        return "there are none"
    lower = {n.lower(): n for n in names}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    hint = f"did you mean {lower[close[0]]!r}? " if close else ""
    return f"{hint}Known: {', '.join(names)}"


def check_known(kind: str, name: str, known: Iterable[str]) -> str:
    """Return `name` if it is one of `known`.

    Raises:
        OptionError: naming the nearest known name.
    """
    known = list(known)
    if name not in known:
        raise OptionError(f"unknown {kind} {name!r}; {nearest_name(name, known)}")
    return name

"""Errors that say what came, what fits and what to do, and the checks that raise them."""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selfmend.core.types import Image, Mask


_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EMFILE)
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


class WeightsError(SelfmendError):
    """Pretrained weights that are not there, or are not what their name says."""


class MissingWeightsError(WeightsError):
    """Pretrained weights that are not there; the message says which file to put where."""


class TrainingError(SelfmendError):
    """Training that cannot go on, such as a loss that is no longer finite."""


class MissingExtraError(SelfmendError, ImportError):
    """An optional dependency is missing; the message names the extra to install."""


class SelfmendWarning(UserWarning):
    """Something that the user should know and that does not stop the work."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is used up."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_MEMORY.search(str(error))))


def line_for(error: BaseException) -> str | None:
    """What to tell a person about an error that is theirs or their machine's; None for an error of the program."""
    if isinstance(error, SelfmendError):
        return str(error)
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
    names = sorted(known)
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


def check_image(image: Image, *, name: str = "image") -> Image:
    """Return `image` if it is a finite float32 (N, C, H, W) tensor in [0, 1] with C in {1, 3, 4}.

    Raises:
        ImageError: naming the argument, what came and the rule.
    """
    import torch

    if not isinstance(image, torch.Tensor) or image.dtype != torch.float32 or image.ndim != 4:
        came = f"{image.dtype} {tuple(image.shape)}" if isinstance(image, torch.Tensor) else type(image).__name__
        raise ImageError(f"{name} is {came}; a float32 tensor (N, C, H, W) fits")
    if image.shape[1] not in (1, 3, 4) or 0 in image.shape:
        raise ImageError(f"{name} has shape {tuple(image.shape)}; (N, C, H, W) with C = 1, 3 or 4 and no zero fits")
    if bool(image.isnan().any()):
        raise ImageError(f"{name} holds NaN (no number) at a known pixel; values in [0, 1] fit, NaN only in the hole")
    low, high = float(image.min()), float(image.max())
    if low < 0 or high > 1:
        raise ImageError(f"{name} has values from {low:.4g} to {high:.4g}; values in [0, 1] fit (divide bytes by 255)")
    return image


def check_mask(mask: Mask, image: Image, *, name: str = "mask") -> Mask:
    """Return `mask` if it is a bool (N, 1, H, W) tensor of the size of `image`.

    Raises:
        MaskError: naming the argument, what came and the rule.
    """
    import torch

    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool or mask.ndim != 4 or mask.shape[1] != 1:
        came = f"{mask.dtype} {tuple(mask.shape)}" if isinstance(mask, torch.Tensor) else type(mask).__name__
        raise MaskError(f"{name} is {came}; a bool tensor (N, 1, H, W), True = hole, fits")
    if mask.shape[0] != image.shape[0] or mask.shape[2:] != image.shape[2:]:
        raise MaskError(f"{name} is {tuple(mask.shape)} and the image {tuple(image.shape)}; same N, H and W are needed")
    return mask

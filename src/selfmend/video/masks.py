"""Where the holes of a film's frames are: one mask for all, a folder of them, or wherever something is found."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import MaskError, OptionError
from selfmend.files import exists
from selfmend.image.files import list_pictures, natural_order, picture_size
from selfmend.masks.reading import box_mask, drawn_mask, grow_mask, parse_box
from selfmend.options import replace_options
from selfmend.types import Image, Mask
from selfmend.video.found_masks import FoundMasks
from selfmend.video.reader import Clip, Frame

if TYPE_CHECKING:
    from selfmend.masks.finders import Region
    from selfmend.masks.text_letters import TextOptions

_SAME = "masks of the same size fit"
_BOX = re.compile(r"\s*\d+\s*(,\s*\d+\s*){3}")


class Masks(Protocol):
    """The masks of a film.

    Attributes:
        nothing: what to say where no frame has a hole.
    """

    nothing: str

    def describe(self) -> dict[str, Any]:
        """All that the masks depend on beside the film, as JSON."""

    def of(self, frames: Iterator[Frame]) -> Iterator[tuple[Frame, Mask]]:
        """Each frame with its mask (H, W); no more than a few frames are held."""


class OneMask:
    """The same hole in every frame."""

    nothing = "the mask has no hole"

    def __init__(self, source: Any, clip: Clip, *, invert: bool = False, grow: int = 0) -> None:
        """Read the mask.

        Args:
            source: a file, a box "x,y,w,h", or a PIL image, array or tensor, as `read_mask` takes them.
            clip: what it is for.
            invert: black is the hole.
            grow: pixels by which the hole grows.

        Raises:
            MaskError: unreadable, or of another size than the frames.
        """
        if isinstance(source, str) and not exists(source) and _BOX.fullmatch(source):
            mask = box_mask(parse_box(source), clip.size)
        else:
            mask = _drawn(source)
            if mask.shape != clip.size:
                raise MaskError(f"the mask is {_wide(mask.shape)} and the frames {_wide(clip.size)}; {_SAME}")
        self._mask = grow_mask(~mask if invert else mask, grow)

    def describe(self) -> dict[str, Any]:
        """A digest of the hole."""
        return {"mask": hashlib.sha256(np.packbits(self._mask).tobytes()).hexdigest()[:16]}

    def of(self, frames: Iterator[Frame]) -> Iterator[tuple[Frame, Mask]]:
        """Each frame with the mask."""
        return ((frame, self._mask) for frame in frames)


class MaskFolder:
    """A file for each frame, in the order of their names."""

    nothing = "no mask has a hole"

    def __init__(self, folder: Path, clip: Clip, *, invert: bool = False, grow: int = 0) -> None:
        """Look at the files' headers; what does not fit is found before the work.

        Args:
            folder: as many pictures as the film has frames, or as the part of it has that is worked on. In pictures
                with a palette, whatever is not black is hole.
            clip, invert, grow: as in `OneMask`.

        Raises:
            MaskError: another count, or another size. ImageError: no such folder.
        """
        self._files = [folder / name for name in natural_order(list_pictures(folder))]
        self._clip, self._invert, self._grow = clip, invert, grow
        self._skip = 0
        if len(self._files) != clip.frame_count and len(self._files) != clip.count_frames():
            part = sum(1 for _ in clip.frames())
            if len(self._files) != part:
                raise MaskError(
                    f"{folder} has {len(self._files)} masks and {clip.path} {clip.count_frames()} frames; as many "
                    "masks as frames fit"
                )
            self._skip = next(clip.frames()).index
        for file in self._files:
            size = picture_size(file)
            if size != clip.size:
                came = "no picture" if size is None else _wide(size)
                raise MaskError(f"the mask {file} is {came} and the frames are {_wide(clip.size)}; {_SAME}")

    def describe(self) -> dict[str, Any]:
        """A digest of all files."""
        digest = hashlib.sha256(repr((self._invert, self._grow, self._skip)).encode())
        for file in self._files:
            digest.update(file.read_bytes())
        return {"masks": digest.hexdigest()[:16]}

    def of(self, frames: Iterator[Frame]) -> Iterator[tuple[Frame, Mask]]:
        """Each frame with the mask of its number."""
        for frame in frames:
            place = frame.index - self._skip
            if place >= len(self._files):
                raise MaskError(f"there is no mask for frame {frame.index}; as many masks as frames fit")
            mask = _drawn(self._files[place])
            yield frame, grow_mask(~mask if self._invert else mask, self._grow)


class Subtitles:
    """Text that stands still in the frames, wherever it is found."""

    nothing = "no subtitle was found"

    def __init__(self, clip: Clip, *, options: TextOptions, region: Region | None = None, grow: int = 0) -> None:
        """Prepare the search.

        Args:
            clip: what it is for.
            options: how the text looks.
            region: x, y, width, height of the box that is looked at; None is the whole frame.
            grow: pixels by which the found text grows, beyond what the options cover already.

        Raises:
            MaskError: a region outside the frames.
        """
        if region is not None:
            box_mask(region, clip.size)
        self._options, self._region, self._grow = options, region, grow

    def describe(self) -> dict[str, Any]:
        """All options."""
        return {"subtitles": asdict(self._options), "region": self._region, "grow": self._grow}

    def of(self, frames: Iterator[Frame]) -> Iterator[tuple[Frame, Mask]]:
        """Each frame with its text; a few frames are read ahead."""
        from selfmend.masks.text_in_video import steady_text

        held: deque[Frame] = deque()

        def images() -> Iterator[Image]:
            for frame in frames:
                held.append(frame)
                yield frame.image

        for mask in steady_text(images(), options=self._options, region=self._region):
            yield held.popleft(), grow_mask(mask, self._grow)


def _drawn(source: Any) -> Mask:
    """As `drawn_mask`, but of a palette every colour that is not black is hole: such masks number their objects."""
    if isinstance(source, str | Path):
        try:
            with PILImage.open(source) as picture:
                if picture.mode == "P":
                    colours = np.asarray(picture.convert("RGB"))
                    return np.asarray(colours.any(axis=2), bool)
        except (OSError, ValueError, SyntaxError):
            pass  # the common way says what is wrong with it
    return drawn_mask(source)


def _wide(size: Any) -> str:
    return f"{size[1]} x {size[0]}"


def choose_masks(  # noqa: PLR0913
    clip: Clip,
    *,
    mask: Any = None,
    masks: str | Path | None = None,
    subtitles: bool = False,
    find: str | None = None,
    sensitivity: float = 0.5,
    region: tuple[int, int, int, int] | None = None,
    text: Mapping[str, Any] | None = None,
    invert: bool = False,
    grow: int = 0,
) -> Masks:
    """The masks that were asked for; arguments as in `mend_video`.

    Raises:
        OptionError: none or several were asked for, or an option that does not fit.
        MaskError: they do not fit the film.
    """
    values = {"mask": mask, "masks": masks, "subtitles": subtitles or None, "find": find}
    asked = [name for name, value in values.items() if value is not None]
    if len(asked) != 1:
        came = " and ".join(asked) if asked else "nothing"
        raise OptionError(f"{came} says where the holes are; one of mask, masks, subtitles and find fits")
    if (not subtitles and text) or (region is not None and not (subtitles or find)):
        raise OptionError(
            "a region is for what is found, and how text looks for subtitles; for a hole that is a box, give the box "
            "as the mask"
        )
    if find is not None and invert:
        raise OptionError("what is found is no mask that could be inverted; leave invert out")
    if subtitles and invert:
        raise OptionError("subtitles that are found are no mask that could be inverted; leave invert out")
    if grow < 0:
        raise OptionError(f"grow is {grow}; at least 0 fits")
    if find is not None:
        return FoundMasks(clip, find, region=region, sensitivity=sensitivity, grow=grow)
    if mask is not None:
        return OneMask(mask, clip, invert=invert, grow=grow)
    if masks is not None:
        return MaskFolder(Path(masks), clip, invert=invert, grow=grow)
    from selfmend.masks.text import DEFAULTS

    return Subtitles(clip, options=replace_options(DEFAULTS, text or {}), region=region, grow=grow)

"""A whole film: decoded ahead, filled, written, with a journal from which stopped work goes on."""

from __future__ import annotations

import hashlib
import shutil
import time
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from selfmend._version import __version__
from selfmend.errors import ImageError, SelfmendWarning
from selfmend.files import atomic_path, exists
from selfmend.image.outputs import check_folder_of, check_replaced
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.types import Mask
from selfmend.video.decoding import frame_files
from selfmend.video.details import Details, lost
from selfmend.video.encoders import check_ending
from selfmend.video.frames import FrameFiller, MaskedFrame, MendedFrame
from selfmend.video.journal import Journal
from selfmend.video.masks import Masks
from selfmend.video.prefetch import BackgroundWriter, ahead
from selfmend.video.reader import Clip, Frame
from selfmend.video.writer import FilmWriter, FrameWriter, PictureWriter, say

_DEPTH = 6  # frames that wait on each side of the filling
_NOTHING = np.empty((0, 0, 3), np.float32)
_ENDS = 1 << 20  # bytes at each end of a file that tell it from another


@dataclass(frozen=True, kw_only=True)
class VideoReport:
    """What became of a film.

    Attributes:
        output: the film, or the folder of pictures.
        frames: how many were written.
        mended: how many of them had a hole.
        resumed: how many were taken from work that was stopped.
        hole: mean share of a frame that was filled, over the mended ones.
        flicker: mean of the frames' flicker, 0 to 255; None where none has any.
        broken: frames that could not be decoded whole.
        seconds: of this run.
        fps: frames a second that this run filled and wrote.
        untouched: nothing had a hole; where the whole film was taken and the ending is the same, the output is a copy.
    """

    output: Path
    frames: int
    mended: int
    resumed: int
    hole: float
    flicker: float | None
    broken: int
    seconds: float
    fps: float
    untouched: bool


def check_film_output(output: str | Path, *, film: str | Path, overwrite: bool = False) -> Path:
    """Find out before the work whether the mended film can be written to `output`.

    Args:
        output: a film's name, or a folder for pictures: one that is there, or a name without ending.
        film: what is read.
        overwrite: replace what is there. A folder whose work was stopped is gone on with, which replaces nothing.

    Raises:
        ImageError: no known ending, a folder that cannot be written, or what `check_replaced` refuses.
    """
    output = Path(output)
    if not is_folder(output):
        check_ending(output)
    elif output.is_file():
        raise ImageError(f"{output} is a file without ending; a name such as out.mp4, or a folder, fits")
    check_replaced(output, overwrite=overwrite or not holds_result(output), inputs=(film,))
    check_folder_of(output)
    return output


def holds_result(output: Path) -> bool:
    """Whether a finished film, or pictures that no stopped work goes on with, are at `output`."""
    if output.is_dir():
        return any(output.iterdir()) and not journal_folder(output).is_dir()
    return exists(output)


def is_folder(output: Path) -> bool:
    """Whether the output is a folder of pictures."""
    return output.is_dir() or not output.suffix


def journal_folder(output: str | Path) -> Path:
    """Where the journal of an output is kept."""
    return Path(output).with_name(Path(output).name + ".partial")


def mend_clip(
    clip: Clip,
    masks: Masks,
    filler: FrameFiller,
    output: Path,
    *,
    settings: Mapping[str, Any],
    crf: int | None = None,
    restart: bool = False,
    progress: Progress = silent,
) -> VideoReport:
    """Fill the holes of a film's frames and write the film.

    Args:
        clip: what is read.
        masks: where the holes are.
        filler: what fills them.
        output: as `check_film_output` has found it fit.
        settings: what the filler depends on, as JSON: a journal of other settings is refused.
        crf: see `choose_encoder`.
        restart: forget a journal.
        progress: called at every frame.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    started = time.perf_counter()
    settings = {"film": fingerprint(clip.path), "part": [clip.first, clip.last], **masks.describe(), **settings}
    shares, flickers = [], []
    with ExitStack() as held:
        with _writer(clip, output, crf) as writer:
            kept = Journal(journal_folder(output), {"version": __version__, **settings}, restart=restart)
            journal = held.enter_context(closing(kept))
            with BackgroundWriter(writer.write, depth=_DEPTH) as write:
                for frame, mask, filled in _mended(clip, masks, filler, journal):
                    write(frame, filled.image, mask)
                    shares.append(float(mask.mean()))
                    flickers += [] if filled.flicker is None else [filled.flicker]
                    progress(_event(len(shares), max(len(shares), clip.expected or 0), filled))
        journal.remove()
    seconds = time.perf_counter() - started
    holes = [share for share in shares if share]
    if not holes:
        warnings.warn(f"{masks.nothing}; {output} shows what {clip.path} shows", SelfmendWarning, stacklevel=2)
    return VideoReport(
        output=output,
        frames=len(shares),
        mended=len(holes),
        resumed=journal.resumed,
        hole=sum(holes) / len(holes) if holes else 0.0,
        flicker=sum(flickers) / len(flickers) if flickers else None,
        broken=clip.broken,
        seconds=seconds,
        fps=(len(shares) - journal.resumed) / seconds,
        untouched=not holes,
    )


def _mended(
    clip: Clip, masks: Masks, filler: FrameFiller, journal: Journal
) -> Iterator[tuple[Frame, Mask, MendedFrame]]:
    """All frames in order, those that the journal has from there."""
    pairs: Iterator[tuple[Frame, Mask]] = ahead(masks.of(clip.frames()), depth=_DEPTH)
    before: deque[tuple[MaskedFrame, MendedFrame]] = deque(maxlen=filler.reach)
    held: deque[tuple[Frame, Mask]] = deque()

    def rest() -> Iterator[MaskedFrame]:
        yield from [masked for masked, _ in before]
        for frame, mask in pairs:
            held.append((replace(frame, image=_NOTHING), mask))  # a filler may hold smaller copies of many frames
            yield MaskedFrame(frame.index, frame.image, mask)

    for place, (frame, mask) in zip(range(len(journal)), pairs, strict=False):
        filled = journal.load(place, frame.index, frame.image, mask)
        if filled is None:  # damaged: from this frame on, the film is mended again
            pairs = chain([(frame, mask)], pairs)
            break
        before.append((MaskedFrame(frame.index, frame.image, mask), filled))
        yield frame, mask, filled
    for filled in filler.mend(rest(), done=[one for _, one in before]):
        frame, mask = held.popleft()
        if frame.index != filled.index:
            raise ValueError(f"the filler gave frame {filled.index} in the place of {frame.index}")
        journal.save(filled, mask)
        yield frame, mask, filled


@contextmanager
def _writer(clip: Clip, output: Path, crf: int | None) -> Iterator[FrameWriter]:
    """What takes the frames; a film is whole, or it is not there."""
    if is_folder(output):
        with PictureWriter(clip, output) as pictures:
            yield pictures
        return
    with atomic_path(output) as path:
        with FilmWriter(clip, path, crf=crf, name=output) as film:
            yield film
        same = clip.whole and path.suffix.lower() == clip.path.suffix.lower()
        if same and not film.touched:
            shutil.copyfile(clip.path, path)  # nothing is lost by encoding what did not change
        elif film.written and clip.names is None:
            say(_lost(film.kept_of(), path))


def _lost(before: Details, written: Path) -> list[str]:
    """What the written film does not have, a line each."""
    try:
        return lost(before, Clip(written).details)
    except ImageError:  # too few bytes for FFmpeg to tell what they are
        return ["the output could not be read again, to compare what it says of itself"]


def _event(frames: int, count: int, filled: MendedFrame) -> ProgressEvent:
    terms = {} if filled.flicker is None else {"flicker": filled.flicker}
    return ProgressEvent(stage="frames", stage_count=1, step=frames, steps=count, done=frames / count, terms=terms)


def fingerprint(path: Path) -> str:
    """A digest of a file's length and both of its ends: films are too long to read twice; of a folder, of its files."""
    if path.is_dir():
        files = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in frame_files(path)]
        return hashlib.sha256(repr(files).encode()).hexdigest()[:16]
    digest = hashlib.sha256(str(path.stat().st_size).encode())
    with open(path, "rb") as file:
        digest.update(file.read(_ENDS))
        file.seek(max(0, path.stat().st_size - _ENDS))
        digest.update(file.read(_ENDS))
    return digest.hexdigest()[:16]

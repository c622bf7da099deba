"""A folder of pictures as a film: one picture a frame, in the order of their names."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

from selfmend.core.checks import ImageError, OptionError
from selfmend.image.listing import list_pictures, natural_order

DEFAULT_RATE = Fraction(25)


def frame_files(folder: str | Path) -> list[Path]:
    """The pictures of a folder, not of the folders in it; `frame2` comes before `frame10`.

    Raises:
        ImageError: none, or pictures of several kinds, which FFmpeg does not read as one film.
    """
    folder = Path(folder)
    names = [name for name in list_pictures(folder) if "/" not in name]
    if not names:
        raise ImageError(f"{folder} has no pictures; a folder with the frames of a film, or a film as clip.mp4, fits")
    kinds = sorted({Path(name).suffix.lower() for name in names})
    if len(kinds) > 1:
        raise ImageError(f"{folder} has frames of several kinds ({', '.join(kinds)}); one kind fits")
    return [folder / name for name in natural_order(names)]


def frame_list(files: list[Path]) -> io.BytesIO:
    """What FFmpeg's `concat` reads: each file is shown for one second, so that times are whole numbers."""
    lines = ["ffconcat version 1.0"]
    for file in files:
        quoted = str(file.resolve()).replace("'", "'\\''")
        lines += [f"file 'file:{quoted}'", "option framerate 1", "duration 1"]
    return io.BytesIO("\n".join(lines).encode())


def rate_of(film: str | Path, fps: float | None) -> Fraction | None:
    """Frames a second of a folder of pictures; None for a film, which has its own.

    Raises:
        OptionError: a rate for a film, or one that is no rate.
    """
    if not Path(film).is_dir():
        if fps is not None:
            raise OptionError(f"{film} is a film with a rate of its own; frames a second fit a folder of pictures")
        return None
    if fps is None:
        return DEFAULT_RATE
    if not 0 < fps <= 1000:
        raise OptionError(f"{fps:g} frames a second are no rate of a film; more than 0 and at most 1000 fit")
    ntsc = Fraction(round(fps * 1.001) * 1000, 1001)  # 23.976, 29.97, 59.94
    return ntsc if abs(float(ntsc) - fps) < 1e-3 else Fraction(fps).limit_denominator(1000)

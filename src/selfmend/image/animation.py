"""Moving pictures: how a still one moves; frames as an animated GIF or WebP, or as an MP4 film, whole or not at all."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import ImageError, OptionError, SelfmendWarning, nearest_name
from selfmend.files import atomic_path
from selfmend.image.outputs import check_folder_of, check_replaced

FRAME_ENDINGS = (".gif", ".webp", ".mp4")
GIF_TICKS = 100  # a GIF counts in hundredths of a second
GIF_LEAST_TICKS = 2  # browsers show shorter frames as if they took ten


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How a still picture moves: by a walk through noise (SinGAN, ICCV 2019, Sec. 4, "Single image animation").

    Attributes:
        frames: how many.
        alpha: pull back to the picture, in [0, 1]; 1 stands still.
        beta: smoothness, in [0, 1]: how much of its direction a step keeps; 1 draws nothing fresh.
        loop: the last frame leads back to the first.

    Raises:
        OptionError: a value that does not fit.
    """

    frames: int = 100
    alpha: float = 0.1
    beta: float = 0.9
    loop: bool = False

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise OptionError(f"frames is {self.frames}; at least 1 fits")
        for name, value in (("alpha", self.alpha), ("beta", self.beta)):
            if not (math.isfinite(value) and 0 <= value <= 1):
                raise OptionError(f"{name} is {value:g}; from 0 to 1 fits")
        if self.loop and self.alpha == 0:
            raise OptionError("alpha is 0, so the walk never comes back to the picture; with loop, alpha above 0 fits")


def check_frames_output(path: str | Path, *, fps: float, overwrite: bool = False) -> Path:
    """Find out before the work whether frames can be written to `path`.

    Args:
        path: ending in .gif, .webp or .mp4.
        fps: frames a second.
        overwrite: allow it to replace what is there.

    Raises:
        ImageError: another ending, a folder that cannot be written, or what `check_replaced` refuses.
        OptionError: a rate that no film has.
    """
    path = Path(path)
    if path.suffix.lower() not in FRAME_ENDINGS:
        raise ImageError(
            f"cannot tell the format of {str(path)!r} by its ending; {nearest_name(path.suffix, FRAME_ENDINGS)}"
        )
    if not (math.isfinite(fps) and 0 < fps <= 1000):
        raise OptionError(f"fps is {fps:g}; more than 0 and up to 1000 frames a second fit")
    if path.is_dir():
        raise ImageError(f"{path} is a folder; the name of a file that ends in .gif, .webp or .mp4 fits")
    check_replaced(path, overwrite=overwrite)
    check_folder_of(path)
    return path


def save_frames(frames: Sequence[PILImage.Image], path: str | Path, *, fps: float = 10.0) -> None:
    """Write frames as a moving picture; the ending of `path` says which kind.

    GIF and WebP repeat for ever. A GIF has 256 colours, and shows a frame for whole hundredths of a second. An MP4 is
    H.264 where that codec is there, else MPEG-4 Part 2, in 4:2:0, which has even sizes only: a width or height that is
    odd grows by one pixel, which repeats the edge.

    Args:
        frames: at least one, all of one size.
        path: ending in .gif, .webp or .mp4.
        fps: frames a second.

    Raises:
        ImageError: another ending, or the file cannot be written; a previous one stays.
        OptionError: a rate that no film has, or no frames.
    """
    path = check_frames_output(path, fps=fps, overwrite=True)
    if not frames:
        raise OptionError("there are no frames to write; at least 1 fits")
    pictures = [frame.convert("RGB") for frame in frames]
    kind = path.suffix.lower()
    if kind == ".gif":
        _check_gif_rate(fps)
    try:
        with atomic_path(path) as temporary:
            if kind == ".mp4":
                _write_film(pictures, temporary, fps)
            elif kind == ".gif":
                _write_gif(pictures, temporary, fps)
            else:
                _write_webp(pictures, temporary, fps)
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise ImageError(f"cannot write {path}: {why}") from error


def _check_gif_rate(fps: float) -> None:
    if fps > GIF_TICKS / GIF_LEAST_TICKS:
        message = f"a GIF shows at most {GIF_TICKS // GIF_LEAST_TICKS} frames a second, not {fps:g}; .webp and .mp4 do"
        warnings.warn(message, SelfmendWarning, stacklevel=3)


def _write_webp(pictures: list[PILImage.Image], path: Path, fps: float) -> None:
    times = [round(1000 * (k + 1) / fps) - round(1000 * k / fps) for k in range(len(pictures))]
    pictures[0].save(
        path, format="WEBP", save_all=True, append_images=pictures[1:], duration=times, loop=0, quality=90, method=4,
        kmin=len(pictures) + 1, kmax=len(pictures) + 2,  # no key frames but the first: each would be seen as a jump
    )  # fmt: skip


def _write_gif(pictures: list[PILImage.Image], path: Path, fps: float) -> None:
    """Times are rounded so that the whole takes as long as it should, not each frame alone."""
    ends = [round(GIF_TICKS * (k + 1) / fps) for k in range(len(pictures))]
    ticks = [max(GIF_LEAST_TICKS, end - start) for start, end in zip([0, *ends], ends, strict=False)]
    # One palette for all frames and no dither: colours that change from frame to frame shimmer.
    palette = _mosaic(pictures).quantize(256, method=PILImage.Quantize.MEDIANCUT)
    held = [p.quantize(palette=palette, dither=PILImage.Dither.NONE) for p in pictures]
    held[0].save(
        path, format="GIF", save_all=True, append_images=held[1:], duration=[10 * t for t in ticks], loop=0,
        optimize=False,
    )  # fmt: skip


def _mosaic(pictures: list[PILImage.Image], count: int = 8) -> PILImage.Image:
    """Up to `count` frames, evenly spread in time, below each other."""
    shown = [pictures[k] for k in sorted({round(i) for i in np.linspace(0, len(pictures) - 1, count)})]
    width, height = shown[0].size
    mosaic = PILImage.new("RGB", (width, height * len(shown)))
    for k, picture in enumerate(shown):
        mosaic.paste(picture, (0, k * height))
    return mosaic


def _write_film(pictures: list[PILImage.Image], path: Path, fps: float) -> None:
    import av

    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    with av.open(f"file:{path}", "w", format="mp4") as film:
        stream = film.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = (side + side % 2 for side in pictures[0].size)
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18"} if codec == "libx264" else {"q": "3"}
        for picture in pictures:
            pixels = np.asarray(picture)
            even = np.pad(pixels, [(0, side % 2) for side in pixels.shape[:2]] + [(0, 0)], mode="edge")
            film.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        film.mux(stream.encode())

"""Films opened for reading: what is no film is refused in one line."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from selfmend.core.checks import ImageError, SelfmendWarning
from selfmend.core.files import exists
from selfmend.video.frame_folder import frame_files, frame_list

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_STILL = "_pipe"  # FFmpeg reads a single picture with png_pipe, jpeg_pipe, ...
_TEXT = "tty"  # and a text file as a film of somebody typing it


def open_film(path: str | Path) -> tuple[InputContainer, VideoStream]:
    """A film, or a folder of pictures as one, and the stream that holds its pictures.

    Raises:
        ImageError: no such file, or nothing with moving pictures; the message says what it is.
    """
    import av

    path = Path(path)
    if not exists(path):
        raise ImageError(f"no such file: {path}")
    try:
        if path.is_dir():
            container = av.open(frame_list(frame_files(path)), "r", format="concat", options={"safe": "0"})
        else:
            container = av.open(str(path), "r")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ImageError(f"{path} is not a film that can be read ({reason(error)})") from error
    try:
        return container, _pictures(container, path)
    except ImageError:
        container.close()
        raise


def _pictures(container: InputContainer, path: Path) -> VideoStream:
    from av.stream import Disposition

    kind = container.format.name
    if kind.endswith(_STILL) or kind == "image2":
        raise ImageError(f"{path} is a picture; selfmend inpaint fills pictures, and a film such as clip.mp4 fits here")
    if kind == _TEXT:
        raise ImageError(f"{path} is text; a film such as clip.mp4 fits")
    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not films:
        what = "sound" if container.streams.audio else "no pictures"
        raise ImageError(f"{path} has no video stream, only {what}; a film such as clip.mp4 fits")
    if len(films) > 1:
        message = f"{path} has {len(films)} video streams; the first is used"
        warnings.warn(message, SelfmendWarning, stacklevel=4)
    return films[0]


def reason(error: BaseException) -> str:
    """An error of FFmpeg as part of one line."""
    return getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__

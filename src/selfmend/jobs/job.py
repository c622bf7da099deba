"""A job of the queue: its states, its errors, and the limits that it keeps to.

What the queue accepts, and how long it keeps what it made.

What the queue knows of one piece of work, and what it refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfmend.errors import ImageError, SelfmendError
from selfmend.options import option

if TYPE_CHECKING:
    from selfmend.types import Size


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Every limit; `selfmend serve` has an option for each."""

    max_bytes: int = option(50_000_000, "of all files of one job", unit="bytes", low=1)
    max_pixels: int = option(50_000_000, "of one picture, coming or made", unit="px", low=1)
    max_queue: int = option(100, "jobs that wait at once", low=1)
    max_seconds: float = option(4 * 3600.0, "that one job may run", unit="s", low=0)
    keep_hours: float = option(24.0, "that a finished job is kept", unit="h", low=0)
    keep_bytes: int = option(2_000_000_000, "of all finished jobs; the oldest ones go first", unit="bytes", low=0)


LANES = ("quick", "heavy")
STATES = ("queued", "running", "done", "failed", "cancelled")
FINAL = ("done", "failed", "cancelled")


class UnknownJob(SelfmendError):  # noqa: N818, the word that the HTTP interface uses
    """There is no job of that name, or it has been removed."""


class QueueFull(SelfmendError):  # noqa: N818
    """As many jobs wait as may."""


class UnknownModel(SelfmendError):  # noqa: N818
    """There is no trained run of that name."""


class Busy(SelfmendError):  # noqa: N818
    """Something is needed by a job that is not finished."""


class TooLarge(ImageError):  # noqa: N818
    """A file with more bytes or pixels than may come."""


class NotAPicture(ImageError):  # noqa: N818
    """A file that is empty, damaged, or of no format that is read."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One file that a job has made.

    Attributes:
        index: from 0.
        name: for a person who saves it, such as photo-mended.jpg.
        media_type: such as image/jpeg.
        width, height: in pixels.
        bytes: of the file.
    """

    index: int
    name: str
    media_type: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Job:
    """A piece of work as it stands now; each change of it makes another `Job` with a greater revision.

    Attributes:
        id: 22 random characters of URL-safe base64.
        kind: what is to be done, one of `selfmend.tasks.TASKS`.
        state: one of `STATES`.
        lane: one of `LANES`; the jobs of a lane are begun in the order in which they came.
        place: how many jobs of its lane come before it while it is queued, running ones among them; else None.
        done: fraction of the work in [0, 1], if known; it never falls.
        stage: what is being done.
        stage_index, stage_count: of the stages, the latter 0 if not known.
        seconds_left: estimated, if it can be.
        terms: losses and other numbers by name.
        created, started, finished: seconds since 1970, None for what has not happened yet.
        error: one line, of a failed job.
        warnings: lines.
        settings: all of them, with the defaults and the seed that was drawn.
        size: (height, width) of the picture that was sent, as it is shown, or None where none was.
        previews: how many there have been; the last one is kept.
        results: of a job that is done.
        revision: grows with each change.
    """

    id: str
    kind: str
    state: str
    lane: str
    place: int | None = None
    done: float | None = None
    stage: str = ""
    stage_index: int = 0
    stage_count: int = 0
    seconds_left: float | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    created: float
    started: float | None = None
    finished: float | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    size: Size | None = None
    previews: int = 0
    results: tuple[Result, ...] = ()
    revision: int = 0

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in FINAL

    @property
    def seconds(self) -> float | None:
        """From its beginning to its end, or None before that."""
        return None if self.started is None or self.finished is None else max(0.0, self.finished - self.started)


@dataclass(frozen=True, kw_only=True)
class Work:
    """A job for a worker: what is to be done, with which files.

    Attributes:
        id, kind: of the job.
        folder: of the job.
        settings: checked.
        files: file names in FOLDER/inputs by what they are, such as "image" or "mask".
        stem: of the name that the picture had with its owner.
    """

    id: str
    kind: str
    folder: Path
    settings: Mapping[str, Any]
    files: Mapping[str, str]
    stem: str

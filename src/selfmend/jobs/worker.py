"""A process that does one job after the other, and tells the server how far it is.

The server sends a `Work`, and while it is being done perhaps CANCEL; None ends the process. The answers are tuples:
("ready",), ("progress", fields, previews), ("done", results), ("failed", line, traceback or None), ("cancelled",), and
before the last of them ("warnings", lines); ("leaving",) says that the process ends because it has grown.
"""

from __future__ import annotations

import math
import os
import signal
import time
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfmend.errors import SelfmendWarning, line_for
from selfmend.files import atomic_path
from selfmend.jobs.job import Work
from selfmend.processes import end_with_parent
from selfmend.progress import ProgressEvent

if TYPE_CHECKING:
    from selfmend.jobs.work import WorkerContext
    from selfmend.types import Image

CANCEL = "cancel"
PREVIEW = 1024
"""Longest side of a preview, in pixels."""
TELL_EVERY = 0.1  # seconds
MOST_JOBS = 200
MOST_MEMORY = 3 * 2**30
"""Bytes. What a large picture needs is not all given back to the system, so the process is replaced by a fresh one."""


class Cancelled(Exception):  # noqa: N818
    """Raised out of the work at the step in which the server asked for its end."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a worker is told when it is started.

    Attributes:
        runs, device: see `work.WorkerContext`.
        threads: it may use.
        nice: by how much it steps back behind others, so that a training does not slow down the quick jobs beside it.
    """

    runs: Path
    device: str
    threads: int
    nice: int


def serve(connection: Connection, setup: Setup) -> None:
    """Get ready, and do the jobs that come until None comes or the server is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C in the terminal is for the server, which ends the others; a training would listen to it
    end_with_parent(lambda: os._exit(1))  # what works on would do the same job as the next server
    if setup.nice and hasattr(os, "nice"):
        os.nice(setup.nice)
    try:
        place = _warm(setup)
        connection.send(("ready",))
        do_all(connection, place)
    except (EOFError, OSError):  # the server is gone
        return


def do_all(connection: Connection, place: WorkerContext) -> None:
    """Do the jobs that come until None comes, or the process should give way to a fresh one."""
    jobs = 0
    while (work := connection.recv()) is not None:
        if work == CANCEL:  # it came too late
            continue
        _do(connection, work, place)
        jobs += 1
        if jobs >= MOST_JOBS or memory() > MOST_MEMORY:
            connection.send(("leaving",))
            return


def _warm(setup: Setup) -> WorkerContext:
    """Load everything that the first job would have to wait for: the compiled loops of patchmatch."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # a thread that waits busily holds up the workers beside it
    import numpy as np

    import selfmend.api as api
    from selfmend.jobs.work import WorkerContext
    from selfmend.parallel import limit_threads

    limit_threads(setup.threads)
    image = np.random.default_rng(0).random((48, 48, 3), np.float32)
    hole = np.zeros((48, 48), bool)
    hole[20:28, 20:28] = True
    api.inpaint(image, hole)
    return WorkerContext(runs=setup.runs, device=setup.device)


def _do(connection: Connection, work: Work, place: WorkerContext) -> None:
    from selfmend.jobs.work import do

    lines: dict[str, None] = {}

    def keep(message: Any, category: type, *rest: Any, **more: Any) -> None:
        if issubclass(category, SelfmendWarning):
            lines[" ".join(str(message).split())] = None

    answer: tuple[Any, ...]
    with warnings.catch_warnings():
        warnings.simplefilter("always", SelfmendWarning)
        warnings.showwarning = keep
        try:
            answer = ("done", do(work, place, _Teller(connection, work.folder)))
        except Cancelled:
            answer = ("cancelled",)
        except Exception as error:  # whatever goes wrong, the next job is done
            line = line_for(error)
            details = traceback.format_exc() if line is None else None
            answer = ("failed", " ".join((line or "the program failed; the log has the details").split()), details)
    connection.send(("warnings", list(lines)))
    connection.send(answer)


class _Teller:
    """The progress of a job: tells the server a few times a second, and looks whether it wants the end."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self._connection, self._folder = connection, folder
        self._told, self._stage, self._done, self._previews = 0.0, "", 0.0, 0

    def __call__(self, event: ProgressEvent) -> None:
        if self._connection.poll():  # nothing else comes during a job
            self._connection.recv()
            raise Cancelled
        if event.preview is not None:
            self._show(event.preview())
        if event.done is not None:
            self._done = max(self._done, event.done)
        now = time.monotonic()
        if event.stage == self._stage and now - self._told < TELL_EVERY and event.preview is None:
            return
        self._told, self._stage = now, event.stage
        terms = {name: value for name, value in event.terms.items() if math.isfinite(value)}  # JSON has no others
        fields = {
            "stage": event.stage, "stage_index": event.stage_index, "stage_count": event.stage_count, "terms": terms,
            "done": self._done if event.done is not None or self._done else None,
        }  # fmt: skip
        self._connection.send(("progress", fields, self._previews))

    def _show(self, image: Image | None) -> None:
        if image is None:
            return
        from selfmend.image.draw import thumbnail, to_rgb

        with atomic_path(self._folder / "preview.png") as temporary:
            to_rgb(thumbnail(image, PREVIEW)).save(temporary, format="PNG", compress_level=1)
        self._previews += 1


def memory() -> int:
    """Bytes that this process holds now, or has held at most where the system does not tell more."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

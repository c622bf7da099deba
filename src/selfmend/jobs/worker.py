"""A process that does one job after the other, and tells the server how far it is.

The server sends a `Job`, and while it is being done perhaps CANCEL; None ends the process. The answers are pairs:
("ready", None), ("job", Job) each time that it has changed, the last time with a final state, before that perhaps
("fault", traceback) for the log; ("leaving", None) says that the process ends because it has grown.
"""

from __future__ import annotations

import math
import os
import signal
import time
import traceback
import warnings
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfmend.errors import SelfmendWarning, line_for
from selfmend.files import atomic_path
from selfmend.jobs.job import Job
from selfmend.processes import end_with_parent
from selfmend.progress import ProgressEvent

if TYPE_CHECKING:
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
class WorkerContext:
    """What a worker is told when it is started: where it works, and with what.

    Attributes:
        jobs: the folder with a folder for each job.
        runs: the folder of the trained runs.
        device: "auto", "cpu", "cuda" or "mps".
        threads: it may use.
        nice: by how much it steps back behind others, so that a training does not slow down the quick jobs beside it.
    """

    jobs: Path
    runs: Path
    device: str
    threads: int = 1
    nice: int = 0


def serve(connection: Connection, context: WorkerContext) -> None:
    """Get ready, and do the jobs that come until None comes or the server is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C in the terminal is for the server, which ends the others; a training would listen to it
    end_with_parent(lambda: os._exit(1))  # what works on would do the same job as the next server
    if context.nice and hasattr(os, "nice"):
        os.nice(context.nice)
    try:
        _warm(context.threads)
        connection.send(("ready", None))
        do_all(connection, context)
    except (EOFError, OSError):  # the server is gone
        return


def do_all(connection: Connection, context: WorkerContext) -> None:
    """Do the jobs that come until None comes, or the process should give way to a fresh one."""
    jobs = 0
    while (job := connection.recv()) is not None:
        if job == CANCEL:  # it came too late
            continue
        _do(connection, job, context)
        jobs += 1
        if jobs >= MOST_JOBS or memory() > MOST_MEMORY:
            connection.send(("leaving", None))
            return


def _warm(threads: int) -> None:
    """Load everything that the first job would have to wait for: the compiled loops of patchmatch."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # a thread that waits busily holds up the workers beside it
    import numpy as np

    import selfmend.api as api
    import selfmend.jobs.work  # noqa: F401, for the first job
    from selfmend.parallel import limit_threads

    limit_threads(threads)
    image = np.random.default_rng(0).random((48, 48, 3), np.float32)
    hole = np.zeros((48, 48), bool)
    hole[20:28, 20:28] = True
    api.inpaint(image, hole)


def _do(connection: Connection, job: Job, context: WorkerContext) -> None:
    from selfmend.jobs.work import do

    lines: dict[str, None] = {}

    def keep(message: Any, category: type, *rest: Any, **more: Any) -> None:
        if issubclass(category, SelfmendWarning):
            lines[" ".join(str(message).split())] = None

    with warnings.catch_warnings():
        warnings.simplefilter("always", SelfmendWarning)
        warnings.showwarning = keep
        try:
            results, choices = do(job, context, _Teller(connection, job, context.jobs / job.id))
            job = replace(job, state="done", results=results, choices=choices)
        except Cancelled:
            job = replace(job, state="cancelled")
        except Exception as error:  # whatever goes wrong, the next job is done
            line = line_for(error)
            if line is None:
                connection.send(("fault", traceback.format_exc()))
            line = line or "the program failed; the log has the details"
            job = replace(job, state="failed", error=" ".join(line.split()))
    connection.send(("job", replace(job, warnings=tuple(lines))))


class _Teller:
    """The progress of a job: tells the server a few times a second, and looks whether it wants the end."""

    def __init__(self, connection: Connection, job: Job, folder: Path) -> None:
        self._connection, self._job, self._folder = connection, job, folder
        self._told, self._done, self._previews = 0.0, 0.0, 0

    def __call__(self, event: ProgressEvent) -> None:
        if self._connection.poll():  # nothing else comes during a job
            self._connection.recv()
            raise Cancelled
        if event.preview is not None:
            self._show(event.preview())
        if event.done is not None:
            self._done = max(self._done, event.done)
        now = time.monotonic()
        if event.stage == self._job.stage and now - self._told < TELL_EVERY and event.preview is None:
            return
        self._told = now
        self._job = replace(
            self._job, stage=event.stage, stage_index=event.stage_index, stage_count=event.stage_count,
            terms={name: value for name, value in event.terms.items() if math.isfinite(value)},  # JSON has no others
            done=self._done if event.done is not None or self._done else None, previews=self._previews,
        )  # fmt: skip
        self._connection.send(("job", self._job))

    def _show(self, image: Image | None) -> None:
        if image is None:
            return
        from selfmend.image.draw import thumbnail, to_rgb

        with atomic_path(self._folder / "preview.png") as temporary:
            to_rgb(thumbnail(image, PREVIEW)).save(temporary, format="PNG", compress_level=1)
        self._previews += 1


def resident(pid: int | str) -> int | None:
    """Bytes of memory that a process holds now; None where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def memory() -> int:
    """Bytes that this process holds now, or has held at most where the system does not tell more."""
    now = resident("self")
    if now is not None:
        return now
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

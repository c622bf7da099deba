"""What goes to a worker and what comes back, and what an engine is that stands between."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias


@dataclass(frozen=True, kw_only=True)
class Task:
    """One picture to mend.

    Attributes:
        name: relative to the folder, with "/" between folders.
        image: the file.
        mask: a file, or a text as `read_mask` takes it; None is the picture's transparency.
        output: the file to write.
        seed: of this picture: `selfmend inpaint --seed` with it makes the same.
    """

    name: str
    image: Path
    mask: str | None
    output: Path
    seed: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a task.

    Attributes:
        task: as it was given.
        error: one line; "" where the result is written.
        warnings: what was said while it was mended.
        seconds: from reading to writing.
        cpu: seconds of the processor in that time.
        worker: host and process.
        files: marks (see `files.mark`) of "image", "mask" and "output", as far as they are files.
        lost: the worker was killed, or ran out of memory: alone the picture may be mended.
    """

    task: Task
    error: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    cpu: float = 0.0
    worker: str = ""
    files: dict[str, Any] | None = None
    lost: bool = False


def worker_name(process: int) -> str:
    """How a process of this machine is called in the manifest."""
    return f"{platform.node()}:{process}"


Mend: TypeAlias = Callable[[Task], Outcome]
"""Does one task; whatever is wrong with the picture is in the outcome."""


class Work(Protocol):
    """What a worker is to do: small, and can be pickled."""

    def prepare(self) -> Mend:
        """Load all that is needed, in the worker's process.

        Raises:
            SelfmendError: it cannot be loaded.
        """


class Engine(Protocol):
    """What has tasks done somewhere."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Do all tasks, in any order, and yield each outcome once, when it is there.

        What runs is ended when the iterator is closed. Tasks are taken as they are needed: there may be very many.
        """

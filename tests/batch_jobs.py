"""Work for worker processes that are to fail: what a task does is in its name."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from selfmend.errors import SelfmendError
from selfmend.jobs.folder_work import Outcome, Task, worker_name


@dataclass(frozen=True)
class Fragile:
    """A task named "kill..." is killed, "once..." only the first time; all write down who works at the same time."""

    notes: Path

    def prepare(self):
        return self.mend

    def mend(self, task):
        mine = self.notes / f"{task.name}.running"
        mine.touch()
        time.sleep(0.05)
        beside = sorted(path.stem for path in self.notes.glob("*.running"))
        first = not (self.notes / f"{task.name}.tried").exists()
        (self.notes / f"{task.name}.tried").touch()
        mine.unlink()
        if task.name.startswith("kill") or (task.name.startswith("once") and first):
            os.kill(os.getpid(), signal.SIGKILL)
        memory = task.name.startswith("memory") and first
        return Outcome(
            task=task,
            error="not enough memory" if memory else "broken" if task.name.startswith("bad") else "",
            warnings=tuple(beside),
            worker=worker_name(os.getpid()),
            lost=memory,
        )


@dataclass(frozen=True)
class Unloadable:
    """Work that cannot begin: with an error, or because its process ends."""

    code: int = 0

    def prepare(self):
        if self.code:
            os._exit(self.code)
        raise SelfmendError("the run is gone")


def tasks(*names, folder=Path("none")):
    return [Task(name=n, image=folder / n, mask="alpha", output=folder / f"out-{n}", seed=1) for n in names]

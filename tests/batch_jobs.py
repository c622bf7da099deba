"""Work for worker processes that are to fail: what becomes of a picture is in its name."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from selfmend.errors import SelfmendError
from selfmend.jobs.folder_work import FolderPicture, Outcome, worker_name


@dataclass(frozen=True)
class Fragile:
    """A picture named "kill..." is killed, "once..." only the first time; all write down who works at the same time."""

    notes: Path

    def prepare(self):
        return self.mend

    def mend(self, picture):
        mine = self.notes / f"{picture.name}.running"
        mine.touch()
        time.sleep(0.05)
        beside = sorted(path.stem for path in self.notes.glob("*.running"))
        first = not (self.notes / f"{picture.name}.tried").exists()
        (self.notes / f"{picture.name}.tried").touch()
        mine.unlink()
        if picture.name.startswith("kill") or (picture.name.startswith("once") and first):
            os.kill(os.getpid(), signal.SIGKILL)
        memory = picture.name.startswith("memory") and first
        return Outcome(
            picture=picture,
            error="not enough memory" if memory else "broken" if picture.name.startswith("bad") else "",
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


def pictures(*names, folder=Path("none")):
    return [FolderPicture(name=n, image=folder / n, mask="alpha", output=folder / f"out-{n}", seed=1) for n in names]

"""Work that is killed at each file operation, and what the next runs make of it: for tests and for benchmarks/kills.py.

A run is a forked child whose audit hook sends SIGKILL just before the n-th operation that changes something in its
folder: a file opened for writing, renamed, removed, its mode changed, a folder made or removed. Then the same work is
run again, as its own message says (`--resume`, `--restart`, `--overwrite`), until the right result is there, or nothing
gets out of that state any more: it is stuck.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import SelfmendError
from video_clips import write_film

MOST_RUNS = 3
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.truncate", "os.link", "os.symlink"}


@dataclass(frozen=True)
class Work:
    """Something that writes files.

    Attributes:
        name: for the report.
        prepare: makes the inputs in an empty folder.
        run: does the work there, with options such as "--resume"; the line of a refusal, "" where all went well.
        result: the digest of what it has made.
    """

    name: str
    prepare: Callable[[Path], None]
    run: Callable[..., str]
    result: Callable[[Path], str]


@dataclass
class Count:
    """What became of all kills of a work; `stuck` holds a line for each that no later run got out of."""

    kills: int = 0
    stuck: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def forked(call: Callable[[], str], *, folder: Path, kill_at: int = 0) -> tuple[int, int, str]:
    """Exit status of a child that calls something, how many changes it made in the folder, and what came back."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        count, here = 0, os.path.realpath(folder)

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal count
            if _changes(event, arguments, here):
                count += 1
                if count == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        line, code = "", 3
        try:
            signal.alarm(60)
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 2)
            sys.addaudithook(watch)
            line, code = call(), 0
        except BaseException as error:
            line = f"{type(error).__name__}: {error}"
        finally:
            total, count = count, -(10**9)
            os.write(writing, f"{total}\n{line[:4000]}".encode(errors="replace"))
            os._exit(code)
    os.close(writing)
    with open(reading, "rb") as pipe:
        told = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    total, _, line = told.partition("\n")
    return status, int(total or 0), line


def _changes(event: str, arguments: tuple[Any, ...], folder: str) -> bool:
    if event == "open":
        path, _, flags = arguments
        return isinstance(path, str | os.PathLike) and bool(flags & _WRITING) and _inside(path, folder)
    if event in _CHANGING:
        descriptors = [one for one in arguments[1:] if isinstance(one, int) and one >= 0]
        return _inside(arguments[0], folder) or (event in ("os.remove", "os.rmdir") and bool(descriptors))
    return False


def _inside(path: Any, folder: str) -> bool:
    return (
        (os.path.abspath(os.fsdecode(path)) + os.sep).startswith(folder + os.sep)
        if not isinstance(path, int)
        else False
    )


def kill_everywhere(work: Work, folder: Path, *, places: Callable[[int], Iterator[int]] | None = None) -> Count:
    """Kill a work at each of its file operations, or at those that `places` picks of their number."""
    count = Count()
    with contextlib.chdir(folder.parent):
        work.run(_fresh(work, folder))  # so that all is imported once, and not in every child
    whole = _fresh(work, folder)
    status, operations, line = forked(lambda: work.run(whole), folder=whole)
    if status or line:
        raise AssertionError(f"{work.name} does not work at all: {line}")
    right = work.result(whole)
    for place in places(operations) if places else range(1, operations + 1):
        here = _fresh(work, folder)
        status, _, line = forked(lambda: work.run(here), folder=here, kill_at=place)  # noqa: B023, it is called here
        if status != -signal.SIGKILL:
            continue  # threads: this time there were fewer
        count.kills += 1
        line = _recover(work, here, right)
        if line:
            count.stuck.append(f"{work.name}, operation {place} of {operations}: {line}")
        count.left += [f"{place}: {path.name}" for path in here.rglob(".selfmend-*")]
    return count


def _recover(work: Work, folder: Path, right: str) -> str:
    """Run again, as the messages say; what is wrong at the end, or ""."""
    options: tuple[str, ...] = ()
    line = ""
    for _ in range(MOST_RUNS):
        status, _, line = forked(lambda: work.run(folder, *options), folder=folder)  # noqa: B023
        if status:
            return f"it fails with {line or status}"
        if not line or _same(work, folder, right):
            break
        options = next(((one,) for one in ("--resume", "--restart", "--overwrite") if one in line), ())
        if not options:
            return line
    else:
        return line
    return "" if _same(work, folder, right) else "the result is another one"


def _same(work: Work, folder: Path, right: str) -> bool:
    try:
        return work.result(folder) == right
    except OSError:
        return False


def _fresh(work: Work, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    work.prepare(folder)
    return folder


def digest(*paths: Path) -> str:
    """Of some files' bytes."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def command(folder: Path, *arguments: str) -> str:
    """A command line in this process; "" or its error."""
    from selfmend.cli import app
    from selfmend.cli.common import run_command

    os.chdir(folder)
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = run_command(app, list(arguments))
    return said.getvalue() or f"code {code}" if code else ""


def _draw(folder: Path, *names: str) -> None:
    values = np.random.default_rng(3).integers(0, 255, (4, 5, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        PILImage.fromarray(values).save(folder / name)


def _film(folder: Path) -> None:
    write_film(folder / "film.mkv", frames=4, codec="ffv1")


def _mend_film(folder: Path, *options: str) -> str:
    return command(folder, "video", "film.mkv", "-m", "20,20,9,7", "--method", "telea", "-o", "out.mkv", *options)


def _mend_frames(folder: Path, *options: str) -> str:
    return command(folder, "video", "film.mkv", "-m", "20,20,9,7", "--method", "telea", "-o", "out", *options)


def _inpaint(folder: Path, *options: str) -> str:
    return command(folder, "inpaint", "a.jpg", "-m", "9,9,7,6", "--method", "telea", "-o", "out.jpg", *options)


class _Inline:
    """Mends the pictures of a folder in this process, so that its kills hit the work itself too."""

    def run(self, pictures: Any) -> Iterator[Any]:
        from selfmend.jobs.folder_work import FolderJob

        mend = FolderJob(method="telea").prepare()
        yield from (mend(picture) for picture in pictures)


def _batch(folder: Path, *options: str) -> str:
    from selfmend.jobs.folder import mend_folder

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mend_folder(
                folder / "in", folder / "out", masks="9,9,7,6", method="telea", engine=_Inline(),
                resume="--resume" in options, overwrite="--overwrite" in options,
            )  # fmt: skip
    except SelfmendError as error:
        return str(error)
    return ""


def _train(folder: Path, *options: str) -> str:
    return command(folder, "train", "sliced-wasserstein", "a.png", "--preset", "tiny", "-o", "run", *options)


def _queue(folder: Path, *options: str) -> str:
    """Jobs that come, are done, cancelled and removed, as in the server's process; what was said of each is kept."""
    from selfmend.jobs.dispatcher import folder_bytes
    from selfmend.jobs.runner import Runner

    runner = Runner(folder / "data", device="cpu")
    store, dispatcher = runner._store, runner._dispatcher
    store.recover(9.0)
    said = folder.parent / f"{folder.name}-said"  # outside: what the client knows
    known = dict(line.split() for line in said.read_text().splitlines()) if said.exists() else {}

    def tell(id: str, state: str) -> None:
        known[id] = state
        with open(said, "a") as file:
            file.write(f"{id} {state}\n")

    for id, state in known.items():  # what was acknowledged is there, with all its files, and what is gone is gone
        if state == "gone":
            assert id not in [job.id for job in store.newest(99)], f"{id} came back"
        elif state != "going":
            job = store.get(id)
            assert (store.path_of(id) / "inputs" / "image.png").read_bytes() == (folder / "a.png").read_bytes()
            assert state in ("kept", job.state), f"{id} was {state} and is {job.state}"
    files = {"image": (folder / "a.png").read_bytes(), "mask": (folder / "mask.png").read_bytes()}
    for k in range(3):
        job = runner.submit("fill", files, {"method": "telea"})
        tell(job.id, "kept")
        if k == 1:
            taken = store.take("quick", time.time())
            while taken is not None and taken.id != job.id:
                taken = store.take("quick", time.time())
            (store.path_of(job.id) / "results").mkdir()
            store.finish(_done(taken), time.time(), size=folder_bytes(store.path_of(job.id)))
            tell(job.id, "done")
        if k == 2:
            runner.cancel(job.id)
            tell(job.id, "cancelled")
            tell(job.id, "going")  # asked for, and not acknowledged: both are right
            runner.remove(job.id)
            tell(job.id, "gone")
    dispatcher._sweeping = True
    dispatcher._clean()
    known_ids = {job.id for job in store.newest(99)}
    assert known_ids >= {path.name for path in (folder / "data" / "jobs").iterdir()}, "files without a job"
    runner._store.close()
    return ""


def _done(job: Any) -> Any:
    from dataclasses import replace

    return replace(job, state="done")


def _queue_inputs(folder: Path) -> None:
    (folder.parent / f"{folder.name}-said").unlink(missing_ok=True)
    _draw(folder, "a.png")
    mask = PILImage.new("L", (40, 32))
    mask.paste(255, (9, 9, 16, 15))
    mask.save(folder / "mask.png")


WORKS = {
    work.name: work
    for work in (
        Work("inpaint", lambda folder: _draw(folder, "a.jpg"), _inpaint, lambda f: digest(f / "out.jpg")),
        Work("video", _film, _mend_film, lambda f: digest(f / "out.mkv")),
        Work("video-frames", _film, _mend_frames, lambda f: digest(*(f / "out" / f"{k:06d}.png" for k in range(4)))),
        Work(
            "batch",
            lambda folder: _draw(folder, "in/a.png", "in/b.jpg", "in/c.png"),
            _batch,
            lambda f: digest(*(f / "out" / name for name in ("a.png", "b.jpg", "c.png"))),
        ),
        Work("train", lambda folder: _draw(folder, "a.png"), _train, lambda f: digest(f / "run/weights.safetensors")),
        Work("server", _queue_inputs, _queue, lambda f: "")
    )
}  # fmt: skip

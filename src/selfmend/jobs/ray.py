"""The engine of a cluster: each picture a task of Ray, repeated where its worker is lost; extra `cluster`."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from selfmend._version import __version__
from selfmend.errors import MissingExtraError, RunError, SelfmendError
from selfmend.files import atomic_path
from selfmend.jobs.folder_work import FolderJob, FolderPicture, Mend, Outcome, mark

_AHEAD = 2  # pictures for each core that are on their way: as many pictures are held in memory, and no more
_PATIENCE = 10.0  # seconds for a connection
_LOADED: dict[str, Mend] = {}  # of this worker, by its job


@dataclass(frozen=True)
class _Parcel:
    """A picture with the files that it needs, or with none where the machines share them."""

    picture: FolderPicture
    image: bytes | None = None
    mask: bytes | None = None


class RayEngine:
    """Mends pictures on a Ray cluster; the results come back and are written here, each once."""

    def __init__(
        self,
        job: FolderJob,
        *,
        jobs: int | None = None,
        address: str | None = None,
        shared: bool = False,
        retries: int = 1,
    ) -> None:
        """Nothing is started yet.

        Args:
            job: what is done with each picture.
            jobs: pictures at once; None is one for each core of the cluster.
            address: of a cluster ("auto" is the one that this machine belongs to); None starts one on this machine.
            shared: the machines see the same files under the same paths: nothing is sent, and they write themselves.
            retries: how often a picture whose worker was lost is done again.

        Raises:
            MissingExtraError: Ray is not installed.
            SelfmendError: nobody listens at the address.
        """
        self._ray = _ray()
        _check_listening(address)
        self._job, self._jobs, self._address, self._shared, self._retries = job, jobs, address, shared, retries

    def run(self, pictures: Iterable[FolderPicture]) -> Iterator[Outcome]:
        """See `Engine.run`."""
        ray, own = self._ray, not self._ray.is_initialized()
        if own:
            self._connect()
        try:
            yield from self._each(iter(pictures))
        finally:
            if own:
                ray.shutdown()

    def _connect(self) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else it warns of what it will change
        here = {"num_cpus": self._jobs, "include_dashboard": False} if self._address is None else {}
        try:
            self._ray.init(address=self._address, log_to_driver=False, logging_level="error", **here)
        except Exception as error:  # what cannot be reached raises anything
            where = self._address or "this machine"
            raise SelfmendError(f"Ray cannot begin on {where} ({' '.join(str(error).split())})") from error

    def _each(self, pictures: Iterator[FolderPicture]) -> Iterator[Outcome]:
        ray = self._ray
        remote = ray.remote(num_cpus=1, max_retries=self._retries)(_work)
        job, run = self._job, [] if self._shared else [ray.put(_files_of(self._job.model))]
        room = self._jobs or _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        running: dict[Any, FolderPicture] = {}
        for picture in pictures:
            try:
                parcel = _Parcel(picture) if self._shared else _pack(picture)
            except OSError as error:
                yield Outcome(picture=picture, error=f"cannot read {error.filename}: {error.strerror}")
                continue
            running[remote.options(name=picture.name).remote(job, parcel, run, __version__)] = picture
            while len(running) >= room:
                yield self._next(running)
        while running:
            yield self._next(running)

    def _next(self, running: dict[Any, FolderPicture]) -> Outcome:
        """Wait for one; what it held of the cluster's memory is let go of."""
        ready, _ = self._ray.wait(list(running), num_returns=1)
        picture = running.pop(ready[0])
        try:
            outcome, result = self._ray.get(ready[0])
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, SelfmendError):
                raise error.cause from None  # it cannot load what it needs: no picture can be mended
            return Outcome(picture=picture, error=" ".join(str(error.cause).split()))
        except self._ray.exceptions.RayError as error:
            return Outcome(picture=picture, error=f"its worker was lost ({type(error).__name__})", lost=True)
        return outcome if result is None else _written(outcome, picture, result)


def _work(job: FolderJob, parcel: _Parcel, run: Sequence[Any], version: str) -> tuple[Outcome, bytes | None]:
    """What a worker does: mend one picture; its outcome, and the result where it is to be sent."""
    if version != __version__:
        raise RunError(f"a machine of the cluster has selfmend {__version__}, this one {version}; install the same")
    mend = _prepared(job, run)
    if parcel.image is None:
        return mend(parcel.picture), None
    with tempfile.TemporaryDirectory() as folder:
        return _mend_sent(mend, parcel, Path(folder))


def _mend_sent(mend: Mend, parcel: _Parcel, folder: Path) -> tuple[Outcome, bytes | None]:
    """Mend a picture whose files were sent; messages name them as they are called where they came from."""
    picture = parcel.picture
    image, output = folder / f"image{picture.image.suffix}", folder / f"result{picture.output.suffix}"
    image.write_bytes(parcel.image or b"")
    mask = picture.mask
    if parcel.mask is not None:
        mask = str(folder / f"mask{Path(str(picture.mask)).suffix}")
        Path(mask).write_bytes(parcel.mask)
    outcome = mend(replace(picture, image=image, mask=mask, output=output))

    def named(text: str) -> str:
        return text.replace(str(image), str(picture.image)).replace(str(mask), str(picture.mask))

    said = tuple(named(line) for line in outcome.warnings)
    outcome = replace(outcome, picture=picture, error=named(outcome.error), warnings=said)
    return outcome, None if outcome.error else output.read_bytes()


def _prepared(job: FolderJob, run: Sequence[Any]) -> Mend:
    """What mends, loaded once in a worker; the files of its run are fetched once, too."""
    if repr(job) in _LOADED:
        return _LOADED[repr(job)]
    placed = job
    if run and job.model is not None:
        import ray

        folder, name = Path(tempfile.mkdtemp(prefix="selfmend-run-")), Path(job.model).name
        for file, data in ray.get(run[0]).items():
            (folder / file).write_bytes(data)
        placed = replace(job, model=folder / name if (folder / name).exists() else folder)
    _LOADED[repr(job)] = placed.prepare()
    return _LOADED[repr(job)]


def _files_of(model: str | Path | None) -> dict[str, bytes]:
    """The files of a run that filling needs."""
    if model is None:
        return {}
    folder = Path(model) if Path(model).is_dir() else Path(model).parent
    names = {"run.json", "weights.safetensors", Path(model).name}
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name in names and path.is_file()}


def _pack(picture: FolderPicture) -> _Parcel:
    mask = picture.mask is not None and picture.mask != "alpha" and Path(picture.mask).is_file()
    return _Parcel(picture, picture.image.read_bytes(), Path(str(picture.mask)).read_bytes() if mask else None)


def _written(outcome: Outcome, picture: FolderPicture, result: bytes) -> Outcome:
    """Write a result that was sent; the marks are those of the files here."""
    try:
        with atomic_path(picture.output) as path:
            path.write_bytes(result)
        sent = {key: value is not None for key, value in (outcome.files or {}).items()}
        files = {"image": mark(picture.image), "output": mark(picture.output)}
        files["mask"] = mark(str(picture.mask)) if sent.get("mask") else None  # type: ignore[assignment]
    except OSError as error:
        return replace(outcome, error=f"cannot write {picture.output}: {error.strerror}")
    return replace(outcome, files=files)


def _check_listening(address: str | None) -> None:
    """Find out at once what Ray says after minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        return  # "auto", or what Ray itself understands
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise SelfmendError(f"no Ray cluster answers at {address} ({error}); give the address of its head") from error


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("--engine ray needs Ray: pip install 'selfmend[cluster]'") from error
    return ray

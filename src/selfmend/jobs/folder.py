"""A folder of pictures mended on all cores or on a cluster; stopped work goes on where it was."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfmend.errors import ImageError, OptionError, SelfmendWarning, check_known
from selfmend.files import check_writable, exists
from selfmend.jobs import manifest
from selfmend.jobs.folder_work import Engine, FolderJob, FolderPicture, Outcome
from selfmend.jobs.pairing import Pair, Pairing, find_pairs
from selfmend.processes import usable_cores
from selfmend.progress import Progress, work_done
from selfmend.progress_bar import shown

if TYPE_CHECKING:
    from selfmend.jobs.manifest import Manifest


ENGINES = ("processes", "ray")


def choose_engine(
    engine: str | Engine,
    job: FolderJob,
    *,
    jobs: int | None,
    address: str | None,
    shared: bool,
    retries: int,
    count: int,
) -> Engine:
    """An engine by its name; it begins to load what it needs.

    Args:
        engine: a name, or an engine of one's own.
        job: what is done with each picture.
        jobs, address, shared, retries: as in `mend_folder`.
        count: pictures; more processes are of no use.

    Raises:
        OptionError: an unknown name, or options that do not fit.
        MissingExtraError: Ray is not installed.
    """
    if jobs is not None and jobs < 1:
        raise OptionError(f"--jobs is {jobs}; at least 1 fits")
    if retries < 0:
        raise OptionError(f"--retries is {retries}; at least 0 fits")
    if not isinstance(engine, str):
        return engine
    check_known("engine", engine, ENGINES)
    if engine == "processes":
        if address is not None or shared:
            raise OptionError("--address and --shared are for clusters; leave them out, or say --engine ray")
        from selfmend.jobs.local import ProcessEngine, load_ahead

        load_ahead()
        return ProcessEngine(job.prepare, jobs=min(jobs or job.at_once(usable_cores()), count), retries=retries)
    from selfmend.jobs.ray import RayEngine

    return RayEngine(job, jobs=jobs, address=address, shared=shared, retries=retries)


_SHOWN = 10  # warnings about single pictures; the manifest has all


@dataclass(frozen=True, kw_only=True)
class BatchReport:
    """What became of a folder.

    Attributes:
        output: the folder of results.
        manifest: tells of every picture.
        pictures: how many there are.
        mended: how many of them this run has mended.
        skipped: how many the manifest said were done already.
        failed: names of the others, with what is wrong with each.
        others: files that are no pictures.
        seconds: of this run.
        workers: processes that have mended pictures.
    """

    output: Path
    manifest: Path
    pictures: int
    mended: int
    skipped: int
    failed: dict[str, str]
    others: tuple[str, ...]
    seconds: float
    workers: int


def mend_folder(  # noqa: PLR0913
    folder: str | Path,
    output: str | Path | None = None,
    *,
    masks: str | Path | None = None,
    method: str = "auto",
    preset: str | None = None,
    model: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    grow_mask: int = 0,
    invert_mask: bool = False,
    find: str | None = None,
    sensitivity: float = 0.5,
    region: str | None = None,
    grain: bool = True,
    same_in: str | Path | None = None,
    engine: str | Engine = ENGINES[0],
    jobs: int | None = None,
    address: str | None = None,
    shared: bool = False,
    retries: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | bool = False,
    **options: Any,
) -> BatchReport:
    """Fill the holes of all pictures of a folder, in any depth; names, formats and metadata stay as they are.

    A picture's result depends on the picture, its mask and the settings alone: its seed is derived from `seed` and its
    name, and the manifest in the folder of results tells it. What is wrong with one picture does not stop the others.

    A script must call this under `if __name__ == "__main__":`, since processes are started.

    Args:
        folder: of the pictures.
        output: folder of the results; None is FOLDER-mended beside it.
        masks: a folder with masks of the same names, whatever their endings (also a-mask.png for a.jpg); a file for
            all pictures; "alpha", "#RRGGBB" or "x,y,w,h"; None is transparency.
        method, preset, device, grow_mask, invert_mask, options: as in `inpaint`.
        find: a kind of damage, as in `restore`: the hole is what is found, and no mask is taken.
        sensitivity, region, grain: as in `restore`, with `find`.
        same_in: folder of pictures with the same watermark, for `find="watermark"`; it may be the same folder.
        model: a run of `fit_folder`, which brings its own method.
        seed: same seed, same bytes.
        engine: "processes" of this machine, "ray" (extra cluster), or an engine of one's own.
        jobs: pictures at once; None is one for each core, or one for a network on a graphics card.
        address: of a Ray cluster; None starts one on this machine.
        shared: the cluster's machines see the folders under the same paths, so that no file is sent.
        retries: how often a picture whose worker was killed is tried again.
        resume: go on with what a manifest says was stopped.
        overwrite: begin anew in a folder that holds something.
        progress: called at every picture.

    Raises:
        SelfmendError: one line, before any work: what came, what fits, what to do.
    """
    progress = shown(progress)
    started = time.perf_counter()
    target = default_output(folder) if output is None else Path(output)
    if find is not None and masks is not None:
        raise OptionError(f"masks are given and {find} is to be found; leave one of them out")
    _check_output(Path(folder), masks, target, resume=resume, overwrite=overwrite)
    pairing = find_pairs(folder, masks, target)
    _tell(pairing)
    job = FolderJob(
        method=method, preset=preset, options=options, model=model, device=device, grow_mask=grow_mask,
        invert_mask=invert_mask, find=find, sensitivity=sensitivity, region=region, grain=grain,
        same_in=None if same_in is None else Path(same_in).resolve(),
    )  # fmt: skip
    worker = choose_engine(
        engine, job, jobs=jobs, address=address, shared=shared, retries=retries, count=len(pairing.pairs)
    )
    settings = job.describe() | {"seed": seed, "masks": _kind(masks) if find is None else "found"}
    pictures = [_picture(pair, Path(folder), target, seed) for pair in pairing.pairs]
    _check_inputs(pictures)
    kept = manifest.Manifest(target, settings, resume=resume, overwrite=overwrite)
    with closing(kept):
        return _mend(pairing, pictures, worker, kept, progress, started)


def default_output(folder: str | Path) -> Path:
    """FOLDER-mended beside the folder."""
    path = Path(os.path.abspath(folder))
    return path.with_name(path.name + "-mended") if Path(folder).name in ("", "..") else Path(f"{Path(folder)}-mended")


def _mend(
    pairing: Pairing,
    pictures: Sequence[FolderPicture],
    engine: Engine,
    kept: Manifest,
    progress: Progress,
    started: float,
) -> BatchReport:
    failed = {pair.name: pair.problem for pair in pairing.pairs if pair.problem}
    waiting, skipped, workers, warned = [], 0, set(), 0
    for pair, picture in zip(pairing.pairs, pictures, strict=True):
        if pair.problem:
            kept.write(Outcome(picture=picture, error=pair.problem))
        elif kept.is_done(picture):
            skipped += 1
        else:
            waiting.append(picture)
    waiting.sort(key=_length, reverse=True)  # the longest first, so that none is left over at the end
    done = 0
    with closing(engine.run(waiting)) as outcomes:  # type: ignore[type-var]
        for outcome in outcomes:
            kept.write(outcome)
            done += 1
            workers.add(outcome.worker)
            if outcome.error:
                failed[outcome.picture.name] = outcome.error
            for line in outcome.warnings:
                warned += 1
                if warned <= _SHOWN:
                    _warn(f"{outcome.picture.name}: {line}")
            progress(work_done("pictures", done, len(waiting)))
    if warned > _SHOWN:
        _warn(f"{warned - _SHOWN} more warnings are in {kept.path}")
    mended = len(pictures) - skipped - len(failed)
    return BatchReport(
        output=kept.path.parent, manifest=kept.path, pictures=len(pictures), mended=mended, skipped=skipped,
        failed=dict(sorted(failed.items())), others=pairing.others, seconds=time.perf_counter() - started,
        workers=len(workers),
    )  # fmt: skip


def _picture(pair: Pair, folder: Path, output: Path, seed: int) -> FolderPicture:
    return FolderPicture(
        name=pair.name,
        image=folder / pair.name,
        mask=pair.mask,
        output=output / pair.output,
        seed=picture_seed(seed, pair.name),
    )


def picture_seed(seed: int, name: str) -> int:
    """The seed of a picture, from that of all and its name; short enough to be typed."""
    from selfmend.seeding import derive_seed

    key = name.encode(errors="surrogateescape").decode(errors="backslashreplace")  # names may be no UTF-8
    return derive_seed(seed, "picture", key) % 2**32


def _check_output(folder: Path, masks: str | Path | None, output: Path, *, resume: bool, overwrite: bool) -> None:
    """Refuse, before any work, a folder of results that cannot be one.

    Raises:
        ImageError: it is that of the pictures or masks, a file, not writable, or holds something.
        OptionError: both of what can be done with a folder that holds something.
    """
    if resume and overwrite:
        raise OptionError("--resume keeps what is done and --overwrite does not; leave one of them out")
    if exists(output) and not output.is_dir():
        raise ImageError(f"{output} is a file; the results of a folder go into a folder")
    for what, given in (("pictures", folder), ("masks", masks)):
        if given is not None and exists(given) and exists(output) and output.samefile(given):
            raise ImageError(f"{output} is the folder of the {what}, which stay as they are; choose another -o")
    try:
        check_writable(output)
    except OSError as error:
        raise ImageError(f"cannot write into {output}: {error.strerror or error}; choose another -o") from error
    held = [name for name in os.listdir(output) if not name.startswith(".")] if exists(output) else []
    if held == [manifest.NAME] and not manifest.has_records(output / manifest.NAME):
        return  # it was begun, and came to nothing
    if held and not overwrite and not (resume and manifest.NAME in held):
        known = f"{output} holds results" if manifest.NAME in held else f"{output} is not empty"
        goes_on = "--resume goes on there, " if manifest.NAME in held else ""
        raise ImageError(f"{known}; {goes_on}--overwrite begins anew, or choose another -o")


def _check_inputs(pictures: Sequence[FolderPicture]) -> None:
    """Refuse to write a result over what another picture needs.

    Raises:
        ImageError: naming it.
    """
    given = [path for picture in pictures for path in (picture.image, picture.mask) if path is not None]
    inputs = {os.path.realpath(path) for path in given}
    for picture in pictures:
        if os.path.realpath(picture.output) in inputs:
            raise ImageError(f"{picture.output} is an input and would be overwritten; choose another -o")


def _kind(masks: str | Path | None) -> str:
    """What of the masks is a setting: which files they are is told picture by picture."""
    if masks is None:
        return "alpha where there is any"
    if str(masks) == "alpha" or not exists(masks):
        return str(masks)
    return "a folder" if Path(masks).is_dir() else "one file"


def _tell(pairing: Pairing) -> None:
    """Say before the work what will be left out."""
    for pair in [pair for pair in pairing.pairs if pair.problem][:_SHOWN]:
        _warn(f"{pair.name}: {pair.problem}")
    for what, names in (
        ("masks without a picture", pairing.lonely),
        ("files that are no pictures", pairing.others),
        ("pictures that cannot be mended", [pair.name for pair in pairing.pairs if pair.problem][_SHOWN:]),
    ):
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            _warn(f"{what}: {', '.join(names[:_SHOWN])}{more}")


def _length(picture: FolderPicture) -> int:
    try:
        return picture.image.stat().st_size
    except OSError:
        return 0


def _warn(message: str) -> None:
    warnings.warn(message, SelfmendWarning, stacklevel=3)

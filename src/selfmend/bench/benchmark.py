"""A benchmark: photos with holes whose truth is known, filled by every method, measured, and shown side by side."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from selfmend.bench.benchmark_folder import BenchmarkFolder
from selfmend.bench.benchmark_report import write_reports
from selfmend.bench.cases import KINDS, LEAST_SIDE, Case, digest, find_cases, write_cases
from selfmend.bench.contest import Contest, Failure
from selfmend.bench.entrants import (
    Entrant,
    ExternalEntrant,
    check_different,
    command_entrant,
    external_entrant,
    method_entrant,
)
from selfmend.bench.scoring import scorer
from selfmend.bench.summary import Table, make_tables
from selfmend.core.checks import OptionError
from selfmend.core.progress import Progress, silent

METHODS = ("telea", "navier-stokes", "biharmonic", "patchmatch")


@dataclass(frozen=True, kw_only=True)
class BenchmarkResult:
    """What came out.

    Attributes:
        folder: of everything.
        cases: what was filled.
        names: of the entrants.
        scores: entrant, case and metric to a number.
        tables: of all cases, and one a kind.
        failures: what is missing.
        size, seed: of the cases.
        date: of the day.
        command: how it was called.
    """

    folder: BenchmarkFolder
    cases: Sequence[Case]
    names: Sequence[str]
    scores: Mapping[str, Mapping[str, Mapping[str, float]]]
    tables: Sequence[Table]
    failures: Sequence[Failure]
    size: int
    seed: int
    date: datetime.date
    command: str


def run_benchmark(
    photos: Sequence[str | Path],
    report: str | Path,
    *,
    masks: str | Path | None = None,
    holes: Sequence[str] | None = None,
    methods: Sequence[str] = METHODS,
    external: Sequence[str] = (),
    commands: Sequence[str] = (),
    metrics: Sequence[str] | None = None,
    size: int = 250,
    seed: int = 0,
    jobs: int = 1,
    timeout: float | None = None,
    device: str = "auto",
    restart: bool = False,
    command_line: str = "",
    progress: Progress = silent,
) -> BenchmarkResult:
    """Fill the holes of photos with every method, and write a report.

    What is there already of the same benchmark is not done again, but for results of a method whose settings have
    changed. A case that cannot be filled is told in the result; the others go on.

    Args:
        photos: picture files, and folders of any depth.
        report: the folder of everything; see `benchmark_folder`.
        masks, holes: as in `find_cases`; one of the two, or neither: holes of every kind.
        methods: as in `method_entrant`.
        external: NAME=DIR of pictures that are there already.
        commands: NAME=COMMAND, with {image}, {mask} and {output}.
        metrics: as in `scorer`.
        size: longest side, in pixels; smaller photos stay as they are.
        seed: of the holes and of the methods.
        jobs: processes at once, each with one thread.
        timeout: seconds a command may take for one case; None: any.
        device: as in `inpaint`.
        restart: remove first what another benchmark has left in the folder.
        command_line: how this was called, for the report.
        progress: told of every case.

    Raises:
        SelfmendError: one line: what came, what fits, what to do; before anything is filled.
    """
    entrants = _entrants(methods, external, commands, timeout=timeout, seed=seed, device=device)
    if jobs < 1:
        raise OptionError(f"jobs is {jobs}; at least 1 fits")
    if size < LEAST_SIDE:
        raise OptionError(f"size is {size}; at least {LEAST_SIDE} px fit")
    if masks is not None and holes is not None:
        raise OptionError("holes are drawn, or given as masks; leave one of --holes and --masks out")
    cases = find_cases(photos, holes=list(KINDS) if holes is None else holes, masks=masks)
    measure = scorer(metrics, least_side=LEAST_SIDE)
    record = {"size": size, "seed": seed, "holes": sorted({case.kind for case in cases}), "data": digest(cases)}
    folder = BenchmarkFolder(report)
    inputs = [*photos, *([] if masks is None else [masks])]
    inputs += [entrant.folder for entrant in entrants if isinstance(entrant, ExternalEntrant)]
    folder.prepare(record, inputs=[Path(one) for one in inputs], restart=restart)
    write_cases(cases, folder, size=size, seed=seed, progress=_stage(progress, 0))
    contest = Contest(folder=folder, cases=cases, entrants=entrants, progress=_stage(progress, 1))
    contest.fill(jobs=jobs)
    contest.measure(measure, progress=_stage(progress, 2))
    names = [entrant.name for entrant in entrants]
    result = BenchmarkResult(
        folder=folder, cases=cases, names=names, scores=contest.scores, failures=contest.failures,
        tables=make_tables(cases, names, contest.scores), size=size, seed=seed, date=datetime.date.today(),
        command=command_line,
    )  # fmt: skip
    write_reports(result)
    return result


def _stage(progress: Progress, index: int) -> Progress:
    """Events of one of the three stages."""
    return lambda event: progress(dataclasses.replace(event, stage_index=index, stage_count=3))


def _entrants(
    methods: Sequence[str],
    external: Sequence[str],
    commands: Sequence[str],
    *,
    timeout: float | None,
    seed: int,
    device: str,
) -> list[Entrant]:
    entrants: list[Entrant] = [method_entrant(spec, seed=seed, device=device) for spec in methods]
    entrants += [external_entrant(text) for text in external]
    entrants += [command_entrant(text, timeout=timeout) for text in commands]
    check_different(entrants)
    return entrants

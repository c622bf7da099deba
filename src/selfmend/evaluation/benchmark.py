"""Methods and other programs side by side on the same damaged photos.

Every entry fills every case; then all results are measured, and what is missing is told.

A benchmark: photos with holes whose truth is known, filled by every method, measured, and shown side by side.
"""

from __future__ import annotations

import dataclasses
import datetime
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from selfmend.errors import ImageError, OptionError
from selfmend.evaluation.benchmark_folder import BenchmarkFolder
from selfmend.evaluation.benchmark_report import Table, make_tables, write_reports
from selfmend.evaluation.cases import KINDS, LEAST_SIDE, Case, digest, find_cases, read_case, write_cases
from selfmend.evaluation.entries import (
    CommandEntry,
    Entry,
    ExternalEntry,
    check_different,
    command_entry,
    external_entry,
    folder_name,
    method_entry,
)
from selfmend.evaluation.scoring import Scorer, scorer
from selfmend.evaluation.workers import Cost, Outcome, Task, run_tasks
from selfmend.image.color import as_rgb
from selfmend.image.draw import to_rgb
from selfmend.image.files import by_stem, list_pictures, read_picture, save_picture
from selfmend.progress import Progress, silent, work_done
from selfmend.types import size_of

_COSTS = tuple(cost.name for cost in dataclasses.fields(Cost))
_LONGEST = 300  # characters of a reason


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A case that an entry has no result of, and why."""

    method: str
    case: str
    why: str


class BenchmarkRun:
    """The filling of all cases by all entries.

    Args:
        folder: where everything is written; the cases are there.
        cases, entries: what is filled, and by whom.
        progress: called at every case that is filled or cannot be.

    Attributes:
        scores: entry, case and metric to a number.
        failures: what is missing, in the order of entries and cases.
    """

    def __init__(
        self,
        *,
        folder: BenchmarkFolder,
        cases: Sequence[Case],
        entries: Sequence[Entry],
        progress: Progress,
    ) -> None:
        self._folder, self._entrants, self._progress = folder, entries, progress
        self._cases = {case.name: case for case in cases}
        self.scores: dict[str, dict[str, dict[str, float]]] = {entry.name: {} for entry in entries}
        self.failures: list[Failure] = []
        self._costs: dict[str, dict[str, dict[str, float]]] = {entry.name: {} for entry in entries}

    def fill(self, *, jobs: int) -> None:
        """Take what is there already, and do the rest in so many processes."""
        waiting: dict[str, tuple[Entry, list[Task]]] = {}
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=self._folder.path) as partial:
            for entry in self._entrants:
                if isinstance(entry, ExternalEntry):
                    self._take_over(entry)
                else:
                    lacking = self._without_result(entry)
                    waiting[entry.name] = entry, [self._task(entry, case, Path(partial)) for case in lacking]
            with closing(run_tasks(waiting, jobs=jobs)) as outcomes:
                for outcome in outcomes:
                    self._accept(outcome)

    def measure(self, measure: Scorer, *, progress: Progress) -> None:
        """Score all results and tell `progress` of each, after the filling: it takes no core from what is timed."""
        there = [(name, case) for name, of_cases in self._costs.items() for case in of_cases]
        for done, (name, case) in enumerate(there):
            file = self._folder.result(name, case)
            try:
                output = as_rgb(read_picture(file).image)
                truth, mask = read_case(self._cases[case], self._folder)
                self.scores[name][case] = measure(output, truth, mask) | self._costs[name][case]
            except ImageError as error:
                file.unlink(missing_ok=True)
                self._fail(name, case, f"{error}; the same command makes it anew")
            progress(work_done("measuring", done + 1, len(there)))
        names, cases = list(self.scores), list(self._cases)
        self.failures.sort(key=lambda failure: (names.index(failure.method), cases.index(failure.case)))

    def _take_over(self, entry: ExternalEntry) -> None:
        names = list_pictures(entry.folder)
        files = by_stem(entry.folder, [entry.folder / name for name in names])
        for case in self._cases:
            try:
                if case not in files:
                    raise ImageError(f"{entry.folder} has no picture of this name")
                self._adopt(entry.name, case, files[case])
                self._add(entry.name, case, {})
            except ImageError as error:
                self._fail(entry.name, case, str(error))
                self._tell(entry.name)

    def _without_result(self, entry: Entry) -> list[str]:
        """The cases that have to be filled."""
        done = self._folder.done(entry.name, entry.settings())
        for case in self._cases:
            if case in done:
                self._add(entry.name, case, done[case])
        return [case for case in self._cases if case not in done]

    def _task(self, entry: Entry, case: str, partial: Path) -> Task:
        # What a command writes is looked at before it counts as a result.
        target = self._folder.result(entry.name, case)
        if isinstance(entry, CommandEntry):
            target = partial / folder_name(entry.name) / target.name
        image, mask = self._folder.damaged(case), self._folder.mask(case)
        return Task(case=case, image=image.absolute(), mask=mask.absolute(), output=target.absolute())

    def _accept(self, outcome: Outcome) -> None:
        name, case, answer = outcome.entry.name, outcome.task.case, outcome.answer
        try:
            if isinstance(answer, str):
                raise ImageError(answer)
            if isinstance(outcome.entry, CommandEntry):
                self._adopt(name, case, outcome.task.output)
                outcome.task.output.unlink()
            cost = dataclasses.asdict(answer)
            self._folder.add(name, case, outcome.entry.settings(), cost)
            self._add(name, case, cost)
        except ImageError as error:
            self._fail(name, case, str(error))
            self._tell(name)

    def _adopt(self, name: str, case: str, file: Path) -> None:
        """Copy a picture that something else has made.

        Raises:
            ImageError: it cannot be read, or is of another size than the case.
        """
        image = as_rgb(read_picture(file).image)
        wanted = read_picture(self._folder.damaged(case)).size
        height, width = size_of(image)
        if (height, width) != wanted:
            raise ImageError(f"{file.name} is {width} x {height} px; the case's {wanted[1]} x {wanted[0]} px fit")
        save_picture(to_rgb(image), self._folder.result(name, case))

    def _add(self, name: str, case: str, cost: Mapping[str, float]) -> None:
        self._costs[name][case] = {key: float(cost[key]) for key in _COSTS if key in cost}
        self._tell(name)

    def _fail(self, name: str, case: str, why: str) -> None:
        self.failures.append(Failure(method=name, case=case, why=" ".join(why.split())[:_LONGEST]))

    def _tell(self, name: str) -> None:
        done = sum(len(of_cases) for of_cases in self._costs.values()) + len(self.failures)
        self._progress(work_done(name, done, len(self._cases) * len(self._entrants)))


METHODS = ("telea", "navier-stokes", "biharmonic", "patchmatch", "auto")


@dataclass(frozen=True, kw_only=True)
class BenchmarkResult:
    """What came out.

    Attributes:
        folder: of everything.
        cases: what was filled.
        names: of the entries.
        scores: entry, case and metric to a number.
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


def run_benchmark(  # noqa: PLR0913
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
        methods: as in `method_entry`.
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
        progress: called at every case.

    Raises:
        SelfmendError: one line: what came, what fits, what to do; before anything is filled.
    """
    entries = _entrants(methods, external, commands, timeout=timeout, seed=seed, device=device)
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
    inputs += [entry.folder for entry in entries if isinstance(entry, ExternalEntry)]
    folder.prepare(record, inputs=[Path(one) for one in inputs], restart=restart)
    write_cases(cases, folder, size=size, seed=seed, progress=_stage(progress, 0))
    contest = BenchmarkRun(folder=folder, cases=cases, entries=entries, progress=_stage(progress, 1))
    contest.fill(jobs=jobs)
    contest.measure(measure, progress=_stage(progress, 2))
    names = [entry.name for entry in entries]
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
) -> list[Entry]:
    entries: list[Entry] = [method_entry(spec, seed=seed, device=device) for spec in methods]
    entries += [external_entry(text) for text in external]
    entries += [command_entry(text, timeout=timeout) for text in commands]
    check_different(entries)
    return entries

"""Every entrant fills every case; then all results are measured, and what is missing is told."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from selfmend.bench.benchmark_folder import BenchmarkFolder
from selfmend.bench.cases import Case, read_case
from selfmend.bench.entrants import CommandEntrant, Entrant, ExternalEntrant, folder_name
from selfmend.bench.pool import Outcome, run_tasks
from selfmend.bench.scoring import Scorer
from selfmend.bench.worker import Cost, Task
from selfmend.core.checks import ImageError
from selfmend.core.progress import Progress, work_done
from selfmend.image.channels import as_rgb
from selfmend.image.io import read_picture, save_picture
from selfmend.image.listing import by_stem, list_pictures
from selfmend.image.sheet import to_rgb

_COSTS = tuple(cost.name for cost in dataclasses.fields(Cost))
_LONGEST = 300  # characters of a reason


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A case that an entrant has no result of, and why."""

    method: str
    case: str
    why: str


class Contest:
    """The filling of all cases by all entrants.

    Args:
        folder: where everything is written; the cases are there.
        cases, entrants: what is filled, and by whom.
        progress: told of every case that is filled or cannot be.

    Attributes:
        scores: entrant, case and metric to a number.
        failures: what is missing, in the order of entrants and cases.
    """

    def __init__(
        self,
        *,
        folder: BenchmarkFolder,
        cases: Sequence[Case],
        entrants: Sequence[Entrant],
        progress: Progress,
    ) -> None:
        self._folder, self._entrants, self._progress = folder, entrants, progress
        self._cases = {case.name: case for case in cases}
        self.scores: dict[str, dict[str, dict[str, float]]] = {entrant.name: {} for entrant in entrants}
        self.failures: list[Failure] = []
        self._costs: dict[str, dict[str, dict[str, float]]] = {entrant.name: {} for entrant in entrants}

    def fill(self, *, jobs: int) -> None:
        """Take what is there already, and do the rest in so many processes."""
        waiting: dict[str, tuple[Entrant, list[Task]]] = {}
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=self._folder.path) as partial:
            for entrant in self._entrants:
                if isinstance(entrant, ExternalEntrant):
                    self._take_over(entrant)
                else:
                    lacking = self._without_result(entrant)
                    waiting[entrant.name] = entrant, [self._task(entrant, case, Path(partial)) for case in lacking]
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

    def _take_over(self, entrant: ExternalEntrant) -> None:
        names = list_pictures(entrant.folder)
        files = by_stem(entrant.folder, [entrant.folder / name for name in names])
        for case in self._cases:
            try:
                if case not in files:
                    raise ImageError(f"{entrant.folder} has no picture of this name")
                self._adopt(entrant.name, case, files[case])
                self._add(entrant.name, case, {})
            except ImageError as error:
                self._fail(entrant.name, case, str(error))
                self._tell(entrant.name)

    def _without_result(self, entrant: Entrant) -> list[str]:
        """The cases that have to be filled."""
        done = self._folder.done(entrant.name, entrant.settings())
        for case in self._cases:
            if case in done:
                self._add(entrant.name, case, done[case])
        return [case for case in self._cases if case not in done]

    def _task(self, entrant: Entrant, case: str, partial: Path) -> Task:
        # What a command writes is looked at before it counts as a result.
        target = self._folder.result(entrant.name, case)
        if isinstance(entrant, CommandEntrant):
            target = partial / folder_name(entrant.name) / target.name
        image, mask = self._folder.damaged(case), self._folder.mask(case)
        return Task(case=case, image=image.absolute(), mask=mask.absolute(), output=target.absolute())

    def _accept(self, outcome: Outcome) -> None:
        name, case, answer = outcome.entrant.name, outcome.task.case, outcome.answer
        try:
            if isinstance(answer, str):
                raise ImageError(answer)
            if isinstance(outcome.entrant, CommandEntrant):
                self._adopt(name, case, outcome.task.output)
                outcome.task.output.unlink()
            cost = dataclasses.asdict(answer)
            self._folder.add(name, case, outcome.entrant.settings(), cost)
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
        if (image.shape[2], image.shape[3]) != wanted:
            raise ImageError(
                f"{file.name} is {image.shape[3]} x {image.shape[2]} px; the case's {wanted[1]} x {wanted[0]} px fit"
            )
        save_picture(to_rgb(image), self._folder.result(name, case))

    def _add(self, name: str, case: str, cost: Mapping[str, float]) -> None:
        self._costs[name][case] = {key: float(cost[key]) for key in _COSTS if key in cost}
        self._tell(name)

    def _fail(self, name: str, case: str, why: str) -> None:
        self.failures.append(Failure(method=name, case=case, why=" ".join(why.split())[:_LONGEST]))

    def _tell(self, name: str) -> None:
        done = sum(len(of_cases) for of_cases in self._costs.values()) + len(self.failures)
        self._progress(work_done(name, done, len(self._cases) * len(self._entrants)))

"""An ablation: one option of a method at several values, each trained with several seeds, measured on other pictures.

Paper 004 ablates DMFN's weight of the discriminator's feature matching (its eta) with one training a value and 30
pictures. Here each value has several trainings, and each mean its interval.

Pictures that a method has not learned from, with their holes, and how well these are filled.

An ablation: one option of a method at several values, each trained with several seeds, measured on other pictures.

Paper 004 ablates DMFN's weight of the discriminator's feature matching (its eta) with one training a value and 30
pictures. Here each value has several trainings, and each mean its interval.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfmend.api.training import FolderTraining, folder_method
from selfmend.errors import OptionError, check_known
from selfmend.evaluation.ablation_report import AblationFolder, shown_places, value_name, write_report
from selfmend.evaluation.comparison import Comparison, compare
from selfmend.evaluation.held_back import HeldBack, lpips_net, read_held_back, score, stacked
from selfmend.methods.base import describe_config
from selfmend.methods.folder import FolderConfig
from selfmend.metrics.lpips import Lpips
from selfmend.options import replace_options
from selfmend.progress import Progress, ProgressEvent, silent, work_done
from selfmend.training.pictures import PictureSet, find_pictures
from selfmend.types import Image

HELD_BACK = 100
MASKS = "eyes"
_FIXED = ("size", "scale", "masks")
"""Options that change what the held-back pictures or their holes are, so that scores could not be compared."""


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """What is trained and measured, checked as a whole.

    Attributes:
        method, option, values, seeds: the method, the name of its option, the values of it, and how many seeds.
        config: of the first value.
        preset, options: what `config` was made of, without the value.
        learned: pictures to learn from.
        held_back: pictures to measure on.
    """

    method: str
    option: str
    values: tuple[Any, ...]
    seeds: int
    config: FolderConfig
    preset: str | None
    options: Mapping[str, Any]
    learned: PictureSet
    held_back: PictureSet

    def training(self, value: Any, *, seed: int, device: str = "auto", workers: int | None = None) -> FolderTraining:
        """The training of one value and seed.

        Raises:
            SelfmendError: it cannot be done, e.g. for want of weights.
        """
        options = {**self.options, self.option: value}
        return FolderTraining(
            self.method, self.learned, preset=self.preset, options=options, seed=seed, device=device, workers=workers
        )

    def record(self) -> dict[str, Any]:
        """What makes this ablation another one; more values and seeds do not."""
        config = describe_config(self.config)
        del config[self.option]
        data, held_back = self.learned.digest(), self.held_back.digest()
        return {"method": self.method, "option": self.option, "config": config, "data": data, "held_back": held_back}


@dataclass(frozen=True, kw_only=True)
class AblationResult:
    """What came out.

    Attributes:
        ablation: what was done.
        truths: the held-back pictures.
        scores: for each value, each seed and each picture, every metric by name.
        comparisons: one a metric.
        fills: for each value, the pictures of the sheet as its first seed filled them.
        lpips: the backbone of LPIPS; None where it was left out.
    """

    ablation: Ablation
    truths: HeldBack
    scores: list[list[list[dict[str, float]]]]
    comparisons: list[Comparison]
    fills: list[list[Image]]
    lpips: str | None


def run_ablation(  # noqa: PLR0913
    method: str,
    pictures: str | Path,
    output: str | Path,
    *,
    vary: str,
    values: Sequence[Any],
    seeds: int = 3,
    held_back: int | None = None,
    validation: str | Path | None = None,
    masks: str | None = None,
    preset: str | None = None,
    options: Mapping[str, Any] | None = None,
    lpips: str | None = None,
    device: str = "auto",
    workers: int | None = None,
    progress: Progress = silent,
) -> AblationResult:
    """Train a method at several values of one option, and compare how it fills the holes of other pictures.

    A run that is finished is not trained again, and one that was interrupted goes on; so more values or seeds can be
    added later. It writes OUT/runs/VALUE-SEED, table.md, scores.json and faces.png.

    Args:
        method: one that learns from folders, e.g. "dmfn".
        pictures: the folder.
        output: the folder of everything; outside `pictures`.
        vary: name of the option.
        values: of the option, two or more; strings are read as its type.
        seeds: how many; 0, 1, ... are taken.
        held_back: the last so many pictures by name are not learned from, and measured on; None: 100.
        validation: a folder of pictures to measure on instead.
        masks: as in `FolderConfig.masks`; None: "eyes". Learned with, and filled.
        preset, options: the other options.
        lpips: alex or squeeze; None takes alex where its files are, and else leaves LPIPS out with a warning.
        device, workers: as in `fit_folder`.
        progress: called at every step.

    Raises:
        SelfmendError: one line: what came, what fits, what to do; before anything is written.
    """
    plan = plan_ablation(
        method, pictures, vary=vary, values=values, seeds=seeds, held_back=held_back, validation=validation,
        masks=masks, preset=preset, options=options or {},
    )  # fmt: skip
    folder = AblationFolder(output)
    folder.check(plan.record(), pictures=[plan.learned.root, plan.held_back.root])
    for value in plan.values:
        plan.training(value, seed=0, device=device, workers=workers)  # what does not fit is found here
    net = lpips_net(lpips, size=plan.config.size)
    truths = read_held_back(plan.held_back, plan.config)
    folder.start(plan.record())
    result = _run(plan, folder, truths, net, device=device, workers=workers, progress=progress)
    write_report(result, folder.path)
    return result


def plan_ablation(  # noqa: PLR0913
    method: str,
    pictures: str | Path,
    *,
    vary: str,
    values: Sequence[Any],
    seeds: int,
    held_back: int | None,
    validation: str | Path | None,
    masks: str | None,
    preset: str | None,
    options: Mapping[str, Any],
) -> Ablation:
    """Check everything that can be checked without looking at pictures; arguments as in `run_ablation`.

    Raises:
        SelfmendError: see there.
    """
    kind = folder_method(method)
    if vary in options:
        raise OptionError(f"option {vary} is both varied and set; leave one of them out")
    if seeds < 1:
        raise OptionError(f"seeds is {seeds}; at least 1 fits, and 3 or more say something")
    settings = {"masks": MASKS, **options} | ({} if masks is None else {"masks": masks})
    base = kind.from_options(preset, settings).config
    check_known(f"option of {method}", vary, [field.name for field in dataclasses.fields(base)])
    if vary in _FIXED:
        raise OptionError(f"option {vary} changes the pictures or holes that are compared; vary another one")
    configs = [replace_options(base, {vary: value}) for value in values]
    read = tuple(getattr(config, vary) for config in configs)
    if len(read) < 2 or len({value_name(value) for value in read}) < len(read):
        came = ", ".join(value_name(value) for value in read) or "none"
        raise OptionError(f"values of {vary} are {came}; two or more different ones fit")
    learned, measured = _divided(pictures, held_back, validation)
    return Ablation(
        method=method, option=vary, values=read, seeds=seeds, config=configs[0], preset=preset, options=settings,
        learned=learned, held_back=measured,
    )  # fmt: skip


def _divided(
    pictures: str | Path, held_back: int | None, validation: str | Path | None
) -> tuple[PictureSet, PictureSet]:
    """What is learned from, and what is measured on."""
    found = find_pictures(pictures)
    if validation is None:
        count = HELD_BACK if held_back is None else held_back
        learned, measured = found.divided(count) if count >= 2 else (found, None)
    elif held_back is not None:
        raise OptionError("pictures are held back by number or given as a folder of their own; leave one of them out")
    else:
        one, other = Path(pictures).resolve(), Path(validation).resolve()
        if one == other or one in other.parents or other in one.parents:
            raise OptionError(f"{validation} and {pictures} hold the same pictures; pictures that are not learned fit")
        learned, measured = found, find_pictures(validation)
        count = len(measured.names)
    if measured is None or count < 2:
        raise OptionError(f"{count} picture(s) are held back; at least 2 fit: one has no interval, and 100 are few")
    return learned, measured


def _run(
    plan: Ablation,
    folder: AblationFolder,
    truths: HeldBack,
    net: Lpips | None,
    *,
    device: str,
    workers: int | None,
    progress: Progress,
) -> AblationResult:
    scores, fills = [], []
    for place, value in enumerate(plan.values):
        of_seeds = []
        for seed in range(plan.seeds):
            told = f"{plan.option} {value_name(value)}, seed {seed}"
            step = _Told(progress, told, place * plan.seeds + seed, len(plan.values) * plan.seeds)
            training = plan.training(value, seed=seed, device=device, workers=workers)
            model = training.run(folder.run(value_name(value), seed), progress=step)
            filled, rows = [], []
            for done, case in enumerate(truths.cases):
                (output,) = model.method.inpaint(case.image, case.mask, seed=0)
                rows.append(score(output, case, net=net))
                filled.append(output)
                step(work_done("filling", done + 1, len(truths.cases)))
            of_seeds.append(rows)
            if seed == 0:
                fills.append([filled[k] for k in shown_places(len(filled))])
        scores.append(of_seeds)
    comparisons = compare(plan.values, [stacked(rows) for rows in scores])
    return AblationResult(
        ablation=plan, truths=truths, scores=scores, comparisons=comparisons, fills=fills,
        lpips=None if net is None else net.backbone,
    )  # fmt: skip


@dataclass(frozen=True)
class _Told:
    """Events of one run of several."""

    progress: Progress
    name: str
    index: int
    count: int

    def __call__(self, event: ProgressEvent) -> None:
        stage = f"{self.name}: {event.stage}"
        self.progress(
            dataclasses.replace(event, stage=stage, stage_index=self.index, stage_count=self.count, done=None)
        )

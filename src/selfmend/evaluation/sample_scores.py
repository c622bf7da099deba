"""The scores behind `selfmend evaluate`'s samples and enlargements, and NIQE's parameters from one's own photos."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfmend.errors import ImageError, MissingWeightsError, check_known
from selfmend.evaluation.pair_scores import check_weights_place, counting, finite, mean_of
from selfmend.image.outputs import check_folder_of, check_replaced
from selfmend.image.picture_files import naming, pair_by_name, pictures_at, read_rgb, warn
from selfmend.metrics.frechet import sifid
from selfmend.metrics.niqe import BLOCK, PRISTINE, NiqeParameters, fit_niqe, load_parameters, niqe, save_parameters
from selfmend.metrics.pixels import psnr, rmse, ssim
from selfmend.metrics.samples import copying, diversity, nearest_field, seams
from selfmend.nn.weights import INCEPTION_V3, WeightsFile
from selfmend.progress import Progress, silent, work_done
from selfmend.types import Image, size_of

if TYPE_CHECKING:
    from selfmend.nn.inception import InceptionStem

SAMPLE_METRICS = ("sifid", "sifid-192", "niqe", "copying", "seams", "diversity")
_MOST_PAIRS = 1e11
"""Pixels of one picture times those of the other, 560 x 560 twice, up to which copying is measured unasked."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What is needed for the metrics that were asked for.

    Attributes:
        names: the metrics.
        strict: they were named by the user: what cannot be measured is an error, and not left out with a warning.
        net: for sifid.
        parameters: for niqe.
    """

    names: Sequence[str]
    strict: bool
    net: InceptionStem | None = None
    parameters: NiqeParameters | None = None


def score_samples(
    real: Path,
    fakes: list[Path],
    *,
    metrics: list[str] | None = None,
    weights: Path | None = None,
    download: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Score generated pictures against the real one.

    Args:
        real: picture file.
        fakes: picture files and folders of them.
        metrics: some of `SAMPLE_METRICS`; None measures all that can be had and warns of what cannot.
        weights: file or folder; None looks where `find_weights` says.
        download: fetch missing weights.
        progress: called at every picture.

    Returns:
        real, samples (file and scores of each), mean, diversity and compared (number of pictures behind it).

    Raises:
        ImageError, OptionError, WeightsError: what does not fit; messages about a picture name its file.
    """
    for name in metrics or ():
        check_known("metric", name, SAMPLE_METRICS)
    files = [file for path in fakes for file in pictures_at(path)]
    image = read_rgb(real)
    tools = _load_tools(metrics, SAMPLE_METRICS, weights, download)
    rows: list[dict[str, Any]] = []
    counted, sizes = [], Counter[tuple[int, ...]]()

    def found() -> dict[str, Any]:
        return {"real": str(real), "samples": rows, "mean": mean_of(rows)}

    with counting(rows, len(files), lambda: found() | {"diversity": None, "compared": 0}):
        for done, file in enumerate(files):
            sample = read_rgb(file)
            with naming(file):
                rows.append({"file": str(file), **_score_sample(sample, image, tools, file)})
            sizes[tuple(sample.shape)] += 1
            counted.append(sample)
            progress(work_done("samples", done + 1, len(files)))
        value, compared = _diversity(counted, image, sizes.most_common(1)[0][0], tools)
    return found() | {"diversity": value, "compared": compared}


def score_enlarged(
    truths: Path, outputs: Path, *, weights: Path | None = None, progress: Progress = silent
) -> dict[str, Any]:
    """Score restored pictures against their originals, paired by the stem of their names.

    Args:
        truths, outputs: two folders, or two pictures.
        weights: of niqe, file or folder; without any it is left out with a warning.
        progress: called at every pair.

    Returns:
        pictures (file and scores of each) and mean.

    Raises:
        ImageError, WeightsError: what does not fit.
    """
    pairs = pair_by_name(truths, outputs)
    tools = _load_tools(None, ("niqe",), weights, False)
    rows: list[dict[str, Any]] = []

    def found() -> dict[str, Any]:
        return {"pictures": rows, "mean": mean_of(rows)}

    with counting(rows, len(pairs), found):
        for done, (truth, output) in enumerate(pairs):
            one, other = read_rgb(output), read_rgb(truth)
            with naming(output):
                scores = {
                    "rmse": float(rmse(one, other)), "psnr": float(psnr(one, other)), "ssim": float(ssim(one, other)),
                }  # fmt: skip
                rows.append({"file": str(output), **finite(scores), **_niqe(one, tools, output)})
            progress(work_done("pictures", done + 1, len(pairs)))
    return found()


def fit_parameters(folder: Path, output: Path, *, overwrite: bool = False, progress: Progress = silent) -> int:
    """Fit NIQE's parameters to the photos of a folder and write them; the number of photos.

    Raises:
        ImageError: too few or too small photos, an output that is there already, without `overwrite`, or a folder
            that cannot be written.
        WeightsError: the file cannot be written.
    """
    files = pictures_at(folder)
    check_replaced(output, overwrite=overwrite)
    check_folder_of(output)
    used = 0

    def photos() -> Iterator[Image]:
        nonlocal used
        for done, file in enumerate(files):
            image = read_rgb(file)
            if min(size_of(image)) >= BLOCK:
                used += 1
                yield image
            else:
                warn(f"{file} is left out: it is smaller than {BLOCK} x {BLOCK} px")
            progress(work_done("photos", done + 1, len(files)))

    save_parameters(fit_niqe(photos()), output)
    return used


def _load_tools(metrics: list[str] | None, known: Sequence[str], weights: Path | None, download: bool) -> Tools:
    """Load what the metrics need; unless they were named, those whose weights are missing are dropped with a word."""
    check_weights_place(weights, download=download)
    names, net, parameters = list(known if metrics is None else metrics), None, None
    try:
        if {"sifid", "sifid-192"} & set(names):
            from selfmend.nn.inception import load_inception

            net = load_inception(_place(INCEPTION_V3, weights), download=download)
    except MissingWeightsError as error:
        names = _without(names, ("sifid", "sifid-192"), metrics, error)
    try:
        if "niqe" in names:
            parameters = load_parameters(_place(PRISTINE, weights))
    except MissingWeightsError as error:
        names = _without(names, ("niqe",), metrics, error)
    return Tools(names=names, strict=metrics is not None, net=net, parameters=parameters)


def _place(file: WeightsFile, weights: Path | None) -> Path | None:
    """`weights`, if this file can be there: one file holds the weights that its ending says."""
    if weights is None or weights.is_dir() or weights.suffix == Path(file.name).suffix:
        return weights
    return None


def _without(
    names: list[str], lost: tuple[str, ...], metrics: list[str] | None, error: MissingWeightsError
) -> list[str]:
    if metrics is not None:
        raise error
    warn(f"{lost[0]} is left out: {error}")
    return [name for name in names if name not in lost]


def _score_sample(sample: Image, real: Image, tools: Tools, file: Path) -> dict[str, float | None]:
    scores: dict[str, float | None] = {}
    for name, features in (("sifid", 64), ("sifid-192", 192)):
        if name in tools.names and tools.net is not None:
            scores[name] = sifid(sample, real, net=tools.net, features=features)
    scores |= _niqe(sample, tools, file)
    wanted = {"copying", "seams"} & set(tools.names)
    if wanted and not tools.strict and math.prod(size_of(sample)) * math.prod(size_of(real)) > _MOST_PAIRS:
        warn(f"{file}: copying and seams are left out, they take minutes at this size; ask for them by --metrics")
        wanted = set()
    field = nearest_field(sample, real) if wanted else None
    if "copying" in tools.names:
        found = copying(sample, real, field=field) if wanted else None
        scores["copied-side"] = None if found is None else found.side
        scores["copied-large"] = None if found is None else found.large_share
    if "seams" in tools.names:
        scores["seams"] = seams(sample, real, field=field) if wanted else None
    return scores


def _niqe(image: Image, tools: Tools, file: Path) -> dict[str, float | None]:
    """The score by its name; None where the picture is too small, if nobody asked for it by name."""
    if "niqe" not in tools.names or tools.parameters is None:
        return {}
    try:
        return {"niqe": niqe(image, tools.parameters)}
    except ImageError as error:
        if tools.strict:
            raise
        warn(f"{file}: niqe is left out: {error}")
        return {"niqe": None}


def _diversity(samples: list[Image], real: Image, shape: tuple[int, ...], tools: Tools) -> tuple[float | None, int]:
    """Diversity of the samples of the commonest size, and how many these are."""
    same = [sample for sample in samples if tuple(sample.shape) == shape]
    if "diversity" not in tools.names:
        return None, 0
    if len(same) < 2 and not tools.strict:
        return None, 0
    if len(same) < len(samples):
        warn(f"diversity looks at the {len(same)} of {len(samples)} samples that are of one size")
    return diversity(same, real), len(same)

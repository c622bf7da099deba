"""Mended pictures against their originals, as a whole and in the hole: what `selfmend evaluate TRUTH OUTPUT` shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfmend.errors import ImageError, MaskError, MissingWeightsError, OptionError, check_known
from selfmend.files import exists
from selfmend.image.edges import canny_edges
from selfmend.image.files import by_stem, read_picture, stem_of
from selfmend.image.picture_files import naming, pair_by_name, pictures_at, read_rgb, warn
from selfmend.masks.reading import read_mask
from selfmend.metrics.bootstrap import mean_interval
from selfmend.metrics.edges import edge_accuracy
from selfmend.metrics.frechet import Vectors, fid_features, frechet_between
from selfmend.metrics.inputs import check_pair, grey
from selfmend.metrics.pixels import mae, psnr, rmse, ssim
from selfmend.metrics.saliency import SALIENCY, asvs, noticeability
from selfmend.progress import Progress, silent, work_done
from selfmend.seeding import make_rng
from selfmend.types import Image, Mask

if TYPE_CHECKING:
    from selfmend.metrics.lpips import Lpips
    from selfmend.nn.inception import InceptionFid

_OF_PIXELS = {"psnr": psnr, "ssim": ssim, "mae": mae, "rmse": rmse}
_OF_HOLES = ("asvs", "dn")
_BACKBONES = ("alex", "squeeze")  # of LPIPS
PAIR_METRICS = (*_OF_PIXELS, *(f"lpips-{backbone}" for backbone in _BACKBONES), "edges", *_OF_HOLES, "fid")


def check_weights_place(weights: Path | None, *, download: bool) -> None:
    """Refuse a place for weights that is not there, unless something is to be downloaded to it.

    Raises:
        OptionError: it is not there.
    """
    if weights is not None and not exists(weights) and not download:
        raise OptionError(f"--weights {weights} does not exist; a folder with weights, or one file of them, fits")


def finite(scores: dict[str, float]) -> dict[str, float | None]:
    """The scores as JSON can hold them: it has no infinity, which is the psnr of equal pictures."""
    return {name: value if math.isfinite(value) else None for name, value in scores.items()}


def mean_of(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """The mean of every score over the pictures that have it."""
    mean: dict[str, float | None] = {}
    for name in [name for name in rows[0] if name != "file"]:
        values = [row[name] for row in rows if row[name] is not None]
        mean[name] = sum(values) / len(values) if values else None
    return mean


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is measured.

    Attributes:
        names: the metrics.
        named: those that the user named: what cannot be measured is an error, and not left out with a warning.
        lost: those that are left out because their weights are missing.
        lpips: the networks by the metrics' names.
        fid: the network.
    """

    names: Sequence[str]
    named: Sequence[str]
    lost: Sequence[str] = ()
    lpips: dict[str, Lpips] = field(default_factory=dict)
    fid: InceptionFid | None = None


class StoppedScoresError(KeyboardInterrupt):
    """Ctrl-C, or a signal, while pictures are measured; some are done.

    Attributes:
        found: what would have been returned, of these.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__()
        self.found = found


@contextmanager
def counting(rows: Sequence[Any], count: int, found: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Keep the scores of what is done when the work is stopped.

    Args:
        rows: a row a picture, of those that are done.
        count: of all pictures.
        found: makes the result of the rows.

    Raises:
        StoppedScoresError: in the place of a KeyboardInterrupt, where a picture is done.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        if not rows:
            raise
        early = StoppedScoresError(found())
        early.add_note(f"stopped; {len(rows)} of {count} pictures were measured, and the scores are those of them")
        raise early from stop


def score_mended(
    truths: Path,
    outputs: Path,
    *,
    mask: str | None = None,
    metrics: list[str] | None = None,
    backbone: str | None = None,
    weights: Path | None = None,
    download: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Score mended pictures against their originals, paired by the stem of their names.

    Args:
        truths, outputs: two folders, or two pictures.
        mask: as `read_mask` takes it, for every pair, or a folder with a mask of each name; None measures no hole.
        metrics: some of `PAIR_METRICS`; None measures all that can be had and warns of what cannot.
        backbone: of LPIPS, which must be had then, beside the others.
        weights: folder of the published files; None looks where `find_weights` says.
        download: fetch missing weights.
        progress: called at every pair.

    Returns:
        pictures (file and scores of each), mean, interval (95 %, of the mean; None of fewer than two pictures) and fid,
        which is one number for all. Scores of the hole end in "-hole"; LPIPS has its backbone's name and ASVS and DN
        that of their model of saliency.

    Raises:
        ImageError, MaskError, OptionError, WeightsError: what does not fit; messages about a picture name its file.
    """
    pairs = pair_by_name(truths, outputs)
    choice = _choose(metrics, backbone, mask is not None, len(pairs), weights, download)
    masks = _masks(mask, pairs)
    rows: list[dict[str, Any]] = []
    features = []

    def found() -> dict[str, Any]:
        return {"pictures": rows, "mean": mean_of(rows), "interval": _intervals(rows)}

    with counting(rows, len(pairs), lambda: found() | {"fid": None}):
        for done, (truth, output) in enumerate(pairs):
            one, other = read_rgb(output), read_rgb(truth)
            hole = None
            if masks is not None:
                with naming(truth):
                    hole = read_mask(masks[done], read_picture(truth))
            with naming(output):
                check_pair(one, other, hole)
                rows.append({"file": str(output), **_scores(one, other, hole, choice, output)})
            if choice.fid is not None:
                features.append([fid_features(picture, net=choice.fid) for picture in (one, other)])
            progress(work_done("pictures", done + 1, len(pairs)))
    if choice.lost:  # only now: a mistake is told in one line
        names = ", ".join(choice.lost)
        warn(f"left out because their weights are missing: {names}; --metrics {choice.lost[0]} says what to bring")
    return found() | {"fid": _fid(features)}


def _choose(
    metrics: list[str] | None, backbone: str | None, hole: bool, count: int, weights: Path | None, download: bool
) -> Choice:
    """What was asked for and can be had; unless they were named, metrics without their weights are dropped."""
    if weights is not None and weights.is_file():
        raise OptionError(f"--weights {weights} is a file; there are several, and the folder that holds them fits")
    check_weights_place(weights, download=download)
    extra = [] if backbone is None else [f"lpips-{check_known('backbone of LPIPS', backbone, _BACKBONES)}"]
    named = [check_known("metric", name, PAIR_METRICS) for name in metrics or ()] + extra
    if not hole and set(_OF_HOLES) & set(named):
        raise OptionError("asvs and dn measure a hole; name it by --mask")
    if count < 2 and "fid" in named:
        raise OptionError("fid measures sets of pictures; two folders with at least 2 in common fit")
    wanted = [name for name in PAIR_METRICS if name in named or metrics is None]
    wanted = [name for name in wanted if (hole or name not in _OF_HOLES) and (count > 1 or name != "fid")]
    nets: dict[str, Any] = {}
    lost = []
    for name in wanted:
        try:
            if name == "fid":
                from selfmend.nn.inception import load_inception_fid

                nets[name] = load_inception_fid(weights, download=download)
            elif name.startswith("lpips"):
                from selfmend.metrics.lpips import load_lpips

                nets[name] = load_lpips(name.removeprefix("lpips-"), weights, download=download)
        except MissingWeightsError:
            if name in named:
                raise
            lost.append(name)
    kept = [name for name in wanted if name not in lost]
    return Choice(names=kept, named=named, lost=lost, fid=nets.pop("fid", None), lpips=nets)


def _masks(mask: str | None, pairs: list[tuple[Path, Path]]) -> list[str] | None:
    """The mask of each pair, as `read_mask` takes it."""
    if mask is None:
        return None
    folder = Path(mask)
    if not exists(mask) or not folder.is_dir():
        return [mask] * len(pairs)
    files = by_stem(folder, pictures_at(folder))
    lacking = next((truth for truth, _ in pairs if stem_of(truth.name) not in files), None)
    if lacking is not None:
        raise ImageError(f"{folder} has no mask named {lacking.stem!r}; one of each picture's name fits")
    return [str(files[stem_of(truth.name)]) for truth, _ in pairs]


def _scores(output: Image, truth: Image, hole: Mask | None, choice: Choice, file: Path) -> dict[str, float | None]:
    """The scores of one pair; None where a metric that nobody named cannot be measured."""
    scores: dict[str, float | None] = {}
    for metric, names, measure in _measures(output, truth, hole, choice):
        try:
            scores |= finite(dict(zip(names, (float(value) for value in measure()), strict=True)))
        except (ImageError, MaskError) as error:
            if metric in choice.named:
                raise
            warn(f"{file}: {names[0]} is left out: {error}")
            scores |= dict.fromkeys(names)
    return scores


def _measures(
    output: Image, truth: Image, hole: Mask | None, choice: Choice
) -> Iterator[tuple[str, list[str], Callable[[], Sequence[float]]]]:
    """Each metric, the names of its numbers and what gives them: of whole pictures, then of the hole."""
    for mask, ending in ((None, ""), (hole, "-hole")):
        if ending and mask is None:
            return
        for name in choice.names:
            if name in _OF_PIXELS:
                yield name, [name + ending], partial(_one, _OF_PIXELS[name], output, truth, mask=mask)
            elif name in choice.lpips:
                from selfmend.metrics.lpips import lpips

                yield name, [name + ending], partial(_one, lpips, output, truth, net=choice.lpips[name], mask=mask)
            elif name == "edges":
                yield name, [f"edge-precision{ending}", f"edge-recall{ending}"], partial(_edges, output, truth, mask)
            for model in SALIENCY:
                if name == "asvs" and mask is not None:
                    yield name, [f"asvs-{model}{ending}"], partial(_one, asvs, output, mask, model=model)
                elif name == "dn" and mask is None:  # a number of the whole picture, which needs the hole
                    yield name, [f"dn-{model}"], partial(_one, noticeability, output, truth, hole, model=model)


def _one(metric: Callable[..., float], *pictures: Any, **options: Any) -> list[float]:
    return [metric(*pictures, **options)]


def _edges(output: Image, truth: Image, mask: Mask | None) -> tuple[float, float]:
    """Precision and recall of Canny's edges, as EdgeConnect takes them."""
    drawn, true = (canny_edges(grey(image)[..., None].astype(np.float32)) for image in (output, truth))
    found = edge_accuracy(drawn, true, mask=mask)
    return found.precision, found.recall


def _intervals(rows: list[dict[str, Any]]) -> dict[str, tuple[float, float] | None]:
    """The 95 % interval of each mean, over the pictures that have the score."""
    found: dict[str, tuple[float, float] | None] = {}
    for name in [name for name in rows[0] if name != "file"]:
        values = np.array([[row[name] for row in rows if row[name] is not None]], np.float64)
        if values.shape[1] < 2:
            found[name] = None
        else:
            interval = mean_interval(values, generator=make_rng(0, "evaluate", name))
            found[name] = (interval.low, interval.high)
    return found


def _fid(features: list[list[Vectors]]) -> float | None:
    if not features:
        return None
    from selfmend.nn.inception import FEATURES

    if len(features) <= FEATURES:
        few = f"fid of {len(features)} pictures, more than {FEATURES} are needed for a covariance of full rank"
        warn(f"{few}: compare it with that of as many pictures only")
    outputs, truths = (np.stack(side) for side in zip(*features, strict=True))
    return frechet_between(outputs, truths)

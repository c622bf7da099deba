"""What `selfmend evaluate pair` does: mended pictures against their originals, as a whole and in the hole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selfmend.cli.evaluation import finite, mean_of
from selfmend.cli.picture_files import by_stem, naming, pair_by_name, pictures_at, read_rgb, warn
from selfmend.core.checks import ImageError, MaskError, OptionError
from selfmend.core.files import exists
from selfmend.core.progress import Progress, work_done
from selfmend.core.types import Image, Mask
from selfmend.image.io import read_picture
from selfmend.image.mask import read_mask
from selfmend.metrics.lpips import Lpips, load_lpips, lpips
from selfmend.metrics.mae import mae
from selfmend.metrics.psnr import psnr
from selfmend.metrics.rmse import rmse
from selfmend.metrics.ssim import ssim

_METRICS = {"psnr": psnr, "ssim": ssim, "mae": mae, "rmse": rmse}


def compare(
    truths: Path,
    outputs: Path,
    *,
    mask: str | None,
    backbone: str | None,
    weights: Path | None,
    download: bool,
    progress: Progress,
) -> dict[str, Any]:
    """Score mended pictures against their originals, paired by the stem of their names.

    Args:
        truths, outputs: two folders, or two pictures.
        mask: as `read_mask` takes it, for every pair, or a folder with a mask of each name; None measures no hole.
        backbone: of LPIPS; None leaves it out.
        weights: folder of LPIPS' two files; None looks where `find_weights` says.
        download: fetch missing weights.
        progress: told of every pair.

    Returns:
        pictures (file and scores of each) and mean; scores of the hole end in "-hole", LPIPS has its backbone's name.

    Raises:
        ImageError, MaskError, OptionError, WeightsError: what does not fit; messages about a picture name its file.
    """
    pairs = pair_by_name(truths, outputs)
    masks = _masks(mask, pairs)
    if weights is not None and weights.is_file():
        raise OptionError(f"--weights {weights} is a file; LPIPS has two, and the folder that holds both fits")
    net = None if backbone is None else load_lpips(backbone, weights, download=download)
    rows = []
    for done, (truth, output) in enumerate(pairs):
        one, other = read_rgb(output), read_rgb(truth)
        with naming(output):
            scores = _scores(one, other, None, net)
        if masks is not None:
            with naming(truth):
                hole = read_mask(masks[done], read_picture(truth))
            with naming(output):
                scores |= {f"{name}-hole": value for name, value in _scores(one, other, hole, net).items()}
        rows.append({"file": str(output), **scores})
        progress(work_done("pictures", done + 1, len(pairs)))
    return {"pictures": rows, "mean": mean_of(rows)}


def _masks(mask: str | None, pairs: list[tuple[Path, Path]]) -> list[str] | None:
    """The mask of each pair, as `read_mask` takes it."""
    if mask is None:
        return None
    folder = Path(mask)
    if not exists(mask) or not folder.is_dir():
        return [mask] * len(pairs)
    files = by_stem(folder, pictures_at(folder))
    lacking = next((truth for truth, _ in pairs if truth.stem not in files), None)
    if lacking is not None:
        raise ImageError(f"{folder} has no mask named {lacking.stem!r}; one of each picture's name fits")
    return [str(files[truth.stem]) for truth, _ in pairs]


def _scores(output: Image, truth: Image, mask: Mask | None, net: Lpips | None) -> dict[str, float | None]:
    scores: dict[str, float | None] = {}
    for name, metric in _METRICS.items():
        try:
            scores |= finite({name: float(metric(output, truth, mask=mask))})
        except MaskError as error:
            if metric is not ssim or mask is None or not mask.any():
                raise
            warn(f"ssim of the hole is left out: {error}")
            scores[name] = None
    if net is not None:
        scores[f"lpips-{net.backbone}"] = float(lpips(output, truth, net=net, mask=mask))
    return scores

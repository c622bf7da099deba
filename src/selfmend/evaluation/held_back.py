"""Pictures that a method has not learned from, with their holes, and how well these are filled."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from selfmend.errors import ImageError, MaskError, MissingWeightsError, OptionError, SelfmendWarning
from selfmend.masks.eye_bars import EyeBars
from selfmend.masks.random import hole_maker
from selfmend.methods.folder import FolderConfig
from selfmend.methods.validation import MOST_PSNR
from selfmend.metrics.lpips import BACKBONES, Lpips, load_lpips, lpips
from selfmend.metrics.pixels import mae, psnr, ssim
from selfmend.nn.tensors import to_array, to_mask
from selfmend.nn.weights import find_weights
from selfmend.training.data import FolderBatches
from selfmend.training.pictures import PictureSet
from selfmend.types import Image, Mask

HIGHER_IS_BETTER = frozenset({"psnr", "ssim"})
_METRICS = {"psnr": psnr, "ssim": ssim, "mae": mae}


@dataclass(frozen=True)
class HeldBackCase:
    """A picture (H, W, 3) in [0, 1] and the hole (H, W) that is made in it."""

    image: Image
    mask: Mask


@dataclass(frozen=True)
class HeldBack:
    """Pictures and holes, the same for everything that is compared on them.

    Attributes:
        names: of the files.
        cases: one picture and its hole each.
        without_eyes: faces in which no eyes were found, where the bar lies in the middle of the upper face; None where
            the holes are no bars.
        without_face: pictures in which no face was found, where the bar lies at the usual place; None likewise.
    """

    names: tuple[str, ...]
    cases: tuple[HeldBackCase, ...]
    without_eyes: int | None = None
    without_face: int | None = None


def read_held_back(pictures: PictureSet, config: FolderConfig) -> HeldBack:
    """The middles of the pictures as `config` has them in training, each with one hole of its kind.

    Bars lie on the eyes, without the jitter of training; boxes have their full size.

    Raises:
        ImageError: a picture cannot be read, or is smaller than a crop.
        OptionError, MaskError: as `hole_maker`.
    """
    bars = EyeBars(shift=0, stretch=0, turn=0) if config.masks == "eyes" else None
    batches = FolderBatches(
        pictures, bars or hole_maker(config.masks), size=config.size, scale=config.scale, flip=False, batch_size=1,
        seed=0, device=torch.device("cpu"),
    )  # fmt: skip
    found = batches.validation(len(pictures.names))
    cases = tuple(HeldBackCase(to_array(one.image), to_mask(one.mask)) for one in found)
    if len(cases) < len(pictures.names):
        bad = len(pictures.names) - len(cases)
        raise ImageError(f"{bad} of the held-back pictures of {pictures.root} cannot be read; remove the damaged files")
    if bars is None:
        return HeldBack(pictures.names, cases)
    return HeldBack(pictures.names, cases, bars.without_eyes, bars.without_face)


def lpips_net(backbone: str | None, *, size: int) -> Lpips | None:
    """The network of LPIPS; None, with a warning, where nobody named a backbone and alex cannot be had.

    Args:
        backbone: alex or squeeze, as the user named it; None tries alex.
        size: side of the pictures, in pixels.

    Raises:
        OptionError: an unknown backbone, or pictures that are too small for the one that was named.
        WeightsError: the files of the one that was named are missing or not the published ones.
    """
    name = backbone or "alex"
    least = Lpips(name).least_size
    if size < least:
        message = f"LPIPS on {name} looks at pictures of at least {least} px, and size is {size}"
        if backbone:
            raise OptionError(f"{message}; leave --lpips out")
        _leave_out(message)
        return None
    try:
        for file in BACKBONES[name]:
            find_weights(file)
    except MissingWeightsError as error:
        if backbone:
            raise
        _leave_out(str(error))
        return None
    return load_lpips(name)


def score(output: Image, case: HeldBackCase, *, net: Lpips | None) -> dict[str, float]:
    """Every metric of one filled picture: of the whole by its name, of the hole with "-hole" after it.

    NaN is a metric that this hole does not have: SSIM where no window fits. PSNR is at most `MOST_PSNR`.
    """
    scores = {}
    for ending, mask in (("", None), ("-hole", case.mask)):
        for name, metric in _METRICS.items():
            try:
                scores[name + ending] = min(float(metric(output, case.image, mask=mask)), MOST_PSNR)
            except MaskError:  # the hole is at the border of the picture
                if metric is not ssim:
                    raise
                scores[name + ending] = math.nan
        if net is not None:
            scores[f"lpips-{net.backbone}{ending}"] = float(lpips(output, case.image, net=net, mask=mask))
    return scores


def stacked(rows: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, NDArray[np.float64]]:
    """Scores of R runs on P pictures, as (R, P) by metric."""
    return {name: np.array([[row[name] for row in run] for run in rows], np.float64) for name in rows[0][0]}


def is_higher_better(metric: str) -> bool:
    """Whether a metric of `score` is better where it is higher."""
    return metric.removesuffix("-hole") in HIGHER_IS_BETTER


def _leave_out(why: str) -> None:
    warnings.warn(f"LPIPS is left out: {why}", SelfmendWarning, stacklevel=3)

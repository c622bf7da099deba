"""NIQE: how natural a picture looks, without its truth (Mittal et al. 2013).

The 36 numbers by which NIQE describes a block of a picture (Mittal et al., IEEE SPL 2013, Sec. II-A to II-C).

Grey pictures as float64 arrays (H, W) in 0...255; rows follow MATLAB's order of blocks, which has no influence.

NIQE, the naturalness of a picture without a reference (Mittal et al., "Making a 'Completely Blind' Image Quality
Analyzer", IEEE Signal Processing Letters 2013).

The distance between the statistics of a picture's blocks and those of pristine photos.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import correlate1d
from scipy.special import gamma

from selfmend.errors import ImageError, WeightsError
from selfmend.files import atomic_path
from selfmend.image.resize import resize
from selfmend.metrics.inputs import grey
from selfmend.nn.weights import WeightsFile, find_weights
from selfmend.types import Image, check_image, size_of

BLOCK = 96
"""Side of a block in pixels, at the first scale."""

FEATURES = 36
"""Numbers a block: 18 at each of two scales."""

_WINDOW, _SIGMA = 7, 7 / 6
_SHAPES = np.arange(200, 10001) / 1000  # candidates for the shape parameter
_RATIOS = gamma(2 / _SHAPES) ** 2 / (gamma(1 / _SHAPES) * gamma(3 / _SHAPES))
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


def block_features(luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Describe every block of a picture, at full and at half size.

    Args:
        luma: float64 (H, W) in 0...255, H and W multiples of `BLOCK`. Half size is made by the house's resize, which
            computes MATLAB's imresize: bicubic, antialiased.

    Returns:
        features: float64 (blocks, 36); NaN in a flat block, which has no distribution to describe.
        sharpness: float64 (blocks,), mean local standard deviation at full size, which says how sharp a block is.
    """
    described = []
    for side in (BLOCK, BLOCK // 2):
        normalised, deviation = mean_subtracted_contrast_normalised(luma)
        described.append(np.array([describe(block) for block in _blocks(normalised, side)]))
        if side == BLOCK:
            sharpness = _blocks(deviation, side).mean((1, 2))
            half = (luma.shape[0] // 2, luma.shape[1] // 2)
            luma = resize(luma, half)
    return np.concatenate(described, 1), sharpness


def mean_subtracted_contrast_normalised(luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(I - mean) / (deviation + 1) with local Gaussian weights (7x7, sigma 7/6), and the deviation; edges repeat."""
    distance = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(distance**2) / (2 * _SIGMA**2))
    weights /= weights.sum()

    def blur(values: np.ndarray) -> np.ndarray:
        down: np.ndarray = correlate1d(values, weights, axis=0, mode="nearest")
        blurred: np.ndarray = correlate1d(down, weights, axis=1, mode="nearest")
        return blurred

    mean = blur(luma)
    deviation = np.sqrt(np.abs(blur(luma * luma) - mean * mean))
    return (luma - mean) / (deviation + 1), deviation


def describe(block: np.ndarray) -> np.ndarray:
    """The 18 numbers of one block at one scale: of its values, and of their products with four neighbours'.

    The neighbour of a value at the block's border is the one at the opposite border, as in the authors' code.
    """
    shape, left, right = fit_asymmetric_gaussian(block)
    numbers = [shape, (left + right) / 2]
    for neighbour in _NEIGHBOURS:
        shape, left, right = fit_asymmetric_gaussian(block * np.roll(block, neighbour, (0, 1)))
        numbers += [shape, (right - left) * gamma(2 / shape) / gamma(1 / shape), left, right]
    return np.array(numbers)


def fit_asymmetric_gaussian(values: np.ndarray) -> tuple[float, float, float]:
    """Fit an asymmetric generalised Gaussian distribution by its moments (Lasmar et al., ICIP 2009).

    Args:
        values: of any shape.

    Returns:
        shape: 0.2 to 10 in steps of 0.001; 2 is a Gaussian, 1 a Laplacian.
        left, right: scale of the values below and above 0; where the density has fallen by exp(-1).

        All NaN where values of one sign are missing.
    """
    below, above = values[values < 0], values[values > 0]
    if not (below.size and above.size):
        return np.nan, np.nan, np.nan
    left, right = np.sqrt(np.mean(below**2)), np.sqrt(np.mean(above**2))
    skew = left / right
    ratio = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    wanted = ratio * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = float(_SHAPES[np.argmin((_RATIOS - wanted) ** 2)])
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, float(left * scale), float(right * scale)


def _blocks(values: np.ndarray, side: int) -> np.ndarray:
    """(blocks, side, side), side by side without overlap."""
    windows: np.ndarray = sliding_window_view(values, (side, side))[::side, ::side]
    return windows.reshape(-1, side, side)


PRISTINE = WeightsFile(
    name="niqe_pris_params.npz",
    origin="bring the authors' mu_pris_param (1, 36) and cov_pris_param (36, 36), or make your own from sharp photos: "
    "selfmend evaluate fit-niqe FOLDER -o niqe_pris_params.npz",
)
"""The authors' parameters, which are no part of this project; there is no address of a single file."""

_SHARP = 0.75  # share of a photo's sharpest block, Sec. II-B
_GREY = (0.298936021293775, 0.587043074451121, 0.114020904255103)  # of MATLAB's rgb2gray


@dataclass(frozen=True, kw_only=True)
class NiqeParameters:
    """A normal distribution of what blocks of pristine photos look like.

    Attributes:
        mean: float64 (36,).
        covariance: float64 (36, 36).
    """

    mean: np.ndarray
    covariance: np.ndarray


def niqe(image: Image, parameters: NiqeParameters) -> float:
    """How far a picture is from pristine photos.

    As the authors' code: grey values are those of MATLAB's rgb2gray, rounded to whole levels; rows and columns beyond
    a multiple of 96 px are cut off at the bottom and the right; all blocks count, whatever their sharpness. Tables of
    super-resolution often take the rounded luma Y in 16...235 instead: hand it over as a grey picture. Rounding and the
    choice of grey can change the second digit. A flat block, to which that code gives the shape 0.2, is left out.

    Args:
        image: (H, W, C) in [0, 1], grey or RGB, at least two blocks, for example 96 x 192.
        parameters: of the pristine photos. Numbers under different parameters are not comparable.

    Returns:
        0 up, lower is more natural: sharp photos have about 2 to 5.

    Raises:
        ImageError: another kind or range, smaller than two blocks, or flat but for fewer than two blocks.
    """
    features, _ = block_features(_luma(image))
    if len(_whole(features)) < 2:
        raise ImageError(f"image has fewer than 2 blocks of {BLOCK} x {BLOCK} px that are not flat; at least 2 fit")
    mean, covariance = _fit(features)
    shift = mean - parameters.mean
    return float(np.sqrt(shift @ np.linalg.pinv((covariance + parameters.covariance) / 2) @ shift))


def fit_niqe(images: Iterable[Image]) -> NiqeParameters:
    """Learn what pristine photos look like; the authors took 125.

    Args:
        images: (H, W, C) each, in [0, 1], at least one block of 96 x 96 px. Of each only the blocks count that are
            more than 0.75 times as sharp as its sharpest one.

    Raises:
        ImageError: a picture that does not fit, or fewer than 37 blocks in all: a covariance needs more.
    """
    chosen = []
    for image in images:
        features, sharpness = block_features(_luma(image))
        chosen.append(features[sharpness > _SHARP * sharpness.max()])
    count = sum(len(_whole(features)) for features in chosen)
    if count <= FEATURES:
        size = f"{BLOCK} x {BLOCK} px"
        raise ImageError(f"the photos have {count} sharp blocks of {size} in all; more than {FEATURES} fit")
    mean, covariance = _fit(np.concatenate(chosen))
    return NiqeParameters(mean=mean, covariance=covariance)


def save_parameters(parameters: NiqeParameters, path: Path) -> None:
    """Write parameters with the names that the authors gave them, whole or not at all; the ending is .npz.

    Raises:
        WeightsError: the file cannot be written.
    """
    if path.suffix != ".npz":
        raise WeightsError(f"cannot write NIQE parameters to {path}; a name that ends with .npz fits")
    try:
        with atomic_path(path) as temporary:
            np.savez(temporary, mu_pris_param=parameters.mean[None], cov_pris_param=parameters.covariance)
    except OSError as error:
        raise WeightsError(f"cannot write {path}: {error.strerror or error}") from error


def load_parameters(path: Path | None = None) -> NiqeParameters:
    """Read parameters.

    Args:
        path: a file under any name, or a folder with `niqe_pris_params.npz`; None looks where `find_weights` says.

    Raises:
        WeightsError: missing, not readable, or of another shape.
    """
    found = find_weights(PRISTINE, path=path)
    try:
        with np.load(found, allow_pickle=False) as arrays:
            mean, covariance = (np.asarray(arrays[name], np.float64) for name in ("mu_pris_param", "cov_pris_param"))
    except Exception as error:  # what a damaged file raises depends on where it is damaged
        raise WeightsError(f"{found} holds no mu_pris_param and cov_pris_param; {PRISTINE.origin}") from error
    if mean.size != FEATURES or covariance.shape != (FEATURES, FEATURES):
        shapes = f"{mean.shape} and {covariance.shape}; (1, 36) and (36, 36) fit"
        raise WeightsError(f"mu_pris_param and cov_pris_param in {found} have shapes {shapes}")
    return NiqeParameters(mean=mean.reshape(-1), covariance=covariance)


def _luma(image: Image) -> np.ndarray:
    """Grey values (H, W), whole numbers in 0...255, cut to whole blocks."""
    height, width = (side // BLOCK * BLOCK for side in size_of(check_image(image)))
    if not height * width:
        raise ImageError(f"image is {size_of(image)}; at least one block of {BLOCK} x {BLOCK} px fits")
    return np.floor(255 * grey(image[:height, :width], weights=_GREY) + 0.5)


def _whole(features: np.ndarray) -> np.ndarray:
    """The blocks without a number missing."""
    return features[~np.isnan(features).any(1)]


def _fit(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of what there is of each number, and covariance of the whole blocks, as the authors' code takes them."""
    covariance: np.ndarray = np.atleast_2d(np.cov(_whole(features), rowvar=False))
    return np.nanmean(features, 0), covariance

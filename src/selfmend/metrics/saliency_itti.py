"""Saliency of Itti, Koch & Niebur, "A Model of Saliency-Based Visual Attention for Rapid Scene Analysis", PAMI 1998.

Centre against surround in intensity, colour and orientation, each at six pairs of scales. What the paper leaves open
follows the SaliencyToolbox (Walther & Koch, Neural Networks 2006): the size of the Gabor filters and which local
maxima count.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import correlate1d, label, maximum
from skimage.morphology import local_maxima
from torch import Tensor

from selfmend.core.checks import check_image
from selfmend.core.types import Image, Size
from selfmend.image.resize import resize
from selfmend.metrics.inputs import check_colours

_LEVELS = 9  # of the pyramids: 1/1 to 1/256
_LEAST_SIDE = 1 << (_LEVELS - 1)  # px, so that the coarsest level has a pixel
_CENTRES, _DELTAS = (2, 3, 4), (3, 4)
_MAP_LEVEL = 4
_ANGLES = (0, 45, 90, 135)  # degrees
_PERIOD, _SIGMA, _RADIUS = 7, 7 / 3, 7  # px of a level: Gabor filters
_DARK = 0.1  # share of the largest intensity up to which hue is not seen
_LEAST_PEAK = 0.1  # of the largest: lower local maxima are not counted
_FLAT = 1e-6  # a map whose values differ by less is flat: what is left is rounding
_BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16


def itti_koch_niebur(image: Image) -> Tensor:
    """What stands out from its surround in intensity, colour or orientation.

    Args:
        image: (N, 1 or 3, H, W) in [0, 1]. One whose short side has less than 256 px is enlarged to that first.

    Returns:
        float64 (N, 1, H, W) in [0, 1]; the most salient place of each picture is 1, and all of a flat one is 0. It has
        the detail of a picture of 1/16 of the size. Filters see the picture mirrored at its borders, which makes
        corners of oblique stripes that are cut off there.

    Raises:
        ImageError: another kind or range, or CMYK.

    Example:
        >>> dot = torch.tensor([0.2, 0.8, 0.2]).view(1, 3, 1, 1).repeat(1, 1, 256, 256)  # red on green
        >>> dot[..., 120:136, 56:72] = torch.tensor([0.8, 0.2, 0.2]).view(3, 1, 1)
        >>> found = itti_koch_niebur(dot)
        >>> found[0, 0, 128, 64].item() > 0.99, found[0, 0, 128, 192].item() < 0.01
        (True, True)
    """
    height, width = check_colours(check_image(image)).shape[-2:]
    enlarge = max(1.0, _LEAST_SIDE / min(height, width))
    size = math.ceil(height * enlarge), math.ceil(width * enlarge)
    values = image.double().cpu().expand(-1, 3, -1, -1)
    if enlarge > 1:
        values = resize(values, size).clamp(0, 1)
    found = torch.from_numpy(np.stack([_conspicuous(picture) for picture in values.numpy()]))[:, None]
    found = F.interpolate(found, (height, width), mode="bilinear", align_corners=False)
    largest = found.amax((-2, -1), keepdim=True)
    return torch.where(largest > _FLAT, found / largest, 0).to(image.device)


def promote(values: np.ndarray) -> np.ndarray:
    """N(.), which keeps a map with one high peak and flattens one with many alike (Fig. 2 of the paper).

    Args:
        values: (H, W), not negative.

    Returns:
        (H, W): the values scaled to [0, 1], times the square of 1 less the mean of the local maxima beside the largest.
        A plateau is one maximum, and those below a tenth are not counted. 0 where the map is flat.

    Example:
        >>> promote(np.array([[0.0, 0, 2, 0, 1, 0, 1]])).tolist()  # 1, 0.5 and 0.5: times (1 - 0.5)²
        [[0.0, 0.0, 0.25, 0.0, 0.125, 0.0, 0.125]]
    """
    low, spread = values.min(), np.ptp(values)
    if spread < _FLAT:
        return np.zeros_like(values)
    scaled = (values - low) / spread
    peaks = np.sort(_peaks(scaled))[:-1]  # beside the largest, which is 1
    others = peaks[peaks > _LEAST_PEAK]
    result: np.ndarray = scaled * (1 - others.mean()) ** 2 if len(others) else scaled
    return result


def orientation_energy(intensity: np.ndarray) -> np.ndarray:
    """How strongly Gabor filters with a period of 7 px answer.

    Args:
        intensity: (H, W).

    Returns:
        (4, H, W), not negative: of waves that run at 0, 45, 90 and 135 degrees, 0 being along a row and 90 down. 0
        where the picture is flat.
    """
    offsets = np.arange(-_RADIUS, _RADIUS + 1)
    envelope = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    envelope /= envelope.sum()
    mean = correlate1d(correlate1d(intensity, envelope, axis=0), envelope, axis=1)
    found = []
    for angle in np.deg2rad(_ANGLES):
        waves = [envelope * np.exp(2j * np.pi / _PERIOD * step * offsets) for step in (np.sin(angle), np.cos(angle))]
        answer = correlate1d(correlate1d(intensity.astype(complex), waves[0], axis=0), waves[1], axis=1)
        found.append(np.abs(answer - waves[0].sum() * waves[1].sum() * mean))  # nothing where the picture is flat
    return np.stack(found)


def _peaks(values: np.ndarray) -> np.ndarray:
    """The heights of the local maxima of (H, W), one a plateau; a maximum may lie at the border."""
    plateaus, count = label(local_maxima(values), np.ones((3, 3)))
    heights: np.ndarray = maximum(values, plateaus, range(1, count + 1))
    return np.asarray(heights)


def _conspicuous(picture: np.ndarray) -> np.ndarray:
    """The mean of the three conspicuity maps of RGB (3, H, W), at the level of the maps."""
    intensity = picture.mean(0)
    pyramid = _pyramid(np.stack([intensity, *_opponents(picture, intensity)]))
    size = pyramid[_MAP_LEVEL].shape[1:]
    seen = range(min(_CENTRES), _LEVELS)
    bright, red_green, blue_yellow = ({level: pyramid[level][place] for level in seen} for place in range(3))
    energies = {level: orientation_energy(pyramid[level][0]) for level in seen}
    at_angles = [{level: energies[level][place] for level in seen} for place in range(len(_ANGLES))]
    brightness = _differences(bright, size)
    colour = _differences(red_green, size) + _differences(blue_yellow, size)
    orientation = np.sum([promote(_differences(maps, size)) for maps in at_angles], axis=0)
    conspicuous: np.ndarray = np.mean([promote(maps) for maps in (brightness, colour, orientation)], axis=0)
    return conspicuous


def _opponents(picture: np.ndarray, intensity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Red against green and blue against yellow, (H, W) each, of hues freed from brightness."""
    seen = intensity > _DARK * intensity.max()
    red, green, blue = np.where(seen, picture / np.where(seen, intensity, 1), 0)
    tuned = (
        red - (green + blue) / 2,
        green - (red + blue) / 2,
        blue - (red + green) / 2,
        (red + green) / 2 - np.abs(red - green) / 2 - blue,  # yellow
    )
    r, g, b, y = (np.maximum(channel, 0) for channel in tuned)
    return r - g, b - y


def _pyramid(maps: np.ndarray) -> list[np.ndarray]:
    """Levels of (C, H, W), each half as large as the one before, rounded up."""
    levels = [maps]
    for _ in range(_LEVELS - 1):
        low = correlate1d(correlate1d(levels[-1], _BINOMIAL, axis=1), _BINOMIAL, axis=2)
        levels.append(_sampled(low, ((low.shape[1] + 1) // 2, (low.shape[2] + 1) // 2)))
    return levels


def _differences(levels: dict[int, np.ndarray], size: Size) -> np.ndarray:
    """The promoted differences of each centre and its surrounds, summed at `size`.

    The surround is subtracted from the centre. The paper's formulas (2) and (3), read literally, add the two opponent
    colours, which would find a red field more salient than a red dot on green; its text says what is done here.
    """
    total = np.zeros(size)
    for centre in _CENTRES:
        for delta in _DELTAS:
            fine = levels[centre]
            surround = _sampled(levels[centre + delta][None], fine.shape)[0]
            promoted = promote(np.abs(fine - surround))
            total += F.adaptive_avg_pool2d(torch.from_numpy(promoted)[None], size)[0].numpy()
    return total


def _sampled(maps: np.ndarray, size: Size) -> np.ndarray:
    """(C, H, W) at another size, bilinear; halved it is the mean of two by two pixels."""
    resized = F.interpolate(torch.from_numpy(maps)[None], size, mode="bilinear", align_corners=False)
    found: np.ndarray = resized[0].numpy()
    return found

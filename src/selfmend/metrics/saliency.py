"""Where a person looks first, and how much a fill draws the eye.

Two models of saliency (spectral residual; Itti, Koch and Niebur), and ASVS and DN, which are made of them.

Saliency as the spectral residual (Hou & Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007).

Saliency of Itti, Koch & Niebur, "A Model of Saliency-Based Visual Attention for Rapid Scene Analysis", PAMI 1998.

Centre against surround in intensity, colour and orientation, each at six pairs of scales. What the paper leaves open
follows the SaliencyToolbox (Walther & Koch, Neural Networks 2006): the size of the Gabor filters and which local
maxima count.

Saliency: where a person looks first. Two models under their names, because their values are not comparable.

Pictures (H, W, C) in [0, 1] in, saliency (H, W) in [0, 1] out.

DN, how much a repair changes where one looks (Ardis & Singhal, "Visual Salience Metrics for Image Inpainting", SPIE
7257, 2009); lower is less noticeable.

ASVS, how much a filled hole attracts the eye (Ardis & Singhal, "Visual Salience Metrics for Image Inpainting", SPIE
7257, 2009); lower is less noticeable.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d, gaussian_filter, label, maximum, uniform_filter

from selfmend.errors import check_known
from selfmend.image.resize import resize
from selfmend.metrics.inputs import check_colours, check_hole, check_pair, grey, mean_over
from selfmend.types import Image, Mask, Size, check_image, size_of

_WIDTH = 64  # px of the picture that is looked at
_MOST_HIGH = 4096  # px: a column of a few pixels would grow without end
_SPECTRAL_SIGMA = 2.5  # px of that picture, in the authors' code; their text says 8
_FLAT_SPECTRUM = 1e-6  # differences of grey values below this are rounding
_ROUNDING = 1e-12  # share of the largest amplitude; a frequency below it is not there, and its phase chance


def spectral_residual(image: Image) -> NDArray[np.float64]:
    """Where a picture's log spectrum differs from its own mean over 3 x 3 frequencies.

    Args:
        image: (H, W, 1 or 3) in [0, 1]; it is looked at in grey, 64 px wide.

    Returns:
        float64 (H, W) in [0, 1]; the most salient place is 1, and all of a flat one is 0.

    Raises:
        ImageError: another kind or range, or CMYK.

    Example:
        >>> dot = np.zeros((48, 64, 1), np.float32)
        >>> dot[9:14, 39:44] = 1
        >>> divmod(int(spectral_residual(dot).argmax()), 64)
        (11, 41)
    """
    values = grey(check_image(image))
    height, width = values.shape
    high = min(max(1, round(height * _WIDTH / width)), _MOST_HIGH)
    small = _residual_map(resize(values, (high, _WIDTH)))
    enlarged = resize(small, (height, width)).clip(min=0)
    largest = enlarged.max()
    return enlarged / largest if largest > 0 else np.zeros_like(enlarged)


def _residual_map(picture: np.ndarray) -> np.ndarray:
    """Saliency (H, W) of grey values of the same size, not scaled yet."""
    if np.ptp(picture) < _FLAT_SPECTRUM:
        return np.zeros_like(picture)
    spectrum = np.fft.fft2(picture)
    amplitude = np.abs(spectrum)
    there = amplitude > _ROUNDING * amplitude.max()
    log = np.log(np.where(there, amplitude, 1))  # 0 where there is none
    total, share = (uniform_filter(values, 3, mode="nearest") for values in (log, there.astype(float)))
    mean = total / np.maximum(share, 1 / 9)  # over the frequencies that are there
    phase = spectrum / np.where(there, amplitude, np.inf)
    power = np.abs(np.fft.ifft2(np.exp(log - mean) * phase)) ** 2
    smooth: np.ndarray = gaussian_filter(power, _SPECTRAL_SIGMA, mode="reflect")
    return smooth


_LEVELS = 9  # of the pyramids: 1/1 to 1/256
_LEAST_SIDE = 1 << (_LEVELS - 1)  # px, so that the coarsest level has a pixel
_MOST_ENLARGED = 4096  # px of the long side: a strip of a few pixels would grow without end
_CENTRES, _DELTAS = (2, 3, 4), (3, 4)
_MAP_LEVEL = 4
_ANGLES = (0, 45, 90, 135)  # degrees
_PERIOD, _SIGMA, _RADIUS = 7, 7 / 3, 7  # px of a level: Gabor filters
_DARK = 0.1  # share of the largest intensity up to which hue is not seen
_LEAST_PEAK = 0.1  # of the largest: lower local maxima are not counted
_FLAT = 1e-6  # a map whose values differ by less is flat: what is left is rounding
_BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16


def itti_koch_niebur(image: Image) -> NDArray[np.float64]:
    """What stands out from its surround in intensity, colour or orientation.

    Args:
        image: (H, W, 1 or 3) in [0, 1]. One whose short side has less than 256 px is enlarged to that first,
            as far as its long side does not exceed 4096 px then.

    Returns:
        float64 (H, W) in [0, 1]; the most salient place is 1, and all of a flat one is 0. It has
        the detail of a picture of 1/16 of the size. Filters see the picture mirrored at its borders, which makes
        corners of oblique stripes that are cut off there.

    Raises:
        ImageError: another kind or range, or CMYK.

    Example:
        >>> dot = np.full((256, 256, 3), np.float32([0.2, 0.8, 0.2]))  # red on green
        >>> dot[120:136, 56:72] = np.float32([0.8, 0.2, 0.2])
        >>> found = itti_koch_niebur(dot)
        >>> bool(found[128, 64] > 0.99), bool(found[128, 192] < 0.01)
        (True, True)
    """
    height, width = size_of(check_colours(check_image(image)))
    enlarge = max(1.0, min(_LEAST_SIDE / min(height, width), _MOST_ENLARGED / max(height, width)))
    values = np.broadcast_to(image, (height, width, 3)).astype(np.float64)
    if enlarge > 1:
        values = resize(values, (math.ceil(height * enlarge), math.ceil(width * enlarge))).clip(0, 1)
    found = _bilinear(_conspicuous(values.transpose(2, 0, 1))[None], (height, width))[0]
    largest = found.max()
    return found / largest if largest > _FLAT else np.zeros_like(found)


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
    from skimage.morphology import local_maxima

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
            total += _means_of_parts(_means_of_parts(promoted, size[0]).T, size[1]).T
    return total


def _sampled(maps: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """(C, H, W) at another size, bilinear; halved it is the mean of two by two pixels."""
    return _bilinear(maps, size)


def _bilinear(maps: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """(C, H, W) as (C, *size): each pixel from the two nearest along each axis, by its centre; borders repeat."""
    for axis, new in zip((1, 2), size, strict=True):
        old = maps.shape[axis]
        at = np.maximum((np.arange(new) + 0.5) * (old / new) - 0.5, 0)
        low = np.minimum(at.astype(int), old - 1)
        weight = (at - low).reshape(-1, *[1] * (2 - axis))
        maps = maps.take(low, axis) * (1 - weight) + maps.take(np.minimum(low + 1, old - 1), axis) * weight
    return maps


def _means_of_parts(values: np.ndarray, count: int) -> np.ndarray:
    """Rows joined into `count` means of the rows that each covers a part of."""
    rows, part = values.shape[0], np.arange(count)
    ends = zip(part * rows // count, -(-(part + 1) * rows // count), strict=True)
    return np.stack([values[a:b].mean(0) for a, b in ends])


SALIENCY: Final[dict[str, Callable[[Image], NDArray[np.float64]]]] = {
    "itti-koch-niebur": itti_koch_niebur,
    "spectral-residual": spectral_residual,
}
"""Name of the model, which stands beside every number, to the model."""


def saliency(image: Image, *, model: str) -> NDArray[np.float64]:
    """How much each place of a picture attracts the eye.

    Args:
        image: (H, W, 1 or 3) in [0, 1].
        model: a name in `SALIENCY`.

    Returns:
        float64 (H, W) in [0, 1]. The most salient place is 1; where
        nothing stands out all is 0.

    Raises:
        ImageError: another kind or range, or CMYK.
        OptionError: an unknown model.

    Reference:
        Itti, Koch & Niebur, PAMI 1998; Hou & Zhang, CVPR 2007.

    Example:
        >>> float(saliency(np.full((20, 20, 3), 0.5, np.float32), model="spectral-residual").max())
        0.0
    """
    return SALIENCY[check_known("saliency model", model, SALIENCY)](image)


def noticeability(output: Image, original: Image, mask: Mask, *, model: str) -> float:
    """Degree of noticeability: the mean over the picture of what draws the eye into the hole or elsewhere than before.

    In the hole it is the squared saliency of the output, outside the squared difference of its saliency and the
    original's.

    Args:
        output: mended pictures, (H, W, 1 or 3) in [0, 1].
        original: the pictures before anything was removed or damaged, the same shape.
        mask: (H, W), True = hole.
        model: of saliency, as in `asvs`.

    Returns:
        In [0, 1].

    Raises:
        ImageError, MaskError: another kind, range or shape, CMYK, or no hole.
        OptionError: an unknown model.

    Example:
        >>> flat, hole = np.full((20, 20, 3), 0.5, np.float32), np.ones((20, 20), bool)
        >>> noticeability(flat, flat, hole, model="spectral-residual")
        0.0
    """
    check_hole(mask, output)
    check_pair(output, original, mask)
    after, before = (saliency(image, model=model) for image in (output, original))
    return float((np.where(mask, after, after - before) ** 2).mean())


def asvs(output: Image, mask: Mask, *, model: str) -> float:
    """Average squared visual salience: the mean over the hole of the squared saliency of the mended picture.

    Needs no truth, and sees none: a hole that holds what belongs there and is meant to be looked at scores badly.

    Args:
        output: mended pictures, (H, W, 1 or 3) in [0, 1].
        mask: (H, W), True = hole.
        model: of saliency, a name in `SALIENCY`; name it beside every number, for values under two models are not
            comparable.

    Returns:
        In [0, 1].

    Raises:
        ImageError, MaskError: another kind, range or shape, CMYK, or no hole.
        OptionError: an unknown model.

    Example:
        >>> hole = np.ones((20, 20), bool)
        >>> asvs(np.full((20, 20, 3), 0.5, np.float32), hole, model="spectral-residual")  # nothing to be seen
        0.0
    """
    check_hole(mask, output)
    return mean_over(saliency(output, model=model) ** 2, mask)

"""Closed-form diffusion of patches: from noise, or a noisy start, to an arrangement of a picture's own patches.

The best denoiser of a picture's patches is known, nothing has to be trained (Qiu, Kutulakos, Lindell, CVPR 2026): where
y = x + sigma n, with n standard normal, the posterior mean of a query patch q is

    sum_r w_r r,   w = softmax_r(-|q - r|^2 / (2 sigma^2) + b_r - border(q, r) / 2)

over all reference patches r; overlapping means are averaged, and sigma runs from high to low as in other diffusions.
Two terms are ours (docs/results-generation.md). b_r balances: without it flat patches outvote what is rare. It is the
dual variable of entropic optimal transport, found by Sinkhorn's iteration (Cuturi, NeurIPS 2013), so that all reference
patches are used equally often. And border(q, r) holds together what belongs to a border of the picture: for patches
that stick out of it, `layout` times the number of pixels that are outside of one picture and inside of the other.

Every query meets every reference patch, so this is for the coarsest scales, where an arrangement is decided;
`synthesis` carries it up. Pictures are float32 (H, W, C), about in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from selfmend.compiled import loop
from selfmend.types import Size, size_of

_LEAST_USE = 1e-3  # of a reference patch, by the mean, so that one that no query wants keeps a finite weight
_CURVE = 3.0  # of the noise levels; 1 is a straight line (Karras et al., NeurIPS 2022, Eq. 5, where it is called rho)


@dataclass(frozen=True, kw_only=True)
class DiffusionSettings:
    """Numbers of the diffusion.

    Attributes:
        patch: side of a patch, odd.
        layout_rows: weight of the upper and lower border; 0: things leave their height.
        layout_columns: the same of the left and right border.
        balance: how far each Sinkhorn round goes, 1 = all the way.
        rounds: of Sinkhorn's iteration, a step; 0: off.
        churn: share of the noise that is drawn anew in a step; 0: none, 1: all.
        steps: from the first noise level to none.
        last: the last noise level but zero.
    """

    patch: int = 7
    layout_rows: float = 1.0
    layout_columns: float = 0.5
    balance: float = 1.0
    rounds: int = 3
    churn: float = 0.7
    steps: int = 30
    last: float = 0.02


def diffuse(
    start: np.ndarray,
    reference: np.ndarray,
    *,
    sigma: float,
    settings: DiffusionSettings,
    generator: np.random.Generator,
) -> np.ndarray:
    """Drown a picture in noise and take it away again, so that it is made of the patches of another one.

    Args:
        start: (H, W, C); zeros where all is to come from the noise.
        reference: (h, w, C), whose patches are used; memory and time go with H W h w.
        sigma: the first noise level; at 3 nothing of `start` is left, at .5 its arrangement is.
        settings: see there.
        generator: of the noise.

    Returns:
        (H, W, C).
    """
    denoiser = _Denoiser(reference, size_of(start), settings)
    levels = noise_levels(sigma, settings.last, settings.steps)

    def noise() -> np.ndarray:
        return generator.standard_normal(start.shape, dtype=np.float32)

    x = start + np.float32(sigma) * noise()
    kept, fresh = sqrt(1 - settings.churn**2), np.float32(settings.churn)
    for now, then in pairwise(levels):
        clean = denoiser(x, now)
        x = clean if then == 0 else clean + np.float32(then) * (np.float32(kept / now) * (x - clean) + fresh * noise())
    return x


def noise_levels(first: float, last: float, steps: int) -> list[float]:
    """Noise levels from `first` down to `last`, and 0 after them: denser where they are low.

    Example:
        >>> [round(level, 2) for level in noise_levels(1.0, 0.125, 3)]
        [1.0, 0.42, 0.12, 0.0]
    """
    line = np.linspace(first ** (1 / _CURVE), last ** (1 / _CURVE), steps)
    return [*(line**_CURVE).tolist(), 0.0]


class _Denoiser:
    """The posterior mean of a picture, given all patches of the reference at this scale."""

    def __init__(self, reference: np.ndarray, size: Size, settings: DiffusionSettings) -> None:
        self.settings, self.size = settings, size
        self.patches = _patches(reference, settings.patch)
        self.norms = np.square(self.patches).sum(1) / 2
        self.weights = np.zeros(len(self.patches), np.float32)  # b_r, kept from step to step
        self.border = _border(size, size_of(reference), settings)

    def __call__(self, x: np.ndarray, sigma: float) -> np.ndarray:
        """The mean at one noise level."""
        # |q|^2 is the same for all r, and falls out of the softmax
        share = _patches(x, self.settings.patch) @ self.patches.T
        share -= self.norms
        share *= np.float32(1 / sigma**2)
        share += self.border
        share += self.weights
        share -= share.max(1, keepdims=True)
        np.exp(share, out=share)
        factor = self._balanced(share)
        share *= factor
        share /= share.sum(1, keepdims=True)
        return _overlapped(share @ self.patches, self.size, x.shape[2], self.settings.patch)

    def _balanced(self, share: np.ndarray) -> np.ndarray:
        """Factors of the reference patches after Sinkhorn's rounds; they are added to their weights.

        The exponentials are taken once; a round is two products of the matrix with a vector.
        """
        queries, patches = share.shape
        factor = np.ones(patches, np.float32)
        for _ in range(self.settings.rounds):
            use = factor * ((1 / (share @ factor)) @ share) * np.float32(patches / queries)
            factor *= (use + np.float32(_LEAST_USE)) ** np.float32(-self.settings.balance)
            np.clip(factor, 1e-20, 1e20, out=factor)
        self.weights += np.log(factor)
        self.weights -= self.weights.mean()
        return factor


def _patches(picture: np.ndarray, patch: int) -> np.ndarray:
    """(H W, values): the patch around each pixel, 0 outside of the picture."""
    around = patch // 2
    padded = np.pad(picture, ((around, around), (around, around), (0, 0)))
    patches = sliding_window_view(padded, (patch, patch), (0, 1))
    return np.ascontiguousarray(patches.reshape(patches.shape[0] * patches.shape[1], -1))


def _border(size: Size, reference: Size, settings: DiffusionSettings) -> np.ndarray:
    """-border(q, r) / 2 for every pair of patches, (H W, h w)."""
    rows, columns = (
        weight * settings.patch * _differing(n, m, settings.patch)
        for n, m, weight in zip(size, reference, (settings.layout_rows, settings.layout_columns), strict=True)
    )
    both = rows[:, None, :, None] + columns[None, :, None, :]
    return (both.reshape(size[0] * size[1], -1) * -0.5).astype(np.float32)


def _differing(length: int, reference: int, patch: int) -> np.ndarray:
    """How many pixels of a line of a patch are outside of one picture and inside of the other, (length, reference)."""

    def outside(n: int) -> np.ndarray:
        at = np.arange(n)[:, None] + np.arange(patch) - patch // 2
        return (at < 0) | (at >= n)

    return (outside(length)[:, None] != outside(reference)).sum(2)


def _overlapped(patches: np.ndarray, size: Size, channels: int, patch: int) -> np.ndarray:
    """The mean of all patches that cover a pixel, (*size, channels)."""
    result = np.empty((*size, channels), np.float32)
    _fold(np.ascontiguousarray(patches).reshape(*size, channels, patch, patch), result)
    return result


@loop()
def _fold(patches: np.ndarray, result: np.ndarray) -> None:
    height, width, channels = result.shape
    patch = patches.shape[3]
    around = patch // 2
    for y in range(height):
        top, bottom = max(0, y - around), min(height, y + around + 1)
        for x in range(width):
            left, right = max(0, x - around), min(width, x + around + 1)
            for c in range(channels):
                total = np.float32(0)
                for j in range(top, bottom):
                    for i in range(left, right):
                        total += patches[j, i, c, y - j + around, x - i + around]
                result[y, x, c] = total / np.float32((bottom - top) * (right - left))

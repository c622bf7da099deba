"""Closed-form patch diffusion: its denoiser against the formula written out, balance, borders, seeds."""

import math
from itertools import pairwise

import numpy as np
import pytest

from selfmend.patches.diffusion import DiffusionSettings, _Denoiser, diffuse, noise_levels
from selfmend.seeding import make_rng


def plain_denoiser(x, reference, sigma, layout_rows, layout_columns):
    """The posterior mean, pixel by pixel, in double precision: every query, every reference patch, every offset."""

    def patch_at(picture, y, x0):
        values, outside_rows, outside_columns = [], [], []
        for j in (-1, 0, 1):
            for i in (-1, 0, 1):
                inside = 0 <= y + j < picture.shape[0] and 0 <= x0 + i < picture.shape[1]
                values.append(picture[y + j, x0 + i].astype(float) if inside else np.zeros(picture.shape[2]))
                outside_rows.append(not 0 <= y + j < picture.shape[0])
                outside_columns.append(not 0 <= x0 + i < picture.shape[1])
        return np.array(values), np.array(outside_rows), np.array(outside_columns)

    def every(picture):
        return [patch_at(picture, y, i) for y in range(picture.shape[0]) for i in range(picture.shape[1])]

    total, count = np.zeros(x.shape), np.zeros(x.shape[:2])
    for at, (query, rows, columns) in enumerate(every(x)):
        logits, references = [], every(reference)
        for other, other_rows, other_columns in references:
            border = layout_rows * (rows != other_rows).sum() + layout_columns * (columns != other_columns).sum()
            logits.append(-((query - other) ** 2).sum() / (2 * sigma**2) - border / 2)
        weights = np.exp(np.array(logits) - max(logits))
        mean = sum(w * r for w, (r, _, _) in zip(weights / weights.sum(), references, strict=True))
        y, x0 = divmod(at, x.shape[1])
        for n in range(9):
            j, i = y + n // 3 - 1, x0 + n % 3 - 1
            if 0 <= j < x.shape[0] and 0 <= i < x.shape[1]:
                total[j, i] += mean[n]
                count[j, i] += 1
    return total / count[..., None]


@pytest.mark.parametrize("layout", [(0.0, 0.0), (1.0, 0.25)])
@pytest.mark.parametrize("sigma", [0.2, 1.0])
def test_the_denoiser_is_the_formula(sigma, layout) -> None:
    rng = make_rng(0, "diffusion")
    x, reference = (rng.standard_normal(s).astype(np.float32) for s in ((5, 4, 2), (4, 6, 2)))
    settings = DiffusionSettings(patch=3, layout_rows=layout[0], layout_columns=layout[1], rounds=0)
    denoised = _Denoiser(reference, (5, 4), settings)(x, sigma)
    assert abs(denoised - plain_denoiser(x, reference, sigma, *layout)).max() < 1e-5


def test_balance_uses_every_reference_patch_equally_often() -> None:
    rng = make_rng(1, "diffusion")
    x, reference = (rng.standard_normal((6, 7, 1)).astype(np.float32) for _ in range(2))
    share = np.exp(rng.standard_normal((42, 42)).astype(np.float32))
    denoiser = _Denoiser(reference, (6, 7), DiffusionSettings(patch=3, rounds=40))
    factor = denoiser._balanced(share)
    weights = share * factor
    use = (weights / weights.sum(1, keepdims=True)).sum(0)
    assert abs(use - 1).max() < 0.01
    assert np.allclose(denoiser.weights, np.log(factor) - np.log(factor).mean(), atol=1e-5)
    assert x.shape == denoiser(x, 0.5).shape


def spotted() -> np.ndarray:
    picture = np.full((20, 26, 1), -0.5, np.float32)
    picture[6:9, 5:8] = 1.0
    return picture


def test_what_is_rare_is_lost_without_balance() -> None:
    def brightest(rounds: int) -> float:
        settings = DiffusionSettings(layout_rows=0, layout_columns=0, rounds=rounds)
        made = [
            diffuse(np.zeros_like(spotted()), spotted(), sigma=3.0, settings=settings, generator=make_rng(seed, "s"))
            for seed in range(4)
        ]
        return float(np.mean([m.max() for m in made]))

    assert brightest(rounds=0) < 0 < 0.8 < brightest(rounds=3)


def test_borders_hold_the_layout() -> None:
    picture = np.where(np.arange(20)[:, None, None] < 8, np.float32(0.8), np.float32(-0.6))
    picture = np.repeat(picture, 24, 1) + 0.05 * make_rng(2, "p").standard_normal((20, 24, 1)).astype(np.float32)

    def upside_down(layout: float) -> float:
        settings = DiffusionSettings(layout_rows=layout, layout_columns=0)
        made = [
            diffuse(np.zeros_like(picture), picture, sigma=3.0, settings=settings, generator=make_rng(seed, "s"))
            for seed in range(6)
        ]
        return float(np.mean([(m[:3] < 0).mean() for m in made]))

    assert upside_down(4.0) < 0.05 < 0.2 < upside_down(0.0)


def test_the_noise_level_decides_what_stays_of_the_start() -> None:
    picture = spotted()
    moved = np.roll(picture, 9, 1)

    def far(sigma: float) -> float:
        made = diffuse(moved, picture, sigma=sigma, settings=DiffusionSettings(), generator=make_rng(3, "s"))
        return float(abs(made - moved).mean())

    assert far(0.3) < 0.05 < far(3.0)


def test_same_generator_same_bytes_and_any_size() -> None:
    start = np.zeros((12, 31, 1), np.float32)
    one, two, three = (
        diffuse(start, spotted(), sigma=3.0, settings=DiffusionSettings(), generator=make_rng(s, "s"))
        for s in (0, 0, 1)
    )
    assert one.shape == start.shape
    assert one.dtype == np.float32
    assert np.array_equal(one, two)
    assert not np.array_equal(one, three)


def test_noise_levels() -> None:
    levels = noise_levels(3.0, 0.02, 30)
    assert len(levels) == 31
    assert levels[-1] == 0
    assert math.isclose(levels[0], 3.0)
    assert math.isclose(levels[-2], 0.02)
    assert all(a > b for a, b in pairwise(levels))

"""Exemplars over scales: what is copied, what is kept, both searches, and sizes that do not fit."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from facts import mentions
from selfmend.errors import OptionError
from selfmend.image.resize import resize
from selfmend.patches.synthesis import SynthesisSettings, exemplar_levels, synthesize

SIZES = [(12, 15), (20, 25), (32, 40)]
SETTINGS = SynthesisSettings(patch=5, iterations=3, first_iterations=2)


def textured() -> np.ndarray:
    rows, columns = np.indices((32, 40))
    wave = np.stack([np.sin((rows * k + columns) / 4.0) for k in (1, 2, 3)], 2)
    return (wave * 0.7 + 0.2 * np.random.default_rng(0).random((32, 40, 3))).clip(-1, 1).astype(np.float32)


def noise() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((12, 15, 3), dtype=np.float32)


def pyramid() -> list[np.ndarray]:
    return [resize(textured(), size) for size in SIZES]


def run(start: np.ndarray, settings: SynthesisSettings = SETTINGS, sizes=SIZES, **options) -> np.ndarray:
    return synthesize(start, exemplar_levels(pyramid()), sizes, settings=settings, seed=3, **options)


@pytest.mark.parametrize("exact_pairs", [16_000_000, 0])
def test_the_coarse_picture_gives_the_picture_back(exact_pairs: int) -> None:
    result = run(pyramid()[0], replace(SETTINGS, exact_pairs=exact_pairs, passes=6))
    assert np.abs(result - textured()).mean() < 0.02


@pytest.mark.parametrize("exact_pairs", [16_000_000, 0])
def test_noise_becomes_patches_of_the_picture(exact_pairs: int) -> None:
    result = run(noise(), replace(SETTINGS, exact_pairs=exact_pairs, alpha=None, iterations=8, passes=4))
    patches, own = (sliding_window_view(a, (5, 5), (0, 1)).reshape(-1, 75) for a in (textured(), result))
    nearest = [np.square(patches - one).sum(1).min() for one in own]
    assert np.mean(nearest) / 75 < 0.015
    assert np.abs(result - textured()).mean() > 0.1


def test_another_size() -> None:
    sizes = [(12, 24), (20, 40), (32, 64)]
    assert run(resize(pyramid()[0], sizes[0]), sizes=sizes).shape == (32, 64, 3)


def test_known_pixels_stay_and_the_hole_is_not_copied() -> None:
    hole = np.zeros((32, 40), bool)
    hole[10:18, 12:22] = True
    marked = np.where(hole[..., None], np.float32(5), textured())
    for exact_pairs in (16_000_000, 0):
        result = synthesize(
            marked.copy(),
            exemplar_levels([marked], [hole]),
            [(32, 40)],
            settings=replace(SETTINGS, exact_pairs=exact_pairs, first_iterations=12),
            seed=0,
            known=[(textured(), ~hole)],
        )
        assert np.array_equal(result[~hole], textured()[~hole])
        assert result.max() <= 1  # nothing of the hole's own fives


def test_same_seed_same_bytes() -> None:
    start, settings = noise(), replace(SETTINGS, exact_pairs=0)
    assert np.array_equal(run(start, settings), run(start, settings))


def test_progress_is_told() -> None:
    events = []
    run(pyramid()[0], progress=events.append)
    assert events[0].stage == "exemplars 0 (12x15)"
    assert len(events) == 2 + 3 + 3
    assert sorted(e.done for e in events) == [e.done for e in events]


def test_a_scale_smaller_than_a_patch() -> None:
    with pytest.raises(OptionError, match=mentions("4x15", "5x5")):
        run(np.zeros((4, 15, 3), np.float32), sizes=[(4, 15), (20, 25), (32, 40)])


def test_a_hole_that_leaves_no_patch() -> None:
    hole = np.zeros((32, 40), bool)
    hole[::4, ::4] = True
    with pytest.raises(OptionError, match=mentions("5x5")):
        synthesize(
            textured(),
            exemplar_levels([textured()], [hole]),
            [(32, 40)],
            settings=SETTINGS,
            seed=0,
        )

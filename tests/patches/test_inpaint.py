"""Exemplar filling: exact where the answer is known, the same bytes for the same seed, a clear word where it cannot."""

from __future__ import annotations

import subprocess
import sys
import threading
from itertools import combinations

import numpy as np
import pytest
from skimage import data

from facts import mentions
from selfmend import parallel
from selfmend.errors import ImageError, MaskError, OptionError, SelfmendWarning
from selfmend.image.resize import resize
from selfmend.methods.registry import method_class
from selfmend.patches.em import BLEND, PatchMatchOptions, fill_values
from selfmend.patches.inpaint import DEFAULTS, inpaint
from selfmend.progress import silent

FLAT = np.float32(0.25)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def photo(height: int, width: int, channels: int = 3) -> np.ndarray:
    """A random picture with structure at several scales."""
    sizes = [(3, 4), (12, 16), (height, width)]
    layers = [resize(noise(*size, channels, seed=i), (height, width)) for i, size in enumerate(sizes)]
    return (0.5 * layers[0] + 0.3 * layers[1] + 0.2 * layers[2]).clip(0, 1).astype(np.float32)


def hole_at(height: int, width: int, *boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    for top, left, bottom, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


def with_hole(image: np.ndarray, mask: np.ndarray, content: float) -> np.ndarray:
    return np.where(mask[..., None], np.float32(content), image)


def stripes(period: int, height: int = 48, width: int = 48, diagonal: bool = False) -> np.ndarray:
    y, x = np.indices((height, width))
    phase = ((x + y if diagonal else x) % period).astype(np.float32) / np.float32(period - 1)
    return np.repeat(phase[..., None], 3, 2)


@pytest.mark.parametrize(("period", "diagonal"), [(4, False), (5, True), (6, True)])
def test_a_periodic_texture_is_restored_exactly(period: int, diagonal: bool) -> None:
    truth = stripes(period, diagonal=diagonal)
    mask = hole_at(48, 48, (17, 15, 31, 30))
    mended = inpaint(with_hole(truth, mask, 0.7), mask, seed=0)
    assert np.abs(mended - truth).max() < 1e-3


def test_a_flat_picture_stays_flat() -> None:
    image = np.full((30, 40, 3), FLAT)
    mended = inpaint(image, hole_at(30, 40, (5, 5, 20, 30)), seed=0)
    assert np.abs(mended - FLAT).max() < 1e-5


@pytest.mark.parametrize(
    ("size", "boxes"),
    [
        ((37, 53), [(10, 12, 22, 30)]),
        ((37, 53), [(0, 0, 12, 9)]),  # corner
        ((37, 53), [(10, 40, 25, 53)]),  # border
        ((37, 53), [(0, 20, 37, 24)]),  # from border to border
        ((37, 53), [(2, 2, 9, 9), (20, 30, 31, 44), (30, 2, 36, 6)]),  # several
        ((37, 53), [(10, 0, 11, 53)]),  # thin
        ((37, 53), [(5, 7, 6, 8)]),  # one pixel
        ((3, 40), [(0, 10, 3, 20)]),  # lower than a patch
        ((40, 1), [(10, 0, 15, 1)]),
        ((4, 4), [(1, 1, 2, 3)]),
        ((2000, 10), [(700, 2, 760, 10)]),
    ],
)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.filterwarnings("ignore::selfmend.errors.SelfmendWarning")
def test_any_size_and_any_hole(size: tuple[int, int], boxes: list[tuple[int, int, int, int]], channels: int) -> None:
    image, mask = photo(*size, channels), hole_at(*size, *boxes)
    mended = inpaint(image, mask, seed=0)
    assert mended.shape == image.shape
    assert mended.dtype == np.float32
    assert 0 <= mended.min() <= mended.max() <= 1
    assert np.array_equal(mended[~mask], image[~mask])
    assert mended[mask].any()


def test_a_texture_takes_the_shade_of_where_it_is_laid() -> None:
    """A wall that is lit from one side: patches fit everywhere but for their brightness."""
    rows, columns = np.indices((64, 96))
    bricks = 0.1 * ((rows // 3 + columns // 5) % 2)[..., None]
    wall = (bricks + np.linspace(0.2, 0.7, 96)[:, None]).repeat(3, 2).astype(np.float32)
    hole = np.zeros((64, 96), bool)
    hole[10:54, 40:56] = True  # the columns of this brightness are gone
    shaded, plain = (inpaint(wall, hole, seed=0, options=PatchMatchOptions(shift=shift)) for shift in (0.05, 0.0))
    error = [float(np.abs(fill - wall)[hole].mean()) for fill in (shaded, plain)]
    assert error[0] < 0.7 * error[1]


def test_nothing_of_the_hole_is_used() -> None:
    image, mask = photo(40, 50), hole_at(40, 50, (10, 10, 28, 33))
    results = [inpaint(with_hole(image, mask, content), mask, seed=0) for content in (0.0, 1.0, np.nan)]
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


def test_the_seed_decides() -> None:
    image, mask = photo(60, 80), hole_at(60, 80, (20, 20, 45, 55))
    first, again, other = (inpaint(image, mask, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_threads_can_be_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_most_threads", None)
    parallel.limit_threads(1)
    assert parallel.thread_count() == 1
    seen = set()
    parallel.in_parallel(lambda run: seen.add(threading.current_thread().name), 4)
    assert seen == {threading.current_thread().name}


@pytest.mark.parametrize("options", [DEFAULTS, BLEND])
def test_threads_do_not_decide(options: PatchMatchOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    image, mask = photo(90, 120), hole_at(90, 120, (20, 20, 70, 90))
    results = []
    for count in (1, 2, 5):
        monkeypatch.setattr(parallel, "thread_count", lambda count=count: count)
        results.append(inpaint(image, mask, seed=0, options=options))
    assert all(np.array_equal(results[0], r) for r in results)


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


FILL = (
    "import sys, numpy as np; sys.modules['torch'] = None; from selfmend.patches.inpaint import inpaint;"
    "image = np.random.default_rng(0).random((60, 80, 3), dtype=np.float32); mask = image[..., 0] > 2;"
    "mask[20:40, 20:50] = True; made = inpaint(image, mask, seed=0);"
)


def test_filling_starts_no_threading_layer() -> None:
    """Numba's OpenMP layer makes PyTorch in the same process up to fifty times slower."""
    assert run_python(FILL + "import numba.np.ufunc.parallel as p; print(p._is_initialized)") == "False"


def test_filling_needs_no_torch_scipy_or_skimage() -> None:
    heavy = (
        "import sys; print([m for m in ('scipy.sparse', 'scipy.ndimage', 'skimage') if m in sys.modules], made.shape)"
    )
    assert run_python(FILL + heavy) == "[] (60, 80, 3)"


def test_holes_far_apart_are_filled_in_windows_of_their_own() -> None:
    """Of a picture larger than four windows only what is near the holes is looked at."""
    image = noise(40, 3000, 1)
    mask = hole_at(40, 3000, (10, 100, 20, 110), (10, 2900, 20, 2910))
    events = []
    mended = inpaint(image, mask, seed=0, progress=events.append)
    finest = {event.stage.split("(")[1] for event in events if event.stage_index == event.stage_count - 1}
    assert finest == {"40x366)", "40x356)"}
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert np.array_equal(mended[~mask], image[~mask])
    assert (mended[mask] == 0).sum() == 0


def test_no_hole_returns_the_picture() -> None:
    image = photo(20, 30)
    assert np.array_equal(inpaint(image, hole_at(20, 30), seed=0), image)


@pytest.mark.parametrize("level", [0.9, 0.6])
def test_a_guess_is_kept_and_gets_detail(level: float) -> None:
    """Stripes of mean 0.1 left, 0.9 right; the guess, at a quarter of the size, wants its own level in the hole."""
    truth = np.zeros((96, 96, 3), np.float32)
    truth[:, 48:] = 1.0
    truth = (truth + np.float32(0.2) * stripes(2, 96, 96) * (1 - 2 * truth)).clip(0, 1)
    mask = hole_at(96, 96, (30, 20, 66, 60))
    wanted = with_hole(truth, mask, level)
    mended = inpaint(truth, mask, seed=0, guess=wanted, guess_size=(24, 24))
    inner = mended[36:60, 26:54]
    assert np.abs(resize(inner, (6, 7)) - level).max() < 0.06  # the guess is kept at its size
    assert inner.std() > 0.08  # where the guess has no stripes
    assert np.array_equal(mended[~mask], truth[~mask])
    alone = inpaint(truth, mask, seed=0)
    assert alone[36:60, 26:40].mean() < 0.3


def test_a_guess_that_does_not_fit_is_refused() -> None:
    image, mask = photo(30, 40), hole_at(30, 40, (10, 10, 20, 20))
    with pytest.raises(ImageError, match="guess is"):
        inpaint(image, mask, seed=0, guess=photo(30, 41))
    with pytest.raises(ImageError, match=mentions("guess", "NaN")):
        inpaint(image, mask, seed=0, guess=with_hole(image, mask, np.nan))


def test_progress_ends_and_grows() -> None:
    events = []
    inpaint(photo(64, 64), hole_at(64, 64, (20, 20, 44, 44)), seed=0, progress=events.append)
    done = [event.done for event in events]
    assert done == sorted(done)
    assert done[0] == 0
    assert 0.5 < done[-1] < 1


def test_a_hole_that_leaves_no_source_is_refused() -> None:
    mask = np.ones((20, 20), bool)
    with pytest.raises(MaskError, match=mentions("3x3")):
        inpaint(photo(20, 20), mask, seed=0)
    mask[::4, ::4] = False  # known pixels, but all alone
    with pytest.raises(MaskError, match="mark less as hole"):
        inpaint(photo(20, 20), mask, seed=0)


def test_a_source_that_coarse_scales_lose_is_enough() -> None:
    mask = np.ones((100, 100), bool)
    mask[40:46, 50:57] = False
    image = photo(100, 100)
    mended = inpaint(image, mask, seed=0)
    sources, shift = image[40:46, 50:57], PatchMatchOptions().shift + 1e-4
    assert sources.min() - shift <= mended.min() <= mended.max() <= sources.max() + shift


def test_a_smaller_patch_is_taken_with_a_warning() -> None:
    mask = np.ones((30, 30), bool)
    mask[10:13, 10:14] = False
    with pytest.warns(SelfmendWarning, match=mentions("3x3")):
        inpaint(photo(30, 30), mask, seed=0)


@pytest.mark.parametrize(
    ("name", "value"), [("patch", 4), ("patch", 1), ("ratio", 1.0), ("texture", float("nan")), ("shift", 2)]
)
def test_options_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(OptionError, match=f"{name} is {value}"):
        PatchMatchOptions(**{name: value})


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(MaskError, match="same height and width"):
        inpaint(photo(20, 20), hole_at(20, 21), seed=0)


def test_numpy_is_not_reseeded() -> None:
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    inpaint(photo(20, 20), hole_at(20, 20, (5, 5, 12, 12)), seed=0)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_a_guess_need_not_be_kept() -> None:
    """Where it is only a start, the picture's own stripes win over a flat guess."""
    truth = stripes(8, 48, 64)
    mask = hole_at(48, 64, (16, 20, 32, 44))
    flat = np.full_like(truth, 0.5)
    kept, free = (
        inpaint(truth, mask, seed=0, options=PatchMatchOptions(guess_kept=k), guess=flat, guess_size=(24, 32))
        for k in (True, False)
    )
    assert np.abs(free - truth)[mask].mean() < 1e-3
    assert np.abs(kept - truth)[mask].mean() > 0.1


def test_what_is_withheld_is_not_a_source_where_the_layout_is_decided() -> None:
    """Two plain halves: a fill that may not take from one is of the other's colour; with neither, all is as before."""
    image = np.full((64, 96, 3), 0.2, np.float32)
    image[:, 48:] = 0.8
    mask = hole_at(64, 96, (20, 36, 44, 60))
    layers = [(image * ~mask[..., None], ~mask)]
    colours = []
    for left, right in ((True, False), (False, True), (True, True), (False, False)):
        withheld = np.zeros((64, 96), bool)
        withheld[:, :48], withheld[:, 48:] = left, right
        filled = fill_values(
            layers, None, seed=0, options=PatchMatchOptions(texture=0), progress=silent, coarser=2, withheld=withheld
        )
        small = resize(mask[..., None].astype(np.float32), filled.shape[:2])[..., 0] > 0.9
        colours.append(float(filled[small].mean()))
    assert colours[0] > 0.7
    assert colours[1] < 0.3
    assert 0.4 < colours[2] == colours[3] < 0.6


@pytest.mark.parametrize("name", ["auto", "patchmatch"])
def test_further_fills_differ_more_than_seeds_do(name: str) -> None:
    image = data.astronaut()[100:260, 60:260].astype(np.float32) / 255
    mask = hole_at(160, 200, (60, 70, 110, 140))
    method = method_class(name)()

    def apart(fills: list[np.ndarray]) -> float:
        pairs = combinations(fills, 2)
        return float(np.mean([np.abs(a[mask] - b[mask]).mean() for a, b in pairs]))

    several = method.inpaint(image, mask, samples=3)
    assert apart(several) > 1.2 * apart([method.inpaint(image, mask, seed=seed)[0] for seed in (1, 2, 3)])
    assert all(np.array_equal(one[~mask], image[~mask]) for one in several)

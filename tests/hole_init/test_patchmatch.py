"""Exemplar filling: exact where the answer is known, the same bytes for the same seed, a clear word where it cannot."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from selfmend.errors import ImageError, MaskError, OptionError, SelfmendWarning
from selfmend.hole_init.patchmatch import PatchMatchOptions, fill, threads
from selfmend.image.resize import resize

FLAT = 0.25


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def photo(height: int, width: int, channels: int = 3) -> torch.Tensor:
    """A random picture with structure at several scales."""
    sizes = [(3, 4), (12, 16), (height, width)]
    layers = [
        resize(torch.rand(1, channels, *size, generator=seeded(i)), (height, width)) for i, size in enumerate(sizes)
    ]
    return (0.5 * layers[0] + 0.3 * layers[1] + 0.2 * layers[2]).clamp(0, 1).float()


def hole_at(height: int, width: int, *boxes: tuple[int, int, int, int]) -> torch.Tensor:
    mask = torch.zeros(1, 1, height, width, dtype=torch.bool)
    for top, left, bottom, right in boxes:
        mask[..., top:bottom, left:right] = True
    return mask


def stripes(period: int, height: int = 48, width: int = 48, diagonal: bool = False) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    phase = (x + y if diagonal else x) % period
    return (phase.float() / (period - 1)).expand(1, 3, height, width).clone()


@pytest.mark.parametrize(("period", "diagonal"), [(4, False), (5, True), (6, True)])
def test_a_periodic_texture_is_restored_exactly(period: int, diagonal: bool) -> None:
    truth = stripes(period, diagonal=diagonal)
    mask = hole_at(48, 48, (17, 15, 31, 30))
    mended = fill(torch.where(mask, 0.7, truth), mask, generator=seeded())
    assert (mended - truth).abs().max() < 1e-3


def test_a_flat_picture_stays_flat() -> None:
    image = torch.full((1, 3, 30, 40), FLAT)
    mended = fill(image, hole_at(30, 40, (5, 5, 20, 30)), generator=seeded())
    assert (mended - FLAT).abs().max() < 1e-5


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
    mended = fill(image, mask, generator=seeded())
    assert mended.shape == image.shape
    assert mended.dtype == torch.float32
    assert 0 <= mended.min() <= mended.max() <= 1
    hole = mask.expand_as(image)
    assert torch.equal(mended[~hole], image[~hole])
    assert not torch.equal(mended[hole], torch.zeros_like(mended[hole]))


def test_nothing_of_the_hole_is_used() -> None:
    image, mask = photo(40, 50), hole_at(40, 50, (10, 10, 28, 33))
    results = [fill(torch.where(mask, content, image), mask, generator=seeded()) for content in (0.0, 1.0, torch.nan)]
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])


def test_the_seed_decides() -> None:
    image, mask = photo(60, 80), hole_at(60, 80, (20, 20, 45, 55))
    first, again, other = (fill(image, mask, generator=seeded(s)) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_threads_can_be_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_most_threads", None)
    threads.limit_threads(1)
    assert threads.thread_count() == 1
    seen = set()
    threads.in_parallel(lambda run: seen.add(threading.current_thread().name), 4)
    assert seen == {threading.current_thread().name}


def test_threads_do_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    image, mask = photo(90, 120), hole_at(90, 120, (20, 20, 70, 90))
    results = []
    for count in (1, 2, 5):
        monkeypatch.setattr("selfmend.hole_init.patchmatch.threads.thread_count", lambda count=count: count)
        results.append(fill(image, mask, generator=seeded()))
    assert all(torch.equal(results[0], r) for r in results)


def test_filling_starts_no_threading_layer() -> None:
    """Numba's OpenMP layer makes PyTorch in the same process up to fifty times slower."""
    code = (
        "import torch, numba.np.ufunc.parallel as p; from selfmend.hole_init.patchmatch import fill;"
        "image = torch.rand(1, 3, 60, 80); mask = image[:, :1] > 2; mask[..., 20:40, 20:50] = True;"
        "fill(image, mask, generator=torch.Generator()); print(p._is_initialized)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_a_batch_is_filled_picture_by_picture() -> None:
    images, masks = torch.cat([photo(30, 40), stripes(4, 30, 40)]), hole_at(30, 40, (10, 10, 18, 18)).repeat(2, 1, 1, 1)
    generator = seeded()
    singles = [fill(i, m, generator=generator) for i, m in zip(images.split(1), masks.split(1), strict=True)]
    assert torch.equal(fill(images, masks, generator=seeded()), torch.cat(singles))


def test_holes_far_apart_are_filled_in_windows_of_their_own() -> None:
    """Of a picture larger than four windows only what is near the holes is looked at."""
    image = torch.rand(1, 1, 40, 3000, generator=seeded())
    mask = hole_at(40, 3000, (10, 100, 20, 110), (10, 2900, 20, 2910))
    events = []
    mended = fill(image, mask, generator=seeded(), progress=events.append)
    finest = {event.stage.split("(")[1] for event in events if event.stage_index == event.stage_count - 1}
    assert finest == {"40x366)", "40x356)"}
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert torch.equal(mended[~mask], image[~mask])
    assert (mended[mask] == 0).sum() == 0


def test_no_hole_returns_the_picture() -> None:
    image = photo(20, 30)
    assert torch.equal(fill(image, hole_at(20, 30), generator=seeded()), image)


@pytest.mark.parametrize(("level", "channels"), [(0.9, 3), (0.6, 3), (0.9, 1)])
def test_a_guess_is_kept_and_gets_detail(level: float, channels: int) -> None:
    """Stripes of mean 0.1 left, 0.9 right; the guess, at a quarter of the size, wants its own level in the hole."""
    truth = torch.zeros(1, 3, 96, 96)
    truth[..., 48:] = 1.0
    truth = (truth + 0.2 * stripes(2, 96, 96) * (1 - 2 * truth)).clamp(0, 1)[:, :channels]
    mask = hole_at(96, 96, (30, 20, 66, 60))
    wanted = torch.where(mask, resize(torch.full((1, channels, 24, 24), level), (96, 96)), truth)
    mended = fill(truth, mask, generator=seeded(), guess=wanted, guess_size=(24, 24))
    inner = mended[..., 36:60, 26:54]
    assert (resize(inner, (6, 7)) - level).abs().max() < 0.06  # the guess is kept at its size
    assert inner.std() > 0.08  # where the guess has no stripes
    assert torch.equal(mended.masked_select(~mask), truth.masked_select(~mask))
    alone = fill(truth, mask, generator=seeded())
    assert alone[..., 36:60, 26:40].mean() < 0.3


def test_a_guess_that_does_not_fit_is_refused() -> None:
    image, mask = photo(30, 40), hole_at(30, 40, (10, 10, 20, 20))
    with pytest.raises(ImageError, match="guess is"):
        fill(image, mask, generator=seeded(), guess=photo(30, 41))
    with pytest.raises(ImageError, match="guess holds NaN"):
        fill(image, mask, generator=seeded(), guess=torch.where(mask, torch.nan, image))


def test_progress_ends_and_grows() -> None:
    events = []
    fill(photo(64, 64), hole_at(64, 64, (20, 20, 44, 44)), generator=seeded(), progress=events.append)
    done = [event.done for event in events]
    assert done == sorted(done)
    assert done[0] == 0
    assert 0.5 < done[-1] < 1


def test_a_hole_that_leaves_no_source_is_refused() -> None:
    mask = torch.ones(1, 1, 20, 20, dtype=torch.bool)
    with pytest.raises(MaskError, match="leaves no patch of 3x3 pixels"):
        fill(photo(20, 20), mask, generator=seeded())
    mask[..., ::4, ::4] = False  # known pixels, but all alone
    with pytest.raises(MaskError, match="mark less as hole"):
        fill(photo(20, 20), mask, generator=seeded())


def test_a_source_that_coarse_scales_lose_is_enough() -> None:
    mask = torch.ones(1, 1, 100, 100, dtype=torch.bool)
    mask[..., 40:46, 50:57] = False
    image = photo(100, 100)
    mended = fill(image, mask, generator=seeded())
    sources = image[..., 40:46, 50:57]
    assert sources.min() - 1e-4 <= mended.min() <= mended.max() <= sources.max() + 1e-4


def test_a_smaller_patch_is_taken_with_a_warning() -> None:
    mask = torch.ones(1, 1, 30, 30, dtype=torch.bool)
    mask[..., 10:13, 10:14] = False
    with pytest.warns(SelfmendWarning, match="3x3 is used"):
        fill(photo(30, 30), mask, generator=seeded())


@pytest.mark.parametrize(("name", "value"), [("patch", 4), ("patch", 1), ("ratio", 1.0), ("texture", float("nan"))])
def test_options_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(OptionError, match=f"{name} is {value}"):
        PatchMatchOptions(**{name: value})


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(MaskError, match="same N, H and W"):
        fill(photo(20, 20), hole_at(20, 21), generator=seeded())


def test_numpy_is_not_reseeded() -> None:
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    fill(photo(20, 20), hole_at(20, 20, (5, 5, 12, 12)), generator=seeded())
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_a_guess_need_not_be_kept() -> None:
    """Where it is only a start, the picture's own stripes win over a flat guess."""
    truth = stripes(8, 48, 64)
    mask = hole_at(48, 64, (16, 20, 32, 44))
    flat = torch.full_like(truth, 0.5)
    kept, free = (
        fill(truth, mask, generator=seeded(), options=PatchMatchOptions(guess_kept=k), guess=flat, guess_size=(24, 32))
        for k in (True, False)
    )
    hole = mask.expand_as(truth)
    assert (free - truth)[hole].abs().mean() < 1e-3
    assert (kept - truth)[hole].abs().mean() > 0.1

"""Filling of clips: what a frame around shows comes back, shots stay apart, and work goes on anywhere to the bit."""

import cv2
import numpy as np
import pytest

from facts import mentions
from moving_clip import REACH, SIZE, STEADY, filler, masked, moving, pixels_of, psnr_in, strokes, texture
from selfmend.errors import ImageError, MaskError, SelfmendError
from selfmend.methods.patchmatch import PatchMatch
from selfmend.registration import flow
from selfmend.video.filling import TemporalFill
from selfmend.video.frames import FrameFiller, MaskedFrame
from selfmend.video.window import TAKEN_AHEAD


def test_what_another_frame_shows_comes_back() -> None:
    truth, hole = moving(8), strokes()
    mended = list(filler().mend(masked(truth, hole)))
    assert [frame.index for frame in mended] == list(range(8))
    assert min(psnr_in(pixels_of(f), t, hole) for f, t in zip(mended, truth, strict=True)) > 35
    for frame, given in zip(mended, masked(truth, hole), strict=True):
        known = ~given.mask
        assert np.array_equal(frame.image[known], given.image[known])


def test_a_clip_at_rest_stays_at_rest() -> None:
    mended = list(filler(method=PatchMatch()).mend(masked([texture(1, SIZE)] * 5, strokes())))
    assert all(np.array_equal(frame.image, mended[0].image) for frame in mended)
    assert [frame.flicker for frame in mended] == [None, 0, 0, 0, 0]


def test_text_that_changes_gives_back_what_it_hid() -> None:
    truth = [texture(2, SIZE)] * 6
    early, late = strokes(), np.roll(strokes(), 7, 1)
    frames = [f for k, h in enumerate([early] * 3 + [late] * 3) for f in masked(truth[: k + 1], h, first=k)]
    mended = list(filler().mend(frames))
    assert all(np.array_equal(pixels_of(frame), truth[0]) for frame in mended)


def test_nothing_crosses_a_cut() -> None:
    hole = np.zeros(SIZE, bool)
    hole[30:50, 30:60] = True
    blue = [np.full((*SIZE, 3), (20, 40, 200), np.uint8)] * 3
    red = [np.full((*SIZE, 3), (210, 60, 10), np.uint8)] * 3
    empty = np.zeros(SIZE, bool)
    frames = [*masked(blue, hole), *masked(blue + red, empty, first=3)]
    frames[3] = next(masked([*blue, *red], hole, first=3))
    mended = list(filler().mend(frames))
    for frame, colours in zip(mended, blue + red, strict=True):
        assert np.abs(pixels_of(frame).astype(int) - colours).max() <= 4  # Telea rounds; the other shot is 180 away
    assert np.array_equal(pixels_of(mended[3]), red[0])
    assert mended[3].flicker is None


@pytest.mark.parametrize("k", [1, 7, 11])
def test_going_on_gives_the_same_bytes(k: int) -> None:
    truth, hole = moving(12, step=1, seed=3), strokes()
    whole = list(filler(method=PatchMatch()).mend(masked(truth, hole)))
    begin = max(0, k - REACH)
    rest = list(filler(method=PatchMatch()).mend(masked(truth, hole, first=begin), done=whole[begin:k]))
    assert [frame.index for frame in rest] == list(range(k, 12))
    for again, once in zip(rest, whole[k:], strict=True):
        assert np.array_equal(again.image, once.image)
        assert again.flicker == once.flicker


def test_seeds_and_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, hole = moving(2, step=0, seed=4), strokes()

    def fill(seed: int) -> np.ndarray:
        return np.stack([f.image for f in filler(seed=seed, method=PatchMatch()).mend(masked(truth, hole))])

    first = fill(0)
    assert not np.array_equal(fill(1), first)
    monkeypatch.setattr("selfmend.parallel.thread_count", lambda: 3)
    assert np.array_equal(fill(0), first)


def test_no_more_frames_are_taken_than_the_reach_asks_for() -> None:
    taken = 0

    def counted() -> object:
        nonlocal taken
        for frame in masked(moving(30, step=1), strokes()):
            taken += 1
            yield frame

    for frame in filler().mend(counted()):  # type: ignore[arg-type]
        assert taken <= frame.index + STEADY + REACH + 1 + TAKEN_AHEAD
    assert taken == 30


def test_frames_without_a_hole_pass_as_they_are() -> None:
    image = np.random.default_rng(0).random((*SIZE, 3), np.float32)  # no whole bytes
    none = np.zeros(SIZE, bool)
    some = strokes()
    mended = list(filler().mend([MaskedFrame(0, image, none), MaskedFrame(1, image, some)]))
    assert np.array_equal(mended[0].image, image)
    assert mended[0].flicker is None
    assert np.array_equal(mended[1].image[~some], image[~some])
    assert np.abs(mended[1].image - image).max() < 0.002  # borrowed, in whole bytes


def test_a_frame_that_is_all_hole_is_what_is_around_it() -> None:
    truth = [texture(5, SIZE)] * 3
    frames = list(masked(truth, np.zeros(SIZE, bool)))
    frames[1] = next(masked(truth, np.ones(SIZE, bool), first=1))
    assert np.array_equal(pixels_of(list(filler().mend(frames))[1]), truth[0])


def test_refused() -> None:
    frames = list(masked(moving(8), strokes()))
    with pytest.raises(SelfmendError, match=mentions("3", "1", "frames")):
        list(filler().mend([frames[0], frames[1], frames[3]]))
    done = list(filler().mend(frames))[:3]
    with pytest.raises(SelfmendError, match=mentions("frames", "3", "6")):
        list(filler().mend(frames[3:], done=done))
    small = MaskedFrame(1, frames[0].image[:, :50], frames[0].mask[:, :50])
    with pytest.raises(ImageError, match=mentions("1", "64", "50", "96")):
        list(filler().mend([frames[0], small]))
    grey = MaskedFrame(0, np.zeros((*SIZE, 1), np.float32), frames[0].mask)
    with pytest.raises(ImageError, match=mentions("0", "(64, 96, 1)", "3")):
        list(filler().mend([grey]))
    with pytest.raises(MaskError, match="hole"):
        list(filler().mend(masked(moving(1), np.ones(SIZE, bool))))


def test_it_is_a_filler_of_frames() -> None:
    one: FrameFiller = filler()
    assert isinstance(one, TemporalFill)
    assert one.reach == REACH


def test_flow_is_the_same_on_any_number_of_threads() -> None:
    first, second = (cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in moving(2, step=2))
    before, results = cv2.getNumThreads(), []
    try:
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            results.append(flow.dense_flow(first, second))
            assert cv2.getNumThreads() == threads
    finally:
        cv2.setNumThreads(before)
    assert np.array_equal(*results)

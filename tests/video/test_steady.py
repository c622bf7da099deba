"""Neighbouring fills agree: what is guessed in one frame only loses, seams go, cuts and scenes at rest are kept."""

import cv2
import numpy as np
import pytest

from moving_clip import SIZE, moving, psnr_in, texture
from selfmend.video.frames import StoredFrame
from selfmend.video.steady import Draft, steadied

HOLE = np.zeros(SIZE, bool)
HOLE[20:44, 30:66] = True


def drafts(truth: list[np.ndarray], fills: list[np.ndarray], *, cuts: tuple[int, ...] = ()) -> list[Draft]:
    """The true frames with the fills in their holes."""
    found = []
    for k, (frame, fill) in enumerate(zip(truth, fills, strict=True)):
        still = StoredFrame(k, frame, HOLE, k in cuts, None)
        found.append(Draft(still, np.where(HOLE[..., None], fill, frame)))
    return found


def results(found: list[Draft], *, reach: int = 2, first: int = 0) -> list[np.ndarray]:
    return [one.pixels for one in steadied(found, reach=reach, rest=4.0, first=first)]


def test_what_one_frame_guessed_wrong_the_others_put_right() -> None:
    truth = moving(5, step=2, seed=1)
    fills = list(truth)
    fills[2] = np.where(truth[2] > 40, truth[2] - 25, truth[2])  # too dark in the third frame alone
    before, after = drafts(truth, fills)[2].pixels, results(drafts(truth, fills))[2]
    assert psnr_in(after, truth[2], HOLE) > psnr_in(before, truth[2], HOLE) + 6
    assert np.array_equal(after[~HOLE], truth[2][~HOLE])


def test_noise_of_the_fills_is_averaged_away_and_they_flicker_less() -> None:
    truth, random = moving(7, step=1, seed=2), np.random.default_rng(0)
    fills = [np.clip(t + random.normal(0, 12, t.shape), 0, 255).astype(np.uint8) for t in truth]
    found = drafts(truth, fills)
    flickers = [[one.flicker for one in steadied(found, reach=reach, rest=4.0)] for reach in (0, 3)]
    assert flickers[0][0] is flickers[1][0] is None
    assert np.mean(flickers[1][1:]) < 0.6 * np.mean(flickers[0][1:])
    gain = [
        psnr_in(r, t, HOLE) - psnr_in(f, t, HOLE) for r, t, f in zip(results(found, reach=3), truth, fills, strict=True)
    ]
    assert min(gain) > 1.5


def test_a_frame_that_is_lighter_than_its_fills_shows_no_seam() -> None:
    truth = moving(5, step=1, seed=3)
    lights = (0, 0, 12, 0, 0)  # an exposure that jumps
    seen = [np.clip(t.astype(int) + light, 0, 255).astype(np.uint8) for t, light in zip(truth, lights, strict=True)]
    fills = list(truth)  # borrowed from frames of the other exposure
    before, after = drafts(seen, fills)[2].pixels, results(drafts(seen, fills))[2]
    rim = HOLE & (cv2.erode(HOLE.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0)
    assert (
        np.abs(after[rim] - seen[2][rim].astype(float)).mean()
        < 0.7 * np.abs(before[rim] - seen[2][rim].astype(float)).mean()
    )


def test_nothing_crosses_a_cut() -> None:
    one, other = texture(4, SIZE), texture(5, SIZE)
    truth = [one, one, other, other]
    for mine, theirs in zip(results(drafts(truth, truth, cuts=(2,))), truth, strict=True):
        assert np.array_equal(mine, theirs)


def test_a_scene_at_rest_is_not_resampled_and_reach_0_changes_nothing() -> None:
    truth, random = [texture(6, SIZE)] * 5, np.random.default_rng(1)
    assert all(np.array_equal(one, truth[0]) for one in results(drafts(truth, truth)))
    fills = [random.integers(0, 256, t.shape).astype(np.uint8) for t in truth]
    found = drafts(truth, fills)
    assert all(np.array_equal(one, d.pixels) for one, d in zip(results(found, reach=0), found, strict=True))


def test_no_flow_is_sought_in_a_scene_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> np.ndarray:
        raise AssertionError("resampled")

    monkeypatch.setattr("selfmend.video.steady.dense_flow", fail)
    random = np.random.default_rng(3)
    scene = texture(8, SIZE).astype(int)
    noisy = [np.clip(scene + random.integers(-2, 3, scene.shape), 0, 255).astype(np.uint8) for _ in range(3)]
    results(drafts(noisy, noisy))


def test_a_fill_that_shows_something_else_counts_little() -> None:
    truth = moving(5, step=2, seed=9)
    fills = list(truth)
    fills[2] = 255 - truth[2]
    after = results(drafts(truth, fills))
    assert psnr_in(after[1], truth[1], HOLE) > 30


def test_drafts_before_the_first_are_only_looked_at() -> None:
    truth = moving(9, step=2, seed=7)
    random = np.random.default_rng(2)
    fills = [np.clip(t + random.normal(0, 9, t.shape), 0, 255).astype(np.uint8) for t in truth]
    found = drafts(truth, fills)
    whole, rest = results(found), results(found[3:], first=5)
    assert len(rest) == 4
    assert all(np.array_equal(a, b) for a, b in zip(whole[5:], rest, strict=True))

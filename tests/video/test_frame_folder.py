"""A folder of pictures as a film."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from facts import mentions
from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.video.decoding import rate_of
from selfmend.video.pipeline import fingerprint
from selfmend.video.reader import Clip
from video_clips import frame_pixels, write_film


@pytest.fixture
def frames(tmp_path):
    """Twelve frames whose names are in order for a person only: `it's 1`, ..., `it's 10`, ..."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for k in range(12):
        PILImage.fromarray(frame_pixels(k)).save(folder / f"it's {k}.png")
    return folder


def pixels(frame):
    return np.rint(frame.image * 255).astype(np.uint8)


def test_pictures_are_frames_in_the_order_of_their_numbers(frames):
    clip = Clip(frames, fps=23.976)
    assert (clip.frame_count, clip.size, clip.has_audio, clip.variable_rate) == (12, (48, 64), False, False)
    assert clip.rate == Fraction(24000, 1001)
    read = list(clip.frames())
    assert [f.time for f in read] == pytest.approx([k * 1001 / 24000 for k in range(12)])
    for k, frame in enumerate(read):
        assert np.array_equal(pixels(frame), frame_pixels(k))
    assert [f.index for f in Clip(frames, first=3, last=0.2).frames()] == [3, 4, 5]


def test_a_folder_becomes_a_folder_with_the_same_names(frames, tmp_path):
    report = selfmend.mend_video(frames, tmp_path / "out", mask="20,20,12,8", method="telea")
    assert (report.frames, report.mended) == (12, 12)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(p.name for p in frames.iterdir())
    for k in range(12):
        mended, known = np.array(PILImage.open(tmp_path / "out" / f"it's {k}.png")), frame_pixels(k)
        assert (mended[20:28, 20:32] != known[20:28, 20:32]).any()
        mended[20:28, 20:32] = known[20:28, 20:32]
        assert np.array_equal(mended, known)


def test_a_folder_becomes_a_film_that_players_show(tmp_path):
    shown = np.empty((48, 64, 3), np.uint8)
    shown[:, :32], shown[:, 32:] = (200, 30, 40), (30, 160, 220)  # a wrong matrix, or range, changes such colours
    (tmp_path / "frames").mkdir()
    for k in range(5):
        PILImage.fromarray(shown).save(tmp_path / "frames" / f"{k}.png")
    selfmend.mend_video(tmp_path / "frames", tmp_path / "out.mp4", mask="20,20,2,2", method="telea", fps=12)
    film = Clip(tmp_path / "out.mp4")
    assert (film.codec, film.pixel_format, film.rate, film.frame_count) == ("h264", "yuv420p", 12, 5)
    off = np.abs(pixels(next(film.frames())).astype(int) - shown)
    assert max(off[:, 4:28].mean(), off[:, 36:60].mean()) < 2


def test_another_picture_is_other_work(frames):
    before = fingerprint(frames)
    assert fingerprint(frames) == before
    PILImage.fromarray(frame_pixels(5)).resize((64, 48)).save(frames / "it's 3.png", compress_level=0)
    assert fingerprint(frames) != before


def test_what_is_no_film(frames, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="has no pictures; a folder with the frames of a film"):
        Clip(tmp_path / "empty")
    PILImage.new("RGB", (64, 48)).save(frames / "other.jpg")
    with pytest.raises(ImageError, match=mentions("frames")):
        Clip(frames)
    (frames / "other.jpg").unlink()
    PILImage.new("RGB", (32, 48)).save(frames / "it's 7.png")
    with pytest.raises(ImageError, match=mentions("7", "32", "48")):
        list(Clip(frames).frames())


@pytest.mark.parametrize("kept", [0.5, 0], ids=["truncated", "empty"])
def test_a_damaged_picture_takes_no_place_from_the_others(frames, kept):
    whole = (frames / "it's 7.png").read_bytes()
    (frames / "it's 7.png").write_bytes(whole[: int(kept * len(whole))])
    clip = Clip(frames)
    with pytest.warns(SelfmendWarning, match=mentions("frames")):
        read = list(clip.frames())
    assert [f.index for f in read] == list(range(12))
    assert [f.broken for f in read][:8] == [False] * 7 + [True]


def test_rates(frames, tmp_path):
    assert rate_of(frames, 29.97) == Fraction(30000, 1001)
    assert rate_of(frames, 12.5) == Fraction(25, 2)
    with pytest.raises(OptionError, match=mentions("0", "frames")):
        Clip(frames, fps=0)
    with pytest.raises(OptionError, match=mentions("film")):
        Clip(write_film(tmp_path / "film.mp4"), fps=25)

"""A folder of pictures as a film."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from facts import mentions
from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.image.files import read_picture
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


def pictures(kind, k):
    """A frame of a kind of picture, its ending, and how it is saved."""
    colour = PILImage.fromarray(frame_pixels(k))
    grey = colour.convert("L")
    opacity = PILImage.fromarray(np.tile(np.linspace(30, 255, 64).astype(np.uint8), (48, 1)))
    if kind == "turned":
        exif = PILImage.Exif()
        exif[0x112] = 6
        return colour, ".jpg", {"exif": exif}
    return {
        "JPEG": (colour, ".jpg", {}),
        "grey JPEG": (grey, ".jpg", {}),
        "palette": (colour.quantize(16), ".png", {}),
        "GIF": (colour.quantize(16), ".gif", {}),
        "16 bits": (PILImage.fromarray(np.asarray(grey).astype(np.uint16) * 257 + 3), ".png", {}),
        "transparent": (PILImage.merge("RGBA", [*colour.split(), opacity]), ".png", {}),
        "transparent grey": (PILImage.merge("LA", [grey, opacity]), ".png", {}),
        "1 bit": (colour.convert("1"), ".png", {}),
    }[kind]


@pytest.mark.parametrize(
    "kind", ["JPEG", "grey JPEG", "palette", "GIF", "16 bits", "transparent", "transparent grey", "1 bit", "turned"]
)
def test_frames_stay_the_pictures_that_they_are(kind, tmp_path):
    (tmp_path / "in").mkdir()
    for k in range(3):
        picture, ending, options = pictures(kind, k)
        picture.save(tmp_path / "in" / f"f{k}{ending}", **options)
    selfmend.mend_video(tmp_path / "in", tmp_path / "out", mask="10,12,6,5", method="telea")
    for k in range(3):
        before = read_picture(tmp_path / "in" / f"f{k}{ending}")
        with PILImage.open(tmp_path / "out" / f"f{k}.png") as shown:
            assert shown.mode == picture.mode
        after = read_picture(tmp_path / "out" / f"f{k}.png")
        off = np.abs(after.image - before.image).max(2)
        assert off[12:17, 10:16].any() or kind == "1 bit"
        off[12:17, 10:16] = 0
        assert not off.any()
        assert (before.alpha is None) == (after.alpha is None)
        assert before.alpha is None or np.array_equal(before.alpha, after.alpha)


def test_transparent_frames_become_a_film_with_transparency_where_there_is_one(tmp_path):
    (tmp_path / "in").mkdir()
    for k in range(3):
        pictures("transparent", k)[0].save(tmp_path / "in" / f"{k}.png")
    selfmend.mend_video(tmp_path / "in", tmp_path / "out.mov", mask="10,12,6,5", method="telea")
    assert Clip(tmp_path / "out.mov").alpha
    with pytest.warns(SelfmendWarning, match=mentions("transparency")):
        selfmend.mend_video(tmp_path / "in", tmp_path / "out.mp4", mask="10,12,6,5", method="telea")

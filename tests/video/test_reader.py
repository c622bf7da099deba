"""Frames of films: their order, numbers and times, parts of a film, and what is wrong with one."""

import warnings
import wave
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image as PILImage

from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.video.reader import Clip
from video_clips import copy_damaged, frame_pixels, write_film


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("films") / "film.mp4", audio=True)


def test_frames_come_in_order_with_their_times(film):
    with Clip(film) as clip:
        frames = list(clip.frames())
        assert [f.index for f in frames] == list(range(12))
        assert [f.pts for f in frames] == [512 * k for k in range(12)]
        assert frames[3].time == pytest.approx(0.12)
        assert (clip.size, clip.rate, clip.variable_rate, clip.frame_count) == ((48, 64), 25, False, 12)
        assert (clip.pixel_format, clip.codec, clip.has_audio) == ("yuv420p", "h264", True)
    for frame in frames:  # the moving square is in its place: the frames are those that were written
        off = np.abs(frame.image * 255 - frame_pixels(frame.index))
        assert np.median(off[6:14]) < 6
        assert frame.image.shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("part", "numbers"),
    [((3, 5), [3, 4, 5]), ((0.12, 0.2), [3, 4, 5]), ((10, None), [10, 11]), ((0.0, 1), [0, 1]), ((4, 4), [4])],
)
def test_a_part_of_a_film_includes_both_ends(film, part, numbers):
    clip = Clip(film, first=part[0], last=part[1])
    assert [f.index for f in clip.frames()] == numbers
    assert clip.expected == len(numbers)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ((5, 3), r"the part ends \(frame 3\) before it begins \(frame 5\)"),
        ((0.4, 0.2), r"the part ends \(0.2 s\) before it begins \(0.4 s\)"),
        ((12, None), r"has 12 frames in 0.48 s; the part from frame 12 on is empty"),
        ((-1, None), r"first is frame -1; a moment from 0 on fits"),
    ],
)
def test_a_part_that_is_none_is_refused(film, part, message):
    with pytest.raises(OptionError, match=message):
        Clip(film, first=part[0], last=part[1])


def test_a_variable_rate_is_seen_and_its_times_kept(tmp_path):
    times = [0, 40, 80, 200, 240, 400]
    path = write_film(tmp_path / "film.mkv", frames=6, pts=times, time_base=Fraction(1, 1000))
    clip = Clip(path)
    assert clip.variable_rate
    assert [f.pts for f in clip.frames()] == times
    assert [f.index for f in Clip(path, first=0.1, last=0.3).frames()] == [3, 4]


@pytest.mark.parametrize("rate", [24, 30])
def test_rounded_times_are_a_constant_rate(tmp_path, rate):
    clip = Clip(write_film(tmp_path / "film.mkv", rate=rate, pts=list(range(12)), time_base=Fraction(1, rate)))
    assert (clip.variable_rate, round(clip.rate)) == (False, rate)


@pytest.mark.parametrize(
    ("broken", "marked"), [({4}, [3]), ({0}, [0, 1, 2, 3, 4, 5]), ({4, 5, 6}, [3, 4, 5, 6, 7]), ({11}, [11])]
)
def test_broken_frames_keep_their_places(film, tmp_path, broken, marked):
    path = copy_damaged(film, tmp_path / "broken.mp4", broken=broken)
    clip = Clip(path)
    with pytest.warns(SelfmendWarning, match=f"broken frames in .*: {len(marked)}, the first is number {marked[0]}"):
        frames = list(clip.frames())
    assert [f.pts for f in frames] == [512 * k for k in range(12)]
    assert [f.index for f in frames if f.broken] == marked
    assert clip.broken == len(marked)


@pytest.mark.parametrize(("ending", "codec"), [("webm", "libvpx"), ("avi", "libx264"), ("ts", "mpeg2video")])
def test_other_containers_and_codecs_give_every_frame_once(tmp_path, ending, codec):
    path = write_film(tmp_path / f"film.{ending}", codec=codec, time_base=Fraction(1, 25), options={})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frames = list(Clip(path).frames())
    assert len(frames) == 12
    assert [round(f.time * 25) for f in frames] == list(range(12))


def test_odd_sizes_are_read_whole(tmp_path):
    clip = Clip(write_film(tmp_path / "odd.mp4", size=(47, 63), pixel_format="yuv444p"))
    assert clip.size == (47, 63)
    assert next(clip.frames()).image.shape == (47, 63, 3)


def test_what_is_no_film_is_refused_in_one_line(tmp_path):
    PILImage.new("RGB", (20, 20)).save(tmp_path / "picture.png")
    (tmp_path / "text.txt").write_text("no film\n" * 99)
    (tmp_path / "noise.mp4").write_bytes(bytes(range(256)) * 20)
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(4000))
    for name, message in [
        ("missing.mp4", "no such file: .*missing.mp4"),
        ("picture.png", "picture.png is a picture; selfmend inpaint fills pictures"),
        ("text.txt", "text.txt is (text|not a film)"),
        ("noise.mp4", r"noise.mp4 is not a film that can be read \(.+\)"),
        ("sound.wav", "sound.wav has no video stream, only sound"),
    ]:
        with pytest.raises(ImageError, match=message):
            Clip(tmp_path / name)


def test_a_codec_that_is_not_known_is_one_line(tmp_path):
    path = write_film(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz1").replace(b"avcC", b"zzzC"))
    with pytest.raises(ImageError, match="codec that is not known"):
        Clip(path)

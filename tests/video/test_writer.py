"""Films out: what was known stays as it was, with times, size, codec, colours and sound; pictures instead of a film."""

import warnings
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.image.files import read_picture
from selfmend.video.encoders import check_ending, ending_like
from selfmend.video.reader import Clip
from selfmend.video.writer import FilmWriter, PictureWriter
from video_clips import write_film

HOLE = (slice(10, 20), slice(21, 40))
RED = np.float32([1, 0, 0])


def write_red(clip, path, *, hole=HOLE, **options):
    """The clip with a red box in it; what was written, read again."""
    with FilmWriter(clip, path, **options) as writer:
        for frame in clip.frames():
            mask = np.zeros(clip.size, bool)
            if hole is not None:
                mask[hole] = True
            writer.write(frame, np.where(mask[..., None], RED, frame.image), mask)
    return Clip(path)


def sound(path):
    """Time in seconds and bytes of each packet of sound."""
    with av.open(str(path)) as film:
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in film.demux(audio=0) if packet.size]


@pytest.mark.parametrize(
    ("name", "film"),
    [
        ("a.mp4", {}),
        ("a.mkv", {"frames": 6, "pts": [0, 40, 80, 200, 240, 400], "time_base": Fraction(1, 1000)}),
        ("a.mp4", {"size": (47, 63), "pixel_format": "yuv444p"}),
        ("a.webm", {"codec": "libvpx-vp9", "size": (47, 63), "options": {}, "time_base": Fraction(1, 1000)}),
        ("a.avi", {"codec": "mjpeg", "pixel_format": "yuvj420p", "options": {}, "time_base": Fraction(1, 25)}),
        ("a.mp4", {"codec": "mpeg4", "options": {}}),
        ("a.ts", {"time_base": Fraction(1, 90000)}),
        ("a.mp4", {"pixel_format": "yuv420p10le"}),
        ("a.mkv", {"codec": "ffv1", "pixel_format": "bgr0", "options": {}}),
    ],
)
def test_a_film_stays_as_it_was_outside_the_hole(tmp_path, name, film):
    clip = Clip(write_film(tmp_path / name, **film))
    written = write_red(clip, tmp_path / ("out" + clip.path.suffix))
    kept = ("size", "codec", "pixel_format", "rate", "variable_rate", "frame_count", "time_base")
    assert [getattr(written, k) for k in kept] == [getattr(clip, k) for k in kept]
    for before, after in zip(clip.frames(), written.frames(), strict=True):
        assert after.pts == before.pts
        hole = after.image[13:17, 25:36]
        assert float(np.abs(hole - RED).mean()) < 0.02
        off = np.abs(after.image - before.image) * 255
        off[8:22, 19:42] = 0
        assert float(off.mean()) < 1.2


def test_known_bytes_are_not_converted(tmp_path):
    clip = Clip(write_film(tmp_path / "a.mkv", codec="ffv1", options={}))
    written = write_red(clip, tmp_path / "b.mkv")
    for before, after in zip(clip.frames(), written.frames(), strict=True):
        one, other = before.source.to_ndarray(), after.source.to_ndarray()
        assert (one[:10] == other[:10]).all()
        assert (one[20:48] == other[20:48]).all()
        assert (one[10:20, 21:40] != other[10:20, 21:40]).any()
        assert (one[48:50] == other[48:50]).all()  # a row of U here is two of the plane: these belong to rows 0 to 7
        assert (one[53:60] == other[53:60]).all()


def test_sound_is_passed_on_to_the_byte_with_its_times(tmp_path):
    path = write_film(tmp_path / "a.mp4", frames=30, audio=True)
    written = write_red(Clip(path), tmp_path / "b.mp4")
    assert sound(written.path) == sound(path)
    assert [f.pts for f in written.frames()] == [f.pts for f in Clip(path).frames()]


def test_subtitle_tracks_are_passed_on_where_there_is_a_place_for_them(tmp_path):
    source = write_film(tmp_path / "a.mp4")
    path = tmp_path / "b.mkv"
    with av.open(str(path), "w") as film, av.open(str(source)) as pictures:
        copy = film.add_stream_from_template(pictures.streams.video[0], opaque=True)
        track = film.add_mux_stream("subrip")
        track.metadata["language"] = "deu"
        for packet in pictures.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                film.mux(packet)
        words = av.Packet(b"Wer da?")
        words.pts = words.dts = 100
        words.duration, words.time_base, words.stream = 200, Fraction(1, 1000), track
        film.mux(words)
    written = write_red(Clip(path), tmp_path / "c.mkv")
    with av.open(str(written.path)) as film:
        assert film.streams.subtitles[0].language == "deu"
        assert [(p.pts, bytes(p)) for p in film.demux(subtitles=0) if p.size] == [(100, b"Wer da?")]
    with pytest.warns(SelfmendWarning, match=mentions("1")):
        write_red(Clip(path), tmp_path / "c.mp4")


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_part_has_its_own_sound_and_begins_at_0(tmp_path, ending):
    path = write_film(tmp_path / "a.mp4", frames=40, audio=True)
    written = write_red(Clip(path, first=5, last=20), tmp_path / f"b{ending}")
    assert [float(f.pts * written.time_base) for f in written.frames()] == pytest.approx([k / 25 for k in range(16)])
    heard = [(float(time) - 0.2, data) for time, data in sound(path) if 0.2 <= time < 21 / 25]
    assert [data for _, data in sound(written.path)] == [data for _, data in heard]
    assert [float(time) for time, _ in sound(written.path)] == pytest.approx([time for time, _ in heard], abs=2e-3)


def test_key_frames_are_the_encoders_own(tmp_path):
    clip = Clip(write_film(tmp_path / "a.mp4", options={"g": "1"}))
    written = write_red(clip, tmp_path / "b.mp4", hole=None)
    assert [f.source.key_frame for f in clip.frames()] == [True] * 12
    assert [f.source.key_frame for f in written.frames()] == [True] + [False] * 11


def test_odd_sides_stay_where_colours_at_half_the_resolution_do_not_fit(tmp_path):
    clip = Clip(write_film(tmp_path / "a.mkv", codec="ffv1", size=(47, 63), options={}))
    with pytest.warns(SelfmendWarning) as said:
        written = write_red(clip, tmp_path / "b.ts")
    assert "its pixels are yuv420p; they are written as yuv444p" in [str(w.message) for w in said]
    assert (written.codec, written.size, written.pixel_format) == ("h264", (47, 63), "yuv444p")


def test_colours_turn_and_title_are_kept(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = 1
        context.color_range = 1
        stream.set_display_rotation(90)
        film.metadata["title"] = "Tiles"
        pixels = np.zeros((48, 64, 3), np.uint8)
        pixels[:, :20] = 200
        for _ in range(3):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        film.mux(stream.encode())
    clip = Clip(path)
    assert (clip.size, clip.stored_size) == ((64, 48), (48, 64))
    written = write_red(clip, tmp_path / "b.mp4")
    assert (written.size, written.turns, written.metadata["title"]) == ((64, 48), clip.turns, "Tiles")
    first = written.first_frame
    assert (first.colorspace, first.color_primaries, first.color_trc, first.color_range) == (1, 1, 1, 1)
    shown = next(written.frames()).image
    assert float(np.abs(shown[13:17, 25:36] - RED).mean()) < 0.02  # the hole is where it is seen
    assert float(shown[55:, 5].mean()) > 0.7  # the left side of the stored frame, at the bottom


def test_what_the_output_cannot_hold_is_said(tmp_path):
    clip = Clip(write_film(tmp_path / "a.mp4", audio=True))
    with pytest.warns(SelfmendWarning) as said:
        written = write_red(clip, tmp_path / "b.webm")
    lines = [str(w.message) for w in said]
    assert "the film is h264, which cannot be written here; libvpx-vp9 takes its place" in lines
    assert "the output cannot hold a stream of the film (sound 1); it is left out" in lines
    assert (written.codec, written.frame_count) == ("vp9", 12)


def test_quality_is_an_option_of_encoders_that_have_it(tmp_path):
    clip = Clip(write_film(tmp_path / "a.mp4", options={"crf": "0"}))
    sizes = [write_red(clip, tmp_path / "b.mp4", crf=crf).path.stat().st_size for crf in (0, 30)]
    assert sizes[0] > 1.5 * sizes[1]
    with pytest.raises(OptionError, match=mentions("mpeg4", "crf")):
        write_red(Clip(write_film(tmp_path / "c.mp4", codec="mpeg4", options={})), tmp_path / "d.mp4", crf=20)


def test_frames_as_pictures_have_the_frames_numbers(tmp_path):
    clip = Clip(write_film(tmp_path / "a.mp4"), first=3, last=4)
    with PictureWriter(clip, tmp_path / "out") as writer:
        frames = list(clip.frames())
        for frame in frames:
            writer.write(frame, frame.image, np.zeros(clip.size, bool))
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["000003.png", "000004.png"]
    assert np.array_equal(read_picture(tmp_path / "out" / "000004.png").image, frames[1].image)
    assert PILImage.open(tmp_path / "out" / "000003.png").mode == "RGB"


@pytest.mark.parametrize(
    ("name", "wanted"), [("a.wmv", ".mkv"), ("a.gif", ".mp4"), ("a.3gp", ".3gp"), ("a.VOB", ".VOB")]
)
def test_films_that_are_only_read_get_another_ending(tmp_path, name, wanted):
    assert ending_like(tmp_path / name) == wanted
    if wanted not in name:
        with pytest.raises(ImageError, match=mentions(f"a{wanted}")):
            check_ending(tmp_path / name)


@pytest.mark.parametrize(
    ("codec", "pixel_format"), [("ffv1", "gray"), ("ffv1", "gray16le"), ("mjpeg", "yuvj420p"), ("png", "rgb24")]
)
@pytest.mark.parametrize("ending", [".mov", ".webm", ".mpg", ".flv"])
def test_another_codec_shows_the_same_colours(tmp_path, codec, pixel_format, ending):
    flat = np.full((48, 64, 3), (200, 30, 40), np.uint8)
    flat[:, 32:] = (30, 160, 220)
    source = write_film(
        tmp_path / ("a.mkv" if codec == "ffv1" else "a.mov"), codec=codec, pixel_format=pixel_format, frames=3,
        options={}, draw=lambda k: flat,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SelfmendWarning)
        written = write_red(Clip(source), tmp_path / f"b{ending}")
    off = np.abs(next(written.frames()).image - next(Clip(source).frames()).image) * 255
    assert off[24:, :28].mean() < 2
    assert off[24:, 36:].mean() < 2

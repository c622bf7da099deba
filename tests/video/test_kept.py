"""What a film says beside its pictures: the table of docs/video.md, tried cell by cell, and read by FFmpeg alone."""

import warnings
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import selfmend
from kept_films import COLUMNS, SHOWN, film_of, read
from selfmend.errors import SelfmendWarning
from video_clips import write_film

DOCUMENT = Path(__file__).parents[2] / "docs" / "video.md"


def table():
    rows = [line.strip("| \n").split(" | ") for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    start = next(k for k, row in enumerate(rows) if row[0] == "what" and set(row[1:]) == set(COLUMNS))
    names = [cell.strip() for cell in rows[start][1:]]
    for row in rows[start + 1 : start + 3 + len(SHOWN)]:
        yield from ((row[0].strip(), name, cell.strip()) for name, cell in zip(names, row[1:], strict=True))


def mended(source, target):
    """Fill a film; what was said."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        selfmend.mend_video(source, target, mask="4,4,6,5", method="telea", steady="none")
    return [str(one.message) for one in said if issubclass(one.category, SelfmendWarning)]


@pytest.mark.parametrize("column", COLUMNS)
def test_the_table(column, tmp_path):
    cells = [(what, cell) for what, name, cell in table() if name == column]
    assert len(cells) == 2 + len(SHOWN)
    for what, cell in cells:
        source, target = film_of(column, what, tmp_path), tmp_path / f"out{COLUMNS[column][0]}"
        shown = SHOWN.get(what, lambda value: True)
        has = source is not None and shown(read(source, what))
        assert (cell != "-") == has, (what, "FFmpeg shows none" if not has else "FFmpeg shows it")
        if not has:
            continue
        said = mended(source, target)
        assert bool(said) == (cell == "said"), (what, said)
        assert read(target, what) == read(source, what), what
        target.unlink()


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".flv", ".3gp", ".vob"])
def test_what_another_format_does_not_hold_is_named(ending, tmp_path):
    for what, column in (
        ("transparency", "FFV1 .mkv"), ("transparency", "VP9 .webm"), ("field order", "H.264 .mp4"),
        ("HDR10 light", "HEVC .mp4"), ("chapters", "FFV1 .mkv"), ("title", "H.264 .mp4"), ("date", "H.264 .mp4"),
        ("name of a track", "H.264 .mp4"), ("language of a track", "FFV1 .mkv"), ("more than 8 bits", "HEVC .mp4"),
        ("length of the last frame", "H.264 .mp4"), ("shape of a pixel", "H.264 .mp4"),
    ):  # fmt: skip
        source, target = film_of(column, what, tmp_path), tmp_path / f"out{ending}"
        said = mended(source, target)
        kept = SHOWN[what](read(target, what)) or (what == "language of a track" and read(target, what) == "ger")
        word = WORDS.get(what, what.split()[0])
        assert kept != any(word in line for line in said), (what, column, read(target, what), said)
        target.unlink()


WORDS = {
    "more than 8 bits": "its pixels",
    "field order": "interlaced",
    "HDR10 light": "HDR10",
    "date": "creation_time",
    "name of a track": "title",
    "length of the last frame": "the last frame",
    "shape of a pixel": "pixels of 1",
}


def test_frames_of_an_avi_stand_in_the_order_in_which_they_are_shown(tmp_path):
    source = film_of("H.264 .mp4", "times of frames", tmp_path)
    mended(source, tmp_path / "out.avi")
    with av.open(str(tmp_path / "out.avi")) as film:
        times = [frame.pts for frame in film.decode(video=0)]
    assert times == sorted(times)
    assert len(times) == 5


def test_a_cover_picture_stays(tmp_path):
    source = film_of("H.264 .mp4", "times of frames", tmp_path)
    with av.open(str(source)) as film, av.open(str(tmp_path / "with.mp4"), "w") as made:
        pictures, cover = made.add_stream_from_template(film.streams.video[0]), made.add_stream("mjpeg")
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24").reformat(format="yuvj420p")
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        for packet in film.demux(film.streams.video[0]):
            if packet.dts is not None:
                packet.stream = pictures
                made.mux(packet)
        for packet in [*cover.encode(frame), *cover.encode()]:
            made.mux(packet)
    assert not mended(tmp_path / "with.mp4", tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert [bool(s.disposition & av.stream.Disposition.attached_pic) for s in film.streams.video] == [False, True]


def test_fields_captions_and_light_stay_with_the_frames_that_are_filled(tmp_path):
    source = film_of("H.264 .mp4", "field order", tmp_path)
    assert not mended(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert all(frame.interlaced_frame for frame in film.decode(video=0))


def test_transparency_under_the_hole_stays(tmp_path):
    source = film_of("PNG .mov", "transparency", tmp_path)
    selfmend.mend_video(source, tmp_path / "out.mov", mask="45,4,9,5", method="telea")
    opacity = []
    for path in (source, tmp_path / "out.mov"):
        with av.open(str(path)) as film:
            opacity.append(np.stack([f.to_ndarray()[..., 3] for f in film.decode(video=0)]))
    assert np.array_equal(*opacity)


def test_program_streams_keep_their_kind(tmp_path):
    for column, wanted in (("MPEG-2 .mpg", "mpeg2video"), ("MPEG-1 .mpg", "mpeg1video"), ("H.264 .mp4", "mpeg2video")):
        source = film_of(column, "times of frames", tmp_path)
        mended(source, tmp_path / "out.mpg")
        assert read(tmp_path / "out.mpg", "codec and pixels")[0] == wanted
        assert read(tmp_path / "out.mpg", "times of frames") == read(source, "times of frames")
        mark = 0x44 if wanted == "mpeg2video" else 0x21  # how a pack of MPEG-2 and of MPEG-1 begins
        assert (tmp_path / "out.mpg").read_bytes()[4] & (0xC4 if mark == 0x44 else 0xF1) == mark
        (tmp_path / "out.mpg").unlink()


def test_a_part_has_the_chapters_that_are_in_it(tmp_path):
    source = film_of("FFV1 .mkv", "chapters", tmp_path)
    selfmend.mend_video(source, tmp_path / "out.mkv", mask="4,4,6,5", method="telea", first=3, last=4)
    assert read(tmp_path / "out.mkv", "chapters") == [(0.0, {"title": "Two"})]


def test_a_film_may_be_of_two_by_two_pixels(tmp_path):
    source = write_film(tmp_path / "in.mkv", size=(2, 2), codec="ffv1", options={}, frames=4)
    assert selfmend.mend_video(source, tmp_path / "out.mkv", mask="0,0,1,1", method="telea").mended == 4

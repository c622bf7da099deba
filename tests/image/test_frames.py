"""Films: as many frames as came, as long as asked for, of the right colours; whole or not there."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.image.animation import check_frames_output, save_frames


def film(count: int = 8, width: int = 53, height: int = 37) -> list[PILImage.Image]:
    """A bright square that moves over a gradient."""
    frames = []
    for k in range(count):
        pixels = np.zeros((height, width, 3), np.uint8)
        pixels[..., 0] = np.linspace(0, 120, width)
        pixels[10:20, 2 + 4 * k : 12 + 4 * k] = 200, 220, 90
        frames.append(PILImage.fromarray(pixels))
    return frames


def read(path: Path) -> tuple[list[np.ndarray], list[int]]:
    """The frames and their times in milliseconds."""
    with PILImage.open(path) as picture:
        frames, times = [], []
        for k in range(picture.n_frames):
            picture.seek(k)
            frames.append(np.asarray(picture.convert("RGB")).astype(int))
            times.append(picture.info["duration"])
        assert picture.info["loop"] == 0
    return frames, times


@pytest.mark.parametrize("ending", [".gif", ".webp", ".GIF"])
@pytest.mark.parametrize("fps", [10, 12.5, 30])
def test_gif_and_webp(tmp_path, ending, fps):
    save_frames(film(), tmp_path / f"film{ending}", fps=fps)
    frames, times = read(tmp_path / f"film{ending}")
    assert len(frames) == 8
    for frame, expected in zip(frames, film(), strict=True):
        assert abs(frame - np.asarray(expected)).mean() < 4
    assert sum(times) == pytest.approx(8000 / fps, abs=10)


@pytest.mark.parametrize("fps", [10, 29.97])
def test_mp4_has_even_sides_and_the_frames(tmp_path, fps):
    save_frames(film(), tmp_path / "film.mp4", fps=fps)
    with av.open(str(tmp_path / "film.mp4")) as opened:
        stream = opened.streams.video[0]
        assert (stream.width, stream.height) == (54, 38)
        assert float(stream.average_rate) == pytest.approx(fps, rel=1e-3)
        assert stream.codec_context.pix_fmt == "yuv420p"
        frames = [f.to_ndarray(format="rgb24").astype(int) for f in opened.decode(stream)]
    assert len(frames) == 8
    for frame, expected in zip(frames, film(), strict=True):
        assert abs(frame[:37, :53] - np.asarray(expected)).mean() < 8
        assert abs(frame[-1] - frame[-2]).mean() < 8, "the added row repeats the edge"


def test_mp4_without_h264(tmp_path, monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    save_frames(film(), tmp_path / "film.mp4")
    with av.open(str(tmp_path / "film.mp4")) as opened:
        assert opened.streams.video[0].codec_context.name == "mpeg4"


def test_a_gif_keeps_one_palette_for_all_frames(tmp_path):
    save_frames(film(), tmp_path / "film.gif")
    with PILImage.open(tmp_path / "film.gif") as picture:
        first = picture.getpalette()
        picture.seek(5)
        frames, _ = read(tmp_path / "film.gif")
    assert first is not None
    still = [tuple(frame[30, 25]) for frame in frames]
    assert len(set(still)) == 1, "what stands still does not shimmer"


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_frames_of_other_modes(tmp_path, mode):
    save_frames([frame.convert(mode) for frame in film(3)], tmp_path / "film.webp")
    assert len(read(tmp_path / "film.webp")[0]) == 3


@pytest.mark.parametrize(
    ("name", "fps", "message"),
    [
        ("film.avi", 10, r"cannot tell the format of .*film.avi' by its ending; .*Known: .gif, .mp4, .webp"),
        ("film", 10, r"by its ending; Known: .gif, .mp4, .webp"),
        ("film.gif", 0, r"fps is 0; more than 0 and up to 1000 frames a second fit"),
        ("film.gif", -3, r"fps is -3; more than 0"),
        ("film.gif", float("nan"), r"fps is nan; more than 0"),
        ("folder.gif", 10, r"folder.gif is a folder; the name of a file"),
        ("file/film.gif", 10, r"cannot write into .*file: .*choose another -o"),
    ],
)
def test_refuses(tmp_path, name, fps, message):
    (tmp_path / "folder.gif").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises((ImageError, OptionError), match=message):
        check_frames_output(tmp_path / name, fps=fps)
    with pytest.raises((ImageError, OptionError), match=message):
        save_frames(film(), tmp_path / name, fps=fps)


def test_refuses_no_frames_and_warns_of_fast_gifs(tmp_path):
    with pytest.raises(OptionError, match="there are no frames"):
        save_frames([], tmp_path / "film.gif")
    with pytest.warns(SelfmendWarning, match=mentions("GIF", "50", "100", ".mp4")):
        save_frames(film(), tmp_path / "film.gif", fps=100)


@pytest.mark.parametrize("ending", ["gif", "webp", "mp4"])
def test_a_failed_write_leaves_what_was_there(tmp_path, ending, monkeypatch):
    path = tmp_path / f"film.{ending}"
    path.write_bytes(b"before")

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("selfmend.image.animation._write_film", full)
    monkeypatch.setattr(PILImage.Image, "save", full)
    with pytest.raises(ImageError, match="No space left on device"):
        save_frames(film(), path)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]

"""From a film to the mended film: stopped and resumed, without holes, in bounded memory."""

import weakref

import numpy as np
import pytest

from facts import mentions
from selfmend.errors import ImageError, RunError, SelfmendWarning
from selfmend.video.filling import FrameByFrame
from selfmend.video.frames import MendedFrame, whole_bytes
from selfmend.video.masks import choose_masks
from selfmend.video.pipeline import check_film_output, journal_folder, mend_clip
from selfmend.video.reader import Clip
from video_clips import copy_damaged, frame_pixels, write_film

BOX = "20,20,12,8"


class Trail:
    """A filler that looks two frames back: a hole is the mean of the fills before and of a value of its own."""

    reach = 2

    def __init__(self):
        self.filled = []

    def mend(self, frames, *, done=()):
        before = {m.index: m.image for m in done}
        for frame in frames:
            if frame.index in before:
                continue
            past = [before[k] for k in (frame.index - 1, frame.index - 2) if k in before]
            fill = np.mean([*past, np.full_like(frame.image, (frame.index % 7) / 7)], 0, np.float32)
            image = np.where(frame.mask[..., None], whole_bytes(fill), frame.image)
            before[frame.index] = image
            before.pop(frame.index - 3, None)
            self.filled.append(frame.index)
            yield MendedFrame(frame.index, image, float(frame.index))


class StoppedError(Exception):
    pass


def stop_at(step):
    def progress(event):
        if event.step == step:
            raise StoppedError

    return progress


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("films") / "film.mp4", frames=20, audio=True)


def mend(film, output, filler=None, *, mask=BOX, settings=None, part=(0, None), **options):
    clip = Clip(film, first=part[0], last=part[1])
    masks = choose_masks(clip, mask=mask)
    return mend_clip(clip, masks, filler or Trail(), output, settings=settings or {"seed": 0}, **options)


def test_a_film_is_mended_and_told_of(film, tmp_path):
    seen = []
    report = mend(film, tmp_path / "out.mp4", progress=lambda event: seen.append((event.step, event.steps)))
    assert (report.frames, report.mended, report.resumed, report.broken) == (20, 20, 0, 0)
    assert report.hole == pytest.approx(12 * 8 / (48 * 64))
    assert report.flicker == pytest.approx(9.5)
    assert seen == [(k, 20) for k in range(1, 21)]
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("step", [1, 2, 9])
def test_stopped_and_resumed_is_the_same_file(tmp_path, step):
    # not H.264: on a busy machine its encoder now and then rounds a few pixels of equal frames in another way
    film = write_film(tmp_path / "film.mkv", frames=20, codec="ffv1", audio=True)
    mend(film, tmp_path / "whole.mkv")
    with pytest.raises(StoppedError):
        mend(film, tmp_path / "out.mkv", progress=stop_at(step))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["film.mkv", "out.mkv.partial", "whole.mkv"]
    filler = Trail()
    report = mend(film, tmp_path / "out.mkv", filler)
    assert (report.resumed, filler.filled) == (step, list(range(step, 20)))  # nothing is done twice
    assert (tmp_path / "out.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()
    assert not journal_folder(tmp_path / "out.mkv").exists()


def test_other_settings_do_not_go_on(film, tmp_path):
    with pytest.raises(StoppedError):
        mend(film, tmp_path / "out.mp4", progress=stop_at(3))
    for change, name in (
        ({"settings": {"seed": 1}}, "seed"),
        ({"mask": "1,1,9,9"}, "mask"),
        ({"part": (1, 9)}, "part"),
    ):
        with pytest.raises(RunError, match=f"begun with another {name} "):
            mend(film, tmp_path / "out.mp4", **change)
    with pytest.raises(RunError, match="begun with another film "):
        mend(write_film(tmp_path / "other.mp4"), tmp_path / "out.mp4")
    assert mend(film, tmp_path / "out.mp4", settings={"seed": 1}, restart=True).resumed == 0


def test_without_a_hole_the_output_is_a_copy(film, tmp_path):
    empty = np.zeros((48, 64), bool)
    with pytest.warns(SelfmendWarning, match=mentions("out.mp4", "film.mp4")):
        report = mend(film, tmp_path / "out.mp4", mask=empty)
    assert report.untouched
    assert (tmp_path / "out.mp4").read_bytes() == film.read_bytes()
    with pytest.warns(SelfmendWarning, match="the mask has no hole"):
        mend(film, tmp_path / "part.mp4", mask=empty, part=(2, 5))
    assert Clip(tmp_path / "part.mp4").frame_count == 4


def test_a_broken_film_is_finished(film, tmp_path):
    path = copy_damaged(film, tmp_path / "broken.mp4", broken={8})
    with pytest.warns(SelfmendWarning, match="broken frames"):
        report = mend(path, tmp_path / "out.mp4")
    assert report.frames == 20
    assert report.broken > 0
    assert Clip(tmp_path / "out.mp4").frame_count == 20


def test_pictures_instead_of_a_film(film, tmp_path):
    report = mend(film, tmp_path / "out", part=(3, 4))
    assert report.frames == 2
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["000003.png", "000004.png"]


def test_an_error_in_the_middle_leaves_no_film(film, tmp_path):
    class Failing(Trail):
        def mend(self, frames, *, done=()):
            yield from list(super().mend([next(iter(frames))]))
            raise ValueError("out of ideas")

    with pytest.raises(ValueError, match="out of ideas"):
        mend(film, tmp_path / "out.mp4", Failing())
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4.partial"]


class Patient(Trail):
    """A filler that waits for many frames, and keeps nothing but their numbers."""

    reach = 30

    def mend(self, frames, *, done=()):
        waiting = []
        for frame in frames:
            waiting.append((frame.index, frame.image.astype(np.float16)))
            if len(waiting) > self.reach:
                yield MendedFrame(*self._first(waiting), None)
        while waiting:
            yield MendedFrame(*self._first(waiting), None)

    def _first(self, waiting):
        index, image = waiting.pop(0)
        return index, image.astype(np.float32)


@pytest.mark.parametrize("filler", [Trail(), Patient()])
def test_few_frames_are_held_whatever_the_length(tmp_path, filler):
    class Watched(Clip):
        most = 0

        def frames(self):
            alive = []
            for frame in super().frames():
                alive = [r for r in alive if r() is not None] + [weakref.ref(frame.image)]
                self.most = max(self.most, len(alive))
                yield frame

    clip = Watched(write_film(tmp_path / "film.mp4", frames=90))
    report = mend_clip(clip, choose_masks(clip, mask=BOX), filler, tmp_path / "out.mp4", settings={})
    assert report.frames == 90
    assert clip.most < 24  # six wait on each side


def test_outputs_that_do_not_fit_are_refused(film, tmp_path):
    for name, message in [
        ("out.mpp", r"cannot tell the format of a film by the ending '.mpp'; did you mean '.mpg'"),
        ("out.png", "cannot tell the format of a film by the ending '.png'"),
    ]:
        with pytest.raises(ImageError, match=message):
            check_film_output(tmp_path / name, film=film)
    for overwrite in (False, True):
        with pytest.raises(ImageError, match="is an input, which stays as it is"):
            check_film_output(film, film=film, overwrite=overwrite)
    (tmp_path / "there.mp4").write_text("")
    with pytest.raises(ImageError, match=mentions("there.mp4", "--overwrite")):
        check_film_output(tmp_path / "there.mp4", film=film)
    assert check_film_output(tmp_path / "there.mp4", film=film, overwrite=True) == tmp_path / "there.mp4"
    frames = tmp_path / "frames"
    frames.mkdir()
    assert check_film_output(frames, film=film) == frames
    (frames / "000000.png").write_text("")
    with pytest.raises(ImageError, match=mentions("frames")):
        check_film_output(frames, film=film)
    journal_folder(frames).mkdir()
    assert check_film_output(frames, film=film) == frames, "work that was stopped goes on"
    (tmp_path / "plain").write_text("")
    with pytest.raises(ImageError, match=mentions("plain")):
        check_film_output(tmp_path / "plain", film=film)


def test_each_frame_alone_is_as_a_picture_alone():
    from selfmend.methods.classical import Telea
    from selfmend.video.frames import MaskedFrame

    image = frame_pixels(0).astype(np.float32) / np.float32(255)
    mask = np.zeros((48, 64), bool)
    mask[20:28, 20:32] = True
    filler = FrameByFrame(Telea(), seed=3)
    one, other = filler.mend([MaskedFrame(0, image, mask), MaskedFrame(1, image, mask & False)])
    assert np.array_equal(one.image[~mask], image[~mask])
    assert np.array_equal(
        one.image, np.where(mask[..., None], whole_bytes(Telea().inpaint(image, mask, seed=3)[0]), image)
    )
    assert (other.index, other.flicker, np.array_equal(other.image, image)) == (1, None, True)

"""One picture of many: what comes of it is what `inpaint` makes of it alone."""

from unittest.mock import Mock

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from skimage import data

import selfmend.methods
from folder_of_pictures import draw_folder
from selfmend import parallel as threads
from selfmend.api import fit_folder
from selfmend.errors import SelfmendError
from selfmend.image.files import save_picture
from selfmend.jobs.folder_work import Job, Task, mark
from selfmend.methods.registry import METHODS, MethodInfo


@pytest.fixture(autouse=True)
def _own_threads(monkeypatch):
    monkeypatch.setattr(threads, "_most_threads", None)


@pytest.fixture
def task(tmp_path):
    """`task(mask=...)` of a photo with its mask."""
    photo = PILImage.fromarray(data.chelsea()[::5, ::5])
    photo.save(tmp_path / "photo.png", dpi=(300, 300))
    mask = np.zeros((photo.height, photo.width), np.uint8)
    mask[20:30, 40:55] = 255
    PILImage.fromarray(mask).save(tmp_path / "mask.png")

    def make(**changes):
        given = {"mask": str(tmp_path / "mask.png"), "image": tmp_path / "photo.png", "seed": 7}
        return Task(name="photo.png", output=tmp_path / "out.png", **given | changes)

    return make


def alone(task, job, **more):
    """The bytes of the file that `inpaint` and `save_picture` make."""
    path = task.output.with_name("alone.png")
    done = selfmend.inpaint(task.image, task.mask, method=job.method, seed=task.seed, **job.options, **more)
    save_picture(done, path)
    return path.read_bytes()


@pytest.mark.parametrize("method", ["telea", "patchmatch", "learner"])
def test_it_is_what_inpaint_makes(task, monkeypatch, method):
    monkeypatch.setitem(METHODS, "learner", MethodInfo(target="learner:Learner", learns="picture"))
    job = Job(method=method, device="cpu")
    for seed in (1, 2):
        one = task(seed=seed)
        outcome = job.prepare()(one)
        assert (outcome.error, outcome.warnings) == ("", ())
        assert outcome.files == {"image": mark(one.image), "mask": mark(one.mask), "output": mark(one.output)}
        assert one.output.read_bytes() == alone(one, job)
    with PILImage.open(one.output) as picture:
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_options_grow_and_inversion_count(task):
    job = Job(method="telea", options={"radius": 9.0}, grow_mask=2, invert_mask=True)
    inverted = 255 - np.asarray(PILImage.open(task().mask))
    PILImage.fromarray(inverted).save(task().mask)
    job.prepare()(task())
    assert task().output.read_bytes() == alone(task(), job, grow_mask=2, invert_mask=True)


def test_transparency_is_the_mask_where_none_is_given(task):
    photo = PILImage.open(task().image).convert("RGBA")
    photo.putalpha(PILImage.fromarray(255 - np.asarray(PILImage.open(task().mask))))
    mend = Job(method="telea").prepare()
    assert mend(task(mask=None)).error.startswith("no mask, and the picture has no transparent pixels")
    photo.save(task().image)
    done = mend(task(mask=None))
    assert (done.error, done.files["mask"]) == ("", None)
    assert np.asarray(PILImage.open(done.task.output))[..., 3].min() == 255


def test_what_is_wrong_is_in_the_outcome(task, monkeypatch):
    mend = Job(method="telea").prepare()
    assert mend(task(image=task().image.with_name("none.png"))).error.startswith("no such file: ")
    damaged = task().image.with_name("damaged.png")
    damaged.write_bytes(task().image.read_bytes()[:2000])
    assert "is damaged or truncated" in mend(task(image=damaged)).error
    assert mend(task(mask="1,2,3,4")).error == ""
    assert mend(task(mask="900,900,3,4")).error.startswith("box 900,900,3,4 holds no pixel")
    small = task().image.with_name("small.png")
    PILImage.open(task().mask).resize((91 * 2, 60 * 2)).save(small)
    (line,) = mend(task(mask=str(small))).warnings
    assert line == "the mask is 182 x 120 and was resized to the picture's 91 x 60"
    for error, text, lost in (
        (MemoryError(), "not enough memory", True),
        (RuntimeError("[enforce fail] can't allocate memory: 9 bytes"), "not enough memory", True),
        (ZeroDivisionError("division\nby zero"), "ZeroDivisionError: division by zero", False),
    ):
        monkeypatch.setattr("selfmend.pipeline.read_picture", Mock(side_effect=error))
        outcome = mend(task())
        assert (outcome.error, outcome.lost) == (text, lost)


def test_a_model_that_learned_a_folder(task, tmp_path, monkeypatch):
    monkeypatch.setitem(METHODS, "folder-learner", MethodInfo(target="folder_learner:FolderLearner", learns="folder"))
    fit_folder("folder-learner", draw_folder(tmp_path / "drawn"), folder=tmp_path / "run", workers=0)
    job = Job(model=tmp_path / "run")
    assert job.prepare()(task()).error == ""
    assert task().output.read_bytes() == alone(task(), job, model=tmp_path / "run")
    assert job.describe()["method"] == "folder-learner"
    assert len(job.describe()["model"]) == 16
    monkeypatch.setitem(METHODS, "learner", MethodInfo(target="learner:Learner", learns="picture"))
    selfmend.fit("learner", task().image, folder=tmp_path / "one")
    with pytest.raises(SelfmendError, match="has learned one picture; for many pictures, a run that learned a folder"):
        Job(model=tmp_path / "one").describe()


def test_a_job_says_what_a_result_depends_on():
    told = Job(method="telea", options={"radius": "4"}).describe()
    assert told == {
        "version": selfmend.__version__,
        "method": "telea",
        "options": {"radius": 4.0},
        "model": None,
        "grow": 0,
        "invert-mask": False,
    }
    with pytest.raises(SelfmendError, match="grow is -1; at least 0 fits"):
        Job(grow_mask=-1).describe()
    with pytest.raises(SelfmendError, match="dmfn learns from a folder first"):
        Job(method="dmfn").describe()


def test_preparing_takes_one_thread():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        threads.limit_threads(2)
        Job(method="telea").prepare()
        assert (torch.get_num_threads(), threads.thread_count()) == (1, 1)
    finally:
        torch.set_num_threads(before)


def test_a_graphics_card_holds_what_is_learned_once(monkeypatch):
    monkeypatch.setattr("selfmend.training.devices.resolve_device", torch.device)
    assert Job(method="singan", device="cpu").at_once(4) == Job(method="patchmatch", device="cuda").at_once(4) == 4
    assert Job(method="singan", device="cuda").at_once(4) == Job(model="run", device="cuda").at_once(4) == 1

"""One picture of many: what comes of it is what `inpaint` makes of it alone."""

from unittest.mock import Mock

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from skimage import data

import selfmend.methods
from facts import mentions
from folder_of_pictures import draw_folder
from selfmend import parallel as threads
from selfmend.api import fit_folder
from selfmend.errors import SelfmendError
from selfmend.image.files import save_picture
from selfmend.jobs.folder_work import FolderJob, FolderPicture, mark
from selfmend.methods.registry import METHODS, MethodInfo


@pytest.fixture(autouse=True)
def _own_threads(monkeypatch):
    monkeypatch.setattr(threads, "_most_threads", None)


@pytest.fixture
def picture(tmp_path):
    """`picture(mask=...)` of a photo with its mask."""
    photo = PILImage.fromarray(data.chelsea()[::5, ::5])
    photo.save(tmp_path / "photo.png", dpi=(300, 300))
    mask = np.zeros((photo.height, photo.width), np.uint8)
    mask[20:30, 40:55] = 255
    PILImage.fromarray(mask).save(tmp_path / "mask.png")

    def make(**changes):
        given = {"mask": str(tmp_path / "mask.png"), "image": tmp_path / "photo.png", "seed": 7}
        return FolderPicture(name="photo.png", output=tmp_path / "out.png", **given | changes)

    return make


def alone(picture, job, **more):
    """The bytes of the file that `inpaint` and `save_picture` make."""
    path = picture.output.with_name("alone.png")
    done = selfmend.inpaint(picture.image, picture.mask, method=job.method, seed=picture.seed, **job.options, **more)
    save_picture(done, path)
    return path.read_bytes()


@pytest.mark.parametrize("method", ["telea", "patchmatch", "learner"])
def test_it_is_what_inpaint_makes(picture, monkeypatch, method):
    monkeypatch.setitem(METHODS, "learner", MethodInfo(target="learner:Learner", learns="picture"))
    job = FolderJob(method=method, device="cpu")
    for seed in (1, 2):
        one = picture(seed=seed)
        outcome = job.prepare()(one)
        assert (outcome.error, outcome.warnings) == ("", ())
        assert outcome.files == {"image": mark(one.image), "mask": mark(one.mask), "output": mark(one.output)}
        assert one.output.read_bytes() == alone(one, job)
    with PILImage.open(one.output) as picture:
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_options_grow_and_inversion_count(picture):
    job = FolderJob(method="telea", options={"radius": 9.0}, grow_mask=2, invert_mask=True)
    inverted = 255 - np.asarray(PILImage.open(picture().mask))
    PILImage.fromarray(inverted).save(picture().mask)
    job.prepare()(picture())
    assert picture().output.read_bytes() == alone(picture(), job, grow_mask=2, invert_mask=True)


def test_transparency_is_the_mask_where_none_is_given(picture):
    photo = PILImage.open(picture().image).convert("RGBA")
    photo.putalpha(PILImage.fromarray(255 - np.asarray(PILImage.open(picture().mask))))
    mend = FolderJob(method="telea").prepare()
    assert mend(picture(mask=None)).error.startswith("no mask, and the picture has no transparent pixels")
    photo.save(picture().image)
    done = mend(picture(mask=None))
    assert (done.error, done.files["mask"]) == ("", None)
    assert np.asarray(PILImage.open(done.picture.output))[..., 3].min() == 255


def test_what_is_wrong_is_in_the_outcome(picture, monkeypatch):
    mend = FolderJob(method="telea").prepare()
    assert mend(picture(image=picture().image.with_name("none.png"))).error.startswith("no such file: ")
    damaged = picture().image.with_name("damaged.png")
    damaged.write_bytes(picture().image.read_bytes()[:2000])
    assert "is damaged or truncated" in mend(picture(image=damaged)).error
    assert mend(picture(mask="1,2,3,4")).error == ""
    assert mend(picture(mask="900,900,3,4")).error.startswith("box 900,900,3,4 holds no pixel")
    small = picture().image.with_name("small.png")
    PILImage.open(picture().mask).resize((91 * 2, 60 * 2)).save(small)
    (line,) = mend(picture(mask=str(small))).warnings
    assert line == "the mask is 182 x 120 and was resized to the picture's 91 x 60"
    for error, text, lost in (
        (MemoryError(), "not enough memory", True),
        (RuntimeError("[enforce fail] can't allocate memory: 9 bytes"), "not enough memory", True),
        (ZeroDivisionError("division\nby zero"), "ZeroDivisionError: division by zero", False),
    ):
        monkeypatch.setattr("selfmend.pipeline.read_picture", Mock(side_effect=error))
        outcome = mend(picture())
        assert (outcome.error, outcome.lost) == (text, lost)


def test_a_model_that_learned_a_folder(picture, tmp_path, monkeypatch):
    monkeypatch.setitem(METHODS, "folder-learner", MethodInfo(target="folder_learner:FolderLearner", learns="folder"))
    fit_folder("folder-learner", draw_folder(tmp_path / "drawn"), folder=tmp_path / "run", workers=0)
    job = FolderJob(model=tmp_path / "run")
    assert job.prepare()(picture()).error == ""
    assert picture().output.read_bytes() == alone(picture(), job, model=tmp_path / "run")
    assert job.describe()["method"] == "folder-learner"
    assert len(job.describe()["model"]) == 16
    monkeypatch.setitem(METHODS, "learner", MethodInfo(target="learner:Learner", learns="picture"))
    selfmend.fit("learner", picture().image, folder=tmp_path / "one")
    with pytest.raises(SelfmendError, match="has learned one picture; for many pictures, a run that learned a folder"):
        FolderJob(model=tmp_path / "one").describe()


def test_a_job_says_what_a_result_depends_on():
    told = FolderJob(method="telea", options={"radius": "4"}).describe()
    assert told == {
        "version": selfmend.__version__,
        "method": "telea",
        "options": {"radius": 4.0},
        "model": None,
        "grow": 0,
        "invert-mask": False,
    }
    with pytest.raises(SelfmendError, match=mentions("-1", "0")):
        FolderJob(grow_mask=-1).describe()
    with pytest.raises(SelfmendError, match=mentions("dmfn")):
        FolderJob(method="dmfn").describe()


def test_preparing_takes_one_thread():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        threads.limit_threads(2)
        FolderJob(method="telea").prepare()
        assert (torch.get_num_threads(), threads.thread_count()) == (1, 1)
    finally:
        torch.set_num_threads(before)


def test_a_graphics_card_holds_what_is_learned_once(monkeypatch):
    monkeypatch.setattr("selfmend.training.devices.resolve_device", torch.device)
    for most, settings in (
        (4, {"method": "singan", "device": "cpu"}), (4, {"method": "patchmatch", "device": "cuda"}),
        (1, {"method": "singan", "device": "cuda"}), (1, {"model": "run", "device": "cuda"}),
    ):  # fmt: skip
        assert FolderJob(**settings).at_once(4) == most

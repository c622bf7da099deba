"""Cases filled by methods of ours: one thread, the same bytes as `inpaint`, and what is not timed."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as PILImage

import folder_learner
import selfmend
from bench_photos import draw_masks, draw_photos
from folder_of_pictures import draw_folder
from selfmend import parallel
from selfmend.evaluation.entries import method_entry
from selfmend.evaluation.workers import Task, method_filler
from selfmend.methods import registry
from selfmend.methods.classical import Telea


@pytest.fixture
def task(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "_most_threads", None)
    draw_photos(tmp_path, count=1)
    draw_masks(tmp_path / "masks", ["a"])
    return Task(
        case="a", image=tmp_path / "a.png", mask=tmp_path / "masks" / "a.png", output=tmp_path / "out" / "a.png"
    )


def test_a_fill_is_that_of_inpaint_on_one_thread(task) -> None:
    cost = method_filler(method_entry("patchmatch:patch=5", seed=3))(task)
    expected = selfmend.inpaint(task.image, task.mask, method="patchmatch", patch=5, seed=3)
    assert np.array_equal(np.asarray(PILImage.open(task.output)), np.asarray(expected))
    assert (torch.get_num_threads(), cv2.getNumThreads(), parallel.thread_count()) == (1, 1, 1)
    assert 0 < cost.cpu < 60
    assert cost.memory > 50


def test_a_trial_comes_first_and_once(task, monkeypatch) -> None:
    sizes = []
    inpaint = Telea.inpaint

    def counted(self, image, mask, **more):
        sizes.append(image.shape[:2])
        return inpaint(self, image, mask, **more)

    monkeypatch.setattr(Telea, "inpaint", counted)
    filler = method_filler(method_entry("telea"))
    filler(task)
    filler(task)
    assert len(sizes) == 3
    assert sizes[1:] == [(48, 64)] * 2


def test_what_was_trained_on_a_folder_fills(task, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(registry.METHODS, "folder-learner", folder_learner.INFO)
    run = tmp_path / "run"
    selfmend.fit("folder-learner", draw_folder(tmp_path / "pictures"), preset="tiny", folder=run)
    method_filler(method_entry(f"folder-learner:model={run}"))(task)
    expected = selfmend.inpaint(task.image, task.mask, model=run, seed=0)
    assert np.array_equal(np.asarray(PILImage.open(task.output)), np.asarray(expected))

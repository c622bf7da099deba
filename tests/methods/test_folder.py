"""What every method gets from its base that learns from a folder: windows, channels, refusals."""

import numpy as np
import pytest
import torch
from torch._dynamo.exc import BackendCompilerFailed

from facts import mentions
from folder_learner import FolderLearner, FolderLearnerConfig
from pictures import picture
from selfmend.errors import OptionError
from selfmend.training.data import Batch, hole_boxes
from selfmend.training.devices import make_fabric


class Painter(FolderLearner):
    """Fills with what it sees: white where the mask is hole and the known pixels elsewhere; remembers the squares."""

    def build(self, *, seed):
        super().build(seed=seed)
        self.seen = []

    def complete(self, image, mask, *, generator):
        self.seen.append((image.clone(), mask.clone()))
        return torch.where(mask, 1.0, image)


def trained(kind=FolderLearner, **options):
    method = kind.from_options("tiny", options)
    method.build(seed=0)
    method.fitted = True
    return method


@pytest.mark.parametrize("scale", ["whole", "native"])
@pytest.mark.parametrize("size", [(37, 53), (53, 37), (9, 11), (16, 16), (12, 100)])
def test_the_hole_is_filled_at_every_size(scale, size):
    image = np.random.default_rng(0).random((*size, 3), np.float32) * np.float32(0.5)
    mask = np.zeros(size, bool)
    mask[2:5, 1:4] = True
    mask[-2:, -3:] = True
    mask[size[0] // 2] = True  # a scratch through everything
    (filled,) = trained(Painter, scale=scale).inpaint(image, mask)
    assert np.array_equal(filled[~mask], image[~mask])
    assert (filled[mask] > 0.9).all()


def test_a_later_window_sees_what_an_earlier_one_filled():
    image, _ = picture(16, 40)
    mask = np.zeros((16, 40), bool)
    mask[4:12, 10:16] = True
    mask[4:12, 18:26] = True
    method = trained(Painter, scale="native")
    method.inpaint(image, mask)
    assert len(method.seen) == 1, "both fit into one window of 16"
    mask[4:12, 26:28] = True
    method.seen.clear()
    method.inpaint(image, mask)
    (_, first), (square, second) = method.seen
    assert int(first.sum()) == 8 * (6 + 3), "of the other hole, what is in the window is a hole there too"
    assert int(second.sum()) == 8 * 10
    assert bool((square[0, :, 4:12, :1] == 1).all()), "the first hole's fill is known there"


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_cmyk_are_shown_as_rgb(channels):
    image, mask = picture(20, 20)[0], np.zeros((20, 20), bool)
    mask[:, 5:9] = True
    image = np.repeat(image.mean(2, keepdims=True), channels, 2)
    method = trained(Painter)
    (filled,) = method.inpaint(image, mask)
    assert method.seen[0][0].shape[1] == 3
    assert filled.shape == image.shape
    white = np.ones(1) if channels == 1 else np.zeros(4)  # white is no ink
    assert np.allclose(filled[3, 6], white)


def test_an_untrained_one_says_how_to_train():
    image, mask = picture()
    with pytest.raises(OptionError, match=mentions("FOLDER")):
        FolderLearner.from_options("tiny").inpaint(image, mask)


def batches(stage):
    def start(first):
        while True:
            generator = torch.Generator().manual_seed(first)
            mask = torch.zeros(4, 1, 16, 16, dtype=torch.bool)
            mask[..., 4:12, 4:12] = True
            yield Batch(torch.rand(4, 3, 16, 16, generator=generator), mask, hole_boxes(mask))
            first += 1

    return start


def test_it_learns_and_gives_its_networks_back_in_training_mode():
    fabric = make_fabric(torch.device("cpu"))
    method = FolderLearner(FolderLearnerConfig(size=16, steps=40, width=0.5))
    losses = []
    method.fit_folder(batches, fabric=fabric, progress=lambda event: losses.append(event.terms["l1"]))
    assert losses[-1] < 0.9 * losses[0]
    assert method.networks()["generator"].training
    with method.evaluating():
        assert not method.networks()["generator"][0].training
    assert method.networks()["generator"][0].training


def test_its_networks_are_compiled_where_it_is_asked_for(monkeypatch):
    compiled = []

    def compile_(net):
        compiled.append(net)
        net._compiled_call_impl = net._call_impl

    monkeypatch.setattr(torch.nn.Module, "compile", compile_)
    image, mask = picture(20, 20)[0], np.zeros((20, 20), bool)
    mask[:, 5:9] = True
    method = trained()
    plain = method.inpaint(image, mask)[0]
    assert compiled == []
    faster = method.with_fill_options({"compile": True})
    for _ in range(2):
        assert np.array_equal(faster.inpaint(image, mask)[0], plain)
    assert compiled == [method.generator], "once"
    error = BackendCompilerFailed(compile, RuntimeError("no g++"), None)
    monkeypatch.setattr(FolderLearner, "complete", lambda *a, **k: (_ for _ in ()).throw(error))
    with pytest.raises(OptionError, match=mentions("no g++", "compile")):
        faster.inpaint(image, mask)

"""Paint, harmonise, edit, animate from Python: the kind that came goes out, and mistakes end in one line."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

import selfmend
from facts import mentions
from learner import Learner
from pictures import picture
from selfmend.api import Model
from selfmend.errors import ImageError, MaskError, OptionError, RunError, SelfmendWarning
from selfmend.image.picture import to_picture

PIXELS = (picture()[0] * 255).astype(np.uint8)
HOLE = np.zeros((37, 53), bool)
HOLE[2:6, 3:8] = True


@pytest.fixture(scope="module")
def model() -> Model:
    return selfmend.fit("singan", PILImage.fromarray(PIXELS), preset="tiny")


@pytest.fixture(scope="module")
def grey() -> Model:
    return selfmend.fit("singan", PILImage.fromarray(PIXELS).convert("L"), preset="tiny")


def moved() -> np.ndarray:
    edited = PIXELS.copy()
    edited[2:14, 30:44] = 255 - edited[2:14, 30:44]
    return edited


def test_a_painting_keeps_its_kind(model):
    made = model.paint(PILImage.fromarray(PIXELS).convert("RGBA").resize((106, 74)))
    assert (made.mode, made.size) == ("RGB", (53, 37)) or (made.mode, made.size) == ("RGBA", (53, 37))
    assert model.paint(PIXELS).dtype == np.uint8
    assert model.paint(torch.rand(1, 3, 20, 20)).shape[2] == model.paint(torch.rand(3, 20, 20)).shape[1]
    grey = model.paint(PILImage.fromarray(PIXELS).convert("L"))
    assert grey.mode == "RGB", "the picture's colours come back"
    with pytest.warns(SelfmendWarning, match=mentions("new")):
        model.paint(PILImage.new("RGBA", (53, 37), (200, 100, 0, 90)))


def test_seeds(model):
    first, again, other = (model.paint(PIXELS, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(model.paint(PIXELS), model.paint(PIXELS, seed=model.seed))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK"])
def test_harmonised_pictures_keep_their_mode_and_all_outside(model, mode):
    composite = PILImage.fromarray(PIXELS).convert(mode)
    if mode == "CMYK":
        with pytest.raises(ImageError, match=mentions("composite", "CMYK", "RGB")):
            model.harmonize(composite, HOLE)
        return
    made = model.harmonize(composite, HOLE, start_scale=1)
    assert (made.mode, made.size) == (composite.mode, composite.size)
    before, after = np.asarray(composite.convert("RGB")), np.asarray(made.convert("RGB"))
    changed = (before != after).any(-1)
    assert changed[HOLE].any()
    assert not changed[:, 40:].any(), "far from the mask nothing changes"


def test_what_is_kept_is_kept_to_the_last_bit(model):
    composite = np.random.default_rng(0).random((37, 53, 3))  # of 64 bits, and the nets compute in 32
    made = model.harmonize(composite, HOLE)
    assert np.array_equal(made[:, 40:], composite[:, 40:])
    assert not np.array_equal(made[HOLE], composite[HOLE])


def test_a_large_composite_keeps_its_detail(model):
    large = np.random.default_rng(0).integers(0, 256, (148, 212, 3), np.uint8)
    mask = np.zeros((148, 212), bool)
    mask[5:15, 5:15] = True
    with pytest.warns(SelfmendWarning, match=mentions("53", "37", "212", "148")):
        made = model.harmonize(large, mask)
    assert made.shape == large.shape
    assert np.array_equal(made[:, 120:], large[:, 120:])
    assert not np.array_equal(made[5:15, 5:15], large[5:15, 5:15])


def test_an_edit_is_found_where_no_mask_is_given(model):
    edited = moved()
    mask = model.edited_mask(edited)
    assert mask.shape == (37, 53)
    assert 100 < int(mask.sum()) < 250
    assert np.array_equal(model.edit(edited), model.edit(edited, mask))
    whole = model.edit(edited, masked=False)
    assert not np.array_equal(whole[:, 0], edited[:, 0])
    inverted = model.edit(edited, ~mask, invert_mask=True)
    assert np.array_equal(inverted, model.edit(edited, mask))


def test_grey_models_take_coloured_pictures(grey):
    assert grey.paint(PIXELS).shape == (37, 53, 1)
    assert grey.harmonize(PIXELS, HOLE).shape == PIXELS.shape


def test_animation_gives_frames(model):
    with pytest.warns(SelfmendWarning, match=mentions("--set")):
        film = model.animate(frames=3, loop=True)
    assert [(f.mode, f.size) for f in film] == [("RGB", (53, 37))] * 3
    noisy = selfmend.fit("singan", PIXELS, preset="tiny", padding="noise")
    assert len(noisy.animate(frames=2)) == 2  # a warning would fail here, see below


def test_noise_padding_warns_of_nothing(recwarn):
    selfmend.fit("singan", PIXELS, preset="tiny", padding="noise").animate(frames=1)
    assert not [w for w in recwarn if issubclass(w.category, SelfmendWarning)]


def test_a_quantised_scale_is_trained_once_and_kept_in_the_run(model, tmp_path: Path):
    folder = tmp_path / "run"
    model.save(folder)
    events: list = []
    loaded = selfmend.load(folder)
    first = loaded.paint(PIXELS, quantized=True, progress=events.append)
    assert any(event.terms for event in events)
    assert [p.name for p in (folder / "quantized").iterdir()] == ["scale-1"]
    for again in (loaded, selfmend.load(folder)):
        events.clear()
        assert np.array_equal(again.paint(PIXELS, quantized=True, progress=events.append), first)
        assert not any(event.terms for event in events), "trained once"
    assert not np.array_equal(loaded.paint(PIXELS), first)
    assert np.array_equal(selfmend.load(folder).paint(PIXELS), loaded.paint(PIXELS)), "the run itself is as it was"


def test_a_run_that_cannot_be_written_to_paints_all_the_same(model, tmp_path: Path):
    folder = tmp_path / "run"
    model.save(folder)
    (folder / "quantized").write_text("in the way")
    with pytest.warns(SelfmendWarning, match="cannot write into .*run .*: the trained scale is not kept"):
        selfmend.load(folder).paint(PIXELS, quantized=True)


def test_start_scales(model):
    assert list(model.entry_scales()) == [1, 2]
    assert list(model.walking_scales()) == [0, 1, 2]
    assert model.scale_sizes()[-1] == (37, 53)


def test_refuses(model):
    for call in (
        lambda m: m.paint(PIXELS), lambda m: m.harmonize(PIXELS, HOLE), lambda m: m.edit(PIXELS, HOLE),
        lambda m: m.animate(frames=1),
    ):  # fmt: skip
        with pytest.raises(RunError, match=mentions("learner")):
            call(Model(Learner(), to_picture(PIXELS), None, seed=0))
    with pytest.raises(ImageError, match=mentions("20", "53", "37")):
        model.edit(np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(ImageError, match=mentions("20", "53", "37")):
        model.harmonize(np.zeros((20, 20, 3), np.uint8), np.ones((20, 20), bool))
    with pytest.raises(ImageError, match=mentions("2")):
        model.paint(torch.rand(2, 3, 37, 53))
    with pytest.raises(MaskError, match="the mask covers nothing"):
        model.harmonize(PIXELS, np.zeros_like(HOLE))
    with pytest.raises(MaskError, match="no part of the edited picture differs"):
        model.edit(PIXELS)
    with pytest.raises(MaskError, match="there is no mask to invert"):
        model.edit(moved(), invert_mask=True)
    with pytest.raises(OptionError, match=mentions("start_scale", "3", "0", "2", "1")):
        model.paint(PIXELS, start_scale=3)
    with pytest.raises(OptionError, match=mentions("start_scale", "3")):
        model.paint(PIXELS, start_scale=3, quantized=True)
    with pytest.raises(OptionError, match=mentions("alpha", "2", "0", "1")):
        model.animate(alpha=2)

"""New pictures through the Python interface: the kind that came, any size, from pictures and from models."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

import selfmend
from facts import mentions
from pictures import picture
from selfmend.errors import OptionError, SelfmendWarning
from selfmend.image.picture import to_picture
from selfmend.methods.registry import METHODS, MethodInfo
from selfmend.nn.tensors import to_tensor

IMAGE, MASK = picture()
PIXELS = (IMAGE * 255).astype(np.uint8)
OPAQUE = np.full((37, 53, 1), 255, np.uint8)


@pytest.fixture(scope="module")
def model() -> selfmend.Model:
    return selfmend.fit("singan", PILImage.fromarray(PIXELS), preset="tiny", seed=4)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (PILImage.fromarray(PIXELS), "RGB"),
        (PILImage.fromarray(PIXELS[..., 0]), "L"),
        (PILImage.fromarray(PIXELS[..., 0].astype(np.uint16) * 257), "I;16"),
        (PILImage.fromarray(PIXELS).quantize(8), "RGB"),
        (PILImage.fromarray(np.concatenate([PIXELS, OPAQUE], 2)), "RGB"),
        (PIXELS[..., 0], np.uint8),
        (PIXELS.astype(np.uint16) * 257, np.uint16),
        (to_tensor(IMAGE)[0].double(), torch.float64),
    ],
    ids=lambda v: str(v)[:20],
)
def test_a_sample_and_another_shape_are_of_the_kind_that_came(source, kind) -> None:
    sample = selfmend.sample(source, method="singan", preset="tiny", size=(40, 66))
    wide = selfmend.retarget(source, (37, 80), method="singan", preset="tiny")
    for made, size in ((sample, (40, 66)), (wide, (37, 80))):
        assert type(made) is type(source)
        assert to_picture(made).size == size
        assert (made.mode if isinstance(made, PILImage.Image) else made.dtype) == kind


def test_a_path_gives_a_pil_image(tmp_path: Path) -> None:
    PILImage.fromarray(PIXELS).save(tmp_path / "photo.png")
    sample = selfmend.sample(tmp_path / "photo.png", method="singan", preset="tiny")
    assert (sample.mode, sample.size) == ("RGB", (53, 37))


def test_transparency_is_dropped_and_that_is_said() -> None:
    holed = OPAQUE.copy()
    holed[3:5] = 0
    source = PILImage.fromarray(np.concatenate([PIXELS, holed], 2))
    with pytest.warns(SelfmendWarning, match="new pictures are opaque: the picture's transparency is not learned"):
        assert selfmend.sample(source, method="singan", preset="tiny").mode == "RGB"


def test_several_samples_are_a_list_and_each_stands_alone(model: selfmend.Model) -> None:
    three = model.sample(samples=3, seed=1)
    assert [np.array_equal(model.sample(samples=n, seed=1)[1], three[1]) for n in (2, 3)] == [True, True]
    assert np.array_equal(model.sample(seed=1), three[0])
    assert not np.array_equal(three[0], three[1])
    assert np.array_equal(model.sample(), model.sample(seed=4)), "without a seed, the training's"
    direct = selfmend.sample(model.picture.original, method="singan", preset="tiny", seed=4)
    assert np.array_equal(direct, model.sample())


def test_a_saved_model_draws_the_same(model: selfmend.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "run")
    loaded = selfmend.load(tmp_path / "run")
    for options in ({}, {"start_scale": 1}, {"start_scale": 2, "start_below": "reconstruction"}):
        first, second = (m.sample(size=(40, 70), seed=2, **options) for m in (model, loaded))
        assert np.array_equal(first, second)
    assert np.array_equal(model.retarget((37, 80)), loaded.retarget((37, 80)))
    assert not np.array_equal(model.sample(), model.sample(start_scale=1))


@pytest.mark.parametrize("source", [IMAGE, to_tensor(IMAGE)], ids=["array", "tensor"])
def test_floats_come_back_from_a_loaded_model_as_what_they_were(source, tmp_path: Path) -> None:
    model = selfmend.fit("singan", source, preset="tiny", seed=4, folder=tmp_path / "run")
    first, again = model.sample(), selfmend.load(tmp_path / "run").sample()
    assert (type(again), again.dtype) == (type(source), source.dtype)
    assert np.array_equal(first, again)


def test_what_a_hole_held_has_no_influence() -> None:
    samples = []
    for content in (0.0, 1.0):
        damaged = np.where(MASK[..., None], np.float32(content), IMAGE)
        trained = selfmend.fit("singan", damaged, mask=MASK, preset="tiny")
        samples.append(trained.sample(start_scale=2))
    assert np.array_equal(*samples)


@pytest.mark.parametrize("make", [selfmend.sample, lambda image, **more: selfmend.retarget(image, (40, 40), **more)])
def test_methods_that_fill_only_are_refused(make) -> None:
    with pytest.raises(OptionError, match=mentions("telea")):
        make(PIXELS, method="telea")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples is 0; at least 1 fits"),
        ({"size": (0, 4)}, "size is 0x4; from 1x1"),
        ({"size": 40}, r"size is 40; \(height, width\) in pixels fits"),
        ({"start_scale": 7}, "start_scale is 7; this picture has scales 0 to 2"),
        ({"start_scale": -1}, "option start_scale is -1; at least 0 fits"),
        ({"start_below": "imgae"}, "unknown start_below 'imgae'; did you mean 'image'"),
        ({"steps": 7}, "option steps is fixed by the training; after it, these can change: .*start_scale"),
    ],
)
def test_mistakes(model: selfmend.Model, options, message) -> None:
    with pytest.raises(OptionError, match=message):
        model.sample(**options)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (PILImage.fromarray(PIXELS[..., 0]), "L"),
        (PILImage.fromarray(PIXELS[..., 0].astype(np.uint16) * 257), "I;16"),
        (PILImage.fromarray(np.concatenate([PIXELS, OPAQUE // 2], 2)), "RGBA"),
        (PIXELS.astype(np.uint16) * 257, np.uint16),
        (to_tensor(IMAGE), torch.float32),
    ],
    ids=lambda v: str(v)[:20],
)
def test_an_enlargement_is_of_the_kind_that_came_with_its_transparency(source, kind) -> None:
    made = selfmend.super_resolve(source, 1.3)
    assert type(made) is type(source)
    assert to_picture(made).size == (48, 68)
    assert (made.mode if isinstance(made, PILImage.Image) else made.dtype) == kind
    if kind == "RGBA":
        assert set(np.asarray(made)[..., 3].ravel()) == {127}


def test_super_resolution_is_kept_in_a_folder(tmp_path: Path) -> None:
    first = selfmend.super_resolve(PIXELS, 1.3, preset="tiny", folder=tmp_path / "run")
    loaded = selfmend.load(tmp_path / "run")
    assert np.array_equal(first, loaded.super_resolve())
    assert not np.array_equal(first, loaded.super_resolve(seed=5))
    assert loaded.method.config.reconstruction_weight == 100


def test_what_enlarges_and_who_is_meant_where_none_is_named() -> None:
    quick = selfmend.super_resolve(PIXELS, 1.3, method="gpnn")
    assert np.array_equal(selfmend.super_resolve(PIXELS, 1.3), quick)
    learned = selfmend.super_resolve(PIXELS, 1.3, method="singan", preset="tiny")
    assert np.array_equal(selfmend.super_resolve(PIXELS, 1.3, preset="tiny"), learned)
    with pytest.raises(OptionError, match=mentions("telea")):
        selfmend.super_resolve(PIXELS, 1.3, method="telea")
    with pytest.raises(OptionError, match=mentions("gpnn", "folder")):
        selfmend.super_resolve(PIXELS, 1.3, method="gpnn", folder="run")
    with pytest.raises(OptionError, match=mentions("'patchs'")):
        selfmend.super_resolve(PIXELS, 1.3, patchs=3)


def test_only_what_was_trained_for_it_enlarges(model: selfmend.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match=mentions("super_resolution=4")):
        model.super_resolve()
    monkeypatch.setitem(METHODS, "learner", MethodInfo(target="learner:Learner", learns="picture"))
    with pytest.raises(OptionError, match=mentions("learner", "super_resolution=4")):
        selfmend.fit("learner", PIXELS).super_resolve()
    with pytest.raises(OptionError, match=mentions("1", "2")):
        selfmend.super_resolve(PIXELS, 1)


def test_nothing_is_written_for_a_picture_that_cannot_be_learned(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=mentions("9x9", "pixels", "11x11")):
        selfmend.fit("singan", PIXELS[:9, :9], preset="tiny", folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_takes_the_place_of_the_picture_and_a_folder_keeps_one(tmp_path: Path) -> None:
    run, how = tmp_path / "run", {"method": "singan", "preset": "tiny", "seed": 4}
    source = PILImage.fromarray(PIXELS)
    first = selfmend.sample(source, folder=run, **how)
    again = selfmend.sample(model=run)  # the seed is the run's
    assert np.array_equal(first, again)
    assert np.array_equal(selfmend.sample(source, folder=run, **how), first)  # the training is found
    model = selfmend.load(run)
    assert isinstance(model, selfmend.Model)
    assert np.array_equal(selfmend.sample(model=run, start_scale=1, seed=9), model.sample(start_scale=1, seed=9))
    wide = selfmend.retarget(None, (37, 80), model=model)
    assert np.array_equal(wide, selfmend.retarget(source, (37, 80), folder=run, **how))
    for given, message in (
        ({}, "no picture given, and no model that has learned one"),
        ({"image": source, "model": run}, "a model brings the picture that it has learned; leave image and folder out"),
        ({"image": source, "folder": run}, "patch-diffusion learns nothing, so there is nothing to keep"),
        ({"image": source, "folder": run, "method": "telea"}, "telea fills holes and makes no new pictures"),
    ):
        with pytest.raises(OptionError, match=message):
            selfmend.sample(**given)

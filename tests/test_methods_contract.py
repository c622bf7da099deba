"""What every method promises, asked of every method in the dict: a new one gets these tests unasked."""

import contextlib
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

import selfmend
from facts import mentions
from folder_of_pictures import draw_folder
from owned_files import own_all
from selfmend.api import FolderModel, FolderTraining
from selfmend.errors import ImageError, MaskError, MissingWeightsError, OptionError, SelfmendWarning
from selfmend.methods.base import Method
from selfmend.methods.folder import FolderMethod
from selfmend.methods.generative import Generative
from selfmend.methods.learning import LearningMethod
from selfmend.methods.registry import METHODS, MethodInfo, method_class
from selfmend.options import describe_options
from selfmend.registration.align import place
from selfmend.seeding import make_rng
from selfmend.types import Image, Mask

GENERATIVE = [name for name in METHODS if issubclass(method_class(name), Generative)]
LEARNING = [name for name in METHODS if method_class(name).learns]
FROM_FOLDER = [name for name in METHODS if method_class(name).learns_from_folder] + ["folder-learner"]


@pytest.fixture(autouse=True)
def _folder_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest method that learns from a folder has the same promises to keep."""
    monkeypatch.setitem(METHODS, "folder-learner", MethodInfo(target="folder_learner:FolderLearner", learns="folder"))


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_all(tmp_path_factory.mktemp("weights"))


@pytest.fixture(autouse=True)
def _owned_weights(owned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Methods of networks that somebody else has trained have small ones here."""
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(owned))


def make(name: str) -> Method:
    """The method at its smallest; one that learns from a folder as if it had been trained."""
    method = method_class(name).from_options(preset(name))
    if isinstance(method, FolderMethod):
        method.build(seed=0)
        method.fitted = True
    return method


def preset(name: str) -> str | None:
    return "tiny" if "tiny" in method_class(name).presets else None


def textured(height: int = 37, width: int = 53, channels: int = 3, seed: int = 0) -> Image:
    """Stripes with noise: something to learn, and not the same everywhere."""
    rows, columns = np.mgrid[:height, :width]
    wave = np.stack([np.sin((rows + k * columns) / 3.0) for k in range(channels)], 2) * 0.3 + 0.5
    noise = make_rng(seed, "picture").random((height, width, channels))
    return (wave + 0.1 * noise).clip(0, 1).astype(np.float32)


def hole(height: int = 37, width: int = 53) -> Mask:
    mask = np.zeros((height, width), bool)
    mask[12:20, 20:31] = True
    mask[:3, :4] = True
    mask[30:, 50:] = True
    return mask


@pytest.fixture(params=sorted({*METHODS, *FROM_FOLDER}))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_fills_the_hole_and_nothing_else(name: str) -> None:
    image, mask = textured(), hole()
    (filled,) = make(name).inpaint(image, mask)
    assert filled.shape == image.shape
    assert filled.dtype == np.float32
    assert np.array_equal(filled[~mask], image[~mask])
    assert 0 <= float(filled.min()) <= float(filled.max()) <= 1


def test_content_of_the_hole_has_no_influence(name: str) -> None:
    image, mask = textured(), hole()
    (expected,) = make(name).inpaint(image, mask)
    for content in (0.0, 1.0, math.nan):
        (filled,) = make(name).inpaint(np.where(mask[..., None], np.float32(content), image), mask)
        assert np.array_equal(filled, expected)


def test_same_seed_same_bytes_another_differs(name: str) -> None:
    image, mask = textured(), hole()
    first, again, other = (make(name).inpaint(image, mask, seed=s)[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.array_equal(first, other) == method_class(name).deterministic


def test_samples(name: str) -> None:
    image, mask = textured(), hole()
    two = make(name).inpaint(image, mask, samples=2, seed=1)
    assert np.array_equal(two[0], make(name).inpaint(image, mask, seed=1)[0])
    assert np.array_equal(two[0], two[1]) == method_class(name).deterministic
    with pytest.raises(OptionError, match=mentions("samples", "0", "1")):
        make(name).inpaint(image, mask, samples=0)


def as_tensor(image: Image) -> torch.Tensor:
    return torch.from_numpy(image.transpose(2, 0, 1).copy())[None]


def inpaint_tensors(name: str, images: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    if name in FROM_FOLDER:
        pytest.skip("its models take one picture at a time")
    return selfmend.inpaint(images, masks, method=name, preset=preset(name))


def test_batch_of_two_equals_two_singles(name: str) -> None:
    images = torch.cat([as_tensor(textured(seed=0)), as_tensor(textured(seed=1))])
    masks = torch.from_numpy(np.stack([hole(), hole()[:, ::-1]]))[:, None]
    both = inpaint_tensors(name, images, masks)
    singles = [inpaint_tensors(name, i, m) for i, m in zip(images.split(1), masks.split(1), strict=True)]
    assert torch.equal(both, torch.cat(singles))


def test_batch_with_one_empty_mask(name: str) -> None:
    images = torch.cat([as_tensor(textured(seed=0)), as_tensor(textured(seed=1))])
    masks = torch.from_numpy(np.stack([hole(), np.zeros_like(hole())]))[:, None]
    with pytest.warns(SelfmendWarning, match="no hole"):
        both = inpaint_tensors(name, images, masks)
    assert torch.equal(both[1], images[1])


def test_a_reference_helps_or_is_refused(name: str) -> None:
    image, mask = textured(), hole()
    reference = place(textured(seed=1), image, mask)
    if not method_class(name).takes_reference:
        with pytest.raises(OptionError, match=f"{name} takes no reference; these do: auto, patchmatch, singan"):
            make(name).inpaint(image, mask, reference=reference)
        return
    first, again, without = (make(name).inpaint(image, mask, reference=r)[0] for r in (reference, reference, None))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, without)
    assert np.array_equal(first[~mask], image[~mask])


def test_empty_mask_returns_the_picture(name: str) -> None:
    image = textured()
    with pytest.warns(SelfmendWarning, match="no hole"):
        (same,) = make(name).inpaint(image, np.zeros_like(hole()))
    assert np.array_equal(same, image)


def test_full_mask_raises(name: str) -> None:
    with pytest.raises(MaskError, match=mentions("--invert-mask")):
        make(name).inpaint(textured(), np.ones_like(hole()))


def test_mostly_hole_warns(name: str) -> None:
    with (
        pytest.warns(SelfmendWarning, match=mentions("hole", "--invert-mask")),
        contextlib.suppress(MaskError),
    ):
        make(name).inpaint(textured(), ~hole())  # too little may be known: that is said, not guessed


def test_wrong_range_and_shape_are_refused(name: str) -> None:
    with pytest.raises(ImageError, match=mentions("[0, 1]", "255")):
        make(name).inpaint(np.floor(np.linspace(0, 255, 3 * 37 * 53, dtype=np.float32)).reshape(37, 53, 3), hole())
    with pytest.raises(MaskError, match="bool array"):
        make(name).inpaint(textured(), hole().astype(np.float32))
    with pytest.raises(MaskError, match="same height and width"):
        make(name).inpaint(textured(), hole(36, 53))


def kinds() -> dict[str, Any]:
    rgb = (textured() * 255).astype(np.uint8)
    alpha = np.full((37, 53, 1), 255, np.uint8)
    alpha[0] = 7
    rgba = np.concatenate([rgb, alpha], 2)
    return {
        "rgb array": rgb,
        "grey array": rgb[..., 0],
        "16-bit array": rgb[..., 0].astype(np.uint16) * 257,
        "RGB": PILImage.fromarray(rgb),
        "L": PILImage.fromarray(rgb[..., 0]),
        "RGBA": PILImage.fromarray(rgba),
        "P": PILImage.fromarray(rgb).quantize(16),
        "I;16": PILImage.fromarray(rgb[..., 0].astype(np.uint16) * 257),
        "CMYK": PILImage.fromarray(rgb).convert("CMYK"),
        "tensor": as_tensor(textured())[0],
    }


@pytest.mark.parametrize("kind", kinds())
def test_kind_mode_and_known_pixels_are_kept(name: str, kind: str) -> None:
    source, mask = kinds()[kind], hole()
    if name in FROM_FOLDER:
        method = make(name)
        assert isinstance(method, FolderMethod)
        result = FolderModel(method, seed=0, data={}).inpaint(source, mask)
    else:
        result = selfmend.inpaint(source, mask, method=name, preset=preset(name))
    assert type(result) is type(source)
    if isinstance(source, PILImage.Image):
        assert (result.mode, result.size) == (source.mode, source.size)
    a, b = np.asarray(source), np.asarray(result)
    if kind == "tensor":
        a, b = a.transpose(1, 2, 0), b.transpose(1, 2, 0)
    assert a.dtype == b.dtype
    assert np.array_equal(a[~mask], b[~mask])
    assert not np.array_equal(a[mask], b[mask]) or kind == "P"


def test_options_say_what_they_are(name: str) -> None:
    for config in method_class(name).presets.values():
        for row in describe_options(config):
            assert row["help"], row["name"]
    with pytest.raises(OptionError, match=mentions("'sede'")):
        method_class(name).from_options(options={"sede": 1})
    with pytest.raises(OptionError, match="unknown preset of"):
        method_class(name).from_options("papr")


@pytest.mark.parametrize("name", LEARNING)
def test_save_and_load_give_the_same(name: str, tmp_path: Path) -> None:
    model = selfmend.fit(name, textured(), mask=hole(), preset="tiny", seed=3)
    model.save(tmp_path / "run")
    loaded = selfmend.load(tmp_path / "run")
    assert np.array_equal(loaded.inpaint(), model.inpaint())
    assert np.array_equal(loaded.inpaint(samples=2, seed=9)[1], model.inpaint(samples=2, seed=9)[1])
    assert np.array_equal(model.inpaint(), selfmend.inpaint(textured(), hole(), method=name, preset="tiny", seed=3))


@pytest.mark.parametrize("name", LEARNING)
def test_interrupted_and_resumed_gives_the_same_bits(name: str, tmp_path: Path) -> None:
    learner = make(name)
    assert isinstance(learner, LearningMethod)
    image, mask = textured(), hole()
    total = []
    expected = learner.fit(image, mask, seed=1, progress=total.append).inpaint(image, mask, seed=1)[0]
    for at in sorted({1, len(total) // 3, len(total) - 2}):
        count = iter(range(10**9))

        def stop(event: object, at: int = at, count: Any = count) -> None:
            if next(count) == at:
                raise InterruptedError

        folder = tmp_path / str(at)
        with pytest.raises(InterruptedError):
            make(name).fit(image, mask, seed=1, folder=folder, progress=stop)  # type: ignore[attr-defined]
        resumed = make(name).fit(image, mask, seed=1, folder=folder)  # type: ignore[attr-defined]
        assert np.array_equal(resumed.inpaint(image, mask, seed=1)[0], expected)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_folder(tmp_path_factory.mktemp("data") / "faces", size=(40, 48))


def folder_training(name: str, faces: Path) -> FolderTraining:
    try:
        return FolderTraining(name, faces, preset="tiny", seed=1, device="cpu", workers=0)
    except MissingWeightsError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", FROM_FOLDER)
def test_learned_from_a_folder_saved_and_loaded_gives_the_same(name: str, faces: Path, tmp_path: Path) -> None:
    model = folder_training(name, faces).run()
    model.save(tmp_path / "run")
    loaded = selfmend.load(tmp_path / "run", device="cpu")
    filled = model.inpaint(textured(), hole())
    assert np.array_equal(loaded.inpaint(textured(), hole()), filled)
    assert np.array_equal(selfmend.inpaint(textured(), hole(), model=tmp_path / "run", device="cpu"), filled)
    with pytest.raises(OptionError, match=mentions("steps")):
        loaded.inpaint(textured(), hole(), steps=2)


@pytest.mark.parametrize("name", FROM_FOLDER)
def test_learning_a_folder_interrupted_and_resumed_gives_the_same_bits(name: str, faces: Path, tmp_path: Path) -> None:
    total: list[Any] = []
    expected = folder_training(name, faces).run(progress=total.append).inpaint(textured(), hole())
    for at in sorted({1, len(total) // 2, len(total) - 1}):
        count = iter(range(10**9))

        def stop(event: object, at: int = at, count: Any = count) -> None:
            if next(count) == at - 1:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            folder_training(name, faces).run(tmp_path / str(at), progress=stop)
        resumed = folder_training(name, faces).run(tmp_path / str(at))
        assert np.array_equal(resumed.inpaint(textured(), hole()), expected)


@pytest.mark.parametrize("name", FROM_FOLDER)
def test_untrained_it_says_how_to_train(name: str) -> None:
    with pytest.raises(OptionError, match=f"{name} has learned nothing yet; train it with: selfmend train {name} "):
        selfmend.inpaint(textured(), hole(), method=name, preset="tiny")


@pytest.mark.parametrize("name", FROM_FOLDER)
def test_a_dry_run_knows_networks_and_steps(name: str, faces: Path) -> None:
    told = folder_training(name, faces).describe()
    assert all(count > 0 for count in told["parameters"].values())
    assert all(stage["steps"] > 0 for stage in told["stages"])


@pytest.mark.parametrize("name", LEARNING)
def test_training_options_are_fixed_after_training(name: str) -> None:
    model = selfmend.fit(name, textured(), mask=hole(), preset="tiny")
    fixed = next(r["name"] for r in describe_options(model.method.config) if r["name"] not in model.method.fill_options)
    with pytest.raises(OptionError, match=f"option {fixed} is fixed by the training"):
        model.inpaint(**{fixed: getattr(model.method.config, fixed)})


def quick(name: str) -> Any:
    kind = method_class(name)
    fewer = {"candidates": 4, "steps": 10} if name == "patch-diffusion" else {}  # as in its own tests
    return kind.from_options("tiny" if "tiny" in kind.presets else None, fewer)


@pytest.mark.parametrize("name", GENERATIVE)
def test_samples_have_any_size_and_do_not_depend_on_their_number(name: str) -> None:
    image = textured()
    first, second = quick(name).sample(image, size=(41, 70), samples=2, seed=1)
    assert first.shape == second.shape == (41, 70, 3)
    assert first.dtype == np.float32
    assert 0 <= float(first.min()) < float(first.max()) <= 1
    assert not np.array_equal(first, second)
    assert np.array_equal(first, quick(name).sample(image, size=(41, 70), seed=1)[0])
    assert quick(name).sample(image, seed=1)[0].shape == image.shape


@pytest.mark.parametrize("name", GENERATIVE)
@pytest.mark.parametrize("channels", [1, 3])
def test_retargeting_gives_the_shape_that_is_asked_for(name: str, channels: int) -> None:
    image = textured(channels=channels)
    wide = quick(name).retarget(image, size=(37, 80), seed=1)
    assert wide.shape == (37, 80, channels)
    assert 0 <= float(wide.min()) < float(wide.max()) <= 1
    assert np.array_equal(wide, quick(name).retarget(image, size=(37, 80), seed=1))


def test_a_method_that_learns_nothing_cannot_be_fitted() -> None:
    with pytest.raises(OptionError, match=mentions("telea")):
        selfmend.fit("telea", textured())


def test_warnings_are_ours(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(name).inpaint(textured(), hole())

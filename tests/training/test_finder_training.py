"""The training of the finders: resumes to the same weights, learns, and is a command."""

import dataclasses
import json
import multiprocessing

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from skimage import data

import selfmend
from facts import mentions
from selfmend.api.finder_training import FINDERS, FinderConfig, _Lessons, _loaders, _networks, _stage, fit_finder
from selfmend.cli import app
from selfmend.cli import train as cli_train
from selfmend.cli.common import run_command
from selfmend.errors import ImageError, OptionError, WeightsError
from selfmend.masks.damage.drawing import DamagedPhoto
from selfmend.masks.damage.marks import KINDS
from selfmend.masks.finder_network import read_weights

DAMAGE, MARKS = "damage-finder", "mark-finder"
SMALL = {"steps": 3, "batch_size": 1, "size": 64, "widths": "8,8,16,16,24"}


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for k, photo in enumerate((data.chelsea()[::3, ::3], data.coffee()[::4, ::4], data.camera()[::5, ::5])):
        PILImage.fromarray(photo).save(folder / f"{k}.png")
    return folder


class Stop(Exception):  # noqa: N818
    """What a test stops a training with."""


def test_a_stopped_training_goes_on_to_the_same_weights(photos, tmp_path) -> None:
    whole = read_weights(fit_finder(DAMAGE, photos, tmp_path / "whole", seed=5, **SMALL))

    def stop(event):
        if event.step == 2:
            raise Stop

    with pytest.raises(Stop):
        fit_finder(DAMAGE, photos, tmp_path / "parts", seed=5, progress=stop, **SMALL)
    parts = read_weights(fit_finder(DAMAGE, photos, tmp_path / "parts", seed=5, **SMALL))
    assert whole.keys() == parts.keys()
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    heads = [_networks(DAMAGE, seed, FinderConfig())[0].head.weight for seed in (5, 5, 6)]
    assert (heads[0] == heads[1]).all()
    assert not (heads[0] == heads[2]).all()


def test_its_processes_end_with_it_however_it_ends(photos, tmp_path) -> None:
    def stop(event):
        assert multiprocessing.active_children()
        raise Stop

    with pytest.raises(Stop) as stopped:
        fit_finder(DAMAGE, photos, tmp_path / "run", progress=stop, **SMALL)
    assert not multiprocessing.active_children(), stopped
    fit_finder(DAMAGE, photos, tmp_path / "run", **SMALL)
    assert not multiprocessing.active_children()


def test_the_loss_falls(photos) -> None:
    config = FinderConfig(steps=200, batch_size=2, size=64, learning_rate=0.05)
    lessons = _Lessons(DAMAGE, [np.asarray(PILImage.open(photos / "0.png"))], config, 0)
    losses = []
    stage = _stage(*_networks(DAMAGE, 0, config), lessons, config)
    batch = [torch.stack(values) for values in zip(lessons[0], lessons[1], strict=True)]
    for i in range(20):
        losses.append(float(stage.step(i, batch, torch.Generator().manual_seed(i))["loss"]))
    assert losses[-1] < 0.9 * losses[0]


def test_a_lesson_depends_on_its_number_alone(photos) -> None:
    photo = np.asarray(PILImage.open(photos / "0.png"))
    one, same = (_Lessons(DAMAGE, [photo], FinderConfig(size=64), seed=1)[7] for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert one[0].shape == (20, 32, 32)
    assert one[1].shape == (4, 64, 64)
    assert set(one[1].unique().tolist()) <= {0.0, 1.0}


def test_a_lesson_is_used_again_by_the_process_that_drew_it(photos) -> None:
    photo = np.asarray(PILImage.open(photos / "0.png"))
    config = FinderConfig(size=64, batch_size=2, uses=2)
    lessons = _Lessons(DAMAGE, [photo], config, 1, loaders=4)
    damaged = [int(lessons[n][1].sum()) for n in range(4 * config.batch_size)]
    steps = (0, 4, 8, 12, 16)  # of the first of four
    seen = {step: [int(lessons[2 * step + place][1].sum()) for place in (0, 1)] for step in steps}
    assert seen[0] == damaged[:2]
    assert seen[16] == seen[0]
    assert len({tuple(seen[step]) for step in steps[:4]}) > 1
    drawn = set(lessons._drawn)
    assert len(drawn) <= 16 // 4 * 2
    lessons[2 * 20]
    assert set(lessons._drawn) == drawn
    lessons[2 * 32]
    assert set(lessons._drawn) != drawn
    assert all(16 % count == 0 for count in map(_loaders, (1, 2, 3, 5, 16, 64)))


def test_the_network_can_be_another(photos, tmp_path) -> None:
    narrow = read_weights(fit_finder(DAMAGE, photos, tmp_path / "narrow", **SMALL))
    assert [len(narrow[f"down.{k}.1.bias"]) for k in range(4)] == [8, 16, 16, 24]
    for wrong in ("8,8", "8,8,16,16,none", "8,8,16,16,0"):
        with pytest.raises(OptionError, match=mentions("widths", wrong)):
            fit_finder(DAMAGE, photos, tmp_path / wrong, **SMALL | {"widths": wrong})


def test_it_goes_on_from_other_weights(photos, tmp_path) -> None:
    begun = fit_finder(DAMAGE, photos, tmp_path / "first", **SMALL)
    further = fit_finder(DAMAGE, photos, tmp_path / "further", **SMALL, start=str(begun), learning_rate=1e-5)
    anew = fit_finder(DAMAGE, photos, tmp_path / "anew", **SMALL, learning_rate=1e-5)
    far = [
        np.mean([np.abs(read_weights(path)[name] - array).mean() for name, array in read_weights(begun).items()])
        for path in (further, anew)
    ]
    assert far[0] < 0.2 * far[1]
    with pytest.raises(WeightsError, match=mentions("0.png")):
        fit_finder(DAMAGE, photos, tmp_path / "wrong", **SMALL, start=str(photos / "0.png"))


def test_the_command_trains_and_what_it_wrote_finds(photos, tmp_path, monkeypatch, capsys) -> None:
    run = tmp_path / "run"
    settings = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    assert run_command(app, ["train", "damage-finder", str(photos), "-o", str(run), *settings, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["weights"] == str(run / "damage-finder.npz")
    monkeypatch.setenv("SELFMEND_DAMAGE_FINDER", told["weights"])
    from selfmend.masks.finder_network import shipped_weights

    shipped_weights.cache_clear()
    try:
        assert selfmend.find_mask(photos / "0.png").shape == (100, 151)
        assert np.array_equal(shipped_weights(DAMAGE)["head.bias"], read_weights(told["weights"])["head.bias"])
    finally:
        shipped_weights.cache_clear()
    assert run_command(app, ["train", "damage-finder", str(photos), "-o", str(run), "--size", "64"]) == 2
    assert "--size is for methods that fill" in capsys.readouterr().err


def test_one_can_find_first_and_train_then(photos, tmp_path) -> None:
    """OpenCV has threads from then on, and a process that is forked has none of them."""
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(4)
    try:
        selfmend.find_mask(photos / "0.png")
        assert fit_finder(DAMAGE, photos, tmp_path / "run", **SMALL).is_file()
    finally:
        cv2.setNumThreads(threads)


def test_photos_that_are_too_small_are_refused(photos, tmp_path) -> None:
    PILImage.new("L", (70, 50)).save(photos / "small.png")
    with pytest.raises(ImageError, match=mentions("small.png", "70", "50")):
        fit_finder(DAMAGE, photos, tmp_path / "run", **SMALL)


def test_marks_are_learned_in_the_same_way(photos, tmp_path) -> None:
    again = [read_weights(fit_finder(MARKS, photos, tmp_path / run, **SMALL)) for run in ("one", "two")]
    assert all(np.array_equal(array, again[1][name]) for name, array in again[0].items())
    assert len(again[0]["head.bias"]) == 4 * 2
    lessons = _Lessons(MARKS, [np.asarray(PILImage.open(photos / "0.png"))], FinderConfig(size=64), 0)
    drawn = [lessons[number] for number in range(12)]
    assert all(seen.shape == (20, 32, 32) and masks.shape == (2, 64, 64) for seen, masks in drawn)
    marked = torch.stack([masks.any((1, 2)) for masks in (masks.float() for _, masks in drawn)])
    assert 0 < marked[:, 0].sum() < 12
    assert 0 < marked[:, 1].sum() < 12
    with pytest.raises(OptionError, match=mentions("fonts", str(tmp_path / "one"))):
        fit_finder(MARKS, photos, tmp_path / "no-fonts", fonts=str(tmp_path / "one"))


def test_the_command_knows_what_can_be_trained() -> None:
    assert cli_train.FINDERS.keys() == FINDERS.keys()
    with pytest.raises(OptionError, match=mentions("finder")):
        fit_finder("finder", "photos", "run")


def test_of_a_pair_of_lessons_the_second_is_often_the_first_without_its_marks(photos) -> None:
    photo = np.asarray(PILImage.open(photos / "0.png"))
    lessons = _Lessons(MARKS, [photo], FinderConfig(size=64, uses=1), seed=2)
    twins = marked = 0
    for number in range(0, 60, 2):
        (first, mask), (second, none) = lessons._lesson(number), lessons._lesson(number + 1)
        drawn, _, clean = lessons._square(number, np.random.default_rng(0))
        assert first is drawn
        if second is clean:
            twins += 1
            assert not none.any()
            if mask.any():
                marked += 1
                assert np.abs(first - second)[mask.any(2)].mean() > 0.02
    assert 10 <= twins <= 26
    assert marked > 0.7 * twins
    damaged = _Lessons(DAMAGE, [photo], FinderConfig(size=64, uses=1), seed=2)
    assert all(damaged._lesson(n)[0] is damaged._square(n, np.random.default_rng(0))[0] for n in range(1, 9, 2))


@pytest.mark.parametrize("share", [0, 1])
def test_some_lessons_are_enlarged_with_their_masks(photos, monkeypatch, share) -> None:
    """As the finder looks at small pictures: drawn on fewer pixels, then enlarged."""
    sizes = []

    def bright(photo, rng, fonts):
        sizes.append(photo.shape)
        masks = {kind: np.zeros(photo.shape[:2], bool) for kind in KINDS}
        image = np.zeros_like(photo)
        masks["dust"][10:30, 5:25] = True
        image[masks["dust"]] = 1
        return DamagedPhoto(image=image, clean=np.zeros_like(photo), masks=masks)

    monkeypatch.setattr("selfmend.api.finder_training._ENLARGED", share)
    monkeypatch.setitem(FINDERS, DAMAGE, dataclasses.replace(FINDERS[DAMAGE], draw=bright))
    lessons = _Lessons(DAMAGE, [np.asarray(PILImage.open(photos / "0.png"))], FinderConfig(size=96), 0)
    image, masks = lessons._lesson(0)
    assert sizes == [(64, 64, 3) if share else (96, 96, 3)]
    assert image.shape == (96, 96, 3)
    assert masks.shape == (96, 96, len(KINDS))
    dust = masks[..., KINDS.index("dust")] > 0
    assert dust.sum() == pytest.approx(30 * 30 if share else 20 * 20, rel=0.05)
    assert np.array_equal(image.mean(2) > 0.5, dust)

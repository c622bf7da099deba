"""The training of the damage finder: resumes to the same weights, learns, and is a command."""

import json
import multiprocessing

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from skimage import data

import selfmend
from facts import mentions
from selfmend.api.finder_training import FinderConfig, _Lessons, _loaders, _networks, _stage, fit_damage_finder
from selfmend.cli import app
from selfmend.cli.common import run_command
from selfmend.errors import ImageError, OptionError, WeightsError
from selfmend.masks.damage.network import read_weights

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
    whole = read_weights(fit_damage_finder(photos, tmp_path / "whole", seed=5, **SMALL))

    def stop(event):
        if event.step == 2:
            raise Stop

    with pytest.raises(Stop):
        fit_damage_finder(photos, tmp_path / "parts", seed=5, progress=stop, **SMALL)
    parts = read_weights(fit_damage_finder(photos, tmp_path / "parts", seed=5, **SMALL))
    assert whole.keys() == parts.keys()
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    heads = [_networks(seed, FinderConfig())[0].head.weight for seed in (5, 5, 6)]
    assert (heads[0] == heads[1]).all()
    assert not (heads[0] == heads[2]).all()


def test_its_processes_end_with_it_however_it_ends(photos, tmp_path) -> None:
    def stop(event):
        assert multiprocessing.active_children()
        raise Stop

    with pytest.raises(Stop) as stopped:
        fit_damage_finder(photos, tmp_path / "run", progress=stop, **SMALL)
    assert not multiprocessing.active_children(), stopped
    fit_damage_finder(photos, tmp_path / "run", **SMALL)
    assert not multiprocessing.active_children()


def test_the_loss_falls(photos) -> None:
    config = FinderConfig(steps=200, batch_size=2, size=64, learning_rate=0.05)
    lessons = _Lessons([np.asarray(PILImage.open(photos / "0.png"))], config, 0)
    losses = []
    stage = _stage(*_networks(0, config), lessons, config)
    batch = [torch.stack(values) for values in zip(lessons[0], lessons[1], strict=True)]
    for i in range(20):
        losses.append(float(stage.step(i, batch, torch.Generator().manual_seed(i))["loss"]))
    assert losses[-1] < 0.9 * losses[0]


def test_a_lesson_depends_on_its_number_alone(photos) -> None:
    photo = np.asarray(PILImage.open(photos / "0.png"))
    one, same = (_Lessons([photo], FinderConfig(size=64), seed=1)[7] for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert one[0].shape == (20, 32, 32)
    assert one[1].shape == (4, 64, 64)
    assert set(one[1].unique().tolist()) <= {0.0, 1.0}


def test_a_lesson_is_used_again_by_the_process_that_drew_it(photos) -> None:
    photo = np.asarray(PILImage.open(photos / "0.png"))
    config = FinderConfig(size=64, batch_size=2, uses=2)
    lessons = _Lessons([photo], config, 1, loaders=4)
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
    narrow = read_weights(fit_damage_finder(photos, tmp_path / "narrow", **SMALL))
    assert [len(narrow[f"down.{k}.1.bias"]) for k in range(4)] == [8, 16, 16, 24]
    for wrong in ("8,8", "8,8,16,16,none", "8,8,16,16,0"):
        with pytest.raises(OptionError, match=mentions("widths", wrong)):
            fit_damage_finder(photos, tmp_path / wrong, **SMALL | {"widths": wrong})


def test_it_goes_on_from_other_weights(photos, tmp_path) -> None:
    begun = fit_damage_finder(photos, tmp_path / "first", **SMALL)
    further = fit_damage_finder(photos, tmp_path / "further", **SMALL, start=str(begun), learning_rate=1e-5)
    anew = fit_damage_finder(photos, tmp_path / "anew", **SMALL, learning_rate=1e-5)
    far = [
        np.mean([np.abs(read_weights(path)[name] - array).mean() for name, array in read_weights(begun).items()])
        for path in (further, anew)
    ]
    assert far[0] < 0.2 * far[1]
    with pytest.raises(WeightsError, match=mentions("0.png")):
        fit_damage_finder(photos, tmp_path / "wrong", **SMALL, start=str(photos / "0.png"))


def test_the_command_trains_and_what_it_wrote_finds(photos, tmp_path, monkeypatch, capsys) -> None:
    run = tmp_path / "run"
    settings = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    assert run_command(app, ["train", "damage-finder", str(photos), "-o", str(run), *settings, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["weights"] == str(run / "damage-finder.npz")
    monkeypatch.setenv("SELFMEND_DAMAGE_FINDER", told["weights"])
    from selfmend.masks.damage.network import shipped_weights

    shipped_weights.cache_clear()
    try:
        assert selfmend.find_mask(photos / "0.png").shape == (100, 151)
        assert np.array_equal(shipped_weights()["head.bias"], read_weights(told["weights"])["head.bias"])
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
        assert fit_damage_finder(photos, tmp_path / "run", **SMALL).is_file()
    finally:
        cv2.setNumThreads(threads)


def test_photos_that_are_too_small_are_refused(photos, tmp_path) -> None:
    PILImage.new("L", (70, 50)).save(photos / "small.png")
    with pytest.raises(ImageError, match=mentions("small.png", "70", "50")):
        fit_damage_finder(photos, tmp_path / "run", **SMALL)

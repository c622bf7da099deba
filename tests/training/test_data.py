"""What a training step sees depends on seed, stage and step: not on workers, processes, or where training began."""

import itertools
import shutil

import pytest
import torch

from facts import mentions
from folder_of_pictures import draw_folder
from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.masks.random import hole_maker
from selfmend.seeding import make_rng
from selfmend.training.data import FolderBatches, hole_boxes
from selfmend.training.pictures import find_pictures

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return draw_folder(tmp_path_factory.mktemp("pictures"), count=5)


def make(folder, *, holes=None, **changes):
    options = {"size": 16, "scale": "whole", "flip": True, "batch_size": 4, "seed": 0, "device": CPU} | changes
    return FolderBatches(find_pictures(folder), holes or hole_maker("random-box"), **options)


def first(batches, count, *, at=0, stage="s"):
    return list(itertools.islice(batches(stage)(at), count))


def same(a, b):
    return all(torch.equal(getattr(a, part), getattr(b, part)) for part in ("image", "mask", "box"))


def test_boxes_are_the_smallest_around_each_hole():
    mask = torch.zeros(3, 1, 9, 7, dtype=torch.bool)
    mask[0, :, 2:5, 6:] = True
    mask[1, :, 8, 0] = mask[1, :, 0, 6] = True
    assert hole_boxes(mask).tolist() == [[2, 6, 3, 1], [0, 0, 9, 7], [0, 0, 0, 0]]
    assert hole_boxes(mask).dtype == torch.int64


@pytest.mark.parametrize("scale", ["whole", "native"])
def test_a_batch_is_what_the_contract_says(folder, scale):
    (batch,) = first(make(folder, scale=scale), 1)
    assert (batch.image.shape, batch.image.dtype) == ((4, 3, 16, 16), torch.float32)
    assert (batch.mask.shape, batch.mask.dtype) == ((4, 1, 16, 16), torch.bool)
    assert torch.equal(batch.box, hole_boxes(batch.mask))
    assert 0 <= batch.image.min() < batch.image.max() <= 1


@pytest.mark.parametrize("changes", [{"workers": 1}, {"cache_bytes": 0}])
def test_workers_and_the_cache_change_nothing(folder, changes):
    expected, found = first(make(folder), 6), first(make(folder, **changes), 6)
    assert all(map(same, expected, found))


def test_it_begins_at_any_step(folder):
    assert all(map(same, first(make(folder), 6)[3:], first(make(folder), 3, at=3)))


def test_processes_share_a_batch(folder):
    whole = first(make(folder), 3)
    parts = [first(make(folder, rank=r, world_size=2), 3) for r in range(2)]
    for all_of_it, even, odd in zip(whole, *parts, strict=True):
        assert torch.equal(all_of_it.image[0::2], even.image)
        assert torch.equal(all_of_it.mask[1::2], odd.mask)
    with pytest.raises(OptionError, match=mentions("batch_size", "4", "3")):
        make(folder, world_size=3)


def test_seed_stage_and_step_matter(folder):
    batches = [*first(make(folder), 2), *first(make(folder, seed=1), 1), *first(make(folder), 1, stage="t")]
    assert not any(torch.equal(a.mask, b.mask) for a, b in itertools.combinations(batches, 2))


def test_every_picture_comes_once_an_epoch(folder):
    seen = []
    holes = hole_maker("center")
    batches = make(folder, holes=holes, flip=False, scale="native", size=16, batch_size=1)
    batches._item = lambda index, generator, by_chance: (
        seen.append(index) or (torch.zeros(3, 4, 4), torch.ones(1, 4, 4) > 0)
    )
    first(batches, 15)
    assert [sorted(seen[k : k + 5]) for k in (0, 5, 10)] == [[0, 1, 2, 3, 4]] * 3
    assert seen[:5] != seen[5:10]


def test_crops_and_mirrorings_are_drawn(folder):
    whole = make(folder, scale="native", size=20, flip=False).cache[0]
    for flip in (False, True):
        batches = make(folder, scale="native", size=20, flip=flip)
        crops = {_place(whole, batches._item(0, make_rng(k), by_chance=True)[0]) for k in range(60)}
        assert crops == set(itertools.product(range(7), {False, flip}))


def _place(whole, crop):
    return next(
        (x, flipped)
        for x in range(7)
        for flipped in (False, True)
        if torch.equal(whole[:, :, x : x + 20], crop.flip(2) if flipped else crop)
    )


def test_validation_is_always_the_same_middle(folder):
    batches = make(folder)
    once, again = list(batches.validation(3)), list(batches.validation(3))
    assert len(once) == 3
    assert all(map(same, once, again))
    assert torch.equal((once[0].image[0] * 255).round().byte(), batches.cache[0][:, :, 2:18])


@pytest.fixture
def damaged(tmp_path, folder):
    shutil.copytree(folder, tmp_path / "damaged")
    file = tmp_path / "damaged" / "2.png"
    file.write_bytes(file.read_bytes()[:-40])
    return tmp_path / "damaged"


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_file_is_named_once_and_left_out(damaged, workers):
    with pytest.warns(SelfmendWarning, match=mentions("1", "2.png", "damaged")) as told:
        batches = first(make(damaged, workers=workers), 5)
    assert sum(len(b.image) for b in batches) == 4 * 5 - 4
    assert len(told) == 1
    with pytest.warns(SelfmendWarning, match=mentions("1", "2.png")):
        assert len(list(make(damaged).validation(5))) == 4


def test_a_batch_of_damaged_files_only_ends_the_training(damaged):
    for name in ("0.png", "1.png", "3.png", "4.png"):
        (damaged / name).write_bytes((damaged / "2.png").read_bytes())
    with pytest.warns(SelfmendWarning), pytest.raises(ImageError, match=mentions("1")):
        first(make(damaged), 1)


def test_one_picture_is_learned_by_heart(tmp_path):
    with pytest.warns(SelfmendWarning, match="holds one picture, which is learned by heart"):
        batches = make(draw_folder(tmp_path / "one", count=1))
    assert first(batches, 1)[0].image.shape[0] == 4


def test_the_global_generator_is_left_alone(folder):
    before = torch.get_rng_state()
    first(make(folder), 2)
    assert torch.equal(before, torch.get_rng_state())

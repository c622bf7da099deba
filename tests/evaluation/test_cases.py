"""The cases of a benchmark: the same for the same seed, holes of every kind, masks that were given, and mistakes."""

import numpy as np
import pytest
from PIL import Image as PILImage

from bench_photos import ODD_NAME, draw_masks, draw_photos
from facts import mentions
from selfmend.errors import ImageError, MaskError, OptionError
from selfmend.evaluation.benchmark_folder import BenchmarkFolder
from selfmend.evaluation.cases import KINDS, digest, find_cases, make_case, read_case, write_cases
from selfmend.progress import silent
from selfmend.seeding import make_rng


@pytest.fixture
def photos(tmp_path):
    return draw_photos(tmp_path / "photos")


def test_every_photo_has_a_hole_of_every_kind(photos, tmp_path) -> None:
    (photos / "deeper").mkdir()
    (photos / "a.png").rename(photos / "deeper" / "a.png")
    cases = find_cases([photos, photos / "deeper" / "a.png"], holes=list(KINDS))
    names = [case.name for case in cases]
    assert names[:4] == [f"{kind}_{ODD_NAME}" for kind in ("thin", "wide", "block", "text")]
    assert {"thin_deeper-a", "thin_a"} < set(names)
    assert len(set(names)) == len(names) == 12


def test_photos_of_one_name_get_numbers(photos) -> None:
    PILImage.new("RGB", (64, 48)).save(photos / "a.jpg")
    names = [case.name for case in find_cases([photos], holes=["block"])]
    assert [name for name in names if name.startswith("block_a")] == ["block_a", "block_a-2"]


def test_the_same_seed_gives_the_same_cases(photos, tmp_path) -> None:
    cases = find_cases([photos], holes=["wide", "text"])
    one, same, other = (BenchmarkFolder(tmp_path / name) for name in ("one", "same", "other"))
    write_cases(cases, one, size=48, seed=3, progress=silent)
    write_cases(cases[::-1][:1], same, size=48, seed=3, progress=silent)
    write_cases(cases, other, size=48, seed=4, progress=silent)
    for files in (BenchmarkFolder.truth, BenchmarkFolder.mask, BenchmarkFolder.damaged):
        assert files(one, cases[-1].name).read_bytes() == files(same, cases[-1].name).read_bytes()
    assert one.mask(cases[0].name).read_bytes() != other.mask(cases[0].name).read_bytes()
    truth, mask = read_case(cases[0], one)
    assert truth.shape == (36, 48, 3)
    damaged = np.asarray(PILImage.open(one.damaged(cases[0].name)))
    assert (damaged[mask] == (230, 0, 120)).all()
    known = ~mask
    assert (damaged[known] == np.asarray(PILImage.open(one.truth(cases[0].name)))[known]).all()


def test_kinds_are_what_they_are_called() -> None:
    sizes = {}
    for name, kind in KINDS.items():
        masks = [kind((100, 150), make_rng(k)) for k in range(20)]
        assert all(mask.shape == (100, 150) and mask.dtype == bool for mask in masks)
        sizes[name] = [int(mask.sum()) for mask in masks]
    assert set(sizes["block"]) == {28 * 42}
    assert 2 * sum(sizes["thin"]) < sum(sizes["wide"])


def test_holes_are_neither_nothing_nor_nearly_all(photos, monkeypatch) -> None:
    (case,) = find_cases([photos / "a.png"], holes=["thin"])
    drawn = []

    def kind(size, generator):
        drawn.append(np.arange(size[0] * size[1]).reshape(size) < [0, 3072, 1500][len(drawn) % 3])
        return drawn[-1]

    monkeypatch.setitem(KINDS, "thin", kind)
    truth, mask = make_case(case, size=250, seed=0)
    assert truth.shape == (48, 64, 3)  # never enlarged
    assert (len(drawn), int(mask.sum())) == (3, 1500)
    monkeypatch.setitem(KINDS, "thin", lambda size, generator: np.zeros(size, bool))
    with pytest.raises(MaskError, match=mentions("a.png")):
        make_case(case, size=250, seed=0)


def test_masks_are_paired_by_name_or_in_order(photos, tmp_path) -> None:
    draw_masks(tmp_path / "named", [ODD_NAME, "a", "unused"])
    draw_masks(tmp_path / "ordered", ["1/x", "all/y"], size=(128, 96))
    named = find_cases([photos], holes=["thin"], masks=tmp_path / "named")
    assert [(case.name, case.mask.stem) for case in named] == [(f"given_{ODD_NAME}", ODD_NAME), ("given_a", "a")]
    ordered = find_cases([photos], holes=["thin"], masks=tmp_path / "ordered")
    assert [case.kind for case in ordered] == ["1", "given"]
    _, mask = make_case(ordered[0], size=32 * 64 // 48 + 1, seed=0)
    rows, columns = np.nonzero(mask)
    assert mask.shape == (32, 43)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 15, 10, 21)


def test_other_photos_have_another_digest(photos) -> None:
    cases = find_cases([photos], holes=["thin", "wide"])
    first = digest(cases)
    assert digest(cases[::-1]) == first
    assert first["pictures"] == 2
    PILImage.new("RGB", (64, 48)).save(photos / "a.png")
    assert digest(cases)["sha256"] != first["sha256"]


def test_mistakes_are_named(photos, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    draw_masks(tmp_path / "three", ["x", "y", "z"])
    draw_masks(tmp_path / "some", ["a", "z"])
    draw_masks(tmp_path / "square", ["a", ODD_NAME], size=(48, 48))
    PILImage.new("L", (64, 48)).save(draw_masks(tmp_path / "black", [ODD_NAME]) / "a.png")
    for given, message, error in (
        ({"photos": [tmp_path / "empty"]}, r"empty holds no pictures; a folder of photos", ImageError),
        ({"photos": [tmp_path / "none"]}, r"no such file or folder: .*none", ImageError),
        ({"photos": []}, "no photos were given", ImageError),
        ({"holes": ["thim"]}, "unknown kind of hole 'thim'; did you mean 'thin'?", OptionError),
        ({"holes": []}, "holes are none; different kinds fit: thin, wide, block, text", OptionError),
        ({"holes": ["thin", "thin"]}, "holes are thin, thin; different kinds fit", OptionError),
        ({"masks": tmp_path / "three"}, r"three holds 3 masks for 2 photos, and none has a photo's name", MaskError),
        ({"masks": tmp_path / "some"}, r"some has no mask named .*, but others have a photo's name", MaskError),
        ({"masks": tmp_path / "empty"}, r"empty holds no masks; a folder of", MaskError),
        ({"masks": tmp_path / "none"}, r"none is no folder", ImageError),
    ):  # fmt: skip
        with pytest.raises(error, match=message):
            find_cases(**({"photos": [photos], "holes": ["thin"]} | given))
    for masks, message in (("square", r"a.png is 48 x 48 and .*a.png is 64 x 48"), ("black", "a.png has no hole")):
        (case,) = find_cases([photos / "a.png"], holes=["thin"], masks=draw_only(tmp_path / masks))
        with pytest.raises(MaskError, match=message):
            make_case(case, size=64, seed=0)
    (case,) = find_cases([photos / "a.png"], holes=["thin"])
    with pytest.raises(ImageError, match=mentions("a.png", "40", "30", "size", "32")):
        make_case(case, size=40, seed=0)


def draw_only(folder):
    """The folder without the other photo's mask."""
    (folder / f"{ODD_NAME}.png").unlink()
    return folder

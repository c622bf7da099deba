"""`restore`: what is found is filled, what is whole stays, and filled places have the grain of the rest."""

import cv2
import numpy as np
import pytest
from PIL import Image as PILImage
from skimage import data

import selfmend
from facts import mentions
from selfmend.errors import SelfmendWarning
from selfmend.image.grain import grained
from selfmend.image.picture_files import read_rgb


@pytest.fixture(scope="module")
def photo():
    return np.ascontiguousarray(data.chelsea()[100:228, 150:310])


@pytest.fixture(scope="module")
def scratched(photo):
    damaged = photo.copy()
    cv2.line(damaged, (5, 20), (150, 90), (250, 250, 245), 2, cv2.LINE_AA)
    cv2.line(damaged, (90, 5), (60, 120), (250, 250, 245), 2, cv2.LINE_AA)
    return damaged


def error(one, other):
    return np.abs(one.astype(float) - other.astype(float)).mean()


def test_damage_is_found_and_filled(photo, scratched) -> None:
    mended = selfmend.restore(scratched)
    assert error(mended, photo) < 0.5 * error(scratched, photo)
    mask = selfmend.find_mask(scratched, grow=1)
    assert np.array_equal(mended[~mask], scratched[~mask])
    assert np.array_equal(mended, selfmend.restore(scratched))
    assert error(selfmend.restore(scratched, method="telea"), photo) < 0.5 * error(scratched, photo)


def test_a_picture_without_damage_stays_as_it_came() -> None:
    even = np.tile(np.linspace(60, 180, 90).astype(np.uint8), (70, 1))
    with pytest.warns(SelfmendWarning, match="no damage was found"):
        assert np.array_equal(selfmend.restore(even), even)


def test_what_is_cut_away_is_no_damage(scratched) -> None:
    cut = np.dstack([scratched, np.full(scratched.shape[:2], 255, np.uint8)])
    cut[:, :80, 3] = 0
    mended = selfmend.restore(cut)
    assert np.array_equal(mended[:, :80], cut[:, :80])
    assert not np.array_equal(mended[:, 80:], cut[:, 80:])
    assert np.array_equal(mended[..., 3], cut[..., 3])


def test_kinds_and_regions_bound_what_is_filled(scratched) -> None:
    mended = selfmend.restore(scratched, "scratches", region="0,0,60,128")
    assert np.array_equal(mended[:, 62:], scratched[:, 62:])
    assert not np.array_equal(mended, scratched)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_was_filled_has_the_grain_of_the_rest(channels) -> None:
    rng = np.random.default_rng(0)
    image = np.full((120, 150, channels), 0.5, np.float32) + np.linspace(0, 0.2, 150, dtype=np.float32)[None, :, None]
    noise = cv2.GaussianBlur(rng.standard_normal(image.shape).astype(np.float32), (0, 0), 0.7).reshape(image.shape)
    noisy = (image + 0.05 * noise).clip(0, 1)
    hole = np.zeros((120, 150), bool)
    hole[40:70, 50:90] = True
    filled = np.where(hole[..., None], image, noisy)
    after = grained(filled, hole, rng)

    def fine(of):
        return (of - cv2.GaussianBlur(of, (0, 0), 1.5).reshape(of.shape))[hole].std()

    assert np.array_equal(after[~hole], filled[~hole])
    assert fine(filled) < 0.1 * fine(noisy)
    assert 0.75 * fine(noisy) < fine(after) < 1.25 * fine(noisy)
    assert grained(noisy, hole, rng)[hole].std() < 1.15 * noisy[hole].std()
    assert np.array_equal(grained(image, hole, rng), image)


def test_a_folder_is_restored_and_resumed(scratched, photo, tmp_path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    PILImage.fromarray(scratched).save(folder / "a.png")
    PILImage.fromarray(np.full((40, 50), 128, np.uint8)).save(folder / "b.png")
    report = selfmend.mend_folder(folder, find="damage", grow_mask=1, jobs=1, method="telea")
    assert (report.mended, report.failed) == (2, {})
    mended = read_rgb(report.output / "a.png") * 255
    assert error(mended, photo) < 0.5 * error(scratched, photo)
    assert (read_rgb(report.output / "b.png") * 255 == 128).all()
    again = selfmend.mend_folder(folder, find="damage", grow_mask=1, jobs=1, method="telea", resume=True)
    assert (again.mended, again.skipped) == (0, 2)
    with pytest.raises(selfmend.SelfmendError, match=mentions("'damage'")):
        selfmend.mend_folder(folder, tmp_path / "other", find="damages")
    with pytest.raises(selfmend.SelfmendError, match="leave one of them out"):
        selfmend.mend_folder(folder, tmp_path / "other", find="damage", masks="alpha")

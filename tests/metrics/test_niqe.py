"""NIQE: that it prefers photos to what was done to them, a published value, and what is refused."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from facts import mentions
from golden import outside
from mosaic import noise
from selfmend.errors import ImageError, WeightsError
from selfmend.image.files import read_picture
from selfmend.metrics.niqe import NiqeParameters, block_features, fit_niqe, load_parameters, niqe, save_parameters
from selfmend.types import Image


def photo(array: np.ndarray) -> Image:
    return np.atleast_3d(array).astype(np.float32) / 255


@pytest.fixture(scope="module")
def parameters() -> NiqeParameters:
    photos = data.camera(), data.coffee(), data.brick(), data.grass(), data.gravel(), data.coins()
    return fit_niqe(photo(one) for one in photos)


def test_prefers_a_photo_to_the_same_with_noise_or_blur(parameters: NiqeParameters) -> None:
    whole = photo(data.chelsea())
    noisy = (whole + 0.1 * np.random.default_rng(0).standard_normal(whole.shape, np.float32)).clip(0, 1)
    blurred = gaussian_filter(whole, (2, 2, 0))
    score = niqe(whole, parameters)
    assert score < 0.5 * niqe(noisy, parameters)
    assert score < 0.5 * niqe(blurred, parameters)


def test_is_the_distance_of_the_means_by_hand() -> None:
    """Parameters that are a picture's own but for a shift of the first mean."""
    image = photo(data.camera()[:192, 200:392])
    features, _ = block_features(np.floor(image[..., 0].astype(np.float64) * 255 + 0.5))
    mean, covariance = features.mean(0), np.cov(features, rowvar=False)
    assert niqe(image, NiqeParameters(mean=mean, covariance=covariance)) == pytest.approx(0, abs=1e-6)
    shifted = mean + np.eye(36)[0]
    unit = NiqeParameters(mean=shifted, covariance=2 * np.eye(36) - covariance)  # the mean covariance is the unit
    assert niqe(image, unit) == pytest.approx(1)


def test_what_is_cut_off_has_no_influence(parameters: NiqeParameters) -> None:
    image = photo(data.chelsea())  # 300 x 451: 12 and 67 px beyond whole blocks
    changed = image.copy()
    changed[288:] = 1
    changed[:, 384:] = 0
    assert niqe(changed, parameters) == niqe(image, parameters)


def test_colour_is_weighed_and_rounded_as_matlab_does(parameters: NiqeParameters) -> None:
    image = photo(data.chelsea())
    luma = (image.astype(np.float64) * 255 @ np.array([[0.298936], [0.587043], [0.114021]])).round() / 255
    assert niqe(luma.astype(np.float32), parameters) == pytest.approx(niqe(image, parameters), rel=1e-9)


def test_the_published_value_of_the_authors_code() -> None:
    """The MATLAB code's 5.7296 for this picture's rounded luma in 16...235, as super-resolution code documents it."""
    theirs = load_parameters(outside("weights"))
    colours = read_picture(outside("data/natural/set14/baboon.bmp")).image.astype(np.float64) * 255
    luma = 16 + colours @ np.array([[65.481], [128.553], [24.966]]) / 255
    assert niqe((luma.round() / 255).astype(np.float32), theirs) == pytest.approx(5.7296, abs=5e-4)


def test_only_sharp_blocks_are_learned_from() -> None:
    sharp = data.brick()[:480, :480]
    half = np.concatenate([sharp, np.full((480, 96), 130, np.uint8)], 1)
    photos = [sharp, data.grass(), data.gravel()]
    alone = fit_niqe(map(photo, photos))
    beside = fit_niqe(map(photo, [half, *photos[1:]]))
    assert np.allclose(alone.mean, beside.mean, atol=0.02)


def test_parameters_are_kept_in_the_authors_layout(parameters: NiqeParameters, tmp_path) -> None:
    save_parameters(parameters, tmp_path / "niqe_pris_params.npz")
    with np.load(tmp_path / "niqe_pris_params.npz") as arrays:
        assert arrays["mu_pris_param"].shape == (1, 36)
        assert arrays["cov_pris_param"].shape == (36, 36)
    again = load_parameters(tmp_path)
    assert np.array_equal(again.mean, parameters.mean)
    assert np.array_equal(again.covariance, parameters.covariance)


def test_pictures_that_do_not_fit_are_refused(parameters: NiqeParameters) -> None:
    with pytest.raises(ImageError, match=mentions("(95, 400)", "96")):
        niqe(noise(95, 400), parameters)
    with pytest.raises(ImageError, match=mentions("2", "96")):
        niqe(noise(96, 96), parameters)
    with pytest.raises(ImageError, match=mentions("2")):
        niqe(np.full((200, 200, 3), 0.5, np.float32), parameters)
    with pytest.raises(ImageError, match=mentions("float32", "(2, 96, 192, 3)")):
        niqe(np.stack([noise(96, 192)] * 2), parameters)
    with pytest.raises(ImageError, match=mentions("4", "96", "36")):
        fit_niqe([noise(192, 192)])
    with pytest.raises(ImageError, match=mentions("0")):
        fit_niqe([])


def test_files_that_do_not_fit_are_refused(parameters: NiqeParameters, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(WeightsError, match=mentions("niqe_pris_params.npz")):
        load_parameters()
    with pytest.raises(WeightsError, match=mentions("NIQE", "parameters", "a.npy")):
        save_parameters(parameters, tmp_path / "a.npy")
    path = tmp_path / "a.npz"
    for content in (b"", b"text"):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=mentions("a.npz", "mu_pris_param", "cov_pris_param")):
            load_parameters(path)
    np.savez(path, mu_pris_param=np.zeros(36, object), cov_pris_param=np.eye(36))  # pickled: code could be in it
    with pytest.raises(WeightsError, match=mentions("a.npz", "mu_pris_param", "cov_pris_param")):
        load_parameters(path)
    np.savez(path, mu_pris_param=np.zeros(36))
    with pytest.raises(WeightsError, match=mentions("a.npz", "mu_pris_param", "cov_pris_param")):
        load_parameters(path)
    np.savez(path, mu_pris_param=np.zeros(35), cov_pris_param=np.eye(36))
    with pytest.raises(WeightsError, match=mentions("(35,)", "(36, 36)", "(1, 36)")):
        load_parameters(path)

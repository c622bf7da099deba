"""Deep Image Prior: the fit follows what is known, and what it says of the hole is better than the mean colour."""

import dataclasses

import numpy as np
import pytest

import selfmend
from selfmend.errors import OptionError
from selfmend.image.resize import resize
from selfmend.methods.deep_image_prior import SMALL, DeepImagePrior


@pytest.mark.parametrize("given", ["noise", "meshgrid"])
def test_a_smooth_picture_is_continued_into_the_hole(given: str) -> None:
    rows, columns = np.mgrid[:48, :64]
    truth = np.stack([rows / 48, columns / 64, 0.5 + 0 * rows], 2).astype(np.float32)
    mask = np.zeros((48, 64), bool)
    mask[16:30, 20:40] = True
    config = dataclasses.replace(SMALL, channels=(16, 16, 16), steps=150, average=0.9, input=given)
    errors: list[float] = []
    method = DeepImagePrior(config, device="cpu")
    filled = method.inpaint(truth, mask, progress=lambda event: errors.append(event.terms["error"]))[0]
    assert len(errors) == 150
    assert errors[-1] < 0.1 * errors[0]
    mean_fill = np.abs(truth[~mask].mean(0) - truth[mask]).mean()
    assert np.abs(filled - truth)[mask].mean() < 0.7 * mean_fill


def test_a_large_picture_is_fitted_as_a_smaller_one() -> None:
    image = np.random.default_rng(0).random((60, 90, 3), np.float32)
    mask = np.zeros((60, 90), bool)
    mask[20:30, 30:50] = True
    filled = DeepImagePrior.from_options("tiny", {"limit": 32}).inpaint(image, mask)[0]
    assert np.array_equal(filled[~mask], image[~mask])
    assert not np.array_equal(filled[mask], image[mask])


def test_an_even_kernel_is_refused() -> None:
    with pytest.raises(OptionError, match="kernel_up is 4; an odd number fits"):
        DeepImagePrior.from_options("tiny", {"kernel_up": 4})


def test_an_enlargement_is_the_picture_when_it_is_shrunk() -> None:
    rows, columns = np.mgrid[:24, :20] / 24
    small = np.stack([rows, columns, 1 - rows], 2).astype(np.float32)
    errors = []
    for steps in (1, 150):
        large = selfmend.super_resolve(small, 1.5, method="deep-image-prior", preset="tiny", steps=steps, average=0.9)
        assert large.shape == (36, 30, 3)
        errors.append(float(np.abs(resize(large, (24, 20)) - small).mean()))
    assert errors[1] < 0.3 * errors[0]

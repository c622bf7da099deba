"""Enlarging without learning: what fits, and what the result depends on."""

from pathlib import Path

import numpy as np
import pytest

import selfmend
from facts import mentions
from owned_files import own_all
from pictures import picture
from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.methods.base import Method
from selfmend.methods.generative import Enlarging, check_factor
from selfmend.methods.gpnn import GPNN
from selfmend.methods.registry import ENLARGERS, any_class, method_class, methods_that


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_all(tmp_path_factory.mktemp("weights"), ("edsr", "srgan"))


def test_the_seed_is_all_whatever_was_enlarged_before() -> None:
    image, method = picture(30, 40)[0], GPNN()
    first, second = (method.super_resolve(one, 1.5, seed=3) for one in (image, image[:, ::-1]))
    assert first.shape == second.shape == (45, 60, 3)
    assert not np.array_equal(first, second)
    assert np.array_equal(second, GPNN().super_resolve(image[:, ::-1], 1.5, seed=3))


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(ImageError, match=mentions("255")):
        GPNN().super_resolve(np.full((20, 20, 3), 200, np.float32), 2)


@pytest.mark.parametrize("factor", [1, 0.5, -2, float("nan"), float("inf"), "x", None])
def test_a_factor_that_does_not_enlarge_is_refused(factor: object) -> None:
    with pytest.raises(OptionError, match=mentions("factor", "1", "2", "1.5")):
        check_factor(factor, (40, 40))


def test_large_factors() -> None:
    with pytest.warns(SelfmendWarning, match=mentions("17", "16")):
        assert check_factor(17, (40, 40)) == 17
    with pytest.raises(OptionError, match=mentions("40000000x40000000", "1x1", "268")):
        check_factor(1e6, (40, 40))


@pytest.mark.parametrize("name", ENLARGERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_any_factor_same_seed_same_bytes(
    name: str, channels: int, owned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(owned))
    image = picture(40, 30)[0][..., :channels]
    preset = "tiny" if "tiny" in any_class(name).presets else None
    first, again = (
        selfmend.super_resolve(image[..., 0] if channels == 1 else image, 1.5, method=name, preset=preset, seed=3)
        for _ in range(2)
    )
    assert first.shape == ((60, 45) if channels == 1 else (60, 45, 3))
    assert np.array_equal(first, again)
    assert 0 <= float(first.min()) < float(first.max()) <= 1


@pytest.mark.parametrize("name", ENLARGERS)
def test_what_enlarges_fills_no_hole(name: str) -> None:
    assert issubclass(any_class(name), Enlarging)
    assert not issubclass(any_class(name), Method)
    assert name in methods_that("enlarges")
    with pytest.raises(OptionError, match=mentions(name, "enlarges", "auto")):
        selfmend.inpaint(picture(32, 32)[0], np.eye(32, dtype=bool), method=name)
    with pytest.raises(OptionError, match=mentions(name)):
        method_class(name)

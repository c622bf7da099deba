"""Zero-shot super-resolution: what it learns of one picture."""

import numpy as np
import pytest
import torch

import selfmend
from facts import mentions
from selfmend.errors import OptionError
from selfmend.image.resize import resize
from selfmend.methods.zssr import TINY, Zssr, ZssrConfig, _falls_no_more, _turned, _turned_back
from selfmend.types import Image


def sharp(side: int) -> Image:
    """Discs with hard edges: what one of them teaches helps all others."""
    rows, columns = np.mgrid[:side, :side]
    inside = ((rows % 16 - 7.5) ** 2 + (columns % 16 - 7.5) ** 2) < 30
    return np.repeat(np.where(inside, 0.9, 0.2)[..., None], 3, 2).astype(np.float32)


def test_it_learns_to_sharpen() -> None:
    truth = sharp(96)
    small = resize(truth, (48, 48)).clip(0, 1)

    def error(**options: object) -> float:
        made = selfmend.super_resolve(small, 2, method="zssr", preset="tiny", width=12, depth=4, crop=32, **options)
        return float(np.abs(made - truth).mean())

    assert error(steps=150, learning_rate=0.003) < 0.85 * error(steps=1, learning_rate=0)


def test_the_result_is_the_picture_when_it_is_shrunk() -> None:
    small = resize(sharp(64), (32, 32)).clip(0, 1)
    made = Zssr(ZssrConfig(width=4, depth=2, enlargements=1, steps=2, crop=16)).super_resolve(small, 2)
    assert np.abs(resize(made, (32, 32)) - small).mean() < 0.005


def test_eight_versions_and_back() -> None:
    x = torch.rand(1, 3, 5, 7)
    versions = [_turned(x, k) for k in range(8)]
    assert len({tuple(v.flatten().tolist()) for v in versions}) == 8
    for k, version in enumerate(versions):
        assert torch.equal(_turned_back(version, k), x)


def test_fathers_are_of_the_picture() -> None:
    net = Zssr(TINY)
    plain = torch.full((1, 3, 40, 24), 0.25)
    plain[:, :, 20:] = 0.75
    generator = torch.Generator().manual_seed(0)
    for _ in range(30):
        father = net._father([(1.0, plain), (0.5, plain[:, :, ::2, ::2])], generator)
        assert father.shape[2] == father.shape[3] <= 16
        assert 0.15 <= float(father.min()) <= float(father.max()) <= 0.85


def test_a_plateau() -> None:
    assert not _falls_no_more([5, 4, 3, 2])
    assert not _falls_no_more([5, 4, 3, 2, 1.01])
    assert _falls_no_more([9, 1.0, 0.99, 1.01, 0.99, 1.01])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(OptionError, match=mentions("4x30", "8x8")):
        selfmend.super_resolve(sharp(30)[:4], 2, method="zssr", preset="tiny")
    with pytest.raises(OptionError, match=mentions("ensemble", "9", "8")):
        selfmend.super_resolve(sharp(30), 2, method="zssr", ensemble=9)

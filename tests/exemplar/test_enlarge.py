"""Enlarging by examples: nearer to the truth than bicubic and sharper, in the same bytes each time."""

import numpy as np
import pytest
import skimage.data
import torch

from selfmend.errors import OptionError
from selfmend.exemplar.enlarge import EnlargeSettings, enlarge_by_examples
from selfmend.image.resize import resize
from selfmend.seeding import make_generator

PHOTO = torch.from_numpy(skimage.data.astronaut()[:192, 120:312].astype(np.float32) / 255).permute(2, 0, 1)[None]


def enlarged(small: torch.Tensor, factor: float, seed: int = 0, **settings: int) -> torch.Tensor:
    return enlarge_by_examples(
        small, factor, settings=EnlargeSettings(**settings), generator=make_generator(seed, "enlarge")
    )


def detail(x: torch.Tensor) -> float:
    return float((x[..., 1:] - x[..., :-1]).square().mean())


@pytest.mark.parametrize("factor", [2, 4])
def test_nearer_to_the_truth_and_sharper_than_bicubic(factor: int) -> None:
    small = resize(PHOTO, (192 // factor, 192 // factor)).clamp(0, 1)
    smooth, ours = resize(small, (192, 192)).clamp(0, 1), enlarged(small, factor)
    error, smooth_error = (float((x - PHOTO).square().mean()) for x in (ours, smooth))
    assert error < 0.95 * smooth_error
    assert detail(ours) > 1.2 * detail(smooth)
    assert detail(ours) < 1.1 * detail(PHOTO)


def test_shrunk_again_it_is_the_picture() -> None:
    small = resize(PHOTO, (64, 64)).clamp(0, 1)
    assert float((resize(enlarged(small, 2), (64, 64)) - small).abs().mean()) < 2 / 255


def test_the_seed_decides() -> None:
    small = resize(PHOTO, (48, 48)).clamp(0, 1)
    assert torch.equal(enlarged(small, 1.7), enlarged(small, 1.7))
    assert not torch.equal(enlarged(small, 1.7), enlarged(small, 1.7, seed=1))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_channels_and_an_odd_size(channels: int) -> None:
    small = torch.rand(1, channels, 7, 23, generator=make_generator(0))
    assert enlarged(small, 1.05).shape == (1, channels, 7, 24)
    flat = enlarged(torch.full((1, channels, 7, 23), 0.4), 3)
    assert torch.allclose(flat, torch.full((1, channels, 21, 69), 0.4))


def test_a_picture_no_larger_than_a_patch_is_refused() -> None:
    with pytest.raises(OptionError, match="the picture has 4x30 pixels, no more than a patch of 4x4; a larger picture"):
        enlarged(torch.rand(1, 3, 4, 30), 2)

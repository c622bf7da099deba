"""GPNN: samples like the picture and unlike it, other shapes, holes; the contract is tested with the other methods."""

import pytest
import torch

from selfmend.errors import OptionError
from selfmend.methods.gpnn import GPNN
from selfmend.nn.tensors import make_generator


def textured(height: int = 40, width: int = 52) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    wave = torch.stack([torch.sin((rows * k + columns) / 4.0) for k in (1, 2, 3)])[None] * 0.35 + 0.5
    return (wave + 0.1 * torch.rand(1, 3, height, width, generator=make_generator(0, "p"))).clamp(0, 1)


def gpnn(**options: object) -> GPNN:
    return GPNN.from_options(None, {"iterations": 2, **options})


def test_samples_have_the_size_and_differ() -> None:
    first, second = gpnn().sample(textured(), samples=2)
    assert first.shape == textured().shape
    assert (first - second).abs().mean() > 0.02
    assert torch.equal(gpnn().sample(textured())[0], first)
    assert 0 <= float(first.min()) <= float(first.max()) <= 1


def test_more_noise_more_diversity() -> None:
    def spread(noise: float) -> float:
        return float(torch.cat(gpnn(noise=noise).sample(textured(), samples=4)).std(0).mean())

    assert spread(0.0) < 0.2 * spread(2.0)


@pytest.mark.parametrize("size", [(40, 90), (70, 33)])
def test_another_size(size: tuple[int, int]) -> None:
    assert gpnn().sample(textured(), size=size)[0].shape == (1, 3, *size)
    assert gpnn().retarget(textured(), size=size).shape == (1, 3, *size)


def test_retargeting_to_its_own_size_gives_the_picture_back() -> None:
    assert (gpnn().retarget(textured(), size=(40, 52)) - textured()).abs().mean() < 0.02


def test_fills_stripes() -> None:
    stripes = (torch.arange(40) % 8 < 4).float().expand(1, 1, 40, 40)
    mask = torch.zeros(1, 1, 40, 40, dtype=torch.bool)
    mask[..., 15:22, 15:22] = True
    (filled,) = gpnn(iterations=6).inpaint(stripes, mask)
    assert (filled - stripes)[mask].abs().mean() < 0.05


def test_too_narrow() -> None:
    with pytest.raises(OptionError, match="a scale is 2x18 and a patch 7x7: ask for a larger or less narrow picture"):
        gpnn().sample(textured(), size=(6, 52))


def test_too_small() -> None:
    with pytest.raises(OptionError, match="a patch 7x7"):
        gpnn().sample(textured(5, 52))

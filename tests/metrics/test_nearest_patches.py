"""The exact search for nearest patches, against all pairs one by one."""

import pytest
import torch
from skimage import data

from selfmend.errors import ImageError, OptionError
from selfmend.image import patches
from selfmend.image.patches import gather_patches, nearest_patches


def photo(step: int = 6) -> torch.Tensor:
    """A photo of 8 bits, small."""
    return torch.from_numpy(data.chelsea()[::step, ::step].copy()).permute(2, 0, 1)[None].float() / 255


def all_pairs(queries: torch.Tensor, keys: torch.Tensor, patch: int) -> torch.Tensor:
    """Mean squared difference of every pair, in float64: (patches of queries, patches of keys)."""
    one, other = (torch.nn.functional.unfold(x.double(), patch)[0].mT for x in (queries, keys))
    return torch.stack([(row - other).square().mean(1) for row in one])


@pytest.mark.parametrize(("group", "strip"), [(1024, 16384), (64, 500)])
def test_finds_the_nearest_of_all_pairs(group: int, strip: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "_GROUP", group)
    monkeypatch.setattr(patches, "_STRIP", strip)
    queries, keys = photo()[..., :28, :30], photo()[..., 20:, 24:]
    queries = (queries * 0.9 * 255).round() / 255
    positions, distances = nearest_patches(queries, keys, patch=7)
    pairs = all_pairs(queries, keys, 7)
    assert positions.shape == (2, 22, 24)
    assert distances.shape == (22, 24)
    assert torch.allclose(distances.flatten().double(), pairs.amin(1), rtol=1e-6)
    chosen = positions[0] * (keys.shape[-1] - 6) + positions[1]
    assert torch.allclose(pairs.gather(1, chosen.view(-1, 1))[:, 0], pairs.amin(1), rtol=1e-12)


@pytest.mark.parametrize("shape", [(1, 1, 9, 8), (1, 4, 3, 8)])
def test_other_channels_and_pictures_of_one_row_of_patches(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    queries, keys = torch.rand(shape, generator=generator), torch.rand(shape, generator=generator)
    _, distances = nearest_patches(queries, keys, patch=3)
    assert torch.allclose(distances.flatten().double(), all_pairs(queries, keys, 3).amin(1), rtol=1e-4)


def test_a_copy_is_at_distance_zero_to_the_bit() -> None:
    image = photo()
    positions, distances = nearest_patches(image[..., 5:25, 9:40], image, patch=7)
    assert distances.max() == 0
    rows, columns = torch.meshgrid(torch.arange(14), torch.arange(25), indexing="ij")
    exact = (positions[0] == rows + 5) & (positions[1] == columns + 9)
    assert exact.all()


def test_flat_pictures_are_all_ties_and_end_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "_GROUP", 16)
    flat = torch.full((1, 3, 20, 20), 0.3)
    positions, distances = nearest_patches(flat, flat, patch=7)
    assert distances.max() == 0
    assert positions.min() >= 0
    assert positions.max() <= 13


def test_gathers_in_reading_order() -> None:
    values = torch.arange(24.0).view(1, 2, 3, 4)
    assert gather_patches(values, torch.tensor([5]), patch=2).tolist() == [[6, 7, 10, 11, 18, 19, 22, 23]]


def test_what_does_not_fit_is_refused() -> None:
    image = torch.rand(1, 3, 8, 8)
    with pytest.raises(ImageError, match="queries is a batch of 2; one picture"):
        nearest_patches(image.repeat(2, 1, 1, 1), image, patch=3)
    with pytest.raises(ImageError, match=r"keys is \(8, 5\); at least one patch of 7 x 7 px fits"):
        nearest_patches(image, image[..., :5], patch=7)
    with pytest.raises(ImageError, match="queries have 1 channels and keys 3"):
        nearest_patches(image[:, :1], image, patch=3)
    with pytest.raises(ImageError, match="keys has values from 0 to 255"):
        nearest_patches(image, torch.tensor([0.0, 255.0]).expand(1, 3, 8, 2), patch=1)
    with pytest.raises(OptionError, match="patch is 0; at least 1 pixel fits"):
        nearest_patches(image, image, patch=0)

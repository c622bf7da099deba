"""The finders' network in PyTorch and in OpenCV: the same network."""

from importlib import resources

import numpy as np
import pytest
import torch

from selfmend.errors import WeightsError
from selfmend.masks import finder_network
from selfmend.masks.damage.marks import KINDS
from selfmend.masks.finder_network import features, probability, read_weights, shipped_weights, write_weights
from selfmend.masks.marks import MARKS
from selfmend.nn.finder_unet import FinderUNet, finder_loss, folded, unfolded


@pytest.fixture(scope="module")
def net() -> FinderUNet:
    torch.manual_seed(0)
    net = FinderUNet(4, (8, 8, 8, 8, 8))
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for values, low, high in (
                (module.running_mean, -0.3, 0.3), (module.running_var, 0.5, 2), (module.weight.data, 0.5, 1.5),
                (module.bias.data, -0.2, 0.2),
            ):  # fmt: skip
                values.uniform_(low, high)
    net.head.bias.data.zero_()
    return net.eval()


def by_torch(net: FinderUNet, image: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return net(torch.from_numpy(features(image))[None]).sigmoid()[0].permute(1, 2, 0).numpy()


def test_opencv_runs_the_same_network(net) -> None:
    image = np.random.default_rng(0).random((96, 160, 3), np.float32)
    found = probability(image, folded(net), KINDS)
    assert found.std() > 0.01
    assert np.abs(found - by_torch(net, image)).max() < 1e-5


def test_any_size_is_padded_by_its_mirror_image(net) -> None:
    image = np.random.default_rng(0).random((70, 85, 3), np.float32)
    padded = np.pad(image, ((0, 26), (0, 11), (0, 0)), mode="symmetric")
    found = probability(image, folded(net), KINDS)
    assert found.shape == (70, 85, 4)
    assert np.abs(found - by_torch(net, padded)[:70, :85]).max() < 1e-5


def test_tiles_give_what_the_whole_gives_away_from_their_borders(net, monkeypatch) -> None:
    image = np.random.default_rng(0).random((64, 320, 3), np.float32)
    whole = probability(image, folded(net), KINDS)
    monkeypatch.setattr(finder_network, "_TILE", 192)
    tiles = probability(image, folded(net), KINDS)
    assert np.abs(tiles - whole)[:, :100].max() < 0.02
    assert np.abs(tiles - whole).max() < 0.2


@pytest.mark.parametrize(("length", "tile"), [(100, 100), (101, 100), (700, 192), (1024, 192), (90, 96)])
def test_tiles_cover_a_side_once(length, tile) -> None:
    places = finder_network._places(length, tile)
    assert [first for _, first, _ in places] == [0, *(last for _, _, last in places[:-1])]
    assert places[-1][2] == length
    for start, first, last in places:
        assert start <= first < last <= start + max(tile, length if len(places) == 1 else 0)


def test_weights_are_kept_as_a_byte_each(net, tmp_path) -> None:
    weights = folded(net)
    weights["up.0.weight"][:, 1] *= 100  # channels differ much: each has a scale of its own
    weights["stem.0.weight"][1] *= 100
    write_weights(weights, tmp_path / "w.npz")
    read = read_weights(tmp_path / "w.npz")
    assert set(read) == set(weights)
    for name, array in weights.items():
        if array.ndim < 2:
            assert np.array_equal(read[name], array)
            continue
        axis = 1 if name.startswith("up.") else 0
        others = tuple(k for k in range(array.ndim) if k != axis)
        assert (np.abs(read[name] - array) <= 0.51 / 127 * np.abs(array).max(others, keepdims=True)).all()


@pytest.mark.parametrize(("finder", "kinds"), [("damage-finder", KINDS), ("mark-finder", MARKS)])
def test_the_weights_of_the_package_are_small_and_whole(finder, kinds) -> None:
    weights = shipped_weights(finder)
    shapes = {name: array.shape for name, array in folded(FinderUNet(len(kinds))).items()}
    assert {name: array.shape for name, array in weights.items()} == shapes
    file = resources.files("selfmend.masks") / "weights" / f"{finder}.npz"
    assert len(file.read_bytes()) < 3e6


def test_a_training_goes_on_from_weights_without_their_batch_norms(net) -> None:
    weights = folded(net)
    again = unfolded(weights, 4)
    assert not again.training
    assert folded(again).keys() == weights.keys()
    assert all(np.allclose(array, weights[name], atol=1e-6) for name, array in folded(again).items())
    image = np.random.default_rng(0).random((64, 96, 3), np.float32)
    assert np.abs(by_torch(again, image) - by_torch(net, image)).max() < 1e-5
    with pytest.raises(WeightsError):
        unfolded({name: array for name, array in weights.items() if name != "last.weight"}, 4)


def test_another_finder_goes_on_from_all_but_the_last_layer(net) -> None:
    other = unfolded(folded(net), 2)
    assert other(torch.zeros(1, 20, 32, 32)).shape == (1, 2, 64, 64)
    assert torch.equal(other.stem[0][0].weight, unfolded(folded(net), 4).stem[0][0].weight)
    with pytest.raises(WeightsError, match="2"):
        probability(np.zeros((64, 64, 3), np.float32), folded(other), KINDS)


def test_other_files_are_refused(net, tmp_path) -> None:
    (tmp_path / "w.npz").write_bytes(b"nothing")
    for path in (tmp_path / "w.npz", tmp_path / "none.npz"):
        with pytest.raises(WeightsError, match=path.name):
            read_weights(path)
    lacking = {name: array for name, array in folded(net).items() if not name.startswith("head")}
    with pytest.raises(WeightsError, match="head"):
        probability(np.zeros((64, 64, 3), np.float32), lacking, KINDS)


def test_the_loss_falls_as_the_right_pixels_are_found() -> None:
    masks = (torch.rand(2, 4, 16, 16, generator=torch.Generator().manual_seed(0)) > 0.8).float()
    wrong, unsure, right = (finder_loss(logits, masks) for logits in (4 - 8 * masks, 0 * masks, 8 * masks - 4))
    assert wrong > unsure > right > 0

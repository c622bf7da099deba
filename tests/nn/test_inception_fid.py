"""FID's Inception: official keys and numbers of weights, and the blocks against a second writing of them."""

import pytest
import torch
import torch.nn.functional as F

import inception_fid_file
from facts import mentions
from golden import fill_by_rule, input_by_rule, weight_by_rule
from selfmend.errors import WeightsError
from selfmend.nn.inception import InceptionFid, load_inception_fid

OFFICIAL = {
    "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
    "Conv2d_4a_3x3.bn.running_var": (192,),
    "Mixed_5b.branch5x5_2.conv.weight": (64, 48, 5, 5),
    "Mixed_5b.branch_pool.conv.weight": (32, 192, 1, 1),
    "Mixed_5d.branch3x3dbl_3.bn.bias": (96,),
    "Mixed_6a.branch3x3.conv.weight": (384, 288, 3, 3),
    "Mixed_6b.branch7x7_2.conv.weight": (128, 128, 1, 7),
    "Mixed_6d.branch7x7dbl_4.conv.weight": (160, 160, 7, 1),
    "Mixed_6e.branch7x7dbl_5.conv.weight": (192, 192, 1, 7),
    "Mixed_7a.branch7x7x3_4.conv.weight": (192, 192, 3, 3),
    "Mixed_7b.branch3x3_2a.conv.weight": (384, 384, 1, 3),
    "Mixed_7c.branch3x3dbl_3b.conv.weight": (384, 384, 3, 1),
    "Mixed_7c.branch_pool.conv.weight": (192, 2048, 1, 1),
}


@pytest.fixture(scope="module")
def net() -> InceptionFid:
    return InceptionFid().eval()


class Layers:
    """The convolutions of a block, written again: bias-free, (x - mean) / sqrt(variance + 0.001), ReLU."""

    def __init__(self, block: torch.nn.Module) -> None:
        self.state = {key: value.double() for key, value in block.state_dict().items()}

    def __call__(self, x: torch.Tensor, *names: str, stride: int = 1, padding: bool = True) -> torch.Tensor:
        for name in names:
            weight = self.state[f"{name}.conv.weight"]
            around = tuple(side // 2 for side in weight.shape[2:]) if padding else 0
            x = F.conv2d(x, weight, stride=stride, padding=around)
            scale, bias, mean, variance = (
                self.state[f"{name}.bn.{n}"].view(1, -1, 1, 1)
                for n in ("weight", "bias", "running_mean", "running_var")
            )
            x = ((x - mean) / (variance + 0.001).sqrt() * scale + bias).clamp(min=0)
        return x


def mean_of_neighbours(x: torch.Tensor) -> torch.Tensor:
    """Of 3 x 3 pixels, as many of them as lie in the picture."""
    ones = torch.ones_like(x)
    total, count = (F.pad(y, (1, 1, 1, 1)).unfold(2, 3, 1).unfold(3, 3, 1).sum((-2, -1)) for y in (x, ones))
    return total / count


def at_35(f: Layers, x: torch.Tensor) -> list[torch.Tensor]:
    dbl = f(x, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3")
    pool = f(mean_of_neighbours(x), "branch_pool")
    return [f(x, "branch1x1"), f(x, "branch5x5_1", "branch5x5_2"), dbl, pool]


def to_17(f: Layers, x: torch.Tensor) -> list[torch.Tensor]:
    dbl = f(f(x, "branch3x3dbl_1", "branch3x3dbl_2"), "branch3x3dbl_3", stride=2, padding=False)
    return [f(x, "branch3x3", stride=2, padding=False), dbl, F.max_pool2d(x, 3, 2)]


def at_17(f: Layers, x: torch.Tensor) -> list[torch.Tensor]:
    seven = f(x, "branch7x7_1", "branch7x7_2", "branch7x7_3")
    dbl = f(x, *(f"branch7x7dbl_{k}" for k in range(1, 6)))
    return [f(x, "branch1x1"), seven, dbl, f(mean_of_neighbours(x), "branch_pool")]


def to_8(f: Layers, x: torch.Tensor) -> list[torch.Tensor]:
    three = f(f(x, "branch3x3_1"), "branch3x3_2", stride=2, padding=False)
    seven = f(x, "branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3")
    return [three, f(seven, "branch7x7x3_4", stride=2, padding=False), F.max_pool2d(x, 3, 2)]


def at_8(f: Layers, x: torch.Tensor, pool=mean_of_neighbours) -> list[torch.Tensor]:
    three, dbl = f(x, "branch3x3_1"), f(x, "branch3x3dbl_1", "branch3x3dbl_2")
    forks = [f(three, "branch3x3_2a"), f(three, "branch3x3_2b"), f(dbl, "branch3x3dbl_3a"), f(dbl, "branch3x3dbl_3b")]
    return [f(x, "branch1x1"), *forks, f(pool(x), "branch_pool")]


def at_the_end(f: Layers, x: torch.Tensor) -> list[torch.Tensor]:
    return at_8(f, x, lambda y: F.max_pool2d(y, 3, 1, 1))


@pytest.mark.parametrize(
    ("name", "inputs", "again"),
    [
        ("Mixed_5c", 256, at_35),
        ("Mixed_6a", 288, to_17),
        ("Mixed_6c", 768, at_17),
        ("Mixed_7a", 768, to_8),
        ("Mixed_7b", 1280, at_8),
        ("Mixed_7c", 2048, at_the_end),
    ],
)
def test_a_block_equals_another_writing(net: InceptionFid, name: str, inputs: int, again) -> None:
    block = fill_by_rule(net.get_submodule(name))
    x = input_by_rule(0, (1, inputs, 7, 6))
    with torch.inference_mode():
        found = block(x).double()
    expected = torch.cat(again(Layers(block), x.double()), 1)
    assert torch.allclose(found, expected, atol=1e-4)


def test_keys_and_numbers_are_official(net: InceptionFid) -> None:
    ours = {key: tuple(value.shape) for key, value in net.state_dict().items() if "num_batches" not in key}
    assert {key: ours[key] for key in OFFICIAL} == OFFICIAL
    assert len(ours) == 5 * 94
    classes = 2048 * 1008 + 1008
    assert sum(weight.numel() for weight in net.parameters()) + classes == 23_850_960
    assert sum(torch.Size(shape).numel() for shape in ours.values()) + classes == 23_885_392


def test_pictures_of_any_size_go_through_the_published_sizes(net: InceptionFid) -> None:
    sizes: dict[str, tuple[int, ...]] = {}
    for name, layer in net.named_children():
        layer.register_forward_hook(lambda _, x, y, name=name: sizes.update({name: (*x[0].shape[1:], *y.shape[1:])}))
    with torch.inference_mode():
        assert net(torch.zeros(1, 3, 20, 31)).shape == (1, 2048)
    assert sizes["Conv2d_1a_3x3"] == (3, 299, 299, 32, 149, 149)
    assert sizes["Conv2d_3b_1x1"] == (64, 73, 73, 80, 73, 73)
    assert sizes["Mixed_5b"] == (192, 35, 35, 256, 35, 35)
    assert sizes["Mixed_6a"] == (288, 35, 35, 768, 17, 17)
    assert sizes["Mixed_7a"] == (768, 17, 17, 1280, 8, 8)
    assert sizes["Mixed_7c"] == (2048, 8, 8, 2048, 8, 8)
    assert list(sizes)[5:] == [
        f"Mixed_{place}" for place in ["5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"]
    ]


def test_takes_the_official_file(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError, match=mentions("pt_inception-2015-12-05-6726825d.pth", "github.com/mseitzer")):
        load_inception_fid(tmp_path)
    inception_fid_file.publish(tmp_path, monkeypatch)
    net = load_inception_fid(tmp_path)
    assert not net.training
    assert not any(weight.requires_grad for weight in net.parameters())
    for key in ("Conv2d_1a_3x3.bn.weight", "Mixed_7c.branch_pool.conv.weight"):
        weight = net.state_dict()[key]
        assert torch.equal(weight, weight_by_rule(key, tuple(weight.shape)))

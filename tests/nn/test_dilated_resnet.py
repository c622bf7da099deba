"""The encoder of LaMa's perceptual loss: its keys, its sizes, its reach, and its file."""

from pathlib import Path

import pytest
import torch

from facts import mentions
from golden import fill_by_rule
from selfmend.errors import WeightsError
from selfmend.nn.dilated_resnet import DilatedResNet50, load_dilated_resnet


def test_keys_and_sizes_are_the_published_ones() -> None:
    with torch.device("meta"):
        net = DilatedResNet50()
        found = net(torch.zeros(1, 3, 64, 96))
    assert [f.shape for f in found] == [(1, 256, 16, 24), (1, 512, 8, 12), (1, 1024, 8, 12), (1, 2048, 8, 12)]
    state = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    assert {key.split(".")[0] for key in state} == {*(f"{a}{n}" for n in (1, 2, 3) for a in ("conv", "bn")),
                                                    *(f"layer{n}" for n in (1, 2, 3, 4))}  # fmt: skip
    assert (state["conv3.weight"], state["layer1.0.conv1.weight"]) == ((128, 64, 3, 3), (64, 128, 1, 1))
    assert state["layer4.0.downsample.0.weight"] == (2048, 1024, 1, 1)
    blocks = [len(net.get_submodule(f"layer{n}")) for n in (1, 2, 3, 4)]
    assert blocks == [3, 4, 6, 3]
    # torchvision's ResNet-50 has 23 508 032 without its last layer and 9 408 of these in its first convolution
    assert sum(p.numel() for p in net.parameters()) == 23_508_032 - 9_408 - 128 + 1_728 + 36_864 + 73_728 + 512 + (
        64 * 64 + 64 * 256  # the first block's 1x1 convolutions see 128 channels, not 64
    )


def test_dilations_are_those_of_the_segmentation() -> None:
    with torch.device("meta"):
        net = DilatedResNet50()
    middle = {key: part for key, part in net.named_modules() if key.endswith(".conv2")}
    dilations = {key: part.dilation[0] for key, part in middle.items()}
    assert [dilations[f"layer{n}.0.conv2"] for n in (1, 2, 3, 4)] == [1, 1, 1, 2]
    assert [dilations[f"layer{n}.1.conv2"] for n in (1, 2, 3, 4)] == [1, 1, 2, 4]
    assert {key for key, part in middle.items() if part.stride != (1, 1)} == {"layer2.0.conv2"}


def test_it_takes_a_file_with_its_keys_and_no_other(tmp_path: Path) -> None:
    net = fill_by_rule(DilatedResNet50()).eval()
    file = tmp_path / "encoder_epoch_20.pth"
    torch.save(net.state_dict(), file)
    loaded, image = load_dilated_resnet(path=tmp_path), torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert all(torch.equal(a, b) for a, b in zip(loaded(image), net(image), strict=True))
    assert not any(p.requires_grad for p in loaded.parameters())
    assert not loaded.training
    state = net.state_dict()
    del state["layer4.2.bn3.weight"]
    torch.save(state, file)
    with pytest.raises(WeightsError, match=mentions("layer4.2.bn3.weight")):
        load_dilated_resnet(path=file)

"""AlexNet's features: official keys, the numbers of a second writing of it, and the smallest picture."""

import pytest
import torch
import torch.nn.functional as F

import lpips_files
from golden import input_by_rule
from selfmend.nn.perceptual import ALEXNET_CHANNELS, ALEXNET_LEAST_SIZE, AlexNetFeatures


def test_keys_are_official() -> None:
    ours = {key: tuple(value.shape) for key, value in AlexNetFeatures().state_dict().items()}
    assert ours == {k: s for k, s in lpips_files.backbone_shapes("alex").items() if k.startswith("features")}


def test_features_are_those_after_every_relu() -> None:
    state = lpips_files.backbone_state("alex")
    net = AlexNetFeatures()
    net.load_state_dict({key: state[key] for key in net.state_dict()})
    x = input_by_rule(0, (2, 3, 67, 70))
    found = net(x)
    expected = []
    for place, (stride, padding, pool) in {
        0: (4, 2, 0),
        3: (1, 2, 1),
        6: (1, 1, 1),
        8: (1, 1, 0),
        10: (1, 1, 0),
    }.items():
        x = F.max_pool2d(x, 3, 2) if pool else x
        x = F.conv2d(x, state[f"features.{place}.weight"], state[f"features.{place}.bias"], stride, padding).clamp(
            min=0
        )
        expected.append(x)
    assert [f.shape[1] for f in found] == list(ALEXNET_CHANNELS)
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(found, expected, strict=True))


def test_the_smallest_picture() -> None:
    assert AlexNetFeatures()(torch.zeros(1, 3, ALEXNET_LEAST_SIZE, 40))[-1].shape[2] == 1
    with pytest.raises(RuntimeError):
        AlexNetFeatures()(torch.zeros(1, 3, ALEXNET_LEAST_SIZE - 1, 40))

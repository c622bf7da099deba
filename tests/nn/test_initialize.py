import pytest
import torch
from torch import nn

from selfmend.nn.edge_connect import EdgeGenerator
from selfmend.nn.layers import initialize


def test_every_kind_of_layer_is_drawn() -> None:
    net = nn.Sequential(nn.Conv2d(8, 64, 5), nn.ConvTranspose2d(64, 8, 5), nn.BatchNorm2d(999), nn.Linear(80, 80))
    initialize(net, generator=torch.Generator().manual_seed(0))
    for layer in net:
        mean = 1.0 if isinstance(layer, nn.BatchNorm2d) else 0.0
        assert layer.weight.mean().item() == pytest.approx(mean, abs=0.003)
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1)
        assert not layer.bias.any()


def test_spectral_norm_depends_on_the_generator_alone_and_holds_from_the_start() -> None:
    nets = [EdgeGenerator(width=0.1, blocks=1) for _ in range(2)]
    for net in nets:
        initialize(net, generator=torch.Generator().manual_seed(3))
    first, second = (net.state_dict() for net in nets)
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert first["encoder.4.parametrizations.weight.original"].std().item() == pytest.approx(0.02, rel=0.2)
    weight = nets[0].eval().decoder[0].weight.transpose(0, 1).flatten(1)
    assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=0.1)

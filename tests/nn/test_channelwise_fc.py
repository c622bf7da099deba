import pytest
import torch

from facts import mentions
from selfmend.nn.layers import ChannelwiseLinear


def test_is_one_linear_layer_a_channel() -> None:
    layer = ChannelwiseLinear(2, size=(2, 3))
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(4, 2, 2, 3)
    for channel in range(2):
        expected = x[:, channel].flatten(1) @ layer.weight[channel].T + layer.bias[channel]
        assert torch.allclose(layer(x)[:, channel].flatten(1), expected, atol=1e-6)


def test_no_channel_sees_another_one() -> None:
    layer = ChannelwiseLinear(3, size=(4, 4))
    x = torch.randn(1, 3, 4, 4)
    changed = x.clone()
    changed[:, 1] += 1
    same = (layer(x) == layer(changed)).flatten(2).all(2)
    assert same.tolist() == [[True, False, True]]


def test_has_the_papers_number_of_weights() -> None:
    with torch.device("meta"):
        assert ChannelwiseLinear(256, size=(6, 6), bias=False).weight.numel() == 331_776


def test_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=mentions("(3, 4, 5)", "(3, 4, 4)")):
        ChannelwiseLinear(3, size=(4, 4))(torch.zeros(1, 3, 4, 5))

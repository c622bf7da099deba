import pytest
import torch
import torch.nn.functional as F

from selfmend.nn.layers import DilatedResidualBlock


def test_by_formula() -> None:
    block = DilatedResidualBlock(4)
    x = torch.randn(2, 4, 9, 8)
    first, second = block.conv_block[1], block.conv_block[5]
    hidden = F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), first.weight, first.bias, dilation=2)
    hidden = F.relu(F.instance_norm(hidden))
    hidden = F.conv2d(F.pad(hidden, (1, 1, 1, 1), mode="reflect"), second.weight, second.bias)
    assert torch.allclose(block(x), x + F.instance_norm(hidden), atol=1e-5)


def test_spectral_norm_divides_by_the_largest_singular_value_and_leaves_no_bias() -> None:
    block = DilatedResidualBlock(4, spectral_norm=True)
    for _ in range(50):  # each look in training mode is one power iteration
        weight = block.conv_block[1].weight
    assert torch.linalg.matrix_norm(weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-3)
    assert block.conv_block[1].bias is None
    assert "conv_block.1.parametrizations.weight.original" in block.state_dict()

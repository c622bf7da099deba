import pytest
import torch

from facts import mentions
from selfmend.nn.reconstruction_losses import joint_loss, overlap_weights, weighted_square_error


def test_weights_by_hand() -> None:
    expected = torch.full((4, 4), 10.0)
    expected[1:3, 1:3] = 1
    assert torch.equal(overlap_weights(4, overlap=1)[0, 0], expected)
    assert torch.equal(overlap_weights(3, overlap=0), torch.ones(1, 1, 3, 3))
    assert overlap_weights(64, overlap=4).sum().item() == 56**2 + 10 * (64**2 - 56**2)


def test_losses_by_hand() -> None:
    output, target = torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    reconstruction = weighted_square_error(output, target, overlap_weights(4, overlap=1))
    assert reconstruction.item() == pytest.approx((12 * 10 + 4) / 16)
    assert joint_loss(torch.tensor(2.0), torch.tensor(3.0)).item() == pytest.approx(0.999 * 2 + 0.001 * 3)


def test_a_band_without_an_inside_is_refused() -> None:
    with pytest.raises(ValueError, match=mentions("overlap", "2", "4", "0")):
        overlap_weights(4, overlap=2)

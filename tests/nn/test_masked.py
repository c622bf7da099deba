import pytest
import torch

from selfmend.nn.reconstruction_losses import masked_mean, masked_mse, masked_rmse

VALID = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])


def test_means_by_hand() -> None:
    values = torch.tensor([[[[1.0, 100.0], [3.0, float("nan")]], [[5.0, 7.0], [7.0, 7.0]]]])
    assert masked_mean(values, VALID).item() == (1 + 3 + 5 + 7) / 4
    assert masked_mean(torch.tensor([[[[1.0, 2.0]]]])).item() == 1.5
    assert masked_mean(values, torch.zeros_like(VALID)).item() == 0


def test_one_mask_for_a_batch() -> None:
    values = torch.stack([torch.full((1, 2, 2), 2.0), torch.full((1, 2, 2), 4.0)])
    assert masked_mean(values, VALID).item() == 3


def test_errors_by_hand() -> None:
    output, target = torch.zeros(1, 1, 2, 2), torch.tensor([[[[3.0, 9.0], [1.0, 9.0]]]])
    assert masked_mse(output, target, VALID).item() == 5
    assert masked_rmse(output, target, VALID).item() == pytest.approx(5**0.5)


def test_a_hole_gives_no_gradient() -> None:
    output = torch.tensor([[[[1.0, float("nan")], [2.0, 3.0]]]], requires_grad=True)
    masked_mse(output, torch.zeros(1, 1, 2, 2), VALID).backward()
    assert torch.equal(output.grad, torch.tensor([[[[1.0, 0.0], [2.0, 0.0]]]]))

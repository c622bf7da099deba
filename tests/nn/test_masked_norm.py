import torch
from torch import nn

from selfmend.nn.layers import MaskedBatchNorm2d


def test_all_valid_is_batch_norm() -> None:
    x = torch.randn(2, 5, 6, 7)
    plain, ours, masked = nn.BatchNorm2d(5), MaskedBatchNorm2d(5), MaskedBatchNorm2d(5)
    expected = plain(x)
    assert torch.equal(ours(x), expected)
    assert torch.allclose(masked(x, torch.ones(2, 1, 6, 7)), expected, atol=1e-5)
    for key, value in plain.state_dict().items():
        assert torch.allclose(masked.state_dict()[key].float(), value.float(), atol=1e-6), key


def test_statistics_are_those_of_the_valid_positions() -> None:
    x, valid = torch.randn(1, 3, 8, 8), torch.ones(1, 1, 8, 8)
    valid[..., :3] = 0
    plain, ours = nn.BatchNorm2d(3), MaskedBatchNorm2d(3)
    expected = plain(x[..., 3:])
    out = ours(x.where(valid > 0, 1000.0), valid)
    assert torch.allclose(out[..., 3:], expected, atol=1e-4)
    assert torch.allclose(ours.running_var, plain.running_var, atol=1e-4)
    ours.eval()
    assert torch.equal(ours(x, valid), ours(x))

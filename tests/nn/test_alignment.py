import pytest
import torch

import vgg_file
from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.reconstruction_losses import alignment_loss, centers_of_mass


def test_compat_equals_the_reference() -> None:
    arrays, _ = load_golden("dmfn_losses")
    net = vgg_file.by_rule(("relu4_1",), "dmfn")
    a, b = (net((input_by_rule(seed, (2, 3, 64, 64)) + 1) / 2)["relu4_1"] for seed in (61, 62))
    assert_golden(alignment_loss(a, b, compat=True), arrays["center_loss_code"])
    assert alignment_loss(a, b).item() != pytest.approx(float(arrays["center_loss_code"]), rel=0.01)


def test_centers_by_hand() -> None:
    features = torch.zeros(1, 2, 4, 8)
    features[0, 0, 3, 0] = 5
    features[0, 1, 1, 2:5:2] = 1
    y, x = centers_of_mass(features)
    assert torch.allclose(y, torch.tensor([[0.5, -0.5]]), atol=1e-5)
    assert torch.allclose(x, torch.tensor([[-1.0, -0.25]]), atol=1e-5)


def test_centers_are_float32_even_of_half_precision() -> None:
    features = torch.rand(1, 2, 64, 64, generator=torch.Generator().manual_seed(0)).bfloat16()
    for found, expected in zip(centers_of_mass(features), centers_of_mass(features.float()), strict=True):
        assert torch.equal(found, expected)


def test_a_move_down_counts_and_in_compat_does_not() -> None:
    output, target = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    output[..., 2, 1] = 1
    target[..., 0, 1] = 1
    assert alignment_loss(output, target).item() == pytest.approx(0.5, abs=1e-4)  # one unit of y, over two coordinates
    assert alignment_loss(output, target, compat=True).item() == pytest.approx(0, abs=1e-6)
    assert alignment_loss(output.mT, target.mT, compat=True).item() == pytest.approx(1, abs=1e-4)

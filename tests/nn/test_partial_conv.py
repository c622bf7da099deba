import pytest
import torch
from torch import nn

from facts import mentions
from golden import assert_golden, input_by_rule, load_golden, weight_by_rule
from selfmend.nn.layers import PartialConv2d

CASES = {
    "p0": {},
    "p1": {"padding": 1},
    "s2": {"kernel_size": 5, "stride": 2, "padding": 2},
    "d2": {"dilation": 2, "padding": 2},
    "nobias": {"bias": False},
}


def holed(size: tuple[int, int] = (17, 23)) -> torch.Tensor:
    valid = torch.ones(1, 1, *size)
    valid[..., 5:10, 6:14] = 0
    return valid


@pytest.mark.parametrize(("name", "options"), CASES.items())
def test_equals_the_reference_layer(name: str, options: dict) -> None:
    arrays, _ = load_golden("partial_conv")
    layer = PartialConv2d(3, 4, **{"kernel_size": 3, **options})
    layer.load_state_dict({k: weight_by_rule(k, tuple(v.shape)) for k, v in layer.state_dict().items()})
    out, updated = layer(input_by_rule(71, (2, 3, 17, 23)), arrays["valid"])
    assert_golden(out.detach(), arrays[f"{name}_out"])
    assert torch.equal(updated.expand_as(out), arrays[f"{name}_mask"])


@pytest.mark.parametrize("valid", [None, torch.ones(1, 1, 17, 23)])
def test_no_hole_is_a_convolution(valid: torch.Tensor | None) -> None:
    layer, plain = PartialConv2d(3, 5, 3), nn.Conv2d(3, 5, 3)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(1, 3, 17, 23)
    assert torch.allclose(layer(x, valid)[0], plain(x), atol=1e-6)


@pytest.mark.parametrize("content", [7.0, 1e30, float("nan"), float("inf")])
def test_content_of_a_hole_has_no_influence(content: float) -> None:
    layer, valid = PartialConv2d(3, 4, 3, padding=1), holed()
    clean = torch.randn(1, 3, 17, 23)
    results = []
    for hole in (0.0, content):
        layer.zero_grad()
        x = torch.where(valid > 0, clean, hole).requires_grad_()
        out, _ = layer(x, valid)
        out.square().sum().backward()
        results.append((out.detach(), layer.weight.grad.clone(), x.grad.clone()))
    for a, b in zip(*results, strict=True):
        assert torch.isfinite(b).all()
        assert torch.equal(a, b)
    assert (results[1][2][..., 5:10, 6:14] == 0).all()


def test_a_hole_shrinks_by_the_radius_of_the_kernel() -> None:
    valid = holed()
    for size, padding in ((3, 1), (5, 2)):
        _, updated = PartialConv2d(3, 4, size, padding=padding)(torch.zeros(1, 3, 17, 23), valid)
        expected = torch.ones_like(valid)
        expected[..., 5 + padding : 10 - padding, 6 + padding : 14 - padding] = 0
        assert torch.equal(updated, expected)


def test_all_hole_gives_zero() -> None:
    out, updated = PartialConv2d(3, 4, 3)(torch.randn(1, 3, 6, 6), torch.zeros(1, 1, 6, 6))
    assert (out == 0).all()
    assert (updated == 0).all()


def test_mean_of_what_is_seen_by_hand() -> None:
    layer = PartialConv2d(1, 1, 3, bias=False)
    nn.init.constant_(layer.weight, 1 / 9)
    x = torch.arange(9.0).view(1, 1, 3, 3)
    valid = torch.zeros(1, 1, 3, 3)
    valid[..., 0, 1] = valid[..., 2, 2] = 1
    assert layer(x, valid)[0].item() == pytest.approx((1 + 8) / 2)


def test_refuses_other_padding() -> None:
    layer = PartialConv2d(1, 1, 3, padding=1, padding_mode="reflect")
    with pytest.raises(ValueError, match=mentions("'reflect'", "'zeros'")):
        layer(torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4))

"""EDSR against its formulas, written down once more, and SRGAN against the port whose weights are published."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from golden import assert_golden, fill_by_rule, input_by_rule, load_golden
from selfmend.nn.edsr import Edsr
from selfmend.nn.srgan import SrganGenerator


def edsr_by_formula(state: dict[str, Tensor], x: Tensor, *, blocks: int, scale: int, factor: float) -> Tensor:
    def conv(x: Tensor, name: str) -> Tensor:
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, state[f"{name}.bias"], padding=weight.shape[2] // 2)

    mean = 255 * torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1)
    first = conv(255 * x - mean, "head.0")
    x = first
    for i in range(blocks):
        x = x + factor * conv(F.relu(conv(x, f"body.{i}.body.0")), f"body.{i}.body.2")
    x = conv(x, f"body.{blocks}") + first
    for name in ("tail.0.0", "tail.0.2") if scale == 4 else ("tail.0.0",):
        x = F.pixel_shuffle(conv(x, name), 3 if scale == 3 else 2)
    return (conv(x, "tail.1") + mean) / 255


def edsr(**options: int) -> Edsr:
    """The network, filled by rule but for the two layers that take the mean away and add it."""
    net = Edsr(**options)
    shifts = {key: value.clone() for key, value in net.state_dict().items() if "mean" in key}
    fill_by_rule(net)
    net.load_state_dict(net.state_dict() | shifts)
    return net.eval()


@pytest.mark.parametrize(("scale", "blocks", "factor"), [(2, 16, 1.0), (3, 2, 1.0), (4, 32, 0.1)])
def test_edsr_is_its_formula(scale: int, blocks: int, factor: float) -> None:
    net = edsr(scale=scale, blocks=blocks, channels=16)
    x = (input_by_rule(1, (1, 3, 10, 13)) + 1) / 2
    with torch.no_grad():
        expected = edsr_by_formula(net.state_dict(), x, blocks=blocks, scale=scale, factor=factor)
        assert_golden(net(x), expected)
    again = Edsr.of_state(net.state_dict())
    assert again.scale == scale
    again.load_state_dict(net.state_dict())


def test_edsr_has_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        counts = [
            sum(p.numel() for p in Edsr.of_state(Edsr(**options).state_dict()).parameters() if p.requires_grad)
            for options in ({"scale": 4}, {"scale": 4, "blocks": 32, "channels": 256})
        ]
    assert counts == [1_517_571, 43_089_923]


def test_srgan_gives_the_numbers_of_the_published_port() -> None:
    arrays, state = load_golden("srgan_generator_x4")
    net = SrganGenerator.of_state(state).eval()
    net.load_state_dict({key: state.get(key, value) for key, value in net.state_dict().items()})
    assert set(state) <= set(net.state_dict())
    x = (input_by_rule(39, (1, 3, 20, 24)) + 1) / 2
    with torch.no_grad():
        assert_golden(net.raw(x), arrays["output"])
        assert torch.equal(net(x), (torch.tanh(net.raw(x)) + 1) / 2)


@pytest.mark.parametrize("net", [Edsr(scale=2, blocks=2, channels=8), SrganGenerator(width=0.125)])
def test_what_lies_farther_than_its_reach_has_no_influence(net: Edsr | SrganGenerator) -> None:
    net.eval()
    x = torch.rand(1, 3, 2 * net.reach + 6, 8)
    other = x.clone()
    other[:, :, : net.reach + 2] = torch.rand(1, 3, net.reach + 2, 8)
    with torch.no_grad():
        same = (net(x) - net(other)).abs().amax((0, 1, 3)) < 1e-6
    assert same[net.scale * (2 * net.reach + 2) :].all()

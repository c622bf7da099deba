import pytest
import torch

from facts import mentions
from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.context_encoder import (
    ALEXNET_SIZE,
    AlexNetContextEncoder,
    ContextEncoderDiscriminator,
    ContextEncoderGenerator,
)
from selfmend.nn.weights import load_official, plain_state


def parameters(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@torch.no_grad()
def test_generator_equals_the_reference() -> None:
    arrays, state = load_golden("context_encoder_generator")
    with torch.device("meta"):
        net = ContextEncoderGenerator()
    net = net.to_empty(device="cpu")
    state = plain_state(state, where="golden")
    load_official(net, state, name="the Context Encoder's generator", where="golden")
    assert_golden(net.eval()(input_by_rule(31, (1, 3, 128, 128))), arrays["output"])


@torch.no_grad()
def test_discriminator_equals_the_reference() -> None:
    arrays, state = load_golden("context_encoder_discriminator")
    net = ContextEncoderDiscriminator()
    load_official(net, state, name="the Context Encoder's discriminator", where="golden")
    assert_golden(torch.sigmoid(net.eval()(input_by_rule(32, (2, 3, 64, 64)))), arrays["output"])


def test_numbers_of_parameters() -> None:
    with torch.device("meta"):
        assert parameters(ContextEncoderGenerator()) == 71_124_544
        assert parameters(ContextEncoderGenerator(output_size=128)) == 71_190_208  # one more 64 -> 64
        assert parameters(ContextEncoderDiscriminator()) == 2_765_568
        assert parameters(ContextEncoderDiscriminator(size=128)) == 2_765_568 + 64 * 64 * 16 + 2 * 64
        assert AlexNetContextEncoder().channelwise.weight.numel() == 331_776
        assert parameters(ContextEncoderGenerator(width=0.5)) < 71_124_544 / 3.9


@pytest.mark.parametrize(("size", "output_size"), [(128, 64), (64, 32), (64, 64), (256, 128), (16, 8)])
def test_sizes(size: int, output_size: int) -> None:
    net = ContextEncoderGenerator(size=size, output_size=output_size, width=0.05)
    out = net(torch.zeros(2, 3, size, size))
    assert out.shape == (2, 3, output_size, output_size)
    assert ContextEncoderDiscriminator(size=output_size, width=0.05)(out).shape == (2, 1)


def test_a_size_that_is_no_power_of_two_is_refused() -> None:
    with pytest.raises(ValueError, match=mentions("size", "96", "8")):
        ContextEncoderGenerator(size=96)


@torch.no_grad()
def test_alexnet_has_pool5_of_six_by_six_and_gives_the_size_it_takes() -> None:
    net = AlexNetContextEncoder(width=0.1)
    x = torch.zeros(1, 3, ALEXNET_SIZE, ALEXNET_SIZE)
    assert net.encoder(x).shape[2:] == (6, 6)
    assert net(x).shape == x.shape
    with torch.device("meta"):
        assert AlexNetContextEncoder().encoder[-3].out_channels == 256

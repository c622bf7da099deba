import pytest
import torch

from facts import mentions
from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.dmfn import DMFNDiscriminator, DMFNGenerator
from selfmend.nn.weights import load_official


@torch.no_grad()
def test_generator_equals_the_reference() -> None:
    arrays, state = load_golden("dmfn_generator")
    net = DMFNGenerator()
    load_official(net, state, name="DMFN's generator", where="golden")
    assert_golden(net.eval()(input_by_rule(21, (1, 4, 64, 64))), arrays["output"])


@torch.no_grad()
def test_discriminator_equals_the_reference() -> None:
    arrays, state = load_golden("dmfn_discriminator")
    with torch.device("meta"):
        net = DMFNDiscriminator()
    net = net.to_empty(device="cpu")
    load_official(net, state, name="DMFN's discriminator", where="golden")
    local, whole = input_by_rule(22, (2, 3, 128, 128)), input_by_rule(23, (2, 3, 256, 256))
    logits, activations = net.eval()(local, whole)
    assert_golden(logits, arrays["output"])
    for i, activation in enumerate(activations, 1):
        assert_golden(activation.mean((2, 3)), arrays[f"feature{i}"])


@pytest.mark.parametrize(
    ("fusion_kernel", "use_k", "count"), [(3, False, 9_037_443), (1, False, 4_843_139), (1, True, 5_729_411)]
)
def test_numbers_of_parameters(fusion_kernel: int, use_k: bool, count: int) -> None:
    with torch.device("meta"):
        net = DMFNGenerator(fusion_kernel=fusion_kernel, use_k=use_k)
        discriminator = DMFNDiscriminator()
    assert sum(p.numel() for p in net.parameters()) == count
    assert sum(p.numel() for p in discriminator.parameters()) == 36_673_025


def test_small() -> None:
    out = DMFNGenerator(width=0.1, blocks=2)(torch.rand(2, 4, 32, 36))
    assert out.shape == (2, 3, 32, 36)
    discriminator = DMFNDiscriminator(size=32, local_size=16, width=0.1)
    logits, activations = discriminator(torch.rand(2, 3, 16, 16), torch.rand(2, 3, 32, 32))
    assert logits.shape == (2, 1)
    assert [a.shape[2] for a in activations] == [8, 4]


def test_a_size_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=mentions("size", "100", "8", "256")):
        DMFNDiscriminator(size=100)
    with pytest.raises(ValueError, match=mentions("256", "8", "128")):
        DMFNDiscriminator(local_size=256)

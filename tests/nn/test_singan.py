import pytest
import torch

from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.layers import initialize
from selfmend.nn.singan import SinGANCritic, SinGANGenerator


@pytest.mark.parametrize("channels", [32, 128])
def test_generator_equals_the_reference(channels: int) -> None:
    arrays, state = load_golden(f"singan_generator_{channels}")
    net = SinGANGenerator(channels=channels)
    missing = net.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys
    assert all(key.endswith("num_batches_tracked") for key in missing.missing_keys)
    with torch.no_grad():
        out = net.eval()(input_by_rule(41, (1, 3, 40, 50)), input_by_rule(42, (1, 3, 40, 50)))
    assert_golden(out, arrays["output"])


def test_generator_in_training_mode_equals_the_reference() -> None:
    arrays, _ = load_golden("singan_generator_128_train")
    _, state = load_golden("singan_generator_128")
    net = SinGANGenerator(channels=128)
    net.load_state_dict(state, strict=False)
    with torch.no_grad():
        out = net.train()(input_by_rule(41, (1, 3, 40, 50)), input_by_rule(42, (1, 3, 40, 50)))
    assert_golden(out, arrays["output"])


@pytest.mark.parametrize("channels", [32, 128])
def test_critic_equals_the_reference(channels: int) -> None:
    arrays, state = load_golden(f"singan_discriminator_{channels}")
    net = SinGANCritic(channels=channels)
    assert not net.load_state_dict(state, strict=False).unexpected_keys
    with torch.no_grad():
        scores, seen = net.eval()(input_by_rule(41, (1, 3, 40, 50)))
    assert seen is None
    assert_golden(scores, arrays["output"])


@pytest.mark.parametrize(("channels", "generator", "critic"), [(32, 29_763, 29_185), (128, 450_819, 448_513)])
def test_numbers_of_parameters(channels: int, generator: int, critic: int) -> None:
    assert sum(p.numel() for p in SinGANGenerator(channels=channels).parameters()) == generator
    assert sum(p.numel() for p in SinGANCritic(channels=channels).parameters()) == critic


@pytest.mark.parametrize("training", [True, False])
def test_partial_without_a_hole_is_plain(training: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    net, critic = SinGANGenerator(channels=8), SinGANCritic(channels=8)
    initialize(net, generator=generator)
    initialize(critic, generator=generator)
    net.train(training)
    critic.train(training)
    x, previous = torch.randn(2, 1, 3, 24, 26, generator=generator)
    full = torch.ones(1, 1, 24, 26)
    with torch.no_grad():
        assert torch.allclose(net(x, previous, full), net(x, previous), atol=1e-5)
        assert torch.allclose(critic(x, full)[0], critic(x)[0], atol=1e-5)


def test_hole_content_never_reaches_a_score_and_holes_shrink_by_five() -> None:
    critic = SinGANCritic(channels=8)
    initialize(critic, generator=torch.Generator().manual_seed(0))
    valid = torch.ones(1, 1, 40, 40)
    valid[..., 10:30, 12:28] = 0
    x = torch.randn(1, 3, 40, 40)
    clean, seen = critic(x.where(valid > 0, 0.0), valid)
    spoiled, _ = critic(x.where(valid > 0, float("nan")), valid)
    assert torch.equal(clean, spoiled)
    expected = torch.ones(1, 1, 30, 30)
    expected[..., 10:20, 12:18] = 0  # 5 less on each side, and 5 less border
    assert torch.equal(seen, expected)


def test_initial_weights_depend_on_the_generator_alone() -> None:
    nets = [SinGANGenerator(channels=16) for _ in range(3)]
    for net, seed in zip(nets, (1, 1, 2), strict=True):
        initialize(net, generator=torch.Generator().manual_seed(seed))
    a, b, c = (net.body["block1"].conv.weight for net in nets)
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert a.std().item() == pytest.approx(0.02, rel=0.1)
    assert nets[0].head.norm.weight.mean().item() == pytest.approx(1, abs=0.03)


def test_grey_pictures() -> None:
    net = SinGANGenerator(channels=4, in_channels=1)
    assert net(torch.zeros(1, 1, 20, 20), torch.zeros(1, 1, 20, 20)).shape == (1, 1, 10, 10)

"""The way through the scales, in tiles as at once."""

import pytest
import torch

from selfmend.image.pyramid import PyramidPlan
from selfmend.methods.singan.scales import Scale, Scales, freeze, generate
from selfmend.nn.layers import initialize
from selfmend.nn.singan import SinGANGenerator
from selfmend.nn.tensors import make_generator


def net(channels: int = 4) -> SinGANGenerator:
    """A generator that does something, with statistics of its own."""
    made = SinGANGenerator(channels=channels)
    initialize(made, generator=make_generator(0, "net"))
    for parameter in made.parameters():
        parameter.data *= 5
    made(torch.rand(1, 3, 40, 40), torch.rand(1, 3, 40, 40))
    return freeze(made)


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("tile", [7, 16, 30, 64])
def test_tiles_equal_the_whole(partial: bool, tile: int) -> None:
    previous, noise = torch.rand(1, 3, 33, 47), torch.randn(1, 1, 33, 47).expand(1, 3, -1, -1)
    generator = net()
    whole = generate(generator, previous, noise, partial=partial)
    assert float((whole - previous).std()) > 0.01
    assert torch.allclose(generate(generator, previous, noise, partial=partial, tile=tile), whole, atol=1e-5)


def test_up_keeps_the_ratio_at_the_trainings_size_and_stretches_to_others() -> None:
    scales = Scales(PyramidPlan(sizes=((6, 6), (9, 9)), factor=0.7), channels=1, partial=False)
    ramp = torch.linspace(-0.8, 0.8, 6).expand(1, 1, 6, 6)
    trained, stretched = scales.up(ramp, 1)[0, 0, 0], scales.up(ramp, 1, size=(9, 12))[0, 0, 0]
    assert float(trained[4]) == pytest.approx(-0.8 + 1.6 / 5 * (4.5 * 0.7 - 0.5), abs=1e-6)
    assert float(stretched[5] + stretched[6]) == pytest.approx(0, abs=1e-6)


def test_eight_bits_between_the_scales() -> None:
    plan = PyramidPlan(sizes=((6, 6), (9, 9)), factor=2 / 3)
    scales = Scales(plan, channels=1, partial=False, eight_bit=True)
    assert float(scales.resized(torch.full((1, 1, 6, 6), 0.999), (6, 6)).max()) == pytest.approx(254 / 127.5 - 1)


def test_noise_of_the_coarsest_scale_is_grey_in_any_size() -> None:
    scales = Scales(PyramidPlan(sizes=((6, 6), (9, 9)), factor=2 / 3), channels=3, partial=False)
    device = torch.device("cpu")
    noise = scales.draw_noise(0, generator=make_generator(0), device=device, size=(4, 8))
    assert noise.shape == (1, 3, 4, 8)
    assert torch.equal(noise[:, 0], noise[:, 2])
    fine = scales.draw_noise(1, generator=make_generator(0), device=device)
    assert fine.shape == (1, 3, 9, 9)
    assert not torch.equal(fine[:, 0], fine[:, 2])


def test_state_comes_back() -> None:
    plan = PyramidPlan(sizes=((6, 6), (9, 9)), factor=2 / 3)
    scales = Scales(plan, channels=3, partial=False, first=1, trained=[Scale(net(), 0.5)])
    again = Scales.from_state(scales.state_dict(), ratio="window", device=torch.device("cpu"))
    assert (again.plan, again.first, again.at(1).noise_amplitude, again.complete) == (plan, 1, 0.5, True)

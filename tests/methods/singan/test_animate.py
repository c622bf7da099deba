"""Animation: the walk by its formula, the circle that closes, borders that move with noise padding."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from facts import mentions
from pictures import picture
from selfmend.errors import OptionError
from selfmend.image.animation import Walk
from selfmend.methods.singan import animate as module
from selfmend.methods.singan.animate import animate, check_walking_scale
from selfmend.methods.singan.config import TINY
from selfmend.methods.singan.model import SinGAN
from selfmend.methods.singan.scales import Scales, generate
from selfmend.nn.tensors import make_generator, to_image

CPU = torch.device("cpu")


def frames(scales: Scales, *, start_scale: int | None = None, seed: int = 0, **walk) -> list[torch.Tensor]:
    return list(animate(scales, Walk(**walk), start_scale=start_scale, seed=seed, device=CPU))


def noises(scales: Scales, monkeypatch: pytest.MonkeyPatch, *, start_scale: int = 0, **walk) -> torch.Tensor:
    """The noise of the finest scale, and of the start scale, in each frame: (T, 2) of one pixel."""
    seen = []
    monkeypatch.setattr(module, "_frame", lambda s, x, level, z: seen.append([z[0][0, 0, 3, 3], z[-1][0, 0, 3, 3]]))
    frames(scales, start_scale=start_scale, **walk)
    return torch.tensor(seen)


def test_the_walk_by_hand(whole, monkeypatch):
    scales, alpha, beta = whole.scales, 0.2, 0.7
    z = noises(scales, monkeypatch, frames=6, alpha=alpha, beta=beta)
    drawn = []
    for t in range(6):
        generator = make_generator(0, "animation", t)
        levels = [scales.draw_noise(n, generator=generator, device=CPU) for n in range(3)]
        drawn.append([float(levels[0][0, 0, 3, 3]), float(levels[-1][0, 0, 3, 3])])
    for k, rest in enumerate((float(scales.z_star[0, 0, 3, 3]), 0.0)):
        before, now = rest, 0.95 * rest + 0.05 * drawn[0][k]
        for t in range(6):
            assert float(z[t, k]) == pytest.approx(now, abs=1e-5)
            if t + 1 < 6:
                step = beta * (now - before) + (1 - beta) * drawn[t + 1][k]
                before, now = now, alpha * rest + (1 - alpha) * (now + step)


@pytest.mark.parametrize("walk", [{"alpha": 0.1, "beta": 0.9}, {"alpha": 0.001, "beta": 0.5}, {"alpha": 1, "beta": 0}])
def test_a_loop_comes_back_to_its_first_frame_as_it_left_it(whole, monkeypatch, walk):
    count = 20
    z = noises(whole.scales, monkeypatch, frames=count, loop=True, **walk).double()[:, 1]
    u = []
    for t in range(count):
        generator = make_generator(0, "animation", t)
        u.append(float([whole.scales.draw_noise(n, generator=generator, device=CPU) for n in range(3)][-1][0, 0, 3, 3]))
    kept, beta = 1 - walk["alpha"], walk["beta"]
    for t in range(count):  # the same rule holds at every step, also from the last frame to the first
        now, before, after = z[t], z[t - 1], z[(t + 1) % count]
        assert float(after) == pytest.approx(float(kept * (now + beta * (now - before) + (1 - beta) * u[t])), abs=2e-4)


def test_a_loop_has_the_spectrum_of_the_walk(copying, monkeypatch):
    """The variance of the autoregression, by the textbook's formula."""
    seen = []
    monkeypatch.setattr(module, "_frame", lambda s, x, level, z: seen.append(z[-1]))
    alpha, beta = 0.1, 0.9
    frames(copying, frames=40, alpha=alpha, beta=beta, loop=True, start_scale=1)
    a = 1 - alpha
    one, two, scale = a * (1 + beta), -a * beta, a * (1 - beta)
    expected = (1 - two) * scale**2 / ((1 + two) * ((1 - two) ** 2 - one**2))
    assert float(torch.stack(seen).var()) == pytest.approx(expected, rel=0.05)


def test_frames_are_drawn_by_the_scales_from_the_start_scale_on(whole):
    first = frames(whole.scales, frames=2, start_scale=1)
    assert len(first) == 2
    assert first[0].shape == (1, 3, 37, 53)
    assert torch.equal(first[1], frames(whole.scales, frames=5)[1]), (
        "the default; a frame does not depend on their number"
    )
    assert not torch.equal(first[1], frames(whole.scales, frames=2, seed=1, start_scale=1)[1])
    assert not torch.equal(first[1], frames(whole.scales, frames=2, start_scale=2)[1])
    still = frames(whole.scales, frames=3, alpha=1.0, beta=0.0, start_scale=0)
    expected = whole.scales.reconstruct_below(2, device=CPU)
    expected = generate(whole.scales.trained[2].generator, expected, torch.zeros_like(expected), partial=False)
    assert torch.allclose(still[2], to_image(expected), atol=1e-5), "pulled back at once, it stands still"


def test_one_frame_of_a_loop(whole):
    assert len(frames(whole.scales, frames=1, loop=True)) == 1


def test_borders_move_with_noise_padding():
    image, mask = picture()
    model = SinGAN(replace(TINY, padding="noise")).fit(image, seed=2)
    sizes = model.scales.plan.sizes
    assert model.scales.z_star.shape == (1, 1, sizes[0][0] + 10, sizes[0][1] + 10)
    noise = model.scales.draw_noise(1, generator=make_generator(0), device=CPU)
    assert noise.shape[2:] == (sizes[1][0] + 10, sizes[1][1] + 10)
    assert frames(model.scales, frames=2, start_scale=0)[1].shape == (1, 3, *sizes[-1])
    again = Scales.from_state(model.scales.state_dict(), ratio="window", device=CPU)
    assert again.noise_padding
    assert torch.equal(frames(again, frames=2)[1], frames(model.scales, frames=2)[1])
    net, previous = model.scales.trained[1].generator, torch.zeros(1, 3, *sizes[1])
    with torch.no_grad():
        one, other = (
            generate(net, previous, torch.nn.functional.pad(noise[..., 5:-5, 5:-5], [5] * 4, value=v), partial=False)
            for v in (0.0, 1.0)
        )
    changed = (one != other).any(1)[0]
    assert changed[0].all(), "what surrounds the noise is seen at the border"
    assert not changed[5:-5, 5:-5].any()
    with pytest.raises(OptionError, match=mentions("padding", "noise")):
        SinGAN(replace(TINY, padding="noise")).fit(image, mask)


def test_a_run_that_does_not_say_its_padding_is_padded_by_zeros(whole):
    state = whole.scales.state_dict()
    del state["noise_padding"]
    assert not Scales.from_state(state, ratio="window", device=CPU).noise_padding


@pytest.mark.parametrize(
    ("walk", "message"),
    [
        ({"frames": 0}, "frames is 0; at least 1 fits"),
        ({"alpha": 1.5}, "alpha is 1.5; from 0 to 1 fits"),
        ({"alpha": np.nan}, "alpha is nan; from 0 to 1 fits"),
        ({"beta": -0.1}, "beta is -0.1; from 0 to 1 fits"),
        (
            {"alpha": 0, "loop": True},
            "alpha is 0, so the walk never comes back to the picture; with loop, alpha above 0",
        ),
    ],
)
def test_refuses_a_walk(walk, message):
    with pytest.raises(OptionError, match=message):
        Walk(**walk)


def test_refuses_scales(whole, holed):
    with pytest.raises(OptionError, match=mentions("3", "scales", "0", "2")):
        frames(whole.scales, start_scale=3)
    with pytest.raises(OptionError, match=mentions("scales", "2")):
        frames(holed.scales)


def test_a_layout_lets_the_coarsest_scale_move(whole):
    assert check_walking_scale(None, whole.scales) == 1
    assert check_walking_scale(None, replace(whole.scales, layout=torch.zeros(1, 3, 4, 4))) == 0

import pytest
import torch

from facts import mentions
from selfmend.nn.adversarial_losses import gradient_penalty
from selfmend.nn.layers import PartialConv2d, _TwiceDifferentiated, initialize
from selfmend.nn.singan import SinGANCritic

REAL, FAKE = torch.ones(1, 3, 4, 5), torch.zeros(1, 3, 4, 5)
MIX = torch.full((1, 1, 1, 1), 0.5)


def linear(x: torch.Tensor, valid: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Scores 3 r + 4 g at each pixel: their sum has the gradient (3, 4, 0) there, their mean its twentieth."""
    return (3 * x[:, :1] + 4 * x[:, 1:2]), valid


def test_per_pixel_by_hand() -> None:
    assert gradient_penalty(linear, REAL, FAKE, mix=MIX).item() == pytest.approx((5 - 1) ** 2)


def test_per_sample_by_hand() -> None:
    expected = (5 / 20 * 20**0.5 - 1) ** 2
    assert gradient_penalty(linear, REAL, FAKE, mix=MIX, per="sample").item() == pytest.approx(expected)


def test_only_valid_pixels_count() -> None:
    valid = torch.ones(1, 1, 4, 5)
    valid[..., :3] = 0  # 8 pixels are left
    real = REAL.where(valid > 0, float("nan"))
    assert gradient_penalty(linear, real, FAKE, mix=MIX, valid=valid).item() == pytest.approx((5 - 1) ** 2)


def test_reaches_the_weights() -> None:
    weight = torch.tensor(2.0, requires_grad=True)
    penalty = gradient_penalty(lambda x, v: (weight * x[:, :1], v), REAL, FAKE, mix=MIX)
    penalty.backward()
    assert weight.grad.item() == pytest.approx(2 * (2 - 1))


def test_refuses() -> None:
    with pytest.raises(ValueError, match=mentions("per", "'image'", "'pixel'", "'sample'")):
        gradient_penalty(linear, REAL, FAKE, mix=MIX, per="image")


@pytest.mark.parametrize("hole", [False, True])
def test_the_convolution_that_gpus_take_has_the_same_derivatives(monkeypatch, hole) -> None:
    valid = torch.ones(1, 1, 24, 26, dtype=torch.float64)
    valid[..., 6:12, 8:15] = 1 - float(hole)
    real = torch.rand(1, 3, 24, 26, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    mix = torch.full((1, 1, 1, 1), 0.3, dtype=torch.float64)

    def gradients() -> torch.Tensor:
        critic = SinGANCritic(channels=4).double()
        initialize(critic, generator=torch.Generator().manual_seed(0))
        score = critic(real, valid if hole else None)[0].mean()
        penalty = gradient_penalty(critic, real, -real, mix=mix, valid=valid if hole else None)
        (score + penalty).backward()
        return torch.cat([p.grad.flatten() for p in critic.parameters()])

    expected = gradients()
    monkeypatch.setattr(
        PartialConv2d, "_convolve", lambda self, x, bias: _TwiceDifferentiated.apply(x, self.weight, bias)
    )
    torch.testing.assert_close(gradients(), expected)

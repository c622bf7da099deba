import math

import pytest
import torch

from facts import mentions
from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.adversarial_losses import (
    KINDS,
    discriminator_loss,
    generator_loss,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
)


@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_reference(kind: str) -> None:
    arrays, _ = load_golden("edgeconnect_losses")
    logits = 3 * input_by_rule(53, (2, 1, 6, 6))
    if kind == "hinge":  # the reference's numbers are those of its sigmoid's output
        logits = torch.sigmoid(logits)
    both = (arrays[f"adv_{kind}_real1_disc1"] + arrays[f"adv_{kind}_real0_disc1"]) / 2
    assert_golden(discriminator_loss(logits, logits, kind=kind), both)
    assert_golden(generator_loss(logits, kind=kind), arrays[f"adv_{kind}_real1_disc0"])


def test_relativistic_equals_the_reference() -> None:
    arrays, _ = load_golden("dmfn_losses")
    real, fake = 2 * input_by_rule(63, (4, 1)), 2 * input_by_rule(64, (4, 1))
    assert_golden(relativistic_discriminator_loss(real, fake), arrays["ragan_d"])
    assert_golden(relativistic_generator_loss(real, fake), arrays["ragan_g"])


def test_by_hand() -> None:
    real, fake = torch.tensor([[0.5]]), torch.tensor([[-3.0]])
    assert discriminator_loss(real, fake, kind="hinge").item() == 0.25  # the fake is past its margin
    assert generator_loss(fake, kind="hinge").item() == 3
    zero = torch.zeros(1, 1)
    assert discriminator_loss(zero, zero).item() == pytest.approx(math.log(2))
    assert discriminator_loss(zero, torch.full((1, 1), -50.0)).item() == pytest.approx(math.log(2) / 2)
    assert discriminator_loss(torch.full((1, 1), 50.0), zero, kind="lsgan").item() == pytest.approx(0.125)
    assert generator_loss(zero, kind="lsgan").item() == pytest.approx(0.25)


def test_large_logits_stay_finite() -> None:
    assert generator_loss(torch.tensor([-1e4])).item() == 1e4


def test_the_relativistic_generator_sends_no_gradient_to_the_real() -> None:
    real, fake = torch.randn(3, 1, requires_grad=True), torch.randn(3, 1, requires_grad=True)
    relativistic_generator_loss(real, fake).backward()
    assert real.grad is None
    assert fake.grad is not None


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=mentions("kind", "'wgan'")):
        generator_loss(torch.zeros(1), kind="wgan")

"""SinGAN with a reference, and its plain training on the damaged picture."""

from dataclasses import replace

import pytest
import torch

from pictures import picture
from selfmend.methods.singan.config import TINY
from selfmend.methods.singan.model import SinGAN
from selfmend.registration.align import Aligned, place

PLAIN = replace(TINY, exclude_hole=False)


def lying(shift: int = 0) -> Aligned:
    image, mask = picture()
    return place(image.roll(shift, 3), image, mask)


@pytest.fixture(scope="module")
def trained() -> SinGAN:
    return SinGAN(TINY).fit(*picture(), seed=2)


@pytest.mark.parametrize("changes", [{}, {"injection_scale": 1}, {"keep_known": True}, {"finish": "always"}])
def test_the_reference_is_used_in_the_hole_alone(trained: SinGAN, changes: dict) -> None:
    image, mask = picture()
    model = trained.with_fill_options(changes)
    without, first, again, other = (
        model.inpaint(image, mask, reference=reference)[0] for reference in (None, lying(), lying(), lying(9))
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, without)
    assert not torch.equal(first, other)
    known = ~mask.expand_as(image)
    assert torch.equal(first[known], image[known])


def test_the_reference_enters_at_the_injection_scale(trained: SinGAN) -> None:
    """The finer it enters, the nearer to it is what comes out."""
    image, mask = picture()
    hole = mask.expand_as(image)
    errors = [
        float((trained.with_fill_options({"injection_scale": level}).inpaint(image, mask, reference=lying())[0] - image)
              [hole].abs().mean())
        for level in (1, 2)
    ]  # fmt: skip
    assert errors[1] < errors[0]


def test_what_the_reference_does_not_show_is_guessed(trained: SinGAN) -> None:
    image, mask = picture()
    half = lying()
    known = half.known.clone()
    known[..., :18] = False
    half = replace(half, known=known, image=torch.where(known, half.image, 0.0))
    assert not torch.equal(
        trained.inpaint(image, mask, reference=half)[0], trained.inpaint(image, mask, reference=lying())[0]
    )


def test_plain_training_learns_what_is_in_the_hole() -> None:
    image, mask = picture()
    damaged = torch.where(mask, 1.0, image)
    fills = [SinGAN(PLAIN).inpaint(torch.where(mask, content, image), mask, seed=1)[0] for content in (0.0, 1.0)]
    assert not torch.equal(fills[0], fills[1])
    fitted = SinGAN(PLAIN).fit(damaged, mask, seed=1)
    assert fitted.scales is not None
    assert not fitted.scales.partial
    assert torch.equal(fitted.inpaint(damaged, mask, seed=1)[0], fills[1])
    assert torch.equal(fills[1][(~mask).expand_as(image)], image[(~mask).expand_as(image)])
    same = [SinGAN(TINY).inpaint(torch.where(mask, content, image), mask, seed=1)[0] for content in (0.0, 1.0)]
    assert torch.equal(same[0].where(mask, 0), same[1].where(mask, 0))

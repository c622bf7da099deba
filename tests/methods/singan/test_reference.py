"""SinGAN with a reference, and its plain training on the damaged picture."""

from dataclasses import replace

import numpy as np
import pytest

from pictures import picture
from selfmend.methods.singan.config import TINY
from selfmend.methods.singan.model import SinGAN
from selfmend.registration.align import Aligned, place

PLAIN = replace(TINY, exclude_hole=False)


def aligned(shift: int = 0) -> Aligned:
    image, mask = picture()
    return place(np.roll(image, shift, 1), image, mask)


@pytest.fixture(scope="module")
def trained() -> SinGAN:
    return SinGAN(TINY).fit(*picture(), seed=2)


@pytest.mark.parametrize("changes", [{}, {"injection_scale": 1}, {"keep_known": True}, {"finish": "always"}])
def test_the_reference_is_used_in_the_hole_alone(trained: SinGAN, changes: dict) -> None:
    image, mask = picture()
    model = trained.with_fill_options(changes)
    without, first, again, other = (
        model.inpaint(image, mask, reference=reference)[0] for reference in (None, aligned(), aligned(), aligned(9))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, without)
    assert not np.array_equal(first, other)
    assert np.array_equal(first[~mask], image[~mask])


def test_the_reference_enters_at_the_injection_scale(trained: SinGAN) -> None:
    """The finer it enters, the nearer to it is what comes out."""
    image, mask = picture()
    fills = (
        trained.with_fill_options({"injection_scale": level}).inpaint(image, mask, reference=aligned())[0]
        for level in (1, 2)
    )
    errors = [float(abs(fill - image)[mask].mean()) for fill in fills]
    assert errors[1] < errors[0]


def test_what_the_reference_does_not_show_is_guessed(trained: SinGAN) -> None:
    image, mask = picture()
    half = aligned()
    known = half.known.copy()
    known[:, :18] = False
    half = replace(half, known=known, image=np.where(known[..., None], half.image, np.float32(0)))
    assert not np.array_equal(
        trained.inpaint(image, mask, reference=half)[0], trained.inpaint(image, mask, reference=aligned())[0]
    )


def test_plain_training_learns_what_is_in_the_hole() -> None:
    image, mask = picture()
    black, white = (np.where(mask[..., None], np.float32(content), image) for content in (0, 1))
    fills = [SinGAN(PLAIN).inpaint(damaged, mask, seed=1)[0] for damaged in (black, white)]
    assert not np.array_equal(fills[0], fills[1])
    fitted = SinGAN(PLAIN).fit(white, mask, seed=1)
    assert fitted.scales is not None
    assert not fitted.scales.partial
    assert np.array_equal(fitted.inpaint(white, mask, seed=1)[0], fills[1])
    assert np.array_equal(fills[1][~mask], image[~mask])
    same = [SinGAN(TINY).inpaint(damaged, mask, seed=1)[0] for damaged in (black, white)]
    assert np.array_equal(same[0][mask], same[1][mask])

"""The picture that a person sees while scales are being trained."""

import itertools

import numpy as np
import pytest

from pictures import picture
from selfmend.methods.singan import SinGAN, SlicedWasserstein
from selfmend.nn.tensors import to_tensor

IMAGE, MASK = picture(48, 64)


def learned(mask, kind, *, looking, **options):
    """A trained method, and the previews that it offered."""
    method, shown = kind.from_options("tiny" if kind is SinGAN else None, options), []

    def show(event):
        if event.preview is not None and looking:
            shown.append(event.preview())

    method.fit(IMAGE, mask, seed=3, progress=show)
    return method, shown


@pytest.mark.parametrize(("kind", "options"), [(SinGAN, {}), (SlicedWasserstein, {"steps": 2, "injection_depth": 5.0})])
def test_each_scale_fills_the_hole_at_once(kind, options) -> None:
    method, shown = learned(MASK, kind, looking=True, **options)
    assert len(shown) == len(method.scales.trained) - 1 >= 1
    for one in shown:
        assert np.array_equal(one[~MASK], IMAGE[~MASK])
        assert one[MASK].std() > 0
    assert all(not np.array_equal(one, other) for one, other in itertools.pairwise(shown))


@pytest.mark.parametrize("kind", [SinGAN, SlicedWasserstein])
def test_without_a_hole_samples_grow(kind) -> None:
    options = {"steps": 2, "coarse_steps": 2} if kind is SlicedWasserstein else {}
    method, shown = learned(None, kind, looking=True, **options)
    assert [one.shape[:2] for one in shown] == list(method.scales.plan.sizes[:-1])
    assert all(0 <= float(one.min()) <= float(one.max()) <= 1 for one in shown)


def test_what_enlarges_has_nothing_to_show() -> None:
    _, shown = learned(None, SlicedWasserstein, looking=True, steps=2, super_resolution=1.5)
    assert all(one is None for one in shown)


@pytest.mark.parametrize("mask", [None, MASK])
def test_looking_changes_nothing(mask) -> None:
    seen, _ = learned(mask, SinGAN, looking=True)
    blind, _ = learned(mask, SinGAN, looking=False)
    assert np.array_equal(seen.fill(IMAGE, MASK, seed=0), blind.fill(IMAGE, MASK, seed=0))


def test_before_the_first_scale_there_is_none() -> None:
    assert SinGAN.from_options("tiny").preview(to_tensor(IMAGE), to_tensor(MASK)) is None

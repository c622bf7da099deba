import json

import pytest
import torch

from facts import mentions
from golden import DATA
from selfmend.errors import OptionError
from selfmend.image.pyramid import (
    enlarged_sizes,
    plan_pyramid,
    plan_super_resolution_pyramid,
    super_resolution_steps,
)
from selfmend.image.resize import scaled_size
from selfmend.nn.tensors import image_pyramid, mask_pyramid

PLANS = json.loads((DATA / "singan_pyramids.json").read_text())


@pytest.mark.parametrize("plan", PLANS, ids=lambda p: "x".join(map(str, p["input"])))
def test_equals_the_reference_plan(plan: dict) -> None:
    ours = plan_pyramid(tuple(plan["input"]))
    assert [list(size) for size in ours.sizes] == plan["sizes"]
    assert len(ours.sizes) == plan["scales"]
    assert ours.factor == pytest.approx(plan["factor"], rel=1e-12)


@pytest.mark.parametrize("size", [(20, 30), (1, 1), (25, 25), (3, 4000), (26, 26)])
def test_small_and_thin_pictures_have_a_plan(size: tuple[int, int]) -> None:
    plan = plan_pyramid(size)
    assert 0 < plan.factor <= 1
    assert max(plan.sizes[-1]) <= 250
    assert all(min(s) >= 1 for s in plan.sizes)


def test_levels_come_from_the_finest() -> None:
    image = torch.rand(1, 3, 64, 80, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(1, 1, 64, 80, dtype=torch.bool)
    mask[..., 20:40, 30:50] = True
    plan = plan_pyramid((64, 80))
    images, masks = image_pyramid(image, plan), mask_pyramid(mask, plan)
    assert [tuple(i.shape[-2:]) for i in images] == list(plan.sizes)
    assert [tuple(m.shape[-2:]) for m in masks] == list(plan.sizes)
    assert torch.equal(images[-1], image)
    assert torch.equal(masks[-1], mask)
    spoiled = image_pyramid(torch.where(mask, 5.0, image), plan)
    for clean, dirty, hole in zip(images, spoiled, masks, strict=True):
        assert torch.allclose(clean.where(~hole, 0), dirty.where(~hole, 0), atol=1e-5)


@pytest.mark.parametrize("factor", [1.05, 1.5, 2, 3, 4, 8, 16])
@pytest.mark.parametrize("size", [(80, 120), (321, 481), (25, 300), (19, 19)])
def test_the_pyramid_of_super_resolution_has_the_steps_of_the_enlargement(size, factor) -> None:
    plan, steps = plan_super_resolution_pyramid(size, factor), super_resolution_steps(factor)
    assert plan.factor**-steps == pytest.approx(factor)
    assert plan.sizes[-1] == (size if max(size) <= 250 else scaled_size(size, 250 / max(size)))
    assert all(max(s) <= 250 for s in plan.sizes)
    assert len(plan.sizes) >= 2
    if len(plan.sizes) > 2:
        assert plan.factor**0.5 < min(plan.sizes[0]) / 18 < plan.factor**-0.5 + 1 / 18
    for level, (height, width) in enumerate(plan.sizes):
        assert -1e-9 <= height - plan.sizes[-1][0] * plan.scale_to(level) <= 1
        assert -1e-9 <= width - plan.sizes[-1][1] * plan.scale_to(level) <= 1


@pytest.mark.parametrize(("factor", "steps"), [(2, 3), (3, 5), (4, 6), (8, 9)])
def test_the_steps_are_those_of_the_authors(factor: float, steps: int) -> None:
    assert super_resolution_steps(factor) == steps


def test_an_enlargement_ends_at_the_factor_times_the_size_rounded_down() -> None:
    assert enlarged_sizes((45, 33), 1.4)[-1] == (63, 46)
    assert enlarged_sizes((80, 120), 4) == ((101, 152), (127, 191), (160, 240), (202, 303), (254, 381), (320, 480))


@pytest.mark.parametrize("factor", [1, 0.5, -1, float("nan"), float("inf")])
def test_super_resolution_enlarges(factor: float) -> None:
    with pytest.raises(OptionError, match=mentions("factor", "1")):
        plan_super_resolution_pyramid((64, 64), factor)


def test_sizes_for_another_picture_are_stretched_and_rounded() -> None:
    plan = plan_pyramid((188, 250))
    assert plan.sizes_for((188, 250)) == plan.sizes
    assert plan.sizes_for((376, 125)) == tuple((2 * h, round(w / 2)) for h, w in plan.sizes)
    assert plan.sizes_for((1, 1))[0] == (1, 1)


def test_large_pictures_shrink_to_max_size() -> None:
    plan = plan_pyramid((120, 200), max_size=100)
    assert plan.sizes[-1] == (60, 100)
    assert image_pyramid(torch.rand(1, 1, 120, 200), plan)[-1].shape == (1, 1, 60, 100)


def test_refuses() -> None:
    with pytest.raises(OptionError, match=mentions("target_factor", "1.5")):
        plan_pyramid((64, 64), target_factor=1.5)
    with pytest.raises(OptionError, match=mentions("min_size", "50", "max_size", "20")):
        plan_pyramid((64, 64), min_size=50, max_size=20)
    with pytest.raises(OptionError, match=mentions("min_size", "50", "max_size", "20")):
        plan_super_resolution_pyramid((64, 64), 2, min_size=50, max_size=20)

import torch
from torch.nn.functional import max_pool2d

from selfmend.methods.gpdm import TINY, hole_at_scale, match_patches
from selfmend.nn.sliced_wasserstein import sliced_wasserstein
from selfmend.nn.tensors import make_generator


def distance(x: torch.Tensor, target: torch.Tensor) -> float:
    return float(sliced_wasserstein(x, target, patch=7, projections=64, generator=make_generator(9)))


def test_the_distance_of_the_distributions_falls() -> None:
    target = 0.8 * torch.sin(torch.arange(32) / 2).expand(1, 3, 24, 32)
    start = 0.5 * torch.randn(1, 3, 30, 20, generator=make_generator(0))  # another size than the target's
    losses: list[float] = []
    x = match_patches(
        start,
        target,
        steps=100,
        learning_rate=0.1,
        config=TINY,
        generator=make_generator(1),
        report=lambda step, loss: losses.append(loss),
    )
    assert x.shape == start.shape
    assert float(x.abs().max()) <= 1
    assert len(losses) == 100
    assert distance(x, target) < 0.5 * distance(start, target)
    assert losses[-1] < 0.3 * losses[0]


def test_which_patches_count() -> None:
    mask = torch.zeros(1, 1, 20, 20, dtype=torch.bool)
    mask[..., 9:11, 9:11] = True
    hole = hole_at_scale(mask, patch=5, reach=3)
    assert hole.where.sum() == 6 * 6  # upper left pixels 5 to 10 in both directions
    assert hole.sources.sum() == 12 * 12 - 6 * 6
    assert torch.equal(hole_at_scale(mask, patch=5, reach=None).sources, ~hole.where)
    assert torch.equal(hole.where, max_pool2d(mask.float(), 5, 1) > 0)


def test_known_pixels_stay_and_far_sources_have_no_influence() -> None:
    # resizing overshoots: known pixels may lie outside [-1, 1], and stay there
    target = torch.rand(1, 3, 30, 30, generator=make_generator(0)) * 2.4 - 1.2
    mask = torch.zeros(1, 1, 30, 30, dtype=torch.bool)
    mask[..., 4:8, 4:8] = True
    hole = hole_at_scale(mask, patch=7, reach=2)
    start = torch.where(mask, 0.0, target)
    results = []
    for far in (target, target.flip(0, 1)):
        changed = target.clone()
        changed[..., 25:, 25:] = far[..., 25:, 25:]
        x = match_patches(
            start, changed, steps=5, learning_rate=0.02, config=TINY, generator=make_generator(1), hole=hole
        )
        assert torch.equal(x[~mask.expand_as(x)], start[~mask.expand_as(x)])
        assert bool((x != start)[mask.expand_as(x)].any())
        results.append(x)
    assert torch.equal(results[0], results[1])

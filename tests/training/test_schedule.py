"""Learning rates fall over the end of a stage, whatever an optimiser's restored state says."""

import pytest
import torch

from selfmend.training.optimization import falling_at_the_end, half_cosine
from selfmend.training.stage import Stage


def stage_of(rates: list[float], steps: int) -> tuple[Stage, torch.optim.Optimizer]:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    optimizer = torch.optim.Adam(groups)
    return Stage(name="s", steps=steps, step=lambda i, b, g: {}, state={"optimizer": optimizer}), optimizer


def test_half_a_cosine() -> None:
    assert [half_cosine(p) for p in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])
    assert half_cosine(0.25, end=0.05) == pytest.approx(0.05 + 0.95 * (0.5 + 0.5**1.5))


def test_rates_fall_over_the_last_share() -> None:
    stage, optimizer = stage_of([0.1, 0.01], 10)
    falling, seen = falling_at_the_end(stage, 0.4), []
    for i in range(10):
        falling.step(i, None, torch.Generator())
        seen.append([group["lr"] for group in optimizer.param_groups])
    assert seen[:7] == [[0.1, 0.01]] * 7
    assert [own[0] for own in seen[7:]] == pytest.approx([0.1 * half_cosine(k / 4) for k in (1, 2, 3)])
    assert [own[1] for own in seen] == pytest.approx([own[0] / 10 for own in seen])
    assert 0 < seen[9][0] < 0.02


def test_a_step_does_not_depend_on_those_before() -> None:
    stage, optimizer = stage_of([0.1], 10)
    falling = falling_at_the_end(stage, 1.0)
    optimizer.param_groups[0]["lr"] = 7.0  # as a restored state might
    falling.step(5, None, torch.Generator())
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)


def test_no_share_changes_nothing() -> None:
    stage, _ = stage_of([0.1], 10)
    assert falling_at_the_end(stage, 0.0) is stage

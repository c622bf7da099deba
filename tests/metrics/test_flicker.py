"""Flicker on frames whose motion is given."""

import pytest
import torch

from selfmend.errors import ImageError, MaskError
from selfmend.metrics.flicker import flicker


def frames() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A frame, the one before (everything 2 px further to the left), and the hole."""
    wide = torch.rand(1, 3, 12, 18, generator=torch.Generator().manual_seed(0))
    hole = torch.zeros(1, 1, 12, 16, dtype=torch.bool)
    hole[..., 4:8, 6:10] = True
    return wide[..., :16], wide[..., 2:], hole


def flow(right: float) -> torch.Tensor:
    return torch.tensor([right, 0.0]).view(1, 2, 1, 1).repeat(1, 1, 12, 16)


def test_motion_is_no_flicker() -> None:
    now, before, hole = frames()
    assert flicker(now, before, mask=hole, flow=flow(-2)).item() == pytest.approx(0, abs=1e-4)
    assert flicker(now, before, mask=hole, flow=flow(0)).item() > 20


def test_only_the_hole_counts_in_units_of_bytes() -> None:
    now, before, hole = frames()
    changed = torch.where(hole, now * 0.5, torch.rand_like(now))
    wanted = 255 * (now[hole.expand_as(now)] * 0.5).mean().item()
    assert flicker(changed, before, mask=hole, flow=flow(-2)).item() == pytest.approx(wanted, rel=1e-4)


def test_what_comes_from_outside_does_not_count() -> None:
    now, before, hole = frames()
    hole[..., :3] = True
    now = now.clone()
    now[..., :2] = 1  # has no place in the frame before
    assert flicker(now, before, mask=hole, flow=flow(-2)).item() == pytest.approx(0, abs=1e-4)
    with pytest.raises(MaskError, match="no pixel of the hole comes from inside the frame before"):
        flicker(now, before, mask=hole, flow=flow(-20))


def test_a_flow_of_another_size_is_refused() -> None:
    now, before, hole = frames()
    with pytest.raises(ImageError, match=r"flow is \(1, 2, 12, 8\) and the frames \(1, 3, 12, 16\)"):
        flicker(now, before, mask=hole, flow=flow(0)[..., :8])

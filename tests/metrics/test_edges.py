"""Edges: a case typed by hand, in and outside a hole, maps without edges, and what is refused."""

import pytest
import torch

from selfmend.errors import ImageError, MaskError
from selfmend.metrics.edges import edge_accuracy


def edges(*rows: str) -> torch.Tensor:
    return torch.tensor([[float(value) / 10 for value in row.split()] for row in rows])[None, None]


TRUTH = edges("10 10 10 0", "0 0 0 0", "6 0 0 4")
DRAWN = edges("9 0 6 6", "0 5 0 0", "0 0 7 0")


def test_a_case_by_hand() -> None:
    found = edge_accuracy(DRAWN, TRUTH)  # true: 4; drawn: 4 (.5 is not above it); both: 2
    assert (found.precision.item(), found.recall.item()) == (2 / 4, 2 / 4)
    found = edge_accuracy(DRAWN, TRUTH, threshold=0.65)  # true: 3; drawn: 2; both: 1
    assert (found.precision.item(), found.recall.item()) == pytest.approx((1 / 2, 1 / 3))


def test_in_a_hole_only_its_pixels_count() -> None:
    hole = torch.zeros(1, 1, 3, 4, dtype=torch.bool)
    hole[..., :2, :3] = True
    found = edge_accuracy(DRAWN, TRUTH, mask=hole)
    assert (found.precision.item(), found.recall.item()) == pytest.approx((1, 2 / 3))


def test_maps_without_edges_and_batches() -> None:
    nothing = torch.zeros_like(TRUTH)
    found = edge_accuracy(torch.cat([nothing, nothing, DRAWN, DRAWN]), torch.cat([nothing, TRUTH, nothing, TRUTH]))
    assert found.precision.tolist() == [1, 0, 0, 0.5]
    assert found.recall.tolist() == [1, 0, 0, 0.5]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ImageError, match="edge maps have 3 channels; one fits"):
        edge_accuracy(TRUTH.expand(-1, 3, -1, -1), TRUTH.expand(-1, 3, -1, -1))
    with pytest.raises(MaskError, match="mask has no hole"):
        edge_accuracy(DRAWN, TRUTH, mask=torch.zeros(1, 1, 3, 4, dtype=torch.bool))

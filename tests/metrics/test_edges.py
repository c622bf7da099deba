"""Edges: a case typed by hand, in and outside a hole, maps without edges, and what is refused."""

import numpy as np
import pytest

from facts import mentions
from selfmend.errors import ImageError, MaskError, OptionError
from selfmend.metrics.edges import edge_accuracy, paired
from selfmend.types import Image


def edges(*rows: str) -> Image:
    return np.float32([[float(value) / 10 for value in row.split()] for row in rows])[..., None]


TRUTH = edges("10 10 10 0", "0 0 0 0", "6 0 0 4")
DRAWN = edges("9 0 6 6", "0 5 0 0", "0 0 7 0")


def test_a_case_by_hand() -> None:
    found = edge_accuracy(DRAWN, TRUTH)  # true: 4; drawn: 4 (.5 is not above it); both: 2
    assert (found.precision, found.recall) == (2 / 4, 2 / 4)
    found = edge_accuracy(DRAWN, TRUTH, threshold=0.65)  # true: 3; drawn: 2; both: 1
    assert (found.precision, found.recall) == pytest.approx((1 / 2, 1 / 3))


def test_in_a_hole_only_its_pixels_count() -> None:
    hole = np.zeros((3, 4), bool)
    hole[:2, :3] = True
    found = edge_accuracy(DRAWN, TRUTH, mask=hole)
    assert (found.precision, found.recall) == pytest.approx((1, 2 / 3))


def test_one_pixel_off_by_hand() -> None:
    drawn = edges("10 0 0 0 0 10", "0 0 0 0 0 10", "0 0 10 0 0 0", "10 0 0 0 0 0")
    truth = edges("0 0 0 0 10 0", "0 10 0 0 0 0", "0 0 0 0 0 0", "0 0 0 0 0 0")
    # one pixel off: one of the two at the right for the one true pixel there, and one of those around (1, 1)
    found = edge_accuracy(drawn, truth, tolerance=1)
    assert (found.precision, found.recall) == (2 / 5, 2 / 2)
    found = edge_accuracy(drawn, truth)
    assert (found.precision, found.recall) == (0, 0)


@pytest.mark.parametrize("tolerance", [0, 1, 2])
def test_as_many_pairs_as_there_can_be(tolerance: int) -> None:
    """Against a search that frees what is taken, pixel by pixel."""
    generator = np.random.default_rng(tolerance)
    for _ in range(30):
        drawn, true = generator.random((2, 6, 7)) < 0.3
        wanted, taken = [*zip(*np.nonzero(true), strict=True)], dict[int, tuple[int, int]]()

        def take(
            pixel: tuple[int, int], seen: set[int], wanted: list[tuple[int, int]], taken: dict[int, tuple[int, int]]
        ) -> bool:
            for k, (y, x) in enumerate(wanted):
                if k not in seen and max(abs(pixel[0] - y), abs(pixel[1] - x)) <= tolerance:
                    seen.add(k)
                    if k not in taken or take(taken[k], seen, wanted, taken):
                        taken[k] = pixel
                        return True
            return False

        count = sum(take(pixel, set(), wanted, taken) for pixel in zip(*np.nonzero(drawn), strict=True))
        assert paired(drawn, true, tolerance=tolerance) == count


def test_a_negative_tolerance_is_refused() -> None:
    with pytest.raises(OptionError, match="tolerance is -1; at least 0 fits"):
        edge_accuracy(DRAWN, TRUTH, tolerance=-1)


def test_maps_without_edges() -> None:
    nothing = np.zeros_like(TRUTH)
    pairs = (nothing, nothing), (nothing, TRUTH), (DRAWN, nothing), (DRAWN, TRUTH)
    found = [edge_accuracy(*pair) for pair in pairs]
    assert [one.precision for one in found] == [1, 0, 0, 0.5]
    assert [one.recall for one in found] == [1, 0, 0, 0.5]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ImageError, match=mentions("3")):
        edge_accuracy(TRUTH.repeat(3, 2), TRUTH.repeat(3, 2))
    with pytest.raises(MaskError, match="mask has no hole"):
        edge_accuracy(DRAWN, TRUTH, mask=np.zeros((3, 4), bool))

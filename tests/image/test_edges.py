import math

import numpy as np

from selfmend.image.edges import canny_edges
from selfmend.types import Image


def steps() -> Image:
    """A picture of two steps, one upright, one aligned."""
    grey = np.zeros((40, 40, 1), np.float32)
    grey[:, 20:] = 1
    grey[30:, :20] = 0.5
    return grey


PLAIN = np.zeros((40, 40, 1), np.float32)


def test_edges_are_where_the_picture_steps() -> None:
    edges = canny_edges(steps())
    assert edges.shape == (40, 40, 1)
    assert edges.dtype == np.float32
    assert set(np.unique(edges).tolist()) == {0, 1}
    assert np.flatnonzero(edges[10]).tolist() in ([19], [20])
    assert np.flatnonzero(edges[:, 8]).tolist() in ([29], [30])
    assert not canny_edges(PLAIN).any()


def test_there_is_no_edge_in_the_hole_nor_along_it_and_its_content_has_no_influence() -> None:
    grey = steps()
    mask = np.zeros((40, 40), bool)
    mask[4:16, 12:34] = True
    edges = canny_edges(grey, mask)
    assert not np.logical_and(edges[2:18, 10:36, 0], np.abs(np.arange(10, 36) - 19.5) > 1.5).any()
    assert not edges[mask].any()
    assert edges[25, 19:21].any()
    assert not canny_edges(PLAIN, mask).any()
    for content in (0.7, math.nan):
        assert np.array_equal(canny_edges(np.where(mask[..., None], np.float32(content), grey), mask), edges)
        assert not canny_edges(np.where(mask[..., None], np.float32(content), PLAIN), mask).any()


def test_a_larger_sigma_sees_less() -> None:
    grey = np.random.default_rng(0).random((40, 40, 1), np.float32)
    assert canny_edges(grey, sigma=3).sum() < canny_edges(grey, sigma=1).sum()

import math

import torch

from selfmend.image.edges import canny_edges


def steps() -> torch.Tensor:
    """A picture of two steps, one upright, one lying, and one without any."""
    grey = torch.zeros(2, 1, 40, 40)
    grey[0, :, :, 20:] = 1
    grey[0, :, 30:, :20] = 0.5
    return grey


def test_edges_are_where_the_picture_steps() -> None:
    edges = canny_edges(steps())
    assert edges.shape == (2, 1, 40, 40)
    assert set(edges.unique().tolist()) == {0, 1}
    assert edges[0, 0, 10].nonzero().flatten().tolist() in ([19], [20])
    assert edges[0, 0, :, 8].nonzero().flatten().tolist() in ([29], [30])
    assert not edges[1].any()


def test_there_is_no_edge_in_the_hole_nor_along_it_and_its_content_has_no_influence() -> None:
    grey = steps()
    mask = torch.zeros(2, 1, 40, 40, dtype=torch.bool)
    mask[..., 4:16, 12:34] = True
    edges = canny_edges(grey, mask)
    assert not edges[0, 0, 2:18, 10:36].logical_and(torch.arange(10, 36).sub(19.5).abs() > 1.5).any()
    assert not edges[mask].any()
    assert edges[0, 0, 25, 19:21].any()
    assert not edges[1].any()
    for content in (0.7, math.nan):
        assert torch.equal(canny_edges(torch.where(mask, content, grey), mask), edges)


def test_a_larger_sigma_sees_less() -> None:
    grey = torch.rand(1, 1, 40, 40, generator=torch.Generator().manual_seed(0))
    assert canny_edges(grey, sigma=3).sum() < canny_edges(grey, sigma=1).sum()

"""Random holes: where they are, how large, and that they are drawn from the generator alone."""

import numpy as np
import pytest
from scipy import ndimage

from selfmend.masks.random import HOLE_SHAPES, center, random_box, strokes, text
from selfmend.seeding import make_rng


@pytest.mark.parametrize("name", HOLE_SHAPES)
@pytest.mark.parametrize("size", [(64, 64), (31, 50), (2, 3)])
def test_every_shape_leaves_hole_and_known(name, size):
    for k in range(20):
        mask = HOLE_SHAPES[name](size, make_rng(k))
        assert (mask.shape, mask.dtype) == (size, bool)
        assert mask.any()
        assert min(size) < 4 or not mask.all()
        assert np.array_equal(mask, HOLE_SHAPES[name](size, make_rng(k)))


def box_of(mask):
    rows, columns = np.nonzero(mask)
    top, left = int(rows.min()), int(columns.min())
    box = (top, left, int(rows.max()) + 1 - top, int(columns.max()) + 1 - left)
    assert int(mask.sum()) == box[2] * box[3]
    return box


def test_the_centre_is_half_the_side_and_shrinks_to_all_sides():
    assert box_of(center((256, 128), make_rng(0))) == (64, 32, 128, 64)
    boxes = [box_of(center((256, 256), make_rng(k), max_delta=32)) for k in range(300)]
    assert {b[2] for b in boxes} == {128 - 2 * d for d in range(17)} == {b[3] for b in boxes}
    assert all(b[0] + b[2] / 2 == 128 == b[1] + b[3] / 2 for b in boxes)
    assert any(b[2] != b[3] for b in boxes)


def test_a_random_box_goes_everywhere():
    boxes = [box_of(random_box((16, 16), make_rng(k))) for k in range(900)]
    assert {b[:2] for b in boxes} == {(y, x) for y in range(9) for x in range(9)}
    assert {b[2:] for b in boxes} == {(8, 8)}
    assert {box_of(random_box((16, 16), make_rng(k), max_delta=4))[2] for k in range(99)} == {8, 6, 4}


def test_strokes_are_as_wide_as_asked():
    thin, wide = (
        sum(int(strokes((200, 200), make_rng(k), width=width).sum()) for k in range(10))
        for width in ((0.01, 0.01), (0.04, 0.04))
    )
    assert 3 < wide / thin < 5  # 8 px to 2 px


def test_strokes_are_a_part_of_the_picture_and_differ():
    masks = np.stack([strokes((64, 64), make_rng(k)) for k in range(100)])
    share = masks.mean((1, 2))
    assert 0.1 < float(share.mean()) < 0.4
    assert float(share.max()) < 0.8
    assert len(set(share.tolist())) > 90
    assert float(masks.mean(0).min()) > 0, "no place is never a hole"


def test_text_is_thin_lies_in_rows_and_grows_with_the_picture():
    masks = [text((120, 180), make_rng(k)) for k in range(60, 120)]
    share = np.array([mask.mean() for mask in masks])
    assert 0.05 < float(share.mean()) < 0.2
    assert float(share.max()) < 0.4
    assert len(set(share.tolist())) > 50
    thickest = max(ndimage.distance_transform_edt(mask).max() for mask in masks)
    assert thickest < 12, "letters are strokes, no blocks"
    rows = [mask.any(1).sum() for mask in masks]
    columns = [mask.any(0).sum() for mask in masks]
    assert sum(rows) < 0.5 * 120 * 60
    assert sum(columns) > 0.5 * 180 * 60
    large = np.array([text((480, 720), make_rng(k)).mean() for k in range(20)])
    assert float(large.mean()) == pytest.approx(float(share.mean()), rel=0.3)


def test_a_mix_has_all_of_them():
    kinds = set()
    for k in range(30):
        mask = HOLE_SHAPES["mix"]((64, 64), make_rng(k))
        box = np.argwhere(mask)
        full = int(mask.sum()) == int((box.max(0) - box.min(0) + 1).prod())
        kinds.add("center" if np.array_equal(mask, center((64, 64), make_rng(k))) else "box" if full else "strokes")
    assert kinds == {"center", "box", "strokes"}


def thickness(mask):
    return float(ndimage.distance_transform_edt(mask).max())


def test_wide_medium_and_thin_holes_are_what_they_are_called():
    masks = {
        name: [HOLE_SHAPES[name]((256, 256), make_rng(k)) for k in range(80)] for name in ("wide", "medium", "thin")
    }
    thick = {name: float(np.median([thickness(mask) for mask in some])) for name, some in masks.items()}
    assert thick["wide"] > 1.5 * thick["medium"]
    assert thick["medium"] > 1.5 * thick["thin"]
    assert max(thickness(mask) for mask in masks["thin"]) < 40
    for some in masks.values():
        share = np.array([mask.mean() for mask in some])
        assert share.max() <= 0.5
        assert 0.02 < share.mean() < 0.35
    boxes = sum(int(mask.sum()) == int(np.ptp(np.argwhere(mask), 0).__add__(1).prod()) for mask in masks["wide"])
    assert boxes > 5, "single boxes, among the rest"


def test_wide_holes_grow_with_the_picture():
    small, large = (np.mean([HOLE_SHAPES["wide"]((n, n), make_rng(k)).mean() for k in range(60)]) for n in (64, 256))
    assert small == pytest.approx(large, rel=0.25)

"""Random holes: where they are, how large, and that they are drawn from the generator alone."""

import pytest
import torch
from scipy import ndimage

from selfmend.masks.random import HOLE_SHAPES, center, random_box, strokes, text
from selfmend.seeding import make_generator


@pytest.mark.parametrize("name", HOLE_SHAPES)
@pytest.mark.parametrize("size", [(64, 64), (31, 50), (2, 3)])
def test_every_shape_leaves_hole_and_known(name, size):
    for k in range(20):
        mask = HOLE_SHAPES[name](size, make_generator(k))
        assert (mask.shape, mask.dtype) == ((1, *size), torch.bool)
        assert mask.any()
        assert min(size) < 4 or not mask.all()
        assert torch.equal(mask, HOLE_SHAPES[name](size, make_generator(k)))


def box_of(mask):
    rows, columns = torch.nonzero(mask[0], as_tuple=True)
    top, left = int(rows.min()), int(columns.min())
    box = (top, left, int(rows.max()) + 1 - top, int(columns.max()) + 1 - left)
    assert int(mask.sum()) == box[2] * box[3]
    return box


def test_the_centre_is_half_the_side_and_shrinks_to_all_sides():
    assert box_of(center((256, 128), make_generator(0))) == (64, 32, 128, 64)
    boxes = [box_of(center((256, 256), make_generator(k), max_delta=32)) for k in range(300)]
    assert {b[2] for b in boxes} == {128 - 2 * d for d in range(17)} == {b[3] for b in boxes}
    assert all(b[0] + b[2] / 2 == 128 == b[1] + b[3] / 2 for b in boxes)
    assert any(b[2] != b[3] for b in boxes)


def test_a_random_box_goes_everywhere():
    boxes = [box_of(random_box((16, 16), make_generator(k))) for k in range(900)]
    assert {b[:2] for b in boxes} == {(y, x) for y in range(9) for x in range(9)}
    assert {b[2:] for b in boxes} == {(8, 8)}
    assert {box_of(random_box((16, 16), make_generator(k), max_delta=4))[2] for k in range(99)} == {8, 6, 4}


def test_strokes_are_as_wide_as_asked():
    thin, wide = (
        sum(int(strokes((200, 200), make_generator(k), width=width).sum()) for k in range(10))
        for width in ((0.01, 0.01), (0.04, 0.04))
    )
    assert 3 < wide / thin < 5  # 8 px to 2 px


def test_strokes_are_a_part_of_the_picture_and_differ():
    masks = torch.stack([strokes((64, 64), make_generator(k)) for k in range(100)]).float()
    share = masks.mean((1, 2, 3))
    assert 0.1 < float(share.mean()) < 0.4
    assert float(share.max()) < 0.8
    assert len(set(share.tolist())) > 90
    assert float(masks.mean(0).min()) > 0, "no place is never a hole"


def test_text_is_thin_lies_in_rows_and_grows_with_the_picture():
    masks = [text((120, 180), make_generator(k)) for k in range(60)]
    share = torch.tensor([float(mask.float().mean()) for mask in masks])
    assert 0.05 < float(share.mean()) < 0.2
    assert float(share.max()) < 0.4
    assert len(set(share.tolist())) > 50
    thickest = max(ndimage.distance_transform_edt(mask[0].numpy()).max() for mask in masks)
    assert thickest < 12, "letters are strokes, no blocks"
    rows = [mask[0].any(1).sum() for mask in masks]
    columns = [mask[0].any(0).sum() for mask in masks]
    assert sum(rows) < 0.5 * 120 * 60
    assert sum(columns) > 0.5 * 180 * 60
    large = torch.tensor([float(text((480, 720), make_generator(k)).float().mean()) for k in range(20)])
    assert float(large.mean()) == pytest.approx(float(share.mean()), rel=0.3)


def test_a_mix_has_all_of_them():
    kinds = set()
    for k in range(30):
        mask = HOLE_SHAPES["mix"]((64, 64), make_generator(k))
        box = torch.nonzero(mask[0])
        full = int(mask.sum()) == int((box.max(0).values - box.min(0).values + 1).prod())
        kinds.add("center" if torch.equal(mask, center((64, 64), make_generator(k))) else "box" if full else "strokes")
    assert kinds == {"center", "box", "strokes"}

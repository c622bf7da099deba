"""Windows around holes: every hole in exactly one, inside the picture where they fit, mirrored where they do not."""

import pytest
import torch

from selfmend.methods.folder import Window, windows_around


def mask_of(size, *boxes):
    mask = torch.zeros(1, 1, *size, dtype=torch.bool)
    for top, left, bottom, right in boxes:
        mask[..., top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize("seed", range(5))
def test_every_hole_is_in_exactly_one_window(seed):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.rand(1, 1, 40, 70, generator=generator) > 0.97
    mask[..., 10:30, 20:22] = True
    total = torch.zeros(1, 1, 40, 70)
    for window, own in windows_around(mask, 16):
        assert own.any()
        total += own
        assert 0 <= window.top <= 40 - window.side
        assert 0 <= window.left <= 70 - window.side
        assert int(window.cut(own).sum()) == int(own.sum())
    assert torch.equal(total, mask.float())


def test_a_window_grows_around_a_hole_that_is_too_large():
    (window, _), = windows_around(mask_of((64, 64), (10, 10, 50, 20)), 32)  # fmt: skip
    assert window.side == 46  # 40 * 8 / 7
    (window, _), = windows_around(mask_of((64, 64), (10, 10, 40, 20)), 32)  # fmt: skip
    assert window.side == 35, "something known is needed around it"
    (window, _), = windows_around(mask_of((64, 64), (0, 10, 64, 20)), 64)  # fmt: skip
    assert (window.side, window.top, window.left) == (64, 0, 0), "there is nothing to gain beyond the picture"
    (window, _), = windows_around(mask_of((20, 64), (0, 10, 20, 50)), 20)  # fmt: skip
    assert (window.side, window.top) == (46, -13)


def test_beyond_the_picture_it_goes_on_mirrored():
    picture = torch.arange(3.0).view(1, 1, 1, 3).expand(1, 1, 3, 3)
    square = Window(-2, -2, 7, (3, 3)).cut(picture)
    assert square[0, 0, 0].tolist() == [1, 0, 0, 1, 2, 2, 1]
    assert Window(-4, -4, 11, (3, 3)).cut(picture)[0, 0, 0].tolist() == [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]


def test_pasting_changes_the_mask_only():
    picture = torch.zeros(1, 3, 5, 9)
    mask = mask_of((5, 9), (1, 2, 3, 4))
    pasted = Window(-1, 1, 6, (5, 9)).paste(torch.arange(36.0).view(1, 1, 6, 6).expand(1, 3, 6, 6), picture, mask)
    assert pasted[0, 0, 1:3, 2:4].tolist() == [[13, 14], [19, 20]]
    assert int((pasted[0, 0] != 0).sum()) == 4
    assert not picture.any()


def test_how_much_of_a_window_a_hole_may_take_is_said():
    mask = torch.zeros(1, 1, 40, 40, dtype=torch.bool)
    mask[..., 10:26, 10:26] = True
    sides = {most: [window.side for window, _ in windows_around(mask, 16, most=most)] for most in (0.5, 0.8, 1.0)}
    assert sides == {0.5: [32], 0.8: [20], 1.0: [16]}

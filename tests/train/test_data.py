"""What a training step sees."""

import torch

from selfmend.train.data import hole_boxes


def test_boxes_are_the_smallest_around_each_hole():
    mask = torch.zeros(3, 1, 9, 7, dtype=torch.bool)
    mask[0, :, 2:5, 6:] = True
    mask[1, :, 8, 0] = mask[1, :, 0, 6] = True
    assert hole_boxes(mask).tolist() == [[2, 6, 3, 1], [0, 0, 9, 7], [0, 0, 0, 0]]
    assert hole_boxes(mask).dtype == torch.int64

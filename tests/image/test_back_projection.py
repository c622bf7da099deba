"""Back-projection: the result, shrunk, is the picture; what it was is kept where it was right."""

import numpy as np

from pictures import picture
from selfmend.image.back_projection import back_project
from selfmend.image.resize import resize


def test_the_result_shrinks_to_the_picture() -> None:
    small = picture(30, 40)[0]
    start = resize(small, (75, 100)) + np.float32(0.1)
    off = [np.abs(resize(back_project(start, small, rounds=n), (30, 40)) - small).max() for n in (0, 1, 3)]
    assert off[0] > 0.1
    assert off[1] < 0.5 * off[0]
    assert off[2] < 0.5 * off[1]


def test_what_is_right_stays() -> None:
    large = picture(60, 80)[0]
    small = resize(large, (30, 40))
    assert np.allclose(back_project(large, small, rounds=3), large, atol=1e-5)

"""Pieces that may be letters, and the options that say which."""

import numpy as np
import pytest

from selfmend.errors import OptionError
from selfmend.masks.text_letters import TextOptions, find_letters, otsu, thresholds


def test_otsu_parts_two_groups():
    values = np.array([0.1] * 30 + [0.2] * 30 + [0.8] * 5 + [0.9] * 5, np.float32)
    assert 0.2 < otsu(values) < 0.8


def test_thresholds_lie_on_both_sides_of_otsus():
    values = np.repeat(np.array([0.3, 0.5, 0.75, 0.95], np.float32), 20)
    first, *others = thresholds(values, TextOptions())
    assert 0.5 < first < 0.75
    assert min(others) < first < max(others)
    assert thresholds(values, TextOptions(threshold=0.9)) == [0.9]
    assert thresholds(values[:0], TextOptions()) == []


def strokes(width):
    """An L of strokes of that width, 20 high and 12 wide, white on black."""
    picture = np.zeros((100, 60, 3), np.float32)
    picture[40:60, 20 : 20 + width] = 1
    picture[60 - width : 60, 20:32] = 1
    return picture


def test_a_letter_is_measured():
    (letters,) = find_letters(strokes(3), TextOptions(threshold=0.5))
    assert (letters.left, letters.top, letters.right, letters.bottom) == (20, 40, 32, 60)
    assert float(letters.stroke[0]) == pytest.approx(3, abs=1)
    assert letters.colour.tolist() == [[1, 1, 1]]
    assert letters.around[0] == 0
    assert letters.drawn(slice(None)).sum() == 3 * 20 + 3 * 9


def test_blocks_bars_and_crumbs_are_no_letters():
    options = TextOptions(threshold=0.5)
    for block in (np.s_[40:60, 10:50], np.s_[40:42, 10:50], np.s_[40:43, 10:13], np.s_[20:80, 10:14]):
        picture = np.zeros((100, 60, 3), np.float32)
        picture[block] = 1
        assert all(len(letters.numbers) == 0 for letters in find_letters(picture, options)), block


def test_what_melts_into_its_surroundings_is_no_letter():
    faint = 0.6 + 0.4 * strokes(3)
    assert [len(found.numbers) for found in find_letters(faint, TextOptions(threshold=0.9, contrast=0.5))] == [0]
    assert [len(found.numbers) for found in find_letters(faint, TextOptions(threshold=0.9, contrast=0.3))] == [1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"threshold": 1.5}, r"option threshold is 1.5; 0 to 1 fits"),
        ({"saturation": -0.1}, r"option saturation is -0.1; 0 to 1 fits"),
        ({"contrast": 25}, r"option contrast is 25; 0 to 1 fits"),
        ({"height": (0.2, 0.1)}, r"option height is 0.2,0.1; two shares of the picture's height fit"),
        ({"height": (0.1, 20)}, r"option height is 0.1,20; two shares"),
    ],
)
def test_what_no_picture_has_is_refused(wrong, message):
    with pytest.raises(OptionError, match=message):
        TextOptions(**wrong)

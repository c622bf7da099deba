"""Lines of letters: what stands in a row, and how far from it the mask reaches."""

import numpy as np

from selfmend.masks.text import find_lines
from selfmend.masks.text_letters import TextOptions
from subtitles import textured, written


def colours(*arguments, **options):
    return written(*arguments, **options)[0]


GREY = np.full((240, 432, 3), 120, np.uint8)


def test_a_line_a_line_from_top_left_to_bottom_right():
    lines = find_lines(colours(GREY, "The first one", "and the other"), TextOptions())
    assert len(lines) == 2
    first, other = sorted(lines, key=lambda line: line.top)
    assert other.top - first.top in range(15, 32)
    for line in lines:
        assert line.cover[line.written].all()
        assert line.cover.sum() > line.written.sum()
        rows, columns = line.place
        assert line.cover.shape == (rows.stop - rows.start, columns.stop - columns.start)


def test_dots_dashes_and_commas_belong_to_the_line():
    image, truth = written(GREY, "- iii, jjj: fifty ... !")
    found = np.zeros(GREY.shape[:2], bool)
    for line in find_lines(image, TextOptions()):
        found[line.place] |= line.cover
    assert found[truth].mean() > 0.99


def test_the_cover_grows_with_the_outline():
    reach = []
    for outline in (1, 2, 3):
        (line,) = find_lines(colours(GREY, "Where is it", letter=30, outline=outline), TextOptions())
        reach.append(line.cover.sum())
        (fixed,) = find_lines(colours(GREY, "Where is it", letter=30, outline=outline), TextOptions(outline=outline))
        assert abs(int(fixed.cover.sum()) - int(line.cover.sum())) < 0.25 * line.cover.sum()
    assert reach[0] < reach[1] < reach[2]


def test_letters_that_are_strewn_about_are_no_line():
    picture = textured((240, 432))
    for k, letter in enumerate("Wheredidyougo"):
        place = ((k * 97 % 400 + 16) / 432, (k * 61 % 200 + 30) / 240)
        picture = np.rint(written(picture, letter, at=place)[0] * 255).astype(np.uint8)
    assert not find_lines(picture.astype(np.float32) / 255, TextOptions(letters=3))


def test_as_many_letters_as_asked_for():
    assert find_lines(colours(GREY, "No."), TextOptions())
    assert not find_lines(colours(GREY, "No."), TextOptions(letters=4))

"""Subtitles of films: they stand still, what is behind them moves, and every frame gets one mask in time."""

import itertools
import tracemalloc

import numpy as np
import pytest

from facts import mentions
from selfmend.errors import ImageError, MaskError
from selfmend.image.picture import to_picture
from selfmend.masks.text import find_text
from selfmend.masks.text_in_video import REACH, SteadyText, steady_text
from subtitles import recall_and_precision, textured, written

WIDE = textured((120, 400))
BLANK = textured((120, 200), seed=9)


def frame(k: int, *words: str):
    """Frame k of a film whose background moves by 3 pixels a frame; its image and the mask of the words."""
    return written(np.ascontiguousarray(WIDE[:, 3 * k : 3 * k + 200]), *words, letter=16)


def test_every_frame_of_a_subtitle_is_masked_and_no_other():
    film = [frame(k, *(["Who goes there?"] if 3 <= k < 9 else [])) for k in range(14)]
    masks = list(steady_text(image for image, _ in film))
    assert len(masks) == 14
    for k, (mask, (image, truth)) in enumerate(zip(masks, film, strict=True)):
        assert (mask.shape, mask.dtype) == (image.shape[:2], bool)
        if 3 <= k < 9:
            recall, precision = recall_and_precision(mask, truth)
            assert recall > 0.98, k
            assert precision > 0.5, k
        else:
            assert not mask.any(), k


def test_what_moves_is_no_subtitle():
    sign, _ = written(WIDE, "A shop sign passes by", letter=16, at=(0.4, 0.6))
    film = [np.ascontiguousarray(sign[:, 4 * k : 4 * k + 200]) for k in range(6)]
    assert sum(bool(find_text(image).any()) for image in film) >= 4
    assert not any(mask.any() for mask in steady_text(film))


def test_a_frame_in_which_nothing_is_found_takes_the_line_of_its_neighbours(monkeypatch):
    """Found in the first frames only: it covers the frames in reach where the same pixels are."""
    film = [frame(k, "Who goes there?") for k in range(5)]
    from selfmend.masks import text_in_video as text_steady

    real, calls = text_steady.search_text, itertools.count()
    monkeypatch.setattr(text_steady, "search_text", lambda *a, **k: real(*a, **k) if next(calls) == 0 else [])
    masks = list(steady_text([image for image, _ in film]))
    assert [bool(mask.any()) for mask in masks] == [True] * (REACH + 1) + [False] * (4 - REACH)
    assert recall_and_precision(masks[REACH], film[REACH][1])[0] > 0.98


def test_text_in_one_frame_alone_is_none_but_a_film_of_one_frame_is_a_picture():
    film = [frame(0)[0], frame(1, "Who goes there?")[0], frame(2)[0]]
    assert not any(mask.any() for mask in steady_text(film))
    (mask,) = steady_text(film[1:2])
    assert np.array_equal(mask, find_text(film[1]))


def test_masks_come_as_soon_as_they_can():
    text = SteadyText()
    counts = [len(text.push(frame(k)[0])) for k in range(6)]
    assert counts == [0] * REACH + [1] * (6 - REACH)
    assert len(list(text.finish())) == REACH
    assert list(steady_text([])) == []


def test_memory_does_not_grow_with_the_film():
    image = to_picture(BLANK).image

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in steady_text(image for _ in range(count)):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(2)
    assert peak(40) < 1.1 * peak(8)


def test_region_and_size():
    film = [frame(k, "Who goes there?")[0] for k in range(3)]
    assert not any(mask.any() for mask in steady_text(film, region=(0, 0, 200, 60)))
    with pytest.raises(MaskError, match=mentions("200", "120")):
        list(steady_text(film, region=(0, 120, 200, 60)))
    with pytest.raises(ImageError, match=mentions("100", "120", "200")):
        list(steady_text([film[0], film[1][:, :100]]))

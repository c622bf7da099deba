"""Which pixels are of marks, and what of them is a mark."""

import numpy as np

from selfmend.masks.mark_finding import LEAST, MarkLimits, mark_likelihood, marked


def test_the_answer_has_the_pictures_size_whatever_it_is() -> None:
    for size in ((LEAST, 50), (33, 47), (64, 64)):
        likely = mark_likelihood(np.full((*size, 1), 0.5, np.float32))
        assert likely.shape == (*size, 2)
        assert 0 <= likely.min() <= likely.max() <= 1
    assert not mark_likelihood(np.zeros((LEAST - 1, 80, 3), np.float32)).any()


def test_a_mark_is_what_is_sure_with_what_hangs_together_with_it() -> None:
    likely = np.zeros((100, 100), np.float32)
    likely[10:20, 10:60] = 0.5
    likely[10:20, 10:16] = 0.9
    likely[80:90, 10:60] = 0.5  # nothing sure is near
    limits = MarkLimits(weak=0.4, sure=0.8, least=20)
    found = marked(likely, limits)
    assert found[10:20, 10:60].all()
    assert found.sum() == 500
    assert marked(likely, limits.at(1.0)).sum() >= 1000
    assert not marked(likely, limits.at(0.0)).any()


def test_a_large_piece_with_few_sure_pixels_is_no_mark() -> None:
    likely = np.zeros((100, 100), np.float32)
    likely[5:45, 5:95] = 0.5
    likely[5:10, 5:11] = 0.9
    likely[80:90, 10:60] = 0.5
    likely[80:90, 10:16] = 0.9
    found = marked(likely, MarkLimits(weak=0.4, sure=0.8, least=20, share=0.1))
    assert found[80:90, 10:60].all()
    assert found.sum() == 500
    assert marked(likely, MarkLimits(weak=0.4, sure=0.8, least=20)).sum() == 500 + 3600

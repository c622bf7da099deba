"""What the finder of marks learns from."""

import numpy as np

from selfmend.masks.mark_lessons import draw_mark_lesson


def photo(seed=0):
    coarse = np.random.default_rng(seed).random((12, 16, 3), np.float32)
    return np.repeat(np.repeat(coarse, 8, 0), 8, 1)


def test_a_lesson_differs_from_its_twin_by_its_marks_alone() -> None:
    kinds = set()
    for seed in range(24):
        lesson = draw_mark_lesson(photo(), np.random.default_rng(seed))
        assert lesson.image.shape == lesson.clean.shape == (96, 128, 3)
        assert 0 <= min(lesson.image.min(), lesson.clean.min()) <= max(lesson.image.max(), lesson.clean.max()) <= 1
        marked = lesson.masks["stamp"] | lesson.masks["watermark"]
        differ = np.abs(lesson.image - lesson.clean).max(2)
        if marked.any():
            assert differ[marked].mean() > 2 * differ[~marked].mean()
            kinds |= {kind for kind, mask in lesson.masks.items() if mask.any()}
        else:
            assert not differ.any()
    assert kinds == {"stamp", "watermark"}

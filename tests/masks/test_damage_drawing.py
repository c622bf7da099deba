"""Damage drawn over a photo: its masks are exact, the same seed draws the same."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from facts import mentions
from selfmend.errors import SelfmendError
from selfmend.masks.damage import distractors, lines
from selfmend.masks.damage.drawing import DRAWERS, draw_damage, draw_lesson
from selfmend.masks.damage.marks import KINDS, Mark, draw_stroke, lay, stroke_canvas, to_alpha

KIND = {
    "hairs": "scratches", "folds": "scratches", "cracks": "scratches", "strokes": "scratches", "creases": "scratches",
    "fissures": "scratches", "spots": "dust", "losses": "stains", "torn": "missing",
}  # fmt: skip
"""Of what is drawn, where its name is another one."""


@pytest.fixture
def photo():
    rows, columns = np.indices((120, 140), np.float32)
    return np.stack([0.3 + rows / 400, 0.5 + 0.1 * np.sin(columns / 9), 0.6 - columns / 600], 2)


@pytest.mark.parametrize("name", DRAWERS)
def test_what_changes_visibly_is_in_the_mask_of_its_kind(photo, name) -> None:
    seen = 0
    for seed in range(6):
        done = draw_damage(photo, [name], seed=seed, looks=False)
        changed = np.abs(done.image - done.clean).max(2) > 0.25
        mask = done.masks[KIND.get(name, name)]
        assert not (changed & ~binary_dilation(mask, np.ones((5, 5)))).any()
        assert not (mask & (np.abs(done.image - done.clean).max(2) == 0)).mean() > 0.002
        assert not any(done.masks[kind].any() for kind in KINDS if kind != KIND.get(name, name))
        assert done.image.shape == photo.shape
        assert done.image.min() >= 0
        assert done.image.max() <= 1
        seen += mask.any()
    assert seen >= 4


def test_the_same_seed_draws_the_same(photo) -> None:
    one, same, other = (draw_damage(photo, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(one.image, same.image)
    assert np.array_equal(one.mask, same.mask)
    assert not np.array_equal(one.image, other.image)


def test_without_looks_the_photo_is_kept_outside_of_the_marks(photo) -> None:
    done = draw_damage(photo, ["dust"], seed=1, looks=False)
    assert np.array_equal(done.clean, photo)
    assert (done.image == photo).all(2).mean() > 0.5


def test_a_mark_that_cannot_be_seen_is_not_in_the_mask() -> None:
    image = np.full((20, 30, 3), 0.9, np.float32)
    image[:, 15:] = 0.1
    canvas = stroke_canvas((20, 30))
    draw_stroke(canvas, np.array([[0.0, 10.0], [30.0, 10.0]]), 2.0)
    mark = Mark(kind="scratches", alpha=to_alpha(canvas, (20, 30)), colour=np.full(3, 0.9, np.float32))
    after, mask = lay(image, mark)
    assert mask[9:11, 20:].all()
    assert not mask[:, :10].any()
    assert not mask[:7].any()
    assert np.allclose(after[10, 25], 0.9, atol=0.05)


def test_lessons_have_clean_pictures_and_no_mask_for_what_stands_in_the_scene(photo) -> None:
    rng = np.random.default_rng(0)
    shares = [draw_lesson(photo, rng).mask.mean() for _ in range(30)]
    assert 3 <= sum(share == 0 for share in shares) <= 20
    for draw in distractors._KINDS:
        alpha = draw((60, 80), np.random.default_rng(1))
        assert alpha.shape == (60, 80)
        assert 0 <= alpha.min() <= alpha.max() <= 1


def test_what_does_not_fit_is_refused(photo) -> None:
    with pytest.raises(SelfmendError, match=mentions("'cracks'")):
        draw_damage(photo, ["crack"])
    with pytest.raises(SelfmendError, match=mentions("10", "12")):
        draw_damage(photo[:12, :10])


def test_dark_things_of_the_scene_stand_before_even_ground_alone() -> None:
    image = np.full((64, 128, 3), 0.8, np.float32)
    image[:, 64:] = np.random.default_rng(0).random((64, 64, 1), np.float32)
    ground = distractors._even_ground(image)
    assert ground[:, 8:50].min() > 0.95
    assert ground[:, 72:].max() < 0.05
    assert distractors._even_ground(0.1 * np.ones((32, 32, 3), np.float32)).max() == 0


def test_a_kinked_line_is_as_long_and_lies_where_it_lay() -> None:
    points = np.stack([np.linspace(0, 90, 31), np.full(31, 5.0)], 1)
    kinked = lines._kinked(points, np.random.default_rng(1))
    steps = np.hypot(*np.diff(kinked, axis=0).T)
    assert np.allclose(steps, 3)
    assert np.allclose(kinked.mean(0), points.mean(0))
    turns = np.abs(np.diff(np.unwrap(np.arctan2(*np.diff(kinked, axis=0).T[::-1]))))
    assert 1 <= (turns > 0.05).sum() <= 4

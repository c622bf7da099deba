"""ASVS of known saliency, and of real saliency: what stands out in the hole scores worse."""

import numpy as np
import pytest

from facts import mentions
from mosaic import noise
from selfmend.errors import MaskError, OptionError
from selfmend.metrics.saliency import SALIENCY, asvs
from selfmend.types import Image

HOLE = np.zeros((40, 60), bool)
HOLE[10:20, 30:45] = True


def test_known_saliency_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    for known, hole, expected in (
        ([[0.1, 0.2], [0.3, 1.0]], [[True, True], [False, False]], (0.01 + 0.04) / 2),
        ([[1.0, 0.0], [0.5, 0.7]], [[False, True], [True, False]], (0 + 0.25) / 2),
    ):
        monkeypatch.setitem(SALIENCY, "known", lambda image, known=known: np.array(known))
        found = asvs(np.zeros((2, 2, 3), np.float32), np.array(hole), model="known")
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("model", sorted(SALIENCY))
def test_a_blot_in_the_hole_is_noticed(model: str) -> None:
    def shot(plain: Image) -> Image:
        plain = plain.copy()
        plain[12:18, 34:41] = (1, 0, 0)
        return plain

    ground = 0.4 + 0.1 * noise(40, 60)
    assert asvs(shot(ground), HOLE, model=model) > 1.4 * asvs(ground, HOLE, model=model)


def test_what_does_not_fit_is_refused() -> None:
    picture = noise(40, 60)
    with pytest.raises(MaskError, match=mentions("hole")):
        asvs(picture, np.zeros_like(HOLE), model="spectral-residual")
    with pytest.raises(MaskError, match=mentions("(40, 60)", "(40, 50, 3)")):
        asvs(picture[:, :50], HOLE, model="spectral-residual")
    with pytest.raises(OptionError, match=mentions("model", "'hou'")):
        asvs(picture, HOLE, model="hou")

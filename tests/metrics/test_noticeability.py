"""DN of known saliency by hand, and what is refused."""

import numpy as np
import pytest

from facts import mentions
from mosaic import noise
from selfmend.errors import ImageError, MaskError
from selfmend.metrics.saliency import SALIENCY, noticeability


def test_known_saliency_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saliency is the picture itself: S' is the output's and S the original's."""
    monkeypatch.setitem(SALIENCY, "known", lambda image: image[..., 0].astype(np.float64))
    output = np.float32([[0.5, 0.2], [0.3, 1.0]])[..., None]
    original = np.float32([[0.9, 0.2], [0.1, 0.6]])[..., None]
    mask = np.array([[True, False], [False, False]])
    expected = (0.5**2 + 0 + (0.3 - 0.1) ** 2 + (1.0 - 0.6) ** 2) / 4
    assert noticeability(output, original, mask, model="known") == pytest.approx(expected)


@pytest.mark.parametrize("model", sorted(SALIENCY))
def test_an_unchanged_picture_is_its_asvs_shared_out(model: str) -> None:
    picture = noise(30, 40)
    mask = np.zeros((30, 40), bool)
    mask[5:15, 8:24] = True
    squares = np.square(SALIENCY[model](picture))
    expected = squares[mask].sum() / 1200
    assert noticeability(picture, picture, mask, model=model) == pytest.approx(expected)


def test_what_does_not_fit_is_refused() -> None:
    picture, mask = noise(20, 20), np.zeros((20, 20), bool)
    with pytest.raises(MaskError, match="mask has no hole; only filled holes can be measured"):
        noticeability(picture, picture, mask, model="spectral-residual")
    mask[:, :5] = True
    with pytest.raises(ImageError, match=mentions("(20, 20, 3)", "(20, 20, 1)")):
        noticeability(picture, picture[..., :1], mask, model="spectral-residual")

"""DN of known saliency by hand, and what is refused."""

import pytest
import torch

from mosaic import noise
from selfmend.errors import ImageError, MaskError
from selfmend.metrics.saliency import SALIENCY, noticeability


def test_known_saliency_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saliency is the picture itself: S' is the output's and S the original's."""
    monkeypatch.setitem(SALIENCY, "known", lambda image: image.double())
    output = torch.tensor([[0.5, 0.2], [0.3, 1.0]])[None, None]
    original = torch.tensor([[0.9, 0.2], [0.1, 0.6]])[None, None]
    mask = torch.tensor([[True, False], [False, False]])[None, None]
    expected = (0.5**2 + 0 + (0.3 - 0.1) ** 2 + (1.0 - 0.6) ** 2) / 4
    assert noticeability(output, original, mask, model="known").tolist() == pytest.approx([expected])


@pytest.mark.parametrize("model", sorted(SALIENCY))
def test_an_unchanged_picture_is_its_asvs_shared_out(model: str) -> None:
    picture = noise(30, 40)
    mask = torch.zeros(1, 1, 30, 40, dtype=torch.bool)
    mask[..., 5:15, 8:24] = True
    squares = SALIENCY[model](picture).square()
    expected = squares[mask].sum().item() / 1200
    assert noticeability(picture, picture, mask, model=model).item() == pytest.approx(expected)


def test_what_does_not_fit_is_refused() -> None:
    picture, mask = noise(20, 20), torch.zeros(1, 1, 20, 20, dtype=torch.bool)
    with pytest.raises(MaskError, match="mask has no hole in at least one picture; only filled holes can be measured"):
        noticeability(picture, picture, mask, model="spectral-residual")
    mask[..., :5] = True
    with pytest.raises(ImageError, match=r"output is \(1, 3, 20, 20\) and truth \(1, 1, 20, 20\); the same shape"):
        noticeability(picture, picture[:, :1], mask, model="spectral-residual")

"""ASVS of known saliency, and of real saliency: what stands out in the hole scores worse."""

import pytest
import torch

from mosaic import noise
from selfmend.errors import MaskError, OptionError
from selfmend.metrics.saliency import SALIENCY, asvs
from selfmend.types import Image

HOLE = torch.zeros(1, 1, 40, 60, dtype=torch.bool)
HOLE[..., 10:20, 30:45] = True


def test_known_saliency_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    known = torch.tensor([[[[0.1, 0.2], [0.3, 1.0]]], [[[1.0, 0.0], [0.5, 0.7]]]]).double()
    monkeypatch.setitem(SALIENCY, "known", lambda image: known)
    mask = torch.tensor([[[[True, True], [False, False]]], [[[False, True], [True, False]]]])
    found = asvs(torch.zeros(2, 3, 2, 2), mask, model="known")
    assert found.tolist() == pytest.approx([(0.01 + 0.04) / 2, (0 + 0.25) / 2])


@pytest.mark.parametrize("model", sorted(SALIENCY))
def test_a_blot_in_the_hole_is_noticed(model: str) -> None:
    def shot(plain: Image) -> Image:
        plain = plain.clone()
        plain[..., 12:18, 34:41] = torch.tensor([1.0, 0, 0]).view(3, 1, 1)
        return plain

    ground = 0.4 + 0.1 * noise(40, 60)
    assert asvs(shot(ground), HOLE, model=model) > 1.4 * asvs(ground, HOLE, model=model)


def test_what_does_not_fit_is_refused() -> None:
    picture = noise(40, 60)
    with pytest.raises(MaskError, match="mask has no hole in at least one picture; only filled holes can be measured"):
        asvs(picture, torch.zeros_like(HOLE), model="spectral-residual")
    with pytest.raises(MaskError, match=r"mask is \(1, 1, 40, 60\) and the image \(1, 3, 40, 50\)"):
        asvs(picture[..., :50], HOLE, model="spectral-residual")
    with pytest.raises(OptionError, match="unknown saliency model 'hou'"):
        asvs(picture, HOLE, model="hou")

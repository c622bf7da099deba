"""Harmonising with the picture's own patches: colours taken, the object kept, what is known untouched."""

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from selfmend.errors import MaskError, OptionError
from selfmend.patches.harmonise import HarmoniseSettings, harmonise, recoloured
from selfmend.seeding import make_rng
from selfmend.types import Image, Mask


def striped(height: int = 90, width: int = 120) -> Image:
    """Blue and light blue waves, as if painted."""
    rows, columns = np.mgrid[:height, :width]
    wave = np.sin((rows + 6 * np.sin(columns / 9)) / 2.2)[..., None] * 0.5 + 0.5
    picture = wave * (0.6, 0.75, 0.95) + (1 - wave) * (0.1, 0.15, 0.5)
    return (picture + 0.03 * make_rng(0, "p").standard_normal(picture.shape)).clip(0, 1).astype(np.float32)


def pasted() -> tuple[Image, Mask]:
    """A flat grey square with a bright corner on it."""
    composite, mask = striped(), np.zeros((90, 120), bool)
    mask[30:62, 40:80] = True
    composite[mask] = 0.35
    composite[30:44, 40:58] = 0.95
    return composite, mask


def test_the_object_takes_the_colours_and_the_texture() -> None:
    composite, mask = pasted()
    made = harmonise(composite, mask, seed=0)
    inside = made[34:58, 44:76]
    assert float(inside[..., 2].mean() - inside[..., 0].mean()) > 0.15  # blue, where it was grey
    before, after = (np.abs(np.diff(p[48:58, 62:76], axis=0)).mean() for p in (composite, made))
    assert after > before + 0.02  # waves, where it was flat


def test_the_object_stays_recognisable() -> None:
    composite, mask = pasted()
    made = harmonise(composite, mask, seed=0)
    assert made[33:41, 43:55].mean() > made[50:60, 62:76].mean() + 0.08


def test_what_is_known_is_kept_to_the_bit() -> None:
    composite, mask = pasted()
    made = harmonise(composite, mask, seed=0)
    far = np.ones_like(mask)
    far[22:70, 32:88] = False
    assert np.array_equal(made[far], composite[far])
    assert made.dtype == np.float32
    assert np.array_equal(made, harmonise(composite, mask, seed=0))


def test_content_is_the_weight_of_the_object() -> None:
    composite, mask = pasted()
    wanted = recoloured(composite, mask, composite, share=0.8)
    far = [
        float(np.abs(harmonise(composite, mask, seed=0, settings=HarmoniseSettings(content=c)) - wanted)[mask].mean())
        for c in (0.2, 0.9)
    ]
    assert far[1] < far[0]


def test_another_picture_gives_colours_and_patches() -> None:
    composite, mask = pasted()
    red = striped(70, 100)[..., ::-1].copy()
    made = harmonise(composite, mask, seed=0, reference=red)[34:58, 44:76]
    assert made[..., 0].mean() > made[..., 2].mean() + 0.1


def test_recolouring_nothing_changes_nothing() -> None:
    composite, mask = pasted()
    assert abs(recoloured(composite, mask, composite, share=0.0) - composite).max() < 1e-2


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_from_python(mode: str) -> None:
    composite, mask = pasted()
    picture = PILImage.fromarray((composite * 255).round().astype(np.uint8)).convert(mode)
    made = selfmend.harmonize(picture, mask, rounds=1)
    assert (made.mode, made.size) == (picture.mode, picture.size)
    assert np.array_equal(np.asarray(made)[:20], np.asarray(picture)[:20])
    assert not np.array_equal(np.asarray(made), np.asarray(picture))


def test_mistakes() -> None:
    composite, mask = pasted()
    with pytest.raises(MaskError, match="covers nothing"):
        harmonise(composite, np.zeros_like(mask), seed=0)
    with pytest.raises(MaskError, match="no whole patch"):
        harmonise(composite, np.ones_like(mask), seed=0)
    with pytest.raises(OptionError, match="patch 7x7"):
        harmonise(composite[:5], mask[:5] | True, seed=0)
    with pytest.raises(OptionError, match="contents"):
        selfmend.harmonize(composite, mask, contents=1)

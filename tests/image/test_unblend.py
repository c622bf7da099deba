"""Half-transparent layers estimated and taken out."""

import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from selfmend.errors import ImageError, MaskError
from selfmend.image.unblend import Layer, estimate_layer, unblend
from selfmend.masks.reading import grow_mask
from subtitles import textured


def scene(seed=0):
    coarse = PILImage.fromarray(textured((50, 67), seed=seed)).resize((200, 150), PILImage.Resampling.BICUBIC)
    noise = np.random.default_rng(seed).normal(0, 0.01, (150, 200, 3)).astype(np.float32)
    return (0.1 + 0.8 * np.asarray(coarse, np.float32) / 255 + noise).clip(0, 1)


def letters():
    layer = PILImage.new("L", (200, 150))
    ImageDraw.Draw(layer).text(
        (100, 75), "MARK", fill=255, font=ImageFont.load_default(60), anchor="mm", stroke_width=2
    )
    return np.asarray(layer, np.float32) / 255


def marked(image, opacity, colour):
    over = opacity * letters()[..., None]
    mixed = image * (1 - over) + over * np.array(colour, np.float32)
    return np.rint(mixed * 255).astype(np.float32) / 255


def psnr(one, other, where):
    return -10 * np.log10(np.square(one[where] - other[where]).mean())


def test_a_known_layer_comes_off_within_rounding() -> None:
    layer = Layer((0.5 * letters()).astype(np.float32), np.float32([1, 0.5, 0]))
    below, lost = unblend(marked(scene(), 0.5, [1, 0.5, 0]), layer)
    assert abs(below - scene()).max() < 1.6 / 255
    assert not lost.any()


def test_what_is_too_opaque_or_cut_off_is_to_be_filled() -> None:
    white = np.ones((20, 20, 3), np.float32)
    opacity = np.full((20, 20), 0.5, np.float32)
    opacity[:, 10:] = 0.95
    _, lost = unblend(white, Layer(opacity, np.zeros(3, np.float32)))  # half black over white is grey, not white
    assert lost.all()
    _, lost = unblend(white * 0.5, Layer(opacity, np.zeros(3, np.float32)))
    assert lost[:, 10:].all()
    assert not lost[:, :10].any()


@pytest.mark.parametrize(
    ("opacity", "colour"), [(0.4, (1, 1, 1)), (0.5, (0, 0, 0)), (0.3, (1, 1, 1)), (0.5, (0.9, 0.2, 0.1))]
)
def test_opacity_and_colour_are_estimated_from_several_pictures(opacity, colour) -> None:
    images = [marked(scene(seed), opacity, colour) for seed in range(8)]
    where = grow_mask(letters() > 0.3, 2)
    layer = estimate_layer(images, where)
    assert layer is not None
    assert layer.opacity.max() == pytest.approx(opacity, abs=0.05)
    assert layer.colour == pytest.approx(np.array(colour), abs=0.1)
    below, _ = unblend(images[0], layer)
    assert psnr(below, scene(0), where) > psnr(images[0], scene(0), where) + 8


def test_one_picture_is_enough_for_a_white_mark() -> None:
    where = grow_mask(letters() > 0.3, 2)
    image = marked(scene(3), 0.45, (1, 1, 1))
    layer = estimate_layer([image], where)
    assert layer is not None
    assert layer.opacity.max() == pytest.approx(0.45, abs=0.08)
    assert psnr(unblend(image, layer)[0], scene(3), where) > psnr(image, scene(3), where) + 5


def test_a_known_colour_is_kept() -> None:
    layer = estimate_layer([marked(scene(), 0.5, (0.2, 0.9, 0.3))], letters() > 0.2, colour=(0.2, 0.9, 0.3))
    assert layer is not None
    assert layer.colour == pytest.approx(np.float32([0.2, 0.9, 0.3]))


def test_an_opaque_mark_has_no_layer() -> None:
    assert estimate_layer([marked(scene(), 1.0, (1, 1, 1))], letters() > 0.2) is None


def test_no_pictures_and_a_mask_of_another_size_are_refused() -> None:
    with pytest.raises(ImageError, match="at least one"):
        estimate_layer([], np.ones((4, 4), bool))
    with pytest.raises(MaskError, match="same height and width"):
        estimate_layer([scene()], np.ones((4, 4), bool))

"""`remove_watermark`: what shines through is brought back."""

import warnings

import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

import selfmend
from facts import mentions
from selfmend.errors import ImageError, MaskError, OptionError, SelfmendWarning
from subtitles import textured


def scene(seed):
    coarse = PILImage.fromarray(textured((40, 50), seed=seed)).resize((200, 160), PILImage.Resampling.BICUBIC)
    return (20 + 0.8 * np.asarray(coarse)).astype(np.uint8)


LETTERS = PILImage.new("L", (200, 160))
ImageDraw.Draw(LETTERS).text((100, 80), "MARK", fill=255, font=ImageFont.load_default(58), anchor="mm", stroke_width=2)
LETTERS = np.asarray(LETTERS, np.float32)[..., None] / 255


def marked(seed, opacity=0.45):
    over = opacity * LETTERS
    return np.rint(scene(seed) * (1 - over) + 255 * over).astype(np.uint8)


def psnr(one, other):
    where = LETTERS[..., 0] > 0.3
    return -10 * np.log10(np.square(one[where] / 255.0 - other[where] / 255.0).mean())


def test_pictures_with_the_same_mark_bring_each_other_back(tmp_path) -> None:
    for seed in range(10):
        PILImage.fromarray(marked(seed)).save(tmp_path / f"{seed}.png")
    others = [tmp_path / f"{seed}.png" for seed in range(1, 10)]
    back = selfmend.remove_watermark(tmp_path / "0.png", same_in=others, method="telea")
    assert isinstance(back, PILImage.Image)
    result = np.asarray(back)
    assert psnr(result, scene(0)) > 30
    far = LETTERS[..., 0] == 0
    far[20:140, 5:195] = False
    assert (result[far] == marked(0)[far]).all()


def test_restore_takes_a_watermark_out_too(tmp_path) -> None:
    others = [marked(seed) for seed in range(1, 10)]
    back = selfmend.restore(marked(0), "watermark", same_in=others, method="telea")
    assert psnr(back, scene(0)) > 30
    with pytest.raises(OptionError, match="dust"):
        selfmend.restore(marked(0), "dust", same_in=others)


def test_one_picture_with_a_mask_and_a_known_colour() -> None:
    back = selfmend.remove_watermark(marked(3), LETTERS[..., 0] > 0.3, colour="#ffffff", method="telea")
    assert back.dtype == np.uint8
    assert psnr(back, scene(3)) > psnr(marked(3), scene(3)) + 8


def test_grey_and_alpha_come_back_as_they_came() -> None:
    grey = np.asarray(PILImage.fromarray(marked(2)).convert("L"))
    back = selfmend.remove_watermark(grey, LETTERS[..., 0] > 0.3)
    assert back.shape == grey.shape
    alpha = np.dstack([marked(2), np.full((160, 200), 77, np.uint8)])
    back = selfmend.remove_watermark(alpha, LETTERS[..., 0] > 0.3)
    assert (back[..., 3] == 77).all()


def test_an_opaque_mark_is_filled_and_said_to_be() -> None:
    with pytest.warns(SelfmendWarning, match="filled"):
        back = selfmend.remove_watermark(marked(1, opacity=1), LETTERS[..., 0] > 0.3, method="telea")
    assert psnr(back, scene(1)) > psnr(marked(1, opacity=1), scene(1)) + 3


def test_a_picture_without_a_mark_comes_back_with_a_warning() -> None:
    plain = np.full((60, 80, 3), 120, np.uint8)
    with pytest.warns(SelfmendWarning, match="no watermark"):
        assert (selfmend.remove_watermark(plain) == plain).all()


def test_what_does_not_fit_is_refused() -> None:
    with warnings.catch_warnings(), pytest.raises(ImageError, match=mentions("200", "160")):
        selfmend.remove_watermark(marked(0), same_in=[np.zeros((50, 50, 3), np.uint8)])
    with pytest.raises(MaskError, match="#ffffff"):
        selfmend.remove_watermark(marked(0), LETTERS[..., 0] > 0.3, colour="whitish")
    with pytest.raises(MaskError, match="whole picture"):
        selfmend.remove_watermark(marked(0), np.ones((160, 200), bool))

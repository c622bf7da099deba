"""Date stamps and watermarks found in photos, drawn here by other means than the network has learned from."""

import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFilter, ImageFont
from skimage import data

from selfmend.errors import MaskError
from selfmend.masks.finders import find_in
from selfmend.masks.reading import grow_mask
from selfmend.masks.stamp import find_stamp
from selfmend.masks.watermark import find_watermark

PHOTOS = {"astronaut": data.astronaut(), "coffee": data.coffee(), "cat": data.cat()}


def lettered(size, text, at, letter, anchor="rs"):
    layer = PILImage.new("L", size)
    ImageDraw.Draw(layer).text(at, text, fill=255, font=ImageFont.load_default(letter), anchor=anchor, stroke_width=1)
    return layer


def stamped(name, colour, *, turned=False):
    """A photo with an orange date and its glow, and where it is."""
    photo = PILImage.fromarray(PHOTOS[name])
    if turned:
        photo = photo.transpose(PILImage.Transpose.ROTATE_90)
    layer = lettered(photo.size, "'98 12 25", (photo.width - 20, photo.height - 18), 20)
    glow = layer.filter(ImageFilter.GaussianBlur(2.5))
    photo.paste(colour, mask=glow)
    photo.paste(colour, mask=layer)
    if turned:
        photo, layer = (one.transpose(PILImage.Transpose.ROTATE_270) for one in (photo, layer))
    return np.asarray(photo, np.float32) / 255, np.asarray(layer) > 64


def watermarked(name, opacity):
    photo = PHOTOS[name].astype(np.float32) / 255
    size = photo.shape[1], photo.shape[0]
    layer = np.asarray(lettered(size, "SAMPLE", (size[0] // 2, size[1] // 2), 64, "mm"), np.float32) / 255
    over = opacity * layer[..., None]
    return photo * (1 - over) + over, layer > 0.3


def found_share(found, truth):
    recall = (truth & grow_mask(found, 2)).sum() / truth.sum()
    return float(recall), float((found & grow_mask(truth, 6)).sum() / max(1, found.sum()))


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("colour", [(255, 140, 40), (255, 60, 40)])
def test_a_stamp_is_found_with_its_glow(name, colour) -> None:
    image, truth = stamped(name, colour)
    recall, precision = found_share(find_stamp(image), truth)
    assert recall > 0.95
    assert precision > 0.7


def test_a_stamp_that_stands_upright_is_found() -> None:
    image, truth = stamped("coffee", (255, 140, 40), turned=True)
    assert found_share(find_stamp(image), truth)[0] > 0.9


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_without_a_stamp_has_none(name) -> None:
    assert find_stamp(PHOTOS[name].astype(np.float32) / 255).mean() < 0.002


def test_a_watermark_is_found() -> None:
    image, truth = watermarked("coffee", 0.45)
    recall, precision = found_share(find_watermark(image), truth)
    assert recall > 0.8
    assert precision > 0.6


def test_only_the_region_is_searched_and_more_is_found_with_more_sensitivity() -> None:
    image, truth = stamped("coffee", (255, 140, 40))
    box = (300, 340, 300, 60)
    found = find_stamp(image, region=box)
    assert found[truth].mean() > 0.9
    assert not find_stamp(image, region=(0, 0, 200, 200)).any()
    few, some, many = (find_in(image, "stamp", sensitivity=s).sum() for s in (0.1, 0.5, 0.9))
    assert few <= some <= many
    with pytest.raises(MaskError, match="no pixel"):
        find_stamp(image, region=(700, 0, 5, 5))


def test_grey_and_tiny_pictures_have_an_answer() -> None:
    grey = PHOTOS["coffee"].mean(2, keepdims=True).astype(np.float32) / 255
    assert find_stamp(grey).shape == grey.shape[:2]
    assert not find_watermark(np.zeros((5, 7, 3), np.float32)).any()

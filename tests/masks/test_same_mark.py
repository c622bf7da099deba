"""What stands at the same place in many pictures."""

import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from facts import mentions
from selfmend.errors import ImageError
from selfmend.masks.same_mark import MOST, find_same_mark, integrated
from selfmend.masks.watermark import find_same_watermark
from subtitles import recall_and_precision, textured


def mark(size=(120, 160)):
    """Letters, float32 (H, W) in [0, 1]."""
    layer = PILImage.new("L", size[::-1])
    ImageDraw.Draw(layer).text((80, 60), "MARK", fill=255, font=ImageFont.load_default(46), anchor="mm", stroke_width=1)
    return np.asarray(layer, np.float32)[..., None] / 255


def pictures(count, layer=None, opacity=0.4, colour=1.0, size=(120, 160)):
    made = []
    for seed in range(count):  # each with its cells elsewhere: nothing is in common
        random = np.random.default_rng(seed)
        y, x = random.integers(0, 20, 2)
        coarse = PILImage.fromarray(textured((size[0] // 4 + 20, size[1] // 4 + 20), seed=seed))
        soft = coarse.resize((4 * coarse.width, 4 * coarse.height), PILImage.Resampling.BICUBIC)
        whole = np.asarray(soft, np.float32)[4 * y :, 4 * x :][: size[0], : size[1]] / 255
        made.append((whole + random.normal(0, 0.02, whole.shape)).clip(0, 1).astype(np.float32))
    return made if layer is None else [one * (1 - opacity * layer) + opacity * layer * colour for one in made]


@pytest.mark.parametrize(("count", "opacity", "colour"), [(10, 0.5, 1.0), (10, 0.4, 0.0), (14, 0.4, 1.0)])
def test_a_mark_of_any_colour_is_found_up_to_its_border(count, opacity, colour) -> None:
    layer = mark()
    found = find_same_mark(pictures(count, layer, opacity, colour))
    recall, precision = recall_and_precision(found, layer[..., 0] > 0.5)
    assert recall > 0.9
    assert precision > 0.8


@pytest.mark.parametrize("count", [3, 6, 12])
def test_pictures_with_nothing_in_common_have_no_mark(count) -> None:
    assert not find_same_mark(pictures(count)).any()


def test_grey_pictures_and_large_ones_have_the_mask_of_their_own_size() -> None:
    grey = [one.mean(2, keepdims=True) for one in pictures(6, mark(), 0.5)]
    assert find_same_mark(grey).mean() == pytest.approx((mark() > 0.5).mean(), rel=0.3)
    large = [np.repeat(np.repeat(one, 10, 0), 10, 1) for one in pictures(5, mark(), 0.5)]
    assert find_same_mark(large).shape == (1200, 1600)


def test_a_watermark_is_the_same_in_whatever_order_its_pictures_come() -> None:
    images = pictures(MOST + 4, mark(), 0.4)  # more than are looked at
    found = find_same_watermark(images)
    assert found.any()
    assert np.array_equal(find_same_watermark([*images[7:], *images[:7]]), found)


def test_too_few_pictures_and_pictures_of_two_sizes_are_refused() -> None:
    with pytest.raises(ImageError, match=mentions("3")):
        find_same_mark(pictures(2))
    with pytest.raises(ImageError, match=mentions("160", "120")):
        find_same_mark([*pictures(3), *pictures(1, size=(100, 100))])


def test_integrating_differences_gives_the_surface_back() -> None:
    surface = np.random.default_rng(0).random((20, 30)).astype(np.float32)
    back = integrated(np.diff(surface, axis=1), np.diff(surface, axis=0))
    assert back == pytest.approx(surface - np.median(surface), abs=1e-4)

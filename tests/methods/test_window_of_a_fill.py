"""A small hole in a large picture: its surroundings alone are converted and filled, to the same bits."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from selfmend.image.picture import to_picture
from selfmend.methods.registry import method_class
from selfmend.seeding import derive_seed


def photo(height, width):
    """Waves with some noise, uint8 (H, W, 3)."""
    y, x = np.mgrid[:height, :width]
    waves = [127 + 50 * np.sin(x / 9 + k) + 40 * np.cos(y / (7 + k)) for k in range(3)]
    noise = np.random.default_rng(0).normal(0, 6, (height, width, 3))
    return (np.stack(waves, -1) + noise).clip(0, 255).astype(np.uint8)


SIZE = (700, 1300)
APART = [(540, 552, 560, 574), (580, 586, 660, 666), (530, 531, 560, 585)]  # too far to be one group; a hairline
TILES = [(100, 112, 401, 413), (40, 200, 1100, 1101)]  # plates in another tile than patches
SECOND_TILE = [(30, 31, 520, 1200)]  # plates alone, which begin in the second tile and end in the third


@pytest.mark.parametrize(
    ("name", "boxes"),
    [
        ("auto", APART),
        ("auto", TILES),
        ("auto", SECOND_TILE),
        ("patchmatch", APART),
        ("telea", APART),
        ("telea", TILES),
    ],
)
def test_the_part_alone_is_filled_to_the_same_bits(name, boxes):
    pixels, mask = photo(*SIZE), np.zeros(SIZE, bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    method = method_class(name).from_options(None, {"window": 64} if name == "patchmatch" else {})
    if name == "auto":
        method.patches = replace(method.patches, window=64)
    window = method.window(mask)
    assert mask[window].sum() == mask.sum()
    clean = np.where(mask[..., None], np.float32(0), to_picture(pixels).image)
    whole = method.fill(clean, mask, seed=derive_seed(3, "sample", 0))
    (part,) = method.fills(to_picture(pixels).part(window).image, mask[window], seed=3)
    assert np.array_equal(part[mask[window]], whole[mask].clip(0, 1))


def test_of_a_picture_that_is_small_all_is_looked_at():
    mask = np.zeros((300, 500), bool)
    mask[100:120, 200:240] = True
    assert method_class("auto").from_options().window(mask) is None


@pytest.mark.parametrize("method", ["telea", "auto"])
def test_a_small_hole_in_a_large_picture_makes_no_floats_of_all_of_it(tmp_path, method):
    side = 3000
    PILImage.new("RGB", (side, side), "teal").save(tmp_path / "photo.png")
    mask = PILImage.new("L", (side, side))
    mask.paste(255, (1500, 1500, 1520, 1510))
    mask.save(tmp_path / "mask.png")
    tracemalloc.start()
    selfmend.inpaint(tmp_path / "photo.png", tmp_path / "mask.png", method=method)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 12 * side * side  # bytes of the floats alone

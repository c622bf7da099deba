"""Pictures of every kind: known pixels stay equal to the bit, and what comes back is the kind that came."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import ImageError
from selfmend.image.formats import SixteenBit
from selfmend.image.picture import to_picture

SIZE = (12, 17)
HOLE = np.zeros(SIZE, bool)
HOLE[3:7, 5:11] = True


def random_pixels(channels, dtype=np.uint8):
    top = np.iinfo(dtype).max
    return np.random.default_rng(3).integers(0, top, (*SIZE, channels), dtype=dtype, endpoint=True)


def make_mode(mode):
    """A random PIL image of any mode."""
    height, width = SIZE
    if mode in ("RGBA", "RGBX", "CMYK"):
        return PILImage.frombytes(mode, (width, height), random_pixels(4).tobytes())
    if mode in ("RGB", "YCbCr", "LAB", "HSV"):
        return PILImage.frombytes(mode, (width, height), random_pixels(3).tobytes())
    if mode.startswith("I;16"):
        return PILImage.frombytes(mode, (width, height), random_pixels(1, np.uint16).tobytes())
    if mode == "I":
        return PILImage.fromarray(random_pixels(1, np.uint16)[..., 0].astype(np.int32))
    if mode in ("LA", "La"):
        return PILImage.fromarray(random_pixels(2), "LA").convert(mode)
    if mode == "RGBa":
        return make_mode("RGBA").convert(mode)
    if mode == "P":
        return make_mode("RGB").quantize(40)
    if mode == "PA":
        colours = make_mode("RGB").quantize(40)
        picture = PILImage.frombytes("PA", (width, height), np.stack([colours, random_pixels(1)[..., 0]], 2).tobytes())
        picture.putpalette(colours.getpalette())
        return picture
    return make_mode("RGB").convert(mode)


def fill(source, value=0.5, hole=HOLE, opaque=False):
    """`source` with its hole filled by one value, as a method would hand it back."""
    picture = to_picture(source)
    return picture.rebuild(np.full_like(picture.image, value), hole, opaque=opaque)


MODES = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"]
MODES += ["I;16", "I;16L", "I;16B", "I"]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_keeps_its_known_pixels_and_changes_its_hole(mode):
    source = make_mode(mode)
    source.info["icc_profile"] = b"profile"
    before = np.array(source)
    filled = fill(source)
    assert (filled.mode, filled.size, filled.info) == (source.mode, source.size, source.info)
    after = np.asarray(filled)
    assert np.array_equal(after[~HOLE], before[~HOLE])
    assert not np.array_equal(after[HOLE], before[HOLE])
    assert np.array_equal(np.asarray(source), before), "the picture that came is never changed"


@pytest.mark.parametrize("mode", MODES)
def test_a_part_of_a_picture_is_that_part_of_its_floats_and_fills_the_whole(mode):
    source, window = make_mode(mode), (slice(2, 9), slice(4, 15))
    whole = to_picture(source)
    part = to_picture(source).part(window)
    assert part.size == (7, 11)
    assert np.array_equal(part.image, whole.image[window])
    assert (part.alpha is None) == (whole.alpha is None)
    assert part.alpha is None or np.array_equal(part.alpha, whole.alpha[window])
    made = np.random.default_rng(2).random(whole.image.shape, np.float32)
    expected = whole.rebuild(made, HOLE)
    untouched = to_picture(source)
    assert np.array_equal(np.asarray(untouched.rebuild(made[window], HOLE, window=window)), np.asarray(expected))
    assert not untouched.is_converted


@pytest.mark.parametrize("kind", ["uint8", "float", "sixteen", "tensor"])
def test_a_part_of_an_array_is_that_part(kind):
    pixels, window = random_pixels(4 if kind == "uint8" else 3), (slice(2, 9), slice(4, 15))
    source = {
        "uint8": pixels, "float": pixels / np.float32(255), "sixteen": (pixels * np.uint16(257)).view(SixteenBit),
        "tensor": torch.from_numpy(pixels.transpose(2, 0, 1) / np.float32(255)),
    }[kind]  # fmt: skip
    whole = to_picture(source)
    made = np.random.default_rng(2).random(whole.image.shape, np.float32)
    assert np.array_equal(whole.part(window).image, whole.image[window])
    expected, parted = whole.rebuild(made, HOLE), to_picture(source).rebuild(made[window], HOLE, window=window)
    assert type(expected) is type(parted)
    assert np.array_equal(np.asarray(expected), np.asarray(parted))
    assert not np.array_equal(np.asarray(expected), np.asarray(source))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "I;16", "I"])
def test_a_fill_has_the_value_that_the_method_gave(mode):
    top = 65535 if mode.startswith("I") else 255
    assert np.all(np.asarray(fill(make_mode(mode), value=1.0))[HOLE] == top)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_alpha_is_kept_or_made_opaque(mode):
    source = make_mode(mode)
    alpha = np.asarray(source)[..., -1]
    assert np.array_equal(np.asarray(fill(source))[..., -1], alpha)
    opaque = np.asarray(fill(source, opaque=True))[..., -1]
    assert np.all(opaque[HOLE] == 255)
    assert np.array_equal(opaque[~HOLE], alpha[~HOLE])


@pytest.mark.parametrize("mode", MODES)
def test_transparency_is_seen_where_there_is_some(mode):
    picture = to_picture(make_mode(mode))
    assert (picture.alpha is not None) == (mode in ("LA", "La", "PA", "RGBA", "RGBa"))
    assert picture.image.shape[2] in (1, 3, 4)


@pytest.mark.parametrize("mode", ["P", "PA"])
def test_the_palette_is_kept_and_its_nearest_colour_is_taken(mode):
    source = make_mode(mode)
    filled = fill(source, value=0.5)
    assert filled.getpalette() == source.getpalette()
    colours = np.reshape(source.getpalette(), (-1, 3))[:40].astype(float)
    nearest = colours[((colours - 127.5) ** 2).sum(1).argmin()]
    assert np.all(np.asarray(filled.convert("RGB"))[HOLE] == nearest)


@pytest.mark.parametrize("transparency", [2, bytes([255, 0, 128, 255, 0])])
def test_a_palettes_transparency_is_kept_or_filled(transparency):
    source = make_mode("P")
    indices = np.array(source)
    indices[4, 6], indices[0, 0] = 2, 2  # a transparent pixel in the hole, one outside
    source.frombytes(indices.tobytes())
    source.info["transparency"] = transparency
    before = np.asarray(source.convert("RGBA"))
    kept = np.asarray(fill(source).convert("RGBA"))
    assert np.array_equal(kept[..., 3], before[..., 3])
    opaque = np.asarray(fill(source, opaque=True).convert("RGBA"))
    assert np.all(opaque[HOLE][:, 3] == 255)
    assert np.array_equal(opaque[~HOLE], before[~HOLE])


def test_a_palette_with_alpha_of_its_own_is_kept():
    source = make_mode("P")
    palette = np.array(source.getpalette("RGBA")).reshape(-1, 4)
    palette[:5, 3] = 100
    source.putpalette(palette.astype(np.uint8).tobytes(), "RGBA")
    assert to_picture(source).alpha is not None
    assert np.all(np.asarray(fill(source, opaque=True).convert("RGBA"))[HOLE][:, 3] == 255)


@pytest.mark.parametrize(("mode", "key"), [("RGB", (128, 128, 128)), ("L", 128)])
def test_one_colour_that_stands_for_transparent(mode, key):
    source = make_mode(mode)
    source.putpixel((6, 4), key)
    source.info["transparency"] = key
    picture = to_picture(source)
    assert picture.alpha is not None
    assert picture.alpha[4, 6] == 0
    kept = fill(source, value=128 / 255)  # the fill has the transparent colour, and must not become transparent
    alpha = np.asarray(kept.convert(mode + "A"))[..., -1]
    assert alpha[4, 6] == 0
    assert np.count_nonzero(alpha[HOLE]) == HOLE.sum() - 1
    assert np.all(np.asarray(fill(source, value=128 / 255, opaque=True).convert(mode + "A"))[HOLE][:, -1] == 255)


def test_a_palette_without_an_opaque_colour_is_refused():
    source = make_mode("P")
    source.info["transparency"] = bytes(256)
    with pytest.raises(ImageError, match="every colour of the palette is transparent"):
        fill(source)


def test_pictures_of_unknown_range_are_refused():
    with pytest.raises(ImageError, match="mode F, whose range is not known"):
        to_picture(PILImage.new("F", (4, 4)))
    with pytest.raises(ImageError, match=mentions("-3", "16-bit")):
        to_picture(PILImage.new("I", (4, 4), -3))
    with pytest.raises(ImageError, match=mentions("0", "5")):
        to_picture(PILImage.new("RGB", (0, 5)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">u2", np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4])
def test_arrays_keep_dtype_shape_and_known_values(dtype, channels):
    array = random_pixels(max(1, channels), np.uint16).astype(np.float64) / 65535
    dtype = np.dtype(dtype)
    array = np.rint(array * np.iinfo(dtype).max) if dtype.kind == "u" else array
    array = (array if channels else array[..., 0]).astype(dtype)
    array.flags.writeable = False
    filled = fill(array, value=1.0)
    assert (filled.dtype, filled.shape) == (array.dtype, array.shape)
    assert np.array_equal(filled[~HOLE], array[~HOLE])
    colour = filled[HOLE][:, : channels - 1] if channels in (2, 4) else filled[HOLE]
    assert np.all(colour == (np.iinfo(dtype).max if dtype.kind == "u" else 1))
    if channels in (2, 4):
        assert np.array_equal(filled[..., -1], array[..., -1])
        assert np.all(fill(array, opaque=True)[HOLE][:, -1] == (np.iinfo(dtype).max if dtype.kind == "u" else 1))


def test_views_of_arrays_are_taken():
    array = random_pixels(4)[:, :, :3]
    for view in (array[::-1, ::-1], array[..., ::-1], np.asfortranarray(array)):
        assert np.array_equal(fill(view)[~HOLE], view[~HOLE])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3, *SIZE), (1, *SIZE), (1, 1, *SIZE), (1, 4, *SIZE)])
def test_tensors_keep_dtype_shape_and_known_values(dtype, shape):
    tensor = torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).to(dtype)
    tensor.requires_grad_()
    filled = fill(tensor, value=1.0)
    assert (filled.dtype, filled.shape) == (dtype, tensor.shape)
    hole = torch.from_numpy(HOLE).expand(shape)
    assert torch.equal(filled[~hole], tensor[~hole])
    assert bool((filled[hole] == 1).all())


def test_nan_may_mark_missing_pixels_in_arrays_and_tensors():
    array = random_pixels(3).astype(np.float32) / 255
    array[HOLE] = np.nan
    assert np.isfinite(fill(array)).all()
    assert torch.isfinite(fill(torch.from_numpy(array).permute(2, 0, 1))).all()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.zeros((2, 3, 4, 5), np.uint8), r"array has shape \(2, 3, 4, 5\); \(H, W\) or \(H, W, C\)"),
        (np.zeros((4, 5, 7), np.uint8), r"array has shape \(4, 5, 7\)"),
        (np.zeros((0, 5), np.uint8), "array has shape"),
        (np.zeros((4, 5), np.int64), "dtype int64; uint8, uint16, or floats"),
        (np.full((4, 5), 200.0), r"array has values from 200 to 200; values in \[0, 1\] fit \(divide bytes by 255\)"),
        (np.full((4, 5), np.inf), "array has values from inf"),
        (torch.zeros(4, 5), r"tensor is torch.float32 \(4, 5\); floats \(C, H, W\)"),
        (torch.zeros(3, 4, 5, dtype=torch.uint8), "tensor is torch.uint8"),
        (torch.full((3, 4, 5), -1.0), "tensor has values from -1 to -1"),
        (torch.zeros(2, 4, 5), r"tensor has shape \(4, 5, 2\)"),
        (torch.zeros(2, 3, 4, 5), "tensor is a batch of 2 pictures; one fits here"),
        ([1, 2], "of type list; a path, PIL image, array or tensor fits"),
        (None, "of type NoneType"),
    ],
)
def test_other_kinds_are_refused(source, message):
    with pytest.raises(ImageError, match=message):
        to_picture(source)


KEPT = {"LA": "L", "La": "L", "P": "RGB", "PA": "RGB", "RGBA": "RGB", "RGBa": "RGB"}  # without transparency or palette


@pytest.mark.parametrize("mode", MODES)
def test_a_new_picture_of_every_mode_has_its_values_and_any_size(mode):
    source = make_mode(mode)
    source.info |= {"icc_profile": b"profile", "exif": b"photo"}
    picture = to_picture(source)
    wide = np.concatenate([picture.image, picture.image[:, ::-1]], 1)
    made = picture.like(wide)
    assert (made.mode, made.size) == (KEPT.get(mode, mode), (2 * source.width, source.height))
    assert made.info == {"icc_profile": b"profile"}
    error = np.abs(to_picture(made).image - wide)
    assert float(error.max()) < (0.02 if mode not in ("LAB", "HSV", "YCbCr") else 1)
    assert float(error.mean()) < 0.02


def test_a_new_picture_in_black_and_white_is_not_dithered():
    picture = to_picture(make_mode("1"))
    assert not np.asarray(picture.like(np.full_like(picture.image, 0.4))).any()


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBA", "RGBa"])
def test_a_new_picture_takes_a_new_transparency(mode):
    picture = to_picture(make_mode(mode))
    made = to_picture(picture.like(picture.image[:, :5], alpha=picture.alpha[:, :5]))
    assert np.allclose(made.alpha, picture.alpha[:, :5], atol=0.003)
    assert np.allclose(made.image, picture.image[:, :5], atol=0.003)


def test_a_transparent_colour_is_not_one_in_a_new_picture():
    source = make_mode("RGB")
    source.info["transparency"] = (1, 2, 3)
    picture = to_picture(source)
    assert picture.like(picture.image).info == {}
    assert picture.like(picture.image).mode == "RGB"
    assert picture.like(picture.image, alpha=picture.alpha).mode == "RGBA"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
@pytest.mark.parametrize(("shape", "opaque"), [((), ()), ((1,), (1,)), ((2,), ()), ((3,), (3,)), ((4,), (3,))], ids=str)
def test_new_arrays_have_the_type_and_channels_of_the_old(dtype, shape, opaque):
    array = random_pixels(shape[0] if shape else 1, np.uint8 if dtype == np.uint8 else np.uint16).reshape(SIZE + shape)
    array = array.astype(dtype) / (65535 if dtype == np.float64 else 1)
    array = array.astype(dtype)
    picture = to_picture(array)
    made = picture.like(picture.image[:, :7])
    assert (made.dtype, made.shape) == (array.dtype, (SIZE[0], 7, *opaque))
    same = array[..., :-1] if shape in ((2,), (4,)) else array
    assert np.allclose(made.reshape(SIZE[0], 7, -1), same.reshape(*SIZE, -1)[:, :7], atol=1e-6)
    if picture.alpha is not None:
        assert np.allclose(picture.like(picture.image, alpha=picture.alpha), array, atol=1e-6)


def test_a_new_16_bit_picture_keeps_the_profile_of_its_file():
    array = random_pixels(3, np.uint16).view(SixteenBit)
    array.info = {"icc_profile": b"profile", "dpi": (72, 72)}
    made = to_picture(array).like(to_picture(array).image)
    assert isinstance(made, SixteenBit)
    assert made.info == {"icc_profile": b"profile"}
    assert np.array_equal(made, array)


def test_new_tensors_have_the_rank_and_type_of_the_old():
    for tensor in (torch.rand(3, 5, 6, dtype=torch.float64), torch.rand(1, 1, 5, 6, dtype=torch.float16)):
        picture = to_picture(tensor)
        made = picture.like(picture.image[:, :4])
        assert (made.dtype, made.shape) == (tensor.dtype, tensor[..., :4].shape)


@settings(max_examples=25, deadline=None)
@given(
    mode=st.sampled_from(MODES),
    width=st.integers(1, 9),
    height=st.integers(1, 9),
    data=st.data(),
    opaque=st.booleans(),
)
def test_any_size_and_hole_keeps_the_known_pixels(mode, width, height, data, opaque):
    source = make_mode(mode).resize((width, height), PILImage.Resampling.NEAREST) if mode != "PA" else make_mode(mode)
    count = source.width * source.height
    bits = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    hole = np.array(bits).reshape(source.height, source.width)
    before = np.array(source)
    assert np.array_equal(np.asarray(fill(source, hole=hole, opaque=opaque))[~hole], before[~hole])

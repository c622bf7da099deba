"""What the formats keep: pixels, mode, profile, EXIF and resolution; and what is said where one cannot."""

import struct

import numpy as np
import pytest
from PIL import ExifTags, ImageCms, ImageOps
from PIL import Image as PILImage
from skimage import data

from selfmend.errors import SelfmendWarning
from selfmend.image.files import read_picture, save_picture

RNG = np.random.default_rng(5)
PHOTO = PILImage.fromarray(data.chelsea()[:150, :205])
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def mend(source, target, value=0.5):
    """Read, fill a box, write, read again; the picture read, its mask, and what was read back."""
    picture = read_picture(source)
    mask = np.zeros(picture.size, bool)
    mask[2:6, 3:9] = True
    save_picture(picture.rebuild(np.full_like(picture.image, value), mask), target)
    return picture, mask, read_picture(target)


def assert_known_equal(before, mask, after):
    assert np.array_equal(before.image[~mask], after.image[~mask])
    if before.alpha is not None:
        assert np.array_equal(before.alpha, after.alpha)


def with_mode(mode):
    picture = PHOTO.resize((40, 30))
    if mode == "I;16":
        return PILImage.fromarray(RNG.integers(0, 65535, (30, 40)).astype(np.uint16))
    if mode in ("LA", "RGBA"):
        picture = picture.convert(mode)
        alpha = PILImage.linear_gradient("L").resize(picture.size)
        alpha.paste(0, (0, 0, 9, 9))  # colours under full transparency are pixels too
        picture.putalpha(alpha)
        return picture
    return picture.quantize(64) if mode == "P" else picture.convert(mode)


LOSSLESS = [
    *[(mode, ".png") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")],
    *[(mode, ".tif") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK", "LAB")],
    *[(mode, ".bmp") for mode in ("1", "L", "P", "RGB")],
    *[(mode, ".gif") for mode in ("L", "P")],
    *[(mode, ".tga") for mode in ("L", "P", "RGB", "RGBA")],
    *[(mode, ".webp") for mode in ("RGB", "RGBA")],
]


@pytest.mark.parametrize(("mode", "ending"), LOSSLESS)
def test_lossless_formats_keep_known_pixels_and_mode(tmp_path, mode, ending):
    options = {"lossless": True, "exact": True} if ending == ".webp" else {}
    with_mode(mode).save(source := tmp_path / f"in{ending}", **options)
    before, mask, after = mend(source, tmp_path / f"out{ending}")
    assert_known_equal(before, mask, after)
    assert after.original.mode == before.original.mode
    if mode == "P" and ending != ".gif":  # GIF's writer puts the palette in another order
        assert after.original.getpalette() == before.original.getpalette()


@pytest.mark.parametrize(("mode", "ending"), [("RGB", ".png"), ("RGB", ".jpg"), ("RGB", ".tif"), ("RGBA", ".webp")])
def test_profile_exif_and_resolution_are_kept(tmp_path, mode, ending):
    exif = PILImage.Exif()
    exif[ExifTags.Base.Artist] = "A. Painter"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] = "50 mm"
    with_mode(mode).save(tmp_path / f"in{ending}", icc_profile=PROFILE, exif=exif.tobytes(), dpi=(300, 300))
    mend(tmp_path / f"in{ending}", tmp_path / f"out{ending}")
    with PILImage.open(tmp_path / f"out{ending}") as after:
        assert after.info["icc_profile"] == PROFILE
        assert after.getexif()[ExifTags.Base.Artist] == "A. Painter"
        assert after.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] == "50 mm"
        assert ending == ".webp" or after.info["dpi"] == pytest.approx((300, 300), abs=0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", [".jpg", ".png", ".tif"])
def test_turned_pictures_are_read_upright_and_shown_upright(tmp_path, orientation, ending):
    upright = PHOTO.resize((64, 48))
    exif = PILImage.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    upright.save(tmp_path / f"in{ending}", exif=exif)
    shown = ImageOps.exif_transpose(PILImage.open(tmp_path / f"in{ending}"))
    before, mask, after = mend(tmp_path / f"in{ending}", tmp_path / f"out{ending}")
    assert before.size == shown.size[::-1] == after.size
    assert before.original.getexif().get(ExifTags.Base.Orientation, 1) == 1
    assert np.array_equal(np.asarray(before.original), np.asarray(shown))
    if ending == ".jpg":
        assert PILImage.open(tmp_path / "out.jpg").size == upright.size, "stored as it was stored"
    else:
        assert PILImage.open(tmp_path / f"out{ending}").getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert_known_equal(before, mask, after)


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
@pytest.mark.parametrize("options", [{"quality": 75}, {"quality": 92, "subsampling": 0}, {"progressive": True}])
def test_jpeg_to_jpeg_hardly_changes_known_pixels(tmp_path, orientation, options):
    exif = PILImage.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    PHOTO.save(tmp_path / "in.jpg", exif=exif, **options)
    before, mask, after = mend(tmp_path / "in.jpg", tmp_path / "out.jpg")
    mask[:24, :32] = True  # the blocks that hold the hole
    drift = np.rint(np.abs(before.image - after.image) * 255)[~mask]
    assert drift.mean() < 0.1  # at quality 95 and full sampling it is 0.2 to 0.6; misaligned blocks make it 2
    assert drift.max() <= 10
    assert (drift == 0).mean() > 0.94
    stored = [PILImage.open(tmp_path / name) for name in ("in.jpg", "out.jpg")]
    assert stored[0].quantization == stored[1].quantization
    assert stored[0].info.get("progressive") == stored[1].info.get("progressive")


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_jpeg_keeps_grey_and_cmyk(tmp_path, mode):
    PHOTO.convert(mode).save(tmp_path / "in.jpg", quality=90, icc_profile=b"some CMYK profile")
    before, _, after = mend(tmp_path / "in.jpg", tmp_path / "out.jpg")
    assert (before.original.mode, after.original.mode) == (mode, mode)
    assert after.original.info["icc_profile"] == b"some CMYK profile"
    assert np.abs(before.image - after.image)[40:, 40:].mean() < 0.2 / 255


def test_an_old_thumbnail_does_not_survive(tmp_path):
    exif = PILImage.Exif()
    exif[ExifTags.Base.Artist] = "A. Painter"
    PHOTO.save(tmp_path / "thumb.jpg", quality=30)
    small = (tmp_path / "thumb.jpg").read_bytes()
    body = exif.tobytes()[6:]
    order = "<" if body.startswith(b"II") else ">"
    link = 8 + 2 + 12 * struct.unpack(order + "H", body[8:10])[0]
    tags = [(0x0201, len(body) + 2 + 24 + 4), (0x0202, len(small))]
    directory = (
        struct.pack(order + "H", 2) + b"".join(struct.pack(order + "HHII", t, 4, 1, v) for t, v in tags) + bytes(4)
    )
    body = body[:link] + struct.pack(order + "I", len(body)) + body[link + 4 :] + directory + small
    PHOTO.save(tmp_path / "in.jpg", exif=b"Exif\0\0" + body)
    assert (tmp_path / "in.jpg").read_bytes().count(small) == 1
    mend(tmp_path / "in.jpg", tmp_path / "out.jpg")
    assert small not in (tmp_path / "out.jpg").read_bytes(), "it shows what was mended away"


CONVERSIONS = [
    ("RGBA", ".jpg", "JPEG has no transparency: laid on white"),
    ("LA", ".jpg", "JPEG has no transparency: laid on white"),
    ("RGBA", ".bmp", "BMP has no transparency: laid on white"),
    ("CMYK", ".png", "PNG holds no CMYK: converted to RGB"),
    ("CMYK", ".webp", "WEBP holds no CMYK: converted to RGB"),
    ("I;16", ".jpg", "JPEG holds 8 bits a channel: rounded from 16"),
    ("I;16", ".webp", "WEBP holds 8 bits a channel"),
    ("RGB", ".gif", "GIF holds 256 colours"),
    ("RGBA", ".gif", "GIF holds 256 colours"),
    ("P", ".jpg", None),
    ("P", ".webp", None),
    ("LA", ".webp", None),
    ("1", ".jpg", None),
    ("YCbCr", ".png", None),
    ("HSV", ".tif", None),
    ("LAB", ".png", None),
    ("RGB", ".jp2", None),
    ("L", ".ppm", None),
]


@pytest.mark.parametrize(("mode", "ending", "said"), CONVERSIONS)
def test_another_format_than_the_inputs(tmp_path, recwarn, mode, ending, said):
    source = with_mode(mode)
    source.info["icc_profile"] = PROFILE
    save_picture(source, tmp_path / f"out{ending}")
    messages = [str(w.message) for w in recwarn if issubclass(w.category, SelfmendWarning)]
    assert len(messages) == (said is not None)
    assert not said or messages[0].startswith(said)
    after = read_picture(tmp_path / f"out{ending}").image
    expected = np.asarray(source) / 257 if mode == "I;16" else None
    expected = expected if expected is not None else np.asarray(source.convert("RGB").convert("L"))
    if mode not in ("RGBA", "LA", "CMYK"):
        assert np.abs(after.mean(2) * 255 - expected).mean() < 8
    if mode == "CMYK":
        assert "icc_profile" not in PILImage.open(tmp_path / f"out{ending}").info, "a CMYK profile fits no RGB"


def test_transparency_becomes_one_colour_of_a_gif(tmp_path):
    with pytest.warns(SelfmendWarning, match="256 colours"):
        save_picture(with_mode("RGBA"), tmp_path / "out.gif")
    alpha = read_picture(tmp_path / "out.gif").alpha
    assert np.array_equal(alpha > 0.5, read_picture(with_mode("RGBA")).alpha > 0.5)

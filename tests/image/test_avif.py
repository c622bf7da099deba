"""AVIF: written without loss, in all its bits, with what its file says of its colours and their light."""

import struct
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import features

from kept_files import PROFILE, XMP, plain, with_segment
from selfmend.errors import SelfmendWarning
from selfmend.image import avif, boxes
from selfmend.image.files import read_picture, save_picture

pytestmark = pytest.mark.skipif(
    not (features.check("avif") and avif.is_exact()), reason="this Pillow or OpenCV has no AVIF"
)
CLLI = struct.pack(">I4sHH", 12, b"clli", 1000, 400)
MDCV = struct.pack(">I4s8HII", 32, b"mdcv", *range(8), 10_000_000, 50)
COLOURS = b"colrnclx"


def exif(orientation: int) -> bytes:
    tags = PILImage.Exif()
    tags[0x0112], tags[0x010E] = orientation, "a beach"
    return tags.tobytes()


def values(bits: int, channels: int) -> np.ndarray:
    """(H, W) or (H, W, C), smooth, from nearly black to nearly white."""
    y, x = np.mgrid[:40, :60]
    waves = [0.5 + 0.45 * np.sin(x / 9 + k) * np.cos(y / 7) for k in range(channels)]
    made = np.rint(np.stack(waves, 2) * ((1 << bits) - 1)).astype(np.uint16 if bits > 8 else np.uint8)
    return made[..., 0] if channels == 1 else made


def written(bits: int, channels: int, *, orientation: int = 1, quality: int = 90) -> bytes:
    """By OpenCV, with EXIF, XMP and a profile, and colours of BT.2020 and PQ."""
    kinds = [cv2.IMAGE_METADATA_EXIF, cv2.IMAGE_METADATA_XMP, cv2.IMAGE_METADATA_ICCP]
    said = [np.frombuffer(one, np.uint8) for one in (exif(orientation)[6:], XMP, PROFILE)]
    how = [cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_QUALITY, quality]
    data = cv2.imencodeWithMetadata(".avif", values(bits, channels), kinds, said, how)[1].tobytes()
    at = data.index(COLOURS) + len(COLOURS)
    return data[:at] + struct.pack(">HH", 9, 16) + data[at + 4 :]


def mended(source, target):
    picture = read_picture(source)
    mask = np.zeros(picture.size, bool)
    mask[12:20, 20:34] = True
    save_picture(picture.rebuild(np.full_like(picture.image, 0.5), mask), target)
    return mask


def stored(path) -> np.ndarray:
    """As OpenCV reads it, not turned."""
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_known_pixels_stay_in_all_their_bits_with_all_that_is_said(tmp_path, bits, channels, orientation):
    (tmp_path / "in.avif").write_bytes(written(bits, channels, orientation=orientation))
    with warnings.catch_warnings():
        warnings.simplefilter("error", SelfmendWarning)
        mask = mended(tmp_path / "in.avif", tmp_path / "out.avif")
    data = (tmp_path / "out.avif").read_bytes()
    before, after = read_picture(tmp_path / "in.avif"), read_picture(tmp_path / "out.avif")
    assert before.size == ((40, 60) if orientation == 1 else (60, 40))
    assert np.array_equal(np.asarray(before.original)[~mask], np.asarray(after.original)[~mask])
    assert (before.image[mask] != after.image[mask]).any()
    assert avif.bits_of(data) == bits
    if bits > 8:
        old = stored(tmp_path / "in.avif")
        old = np.rot90(old, -1) if orientation == 6 else old
        assert np.array_equal(old[~mask], stored(tmp_path / "out.avif")[~mask])
    with PILImage.open(tmp_path / "out.avif") as said:
        assert said.mode == {1: "L", 3: "RGB", 4: "RGBA"}[channels]
        assert dict(said.getexif()) == {0x0112: 1, 0x010E: "a beach"}
        assert (said.info["icc_profile"], said.info["xmp"]) == (PROFILE, XMP)
    assert COLOURS + struct.pack(">HH", 9, 16) in data


def test_a_png_of_it_and_one_of_sixteen_bits_as_avif(tmp_path):
    (tmp_path / "in.avif").write_bytes(written(10, 3))
    before = read_picture(tmp_path / "in.avif")
    save_picture(before.original, tmp_path / "same.png")
    assert np.array_equal(read_picture(tmp_path / "same.png").image, before.image)
    for deep in (before.original, before.original[..., 0]):
        cv2.imwrite(str(tmp_path / "deep.png"), np.asarray(deep))
        picture = read_picture(tmp_path / "deep.png")
        with pytest.warns(SelfmendWarning, match="AVIF is written with 10 bits"):
            save_picture(picture.original, tmp_path / "again.avif")
        again = read_picture(tmp_path / "again.avif").image
        assert again.shape == picture.image.shape
        assert np.abs(again - picture.image).max() < 1 / 1023


def test_grey_of_the_narrow_range_is_as_bright_as_pillow_shows_it(tmp_path):
    data = written(10, 1)
    at = data.index(COLOURS) + 14
    (tmp_path / "in.avif").write_bytes(data[:at] + b"\0" + data[at + 1 :])
    deep = read_picture(tmp_path / "in.avif").image[..., 0]
    with PILImage.open(tmp_path / "in.avif") as opened:
        assert np.abs(deep - np.asarray(opened) / 255).max() < 2 / 255
    mask = mended(tmp_path / "in.avif", tmp_path / "out.avif")
    assert np.array_equal(read_picture(tmp_path / "out.avif").image[..., 0][~mask], deep[~mask])


@pytest.mark.parametrize("bits", [8, 10])
def test_light_levels_stay_and_belong_to_the_picture(tmp_path, bits):
    data = boxes.with_properties(written(bits, 4), [MDCV, CLLI])
    (tmp_path / "in.avif").write_bytes(data)
    assert np.array_equal(stored(tmp_path / "in.avif"), cv2.imdecode(np.frombuffer(written(bits, 4), np.uint8), -1))
    mended(tmp_path / "in.avif", tmp_path / "out.avif")
    after = (tmp_path / "out.avif").read_bytes()
    assert boxes.light_of(after) == [MDCV, CLLI]
    at = after.index(b"ipma") + 4
    picture, count = struct.unpack_from(">HB", after, at + 8)
    found = boxes.boxes(after, *boxes.inside(after, b"meta", b"iprp", b"ipco"))
    listed = [found[(place & 127) - 1][0] for place in after[at + 11 : at + 11 + count]]
    assert picture == 1
    assert listed[-2:] == [b"mdcv", b"clli"]


def test_exif_that_is_none_is_named_and_does_not_stop_the_work(tmp_path):
    (tmp_path / "in.jpg").write_bytes(with_segment(0xE1, b"Exif\0\0garbage"))
    picture = read_picture(tmp_path / "in.jpg").original
    with pytest.warns(SelfmendWarning, match="EXIF cannot be read and is not taken over into the AVIF"):
        save_picture(picture, tmp_path / "out.avif")
    assert np.array_equal(np.asarray(PILImage.open(tmp_path / "out.avif")), np.asarray(picture))


def test_several_pictures_of_ten_bits_are_named(tmp_path):
    animation = cv2.Animation()
    animation.frames, animation.durations = [values(10, 3), values(10, 3)[::-1].copy()], [70, 130]
    made = cv2.imencodeanimation(".avif", animation, [cv2.IMWRITE_AVIF_DEPTH, 10])[1]
    (tmp_path / "in.avif").write_bytes(made.tobytes())
    with pytest.warns(SelfmendWarning, match="10 bits a channel, of which AVIF with several pictures is read with 8"):
        mended(tmp_path / "in.avif", tmp_path / "out.avif")
    with PILImage.open(tmp_path / "out.avif") as opened:
        assert opened.n_frames == 2


def test_light_levels_of_several_pictures_are_named_and_the_pictures_stay(tmp_path):
    data = plain("AVIF", save_all=True, append_images=[PILImage.new("RGB", (40, 30), "blue")], duration=[70, 130])
    ipco = boxes.inside(data, b"meta", b"iprp", b"ipco")
    made = bytearray(data)
    for path in ((b"meta",), (b"meta", b"iprp"), (b"meta", b"iprp", b"ipco")):
        at = boxes.inside(data, *path)[0] - (12 if len(path) == 1 else 8)
        struct.pack_into(">I", made, at, struct.unpack_from(">I", data, at)[0] + len(CLLI))
    for at in (data.index(b"iloc") + 18, data.index(b"stco") + 12):
        struct.pack_into(">I", made, at, struct.unpack_from(">I", data, at)[0] + len(CLLI))
    (tmp_path / "in.avif").write_bytes(bytes(made[: ipco[1]]) + CLLI + bytes(made[ipco[1] :]))
    with pytest.warns(SelfmendWarning, match="the picture is written without its light levels"):
        mended(tmp_path / "in.avif", tmp_path / "out.avif")
    with PILImage.open(tmp_path / "out.avif") as opened:
        opened.seek(1)
        assert np.abs(np.asarray(opened).astype(int) - (0, 0, 255)).max() < 9


def test_an_opencv_without_it_leaves_it_to_pillow_and_says_so(tmp_path, monkeypatch):
    (tmp_path / "in.avif").write_bytes(written(10, 3))
    monkeypatch.setattr(avif, "is_exact", lambda: False)
    with pytest.warns(SelfmendWarning, match="10 bits a channel, of which AVIF here is read with 8"):
        mask = mended(tmp_path / "in.avif", tmp_path / "out.avif")
    (tmp_path / "grey.avif").write_bytes(plain("AVIF"))
    mended(tmp_path / "grey.avif", tmp_path / "grey2.avif")
    before, after = (np.asarray(PILImage.open(tmp_path / f"{name}.avif")).astype(int) for name in ("in", "out"))
    assert 0 < np.abs(before - after)[~mask].max() < 9

"""What colours mean (CICP: primaries, transfer) goes along into each format that says it, and is named for others."""

import io
import struct
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import features

from kept_files import PROFILE, hdr, photo, ten_bits
from selfmend.errors import SelfmendWarning
from selfmend.image import avif, boxes
from selfmend.image.files import read_picture, save_picture

KINDS = {"PNG": "png", "AVIF": "avif", "HEIC": "heic"}
BT2020, PQ = 9, 16


def needs(*kinds):
    if "AVIF" in kinds and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    if "HEIC" in kinds:
        pytest.importorskip("pillow_heif")


def said(path):
    """Primaries and transfer, as they stand in the file."""
    data = path.read_bytes()
    if data[:4] == b"\x89PNG":
        at = data.find(b"cICP")
        return tuple(data[at + 4 : at + 6]) if at > 0 else None
    at = data.find(b"colrnclx")
    return struct.unpack_from(">HH", data, at + 8) if at > 0 else None


def deep(kind):
    """Of 10 bits, or 16 in PNG."""
    if kind == "PNG":
        data = hdr("PNG")[0]
        chunk = data[data.index(b"cICP") - 4 :][:16]
        made = cv2.imencode(".png", np.asarray(photo()).astype(np.uint16) * 257)[1].tobytes()
        return made[:33] + chunk + made[33:]
    if kind == "AVIF":
        data = ten_bits("AVIF")
        at = data.index(b"colrnclx") + 8
        return data[:at] + struct.pack(">HH", BT2020, PQ) + data[at + 4 :]
    import pillow_heif

    picture = pillow_heif.open_heif(ten_bits("HEIC"), convert_hdr_to_8bit=False)
    file = io.BytesIO()
    picture.save(file, quality=90, color_primaries=BT2020, transfer_characteristics=PQ)
    return file.getvalue()


@pytest.mark.parametrize("bits", ["8 bits", "deep"])
@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_the_meaning_of_colours_goes_along(tmp_path, source, target, bits):
    needs(source, target)
    path, out = tmp_path / f"in.{KINDS[source]}", tmp_path / f"out.{KINDS[target]}"
    path.write_bytes(hdr(source)[0] if bits == "8 bits" else deep(source))
    assert said(path) == (BT2020, PQ)
    picture = read_picture(path)
    mask = np.zeros(picture.size, bool)
    mask[3:6, 4:9] = True
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", SelfmendWarning)
        save_picture(picture.rebuild(np.full_like(picture.image, 0.5), mask), out)
    assert said(out) == (BT2020, PQ)
    assert not [one for one in told if "CICP" in str(one.message)]
    near = 1 / 1023 if bits == "deep" else 0
    assert np.abs(read_picture(out).image - picture.image)[~mask].max() <= near


@pytest.mark.parametrize("ending", ["jpg", "tif", "webp"])
@pytest.mark.parametrize("source", KINDS)
def test_another_format_names_it(tmp_path, source, ending):
    needs(source)
    path = tmp_path / f"in.{KINDS[source]}"
    path.write_bytes(hdr(source)[0])
    with pytest.warns(SelfmendWarning, match=r"without the meaning of its colours \(CICP 9, 16"):
        save_picture(read_picture(path).original, tmp_path / f"out.{ending}")


def test_what_is_usual_is_neither_named_nor_said(tmp_path):
    needs("AVIF")
    photo().save(tmp_path / "in.avif")
    picture = read_picture(tmp_path / "in.avif").original
    assert avif.colours_of((tmp_path / "in.avif").read_bytes()) == (1, 13)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SelfmendWarning)
        for ending in ("jpg", "png"):
            save_picture(picture, tmp_path / f"out.{ending}")
    assert said(tmp_path / "out.png") is None


def test_a_profile_says_it_as_well(tmp_path):
    (tmp_path / "in.png").write_bytes(hdr("PNG")[0])
    with PILImage.open(tmp_path / "in.png") as opened:
        opened.save(tmp_path / "b.png", icc_profile=PROFILE)
    data = (tmp_path / "b.png").read_bytes()
    chunk = hdr("PNG")[0]
    chunk = chunk[chunk.index(b"cICP") - 4 :][:16]
    (tmp_path / "b.png").write_bytes(data[:33] + chunk + data[33:])
    with warnings.catch_warnings():
        warnings.simplefilter("error", SelfmendWarning)
        save_picture(read_picture(tmp_path / "b.png").original, tmp_path / "out.jpg")


@pytest.mark.parametrize("bits", ["8 bits", "deep"])
@pytest.mark.parametrize(("source", "target"), [("AVIF", "HEIC"), ("HEIC", "AVIF"), ("HEIC", "HEIC"), ("AVIF", "PNG")])
def test_light_levels_go_along_or_are_named(tmp_path, source, target, bits):
    needs(source, target)
    light = struct.pack(">I4sHH", 12, b"clli", 1000, 400)
    data = boxes.with_properties(hdr(source)[0] if bits == "8 bits" else deep(source), [light])
    path, out = tmp_path / f"in.{KINDS[source]}", tmp_path / f"out.{KINDS[target]}"
    path.write_bytes(data)
    assert boxes.light_of(data) == [light]
    picture = read_picture(path)
    if target == "PNG":
        with pytest.warns(SelfmendWarning, match="PNG is written without its light levels"):
            save_picture(picture.original, out)
        return
    save_picture(picture.original, out)
    assert boxes.light_of(out.read_bytes()) == [light]
    assert np.abs(read_picture(out).image - picture.image).max() <= (1 / 1023 if bits == "deep" else 0)

"""TGA: only the bytes of changed pixels differ, and what stands behind them is found where the file says."""

import io
import struct
import warnings

import numpy as np
import pytest
from PIL import Image as PILImage

from selfmend.errors import ImageError, SelfmendWarning
from selfmend.image import tga
from selfmend.image.files import read_picture, save_picture

HEIGHT, WIDTH = 30, 40
SECRET = b"what was there"
TAGS = (b"a tag", b"\x00another one\xff")
LEVELS = bytes(range(256)) * 8
LAYOUTS = [(1, 8), (2, 16), (2, 24), (2, 32), (3, 8), (3, 16)]


def lines_of(kind, bits, *, packed, crossing=False):
    """The lines of a file, coded; with runs in the lower half. `crossing`: packets that go on in the next line."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    values = np.stack([(x * 5 + y * 3 + k) % (90 if kind == 1 else 251) for k in range(bits // 8)], -1).astype(np.uint8)
    values[HEIGHT // 2 :, : WIDTH // 2] = values[0, 0]
    if not packed:
        return values, [line.tobytes() for line in values]
    if crossing:
        flat, step = values.reshape(-1, bits // 8), 48
        parts = [flat[at : at + step] for at in range(0, len(flat), step)]
        return values, [b"".join(bytes([len(part) - 1]) + part.tobytes() for part in parts)]
    run = bytes([127 + WIDTH // 2]) + values[0, 0].tobytes()
    raw = [bytes([WIDTH // 2 - 1]) + half.tobytes() for line in values for half in np.split(line, 2)]
    return values, [(raw[2 * k] if k < HEIGHT // 2 else run) + raw[2 * k + 1] for k in range(HEIGHT)]


def file_of(kind, bits, *, packed=False, crossing=False, flags=0, alpha=3):
    """(a file with all areas, where its parts stand: head, tags, levels, stamp, table, areas)."""
    _, lines = lines_of(kind, bits, packed=packed, crossing=crossing)
    palette = bytes(range(240)) + bytes(30) if kind == 1 else b""
    colours, colour_bits = (90, 24) if kind == 1 else (0, 0)
    head = struct.pack("<BBBHHB", 5, kind == 1, kind + 8 * packed, 0, colours, colour_bits)
    head += struct.pack("<HHHHBB", 3, 7, WIDTH, HEIGHT, bits, flags | (8 if bits in (16, 32) else 0))
    head += b"hello" + palette
    data = head + b"".join(lines)
    stamp = bytes([8, 6]) + (SECRET * 20)[: 48 * bits // 8]
    places = {"head": len(head), "behind": len(data)}
    for name, body in (
        ("gap", b"between"),
        ("tag 0", TAGS[0]),
        ("tag 1", TAGS[1]),
        ("levels", LEVELS),
        ("stamp", stamp),
    ):
        places[name], data = len(data), data + body
    places["table"] = len(data)
    ends = np.cumsum([len(head), *map(len, lines)])[:HEIGHT]
    data += struct.pack(f"<{HEIGHT}I", *ends) if not crossing else bytes(4 * HEIGHT)
    places["developer"] = len(data)
    tags = [struct.pack("<HII", 300 + k, places[f"tag {k}"], len(body)) for k, body in enumerate(TAGS)]
    data += struct.pack("<H", len(tags)) + b"".join(tags)
    places["extension"] = len(data)
    area = struct.pack("<H", 495) + "Grüße".encode().ljust(480, b"\0")
    data += area + struct.pack("<IIIB", places["levels"], places["stamp"], places["table"], alpha)
    return data + struct.pack("<II", places["extension"], places["developer"]) + b"TRUEVISION-XFILE.\0", places


def mended(folder, data):
    (folder / "in.tga").write_bytes(data)
    picture = read_picture(folder / "in.tga")
    mask = np.zeros(picture.size, bool)
    mask[12:20, 5:30] = True
    noise = np.random.default_rng(0).random(picture.image.shape, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SelfmendWarning)
        save_picture(picture.rebuild(noise, mask), folder / "out.tga")
    return (folder / "out.tga").read_bytes(), mask


def shown(data):
    return np.asarray(PILImage.open(io.BytesIO(data)))


@pytest.mark.parametrize("flags", [0, 0x20, 0x30])
@pytest.mark.parametrize("packed", [False, True, "crossing"])
@pytest.mark.parametrize(("kind", "bits"), LAYOUTS)
def test_known_pixels_and_all_that_stands_around_them_stay(tmp_path, kind, bits, packed, flags):
    data, places = file_of(kind, bits, packed=bool(packed), crossing=packed == "crossing", flags=flags)
    after, mask = mended(tmp_path, data)
    before, fresh = shown(data), shown(after)
    assert np.array_equal(before[~mask], fresh[~mask])
    assert (before[mask] != fresh[mask]).any()
    by = len(after) - len(data)
    assert by == 0 or packed
    assert after[: places["head"]] == data[: places["head"]]

    def at(name):
        return places[name] + by

    assert after[at("behind") : at("stamp")] == data[places["behind"] : places["stamp"]]
    extension, developer = struct.unpack_from("<II", after, len(after) - 26)
    assert (extension, developer) == (at("extension"), at("developer"))
    assert after[extension : extension + 482] == data[places["extension"] : places["extension"] + 482]
    assert struct.unpack_from("<IIIB", after, extension + 482) == (at("levels"), 0, at("table"), 3)
    for k, body in enumerate(TAGS):
        tag, place, length = struct.unpack_from("<HII", after, developer + 2 + 10 * k)
        assert (tag, after[place : place + length]) == (300 + k, body)
    assert SECRET in data
    assert not any(after[at("stamp") : at("table")])
    starts = [*struct.unpack_from(f"<{HEIGHT}I", after, at("table")), at("behind")]
    layout = tga.layout_of(after)
    if packed:
        walked = tga._unpacked(after, layout)[1]
        assert walked == starts
    else:
        assert np.diff(starts).tolist() == [WIDTH * bits // 8] * HEIGHT


def test_alpha_that_is_said_to_be_none_stays_in_the_file_and_is_not_shown(tmp_path):
    for bits in (16, 32):
        data, places = file_of(2, bits, alpha=0)
        after, mask = mended(tmp_path, data)
        before, fresh = (
            np.frombuffer(one, np.uint8, HEIGHT * WIDTH * bits // 8, places["head"]) for one in (data, after)
        )
        alpha = [one.reshape(HEIGHT, WIDTH, -1)[..., -1] >> (7 if bits == 16 else 0) for one in (before, fresh)]
        assert np.array_equal(*alpha)
        assert (shown(after)[..., 3] == 255).all()
        assert mask.any()


def test_a_file_without_a_footer_keeps_what_stands_behind(tmp_path):
    data, places = file_of(2, 24, packed=True)
    data = data[: places["behind"]] + b"of another program"
    after, mask = mended(tmp_path, data)
    assert after.endswith(b"of another program")
    assert np.array_equal(shown(data)[~mask], shown(after)[~mask])


@pytest.mark.parametrize("name", ["extension", "developer"])
@pytest.mark.parametrize("place", [1, 0xFFFFFFFF, "end"])
def test_areas_that_are_not_whole_are_left_as_they_are(tmp_path, name, place):
    data, places = file_of(2, 24, packed=True)
    made = bytearray(data)
    struct.pack_into(
        "<I", made, len(data) - (26 if name == "extension" else 22), len(data) - 27 if place == "end" else place
    )
    after, mask = mended(tmp_path, bytes(made))
    assert np.array_equal(shown(data)[~mask], shown(after)[~mask])
    assert after[-18:] == data[-18:]
    assert places["extension"]


def test_another_mode_names_both_areas(tmp_path):
    data, _ = file_of(2, 24)
    (tmp_path / "in.tga").write_bytes(data)
    picture = read_picture(tmp_path / "in.tga").original
    grey = picture.convert("L")
    grey.info = picture.info
    with pytest.warns(SelfmendWarning, match="without its extension area, its developer area"):
        save_picture(grey, tmp_path / "out.tga")


def test_a_cut_one_is_one_line(tmp_path):
    data, places = file_of(2, 24, packed=True)
    (tmp_path / "cut.tga").write_bytes(data[: places["behind"] - 9])
    with pytest.raises(ImageError, match=r"cut\.tga"):
        read_picture(tmp_path / "cut.tga")

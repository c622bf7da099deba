"""What of a picture file survives a fill: every file of a folder filled, and compared by other readers.

    python benchmarks/kept.py FOLDER [-o RESULTS]

Each file is filled by `selfmend inpaint FILE --mask 4,4,6,5 --method telea` into the same format. Compared are: the
exit status and tracebacks; known pixels and transparency as Pillow or tifffile shows them (a JPEG's farther than one
MCU from the hole); and, byte for byte, JPEG segments, PNG chunks, TIFF tags. exiftool, where it is installed, must find
the same tags, orientation and sizes aside. One line a file: ok, or what is not as it was.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import struct
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from shutil import which

import numpy as np
from PIL import Image, ImageFile

BOX = (4, 4, 6, 5)
MOVED = {"ExifImageWidth", "ExifImageHeight", "Orientation", "ThumbnailOffset", "ThumbnailLength", "ThumbnailImage"}
OF_STORAGE = {
    256, 257, 259, 266, 273, 274, 278, 279, 317, 322, 323, 324, 325,
}  # fmt: skip
STORED = {
    "StripOffsets", "StripByteCounts", "RowsPerStrip", "Compression", "Interlace", "Filter", "EncodingProcess",
    "Warning", "MPImageStart", "MPImageLength", "GainMapImage", "MPImage2", "TileOffsets", "TileByteCounts",
    "TileWidth", "TileLength", "PreviewImageStart", "FrameCount", "Duration", "PreviewImage",
}  # fmt: skip


def main() -> None:
    """Fill, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, help="folder for the results; else they are thrown away")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    films = (".mp4", ".mpg", ".vob", ".webm", ".mkv")
    files = sorted(f for f in given.folder.rglob("*") if f.is_file() and f.suffix not in (*films, ".md"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.output or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        good = 0
        for file in files:
            wrong, said = check(file, folder / f"{file.stem}-{file.parent.name}{file.suffix}")
            good += not wrong
            print(
                f"{file.parent.name + '/' + file.name:38s} {'; '.join(wrong) or 'ok'}{'   | ' + said if said else ''}"
            )
        print(f"{good} of {len(files)} files as they should be")


def check(file: Path, target: Path) -> tuple[list[str], str]:
    """What is wrong with the fill of one file, and what was said."""
    box = ",".join(map(str, BOX))
    command = [
        sys.executable,
        "-m",
        "selfmend",
        "inpaint",
        str(file),
        "-m",
        box,
        "--method",
        "telea",
        "-o",
        str(target),
    ]
    done = subprocess.run([*command, "--overwrite"], capture_output=True, text=True)
    said = " ".join(line for line in done.stderr.splitlines() if "arning" in line)[:150]
    if "Traceback" in done.stderr:
        return ["traceback: " + done.stderr.strip().splitlines()[-1][:90]], said
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "arning" not in line]
        right = len(lines) == 1 and not opens_elsewhere(file)
        return ([] if right else [f"refused: {done.stderr.strip()[-110:]}"]), said
    before, after = file.read_bytes(), target.read_bytes()
    try:
        wrong = compare_pixels(file, before, after)
    except Exception as error:  # any reader's
        wrong = [f"another program cannot read it ({error!r:.80})"]
    return wrong + compare_said(before, after) + compare_exiftool(file, target), said


def opens_elsewhere(file: Path) -> bool:
    """Whether Pillow, strict, decodes the file: what nobody reads is rightly refused in one line."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        Image.open(file).load()
    except Exception:
        return False
    else:
        return True
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = True


def compare_pixels(file: Path, before: bytes, after: bytes) -> list[str]:
    """Known pixels and samples."""
    old, new = samples(before), samples(after)
    if old.shape != new.shape or old.dtype != new.dtype:
        return [f"{old.shape} {old.dtype} became {new.shape} {new.dtype}"]
    x, y, w, h = BOX
    known = np.ones(old.shape[:2], bool)
    far = 17 if before.startswith(b"\xff\xd8") else 0
    known[max(0, y - far) : y + h + far, max(0, x - far) : x + w + far] = False
    apart = np.abs(old.astype(int) - new.astype(int)).reshape(*known.shape, -1).max(2)[known]
    return [f"{(apart > 0).sum()} known pixels changed by up to {apart.max()}"] if apart.any() else []


def samples(data: bytes) -> np.ndarray:
    """As tifffile gives those of a TIFF, PIL those of all others, upright as the viewer shows them."""
    if data[:2] in (b"II", b"MM"):
        import tifffile

        with tifffile.TiffFile(io.BytesIO(data)) as film:
            page = film.pages[0]
            if page.compression == 5:  # LZW, which tifffile unpacks with imagecodecs only
                return np.asarray(Image.open(io.BytesIO(data)))
            values = page.asarray()
            return np.moveaxis(values, 0, -1) if page.planarconfig == 2 and values.ndim == 3 else values
    if data.startswith(b"\x89PNG"):
        import cv2

        data = without_checksums(data)
        if data[24] == 16:
            return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    from PIL import ImageOps, PngImagePlugin

    PngImagePlugin.MAX_TEXT_CHUNK = 2**28
    picture = Image.open(io.BytesIO(data))
    picture.load()
    if picture.mode == "P":
        picture = picture.convert("RGBA")
    with contextlib.suppress(Exception):  # broken EXIF
        picture = ImageOps.exif_transpose(picture)
    return np.asarray(picture)


def without_checksums(data: bytes) -> bytes:
    """With right ones."""
    import zlib

    out = [data[:8]]
    for name, body in chunks(data):
        out += [struct.pack(">I", len(body)), name, body, struct.pack(">I", zlib.crc32(name + body))]
    return b"".join(out)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Of a PNG."""
    at, found = 8, []
    while at + 8 <= len(data):
        length = struct.unpack_from(">I", data, at)[0]
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
        if found[-1][0] == b"IEND":
            break
    return found


def segments(data: bytes) -> list[tuple[bytes, bytes]]:
    """Of a JPEG, up to its first scan: what is said, not the picture."""
    at, found = 2, []
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        length = struct.unpack_from(">H", data, at + 2)[0]
        if 0xE0 <= data[at + 1] <= 0xEF or data[at + 1] in (0xFE, 0xDB):
            found.append((data[at + 1 : at + 2], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return found


def compare_said(before: bytes, after: bytes) -> list[str]:
    """Chunks, segments, tags."""
    if before.startswith(b"\x89PNG"):
        skipped = (b"IDAT", b"IEND", b"IHDR", b"eXIf")
        old, new = ([c for c in chunks(d) if c[0] not in skipped] for d in (before, after))
        return [f"chunk {n.decode()} is not as it was" for n, b in old if (n, b) not in new]
    if before.startswith(b"\xff\xd8"):
        old, new = ([s for s in segments(d) if not s[1].startswith(b"MPF")] for d in (before, after))
        return [f"segment {m.hex()} ({b[:10]!r}) is not as it was" for m, b in old if (m, b) not in new]
    if before[:2] in (b"II", b"MM"):
        import tifffile

        with tifffile.TiffFile(io.BytesIO(before)) as a, tifffile.TiffFile(io.BytesIO(after)) as b:
            try:
                count = len(a.pages)
            except Exception:
                count = 0
            pages = [] if len(b.pages) == count else [f"{count} pages became {len(b.pages)}"]
            old, new = a.pages[0].tags, b.pages[0].tags
            return pages + [
                f"tag {t.code} is not as it was"
                for t in old
                if t.code not in OF_STORAGE and (t.code not in new or new[t.code].value != t.value)
            ]
    return []


def compare_exiftool(file: Path, target: Path) -> list[str]:
    """What another program finds."""
    if which("exiftool") is None:
        return []
    old, new = (
        json.loads(subprocess.run(["exiftool", "-j", "-b", "-u", str(f)], capture_output=True).stdout or b"[{}]")[0]
        for f in (file, target)
    )
    ours = {
        "SourceFile",
        "FileName",
        "Directory",
        "FileSize",
        "FileModifyDate",
        "FileAccessDate",
        "FileInodeChangeDate",
    }
    skipped = (
        ours
        | MOVED
        | STORED
        | {"FilePermissions", "ExifToolVersion", "HasColorMap", "BitsPerPixel", "ColorResolutionDepth"}
    )
    return [
        f"exiftool: {k} {str(v)[:30]!r} is now {str(new.get(k))[:30]!r}"
        for k, v in old.items()
        if k not in skipped and new.get(k) != v
    ]


if __name__ == "__main__":
    main()

"""Whether a mended file lost something unsaid: another file's result, compared by programs that are not ours.

Pillow, OpenCV and tifffile compare known pixels, frames and pages, pngcheck and tiffinfo look for new faults where they
are installed, exiftool's tags are compared where the caller has read them, and parts that nobody may change are looked
for byte by byte. What is not as it was must be named in a warning.
"""

from __future__ import annotations

import base64
import contextlib
import io
import re
import signal
import struct
import subprocess
import tempfile
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
from PIL import Image, ImageOps, ImageSequence

from sibling_files import SECRET, Sibling

KEPT, NAMED, SILENT, REFUSED, WRONGLY, TRACEBACK = (
    "kept",
    "named",
    "LOST",
    "refused",
    "refused, but readable",
    "TRACEBACK",
)
OF_STORAGE = frozenset(
    """
    SourceFile FileName Directory FileSize FileModifyDate FileAccessDate FileInodeChangeDate FilePermissions
    ExifToolVersion ImageWidth ImageHeight ImageLength ExifImageWidth ExifImageHeight ImageSize Megapixels
    Orientation Rotation ThumbnailOffset ThumbnailLength ThumbnailImage ThumbnailTIFF PreviewImage PreviewImageStart
    PhotoshopThumbnail StripOffsets StripByteCounts RowsPerStrip Compression Interlace Filter EncodingProcess
    FillOrder Predictor SampleFormat TileOffsets TileByteCounts TileWidth TileLength SubIFD MPImageStart
    MPImageLength NumberOfImages PreviewImageLength FrameCount Duration
    WebP_Flags Warning VP8Version HorizontalScale VerticalScale AlphaPreprocessing
    AlphaFiltering AlphaCompression YCbCrSubSampling MediaData MediaDataOffset MediaDataSize MajorBrand MinorVersion
    CompatibleBrands ChromaFormat ChromaSampling ImageSpatialExtent ImagePixelDepth SeqProfile SeqLevelIdx0
    MatrixCoefficients VideoFullRangeFlag ConstraintIndicatorFlags HEVCConfigurationVersion
    GenProfileCompatibilityFlags GeneralLevelIDC GeneralProfileIDC GeneralProfileSpace GeneralTierFlag
    NumTemporalLayers BitDepthLuma BitDepthChroma AverageFrameRate ConstantFrameRate TemporalIDNested
    MinSpatialSegmentationIDC ParallelismType PrimaryItemReference MetaImageSize SampleSizes Unknown_av1C
    Unknown_stss Unknown_hvcC TrackCreateDate TrackModifyDate MediaCreateDate MediaModifyDate HighBitDepth TwelveBit
    AV1ConfigurationVersion ChromaSamplePosition TierFlag SyncSampleTable ChunkOffset
    ProfileDataOffset Unknown_imir Unknown_irot FileType FileTypeExtension MIMEType
    """.split()  # noqa: SIM905
)
"""Names of exiftool's tags: how pixels are stored, where things stand, previews, and the file itself."""
OF_WRITING = ("Track1:Unknown_colr", "QuickTime:CreateDate", "QuickTime:ModifyDate", "Track1:MediaDataSize")
SAID = {
    "ICC_Profile|ICC-": "profile|sRGB",
    "IFD|GPS|Exif|Interop|MakerNote|PrintIM|Unknown": "EXIF|tags",
    "XMP": "XMP",
    "IPTC": "IPTC|Photoshop|texts",
    "Photoshop|Adobe": "Photoshop|IPTC|layers|anew",
    "GIF": "extension|repetition|comment",
    "PNG": "chunk|text|profile|frames",
    "Jpeg2000": "box|16 bits a channel|palette",
    "GeoTiff": "geographic",
    "File": "comment|behind",
}
"""Group of a tag: words that name it."""


def mended(
    one: Sibling, number: int, seed: int, folder: Path, run: Callable[[list[str]], tuple[int, str]]
) -> tuple[int, str, np.ndarray | tuple[int, int, int, int]]:
    """Exit code, standard error, and the hole: a box on the upright picture, or the mask that `restore` wrote.

    Args:
        one: the file, which is written into `folder`/in; the result goes into `folder`/out.
        number: of it, and
        seed: of all, by which the hole is drawn; one in six goes through `restore`.
        folder: with in, out and mask.
        run: the command: exit code and standard error of its arguments.
    """
    source = folder / "in" / f"{number}.{one.ending}"
    source.write_bytes(one.data)
    endings = one.ending if one.fits or one.ending == "tif" else "png"
    target = folder / "out" / f"{number}.{endings}"
    chance = np.random.default_rng([seed, number])
    box = tuple(int(v) for v in (*chance.integers(1, 12, 2), *chance.integers(2, 9, 2)))
    mask = folder / "mask" / f"{number}.png"
    mask.unlink(missing_ok=True)
    arguments = ["inpaint", str(source), "-m", ",".join(map(str, box)), "--method", "telea", "-o", str(target)]
    by_finding = chance.random() < 1 / 6
    if by_finding:
        arguments = [
            "restore",
            str(source),
            "--kind",
            "dust",
            "--sensitivity",
            "1",
            "--method",
            "telea",
            "-o",
            str(target),
            "--save-mask",
            str(mask),
        ]
    code, said = run(["--no-config", *arguments])
    if not by_finding:
        return code, said, box
    return code, said, np.asarray(Image.open(mask).convert("L")) > 127 if mask.exists() else (0, 0, 0, 0)


def judged(
    one: Sibling, code: int, said: str, hole: Any, target: Path | None, before: dict[str, Any], after: dict[str, Any]
) -> tuple[str, list[str], Counter[str]]:
    """How it ended, what was found, facts by how they ended."""
    counted: Counter[str] = Counter()
    if "Traceback" in said or code in (70, -signal.SIGALRM, -signal.SIGSEGV):
        return TRACEBACK, [said[-300:]], counted
    told = "\n".join(line for line in said.splitlines() if line.startswith("warning"))
    if code:
        lines = [line for line in said.splitlines() if line.startswith("error")]
        if len(lines) != 1:
            return SILENT, ["not refused in one line"], counted
        return (WRONGLY if one.fits and others_read(one) else REFUSED), [lines[0]], counted
    if target is None:
        return SILENT, ["no result"], counted
    lost: list[str] = []
    data = target.read_bytes()
    same_format = target.suffix == f".{one.ending}"
    facts = []
    if same_format:
        facts += [(name, "" if body in data else "gone", words) for name, body, words in one.parts]
        facts += [compared(compare_valid, one, data)]
        facts += compare_frames_of(one, data)
        facts += compare_said(one, data)
        facts += compare_tags(before, after, one)
        facts += [("orientation", wrong_orientation(one, after), "")]
        facts += [compared(compare_behind, one, data)] if one.behind or one.previews else []
    facts += [compared(compare_pixels, one, data, hole)]
    if isinstance(hole, tuple) or hole.any():  # nothing was mended else, and a copy shows what the picture shows
        facts += [("copies of the old picture", "are there" if holds_secret(data, after) else "", "")]
    for name, wrong, words in facts:
        if not wrong:
            counted["kept"] += 1
        elif words and re.search(words, told, re.IGNORECASE):
            counted["named"] += 1
        else:
            counted["lost"] += 1
            lost.append(f"{name}: {wrong}")
    return (SILENT if lost else NAMED if counted["named"] else KEPT), lost, counted


def others_read(one: Sibling) -> bool:
    """Whether Pillow reads the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.open(io.BytesIO(one.data)).load()
    except Exception:
        return False
    return True


def compared(by: Any, *given: Any) -> tuple[str, str, str]:
    """A comparison whose reader may fail."""
    try:
        return by(*given)
    except Exception as error:  # any reader's
        where = traceback.extract_tb(error.__traceback__)[-1]
        return by.__name__, f"another program cannot read it ({error!r:.120}, {where.name})", ""


def compare_pixels(one: Sibling, data: bytes, hole: Any) -> tuple[str, str, str]:
    """Known pixels, as other readers show them upright."""
    old, new = (without_opacity(shown(data, of)) for data, of in ((one.data, one), (data, None)))
    words = "rounded|bits|transparency|colour|256|converted" if not one.fits else "bits a channel|channels|anew"
    if old.shape != new.shape or old.dtype != new.dtype:
        return "pixels", f"{old.shape} {old.dtype} became {new.shape} {new.dtype}", words
    known = np.ones(old.shape[:2], bool)
    if isinstance(hole, tuple):
        x, y, w, h = hole
        known[max(0, y - one.far) : y + h + one.far, max(0, x - one.far) : x + w + one.far] = False
    else:
        known = ~hole
        for y, x in np.argwhere(hole) if one.far else []:
            known[max(0, y - one.far) : y + one.far + 1, max(0, x - one.far) : x + one.far + 1] = False
    apart = np.abs(old.astype(np.int64) - new.astype(np.int64)).reshape(*known.shape, -1).max(2)
    count = int((apart > one.near)[known].sum())
    return (
        "pixels",
        f"{count} of {known.sum()} known ones changed by up to {apart[known].max()}" if count else "",
        words,
    )


def without_opacity(values: np.ndarray) -> np.ndarray:
    """(H, W, 4) of 8 bits that is opaque everywhere as (H, W, 3): palettes have no other way to show it."""
    opaque = values.ndim == 3 and values.shape[2] == 4 and values.dtype == np.uint8 and (values[..., 3] == 255).all()
    return values[..., :3] if opaque else values


def shown(data: bytes, one: Sibling | None) -> np.ndarray:
    """The first picture of a file, upright."""
    if one is not None and one.ending == "tif":
        return turned(one.samples, one.orientation)
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return tiff_samples(data)
    if data.startswith(b"\x89PNG") and data[24] == 16 and data[25] in (2, 4, 6):
        import cv2

        bare = b"".join([data[:33], *(c for c in png_chunks(data) if c[4:8] in (b"IDAT", b"IEND"))])
        return turned(cv2.imdecode(np.frombuffer(bare, np.uint8), cv2.IMREAD_UNCHANGED), png_orientation(data))
    if data[4:12] in (b"ftypavif", b"ftypavis") or data[4:8] == b"jP  " or data[:4] == b"\xff\x4f\xff\x51":
        import cv2

        made = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if made is not None and made.dtype == np.uint16:
            is_avif = data[4:8] == b"ftyp"
            return turned(made, Image.open(io.BytesIO(data)).getexif().get(274, 1)) if is_avif else made
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"hevc", b"hevx", b"mif2"):
        import pillow_heif

        return np.asarray(pillow_heif.open_heif(data, convert_hdr_to_8bit=False))
    if data.startswith(b"P7\n"):
        said = dict(line.split() for line in data[: data.index(b"ENDHDR")].split(b"\n")[1:-1] if line[:1] != b"#")
        shape = [int(said[name]) for name in (b"HEIGHT", b"WIDTH", b"DEPTH")]
        kind, start = (">u2" if int(said[b"MAXVAL"]) > 255 else "u1"), data.index(b"ENDHDR\n") + 7
        return np.frombuffer(data, kind, int(np.prod(shape)), start).reshape(shape)
    try:
        picture = Image.open(io.BytesIO(data))
    except OSError:
        if not data.startswith(b"BM"):
            raise
        import cv2

        made = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        return bitmap_words(data) if made is None else made
    picture.load()
    if picture.mode in ("P", "PA"):
        picture = picture.convert("RGBA")
    orientation = png_orientation(data) if data.startswith(b"\x89PNG") else None
    if orientation is not None:
        return turned(np.asarray(picture), orientation)
    return np.asarray(ImageOps.exif_transpose(picture))


def bitmap_words(data: bytes) -> np.ndarray:
    """The pixels of a BMP of 16 or 32 bits as they are stored, for masks that no other reader here knows."""
    start, _, width, height, _, bits = struct.unpack_from("<IIiiHH", data, 10)
    step = (width * bits + 31) // 32 * 4
    rows = np.frombuffer(data, np.uint8, step * abs(height), start).reshape(-1, step)[:, : width * bits // 8]
    words = np.ascontiguousarray(rows).view(f"<u{bits // 8}")
    return words[::-1] if height > 0 else words


def png_chunks(data: bytes) -> list[bytes]:
    """All of each, with length and checksum."""
    at, found = 8, []
    while at + 12 <= len(data):
        length = struct.unpack_from(">I", data, at)[0]
        found.append(data[at : at + 12 + length])
        at += 12 + length
        if found[-1][4:8] == b"IEND":
            break
    return found


def png_orientation(data: bytes) -> int:
    """Of its eXIf, wherever that stands."""
    for one in png_chunks(data):
        if one[4:8] == b"eXIf":
            tags = Image.Exif()
            tags.load(one[8:-4])
            return int(tags.get(274, 1))
    return 1


def turned(values: np.ndarray, orientation: int) -> np.ndarray:
    """Stored rows and columns as a viewer shows them."""
    if orientation > 4:
        values = values.swapaxes(0, 1)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.flip(values, flips)


def tiff_samples(data: bytes) -> np.ndarray:
    """The samples of the first page (H, W, C) as stored, upright; tifffile unpacks whole bytes, other bits are here."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        bits, channels, height, width = page.bitspersample, page.samplesperpixel, page.imagelength, page.imagewidth
        planes = channels if page.planarconfig == 2 else 1
        if bits in (8, 16):
            values = page.asarray()
        else:
            pieces = [data[a : a + n] for a, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
            body = b"".join(zlib.decompress(one) if page.compression != 1 else one for one in pieces)
            count = width * channels // planes
            rows = np.frombuffer(body, np.uint8).reshape(planes * height, -1)
            spread = np.unpackbits(rows, axis=1)[:, : count * bits].reshape(len(rows), -1, bits)
            values = spread @ (1 << np.arange(bits)[::-1])
        values = values.reshape(planes, height, width, -1)
        values = np.moveaxis(values[..., 0], 0, -1) if planes > 1 else values[0]
        kind = np.uint16 if bits > 8 else np.uint8
        return turned(values.astype(kind), page.tags[274].value if 274 in page.tags else 1)


def compare_behind(one: Sibling, data: bytes) -> tuple[str, str, str]:
    """Whether the JPEGs behind a JPEG are where its index of several pictures (MPF) says."""
    base = data.index(b"MPF\0") + 4
    order = "<" if data[base : base + 2] == b"II" else ">"
    count, offset = struct.unpack_from(order + "II", data, data.index(struct.pack(order + "HH", 45058, 7), base) + 4)
    wrong = []
    for k, body in enumerate(one.behind, 1):
        length, place = struct.unpack_from(order + "4xII", data, base + offset + 16 * k)
        if data[base + place : base + place + length] != body:
            wrong.append(str(k))
    wrong += [f"{count // 16} are listed"] if count != 16 * (1 + len(one.behind)) else []
    main = struct.unpack_from(order + "4xII", data, base + offset)
    wrong += ["the first is said to be elsewhere"] if main[1] or data[: main[0]][-2:] != b"\xff\xd9" else []
    return "JPEGs behind it", ", ".join(wrong), "gain map|view|behind"


def compare_valid(one: Sibling, data: bytes) -> tuple[str, str, str]:
    """Whether pngcheck or tiffinfo find a fault that the source had not."""
    program = {"png": ["pngcheck", "-q"], "tif": ["tiffinfo"]}.get(one.ending)
    if program is None or which(program[0]) is None:
        return "validity", "", ""
    faults = []
    for body in (one.data, data):
        with tempfile.NamedTemporaryFile(suffix=f".{one.ending}") as file:
            file.write(body)
            file.flush()
            done = subprocess.run([*program, file.name], capture_output=True, text=True, errors="replace")
        said = done.stdout + done.stderr if one.ending == "png" else done.stderr
        faults.append({line.replace(file.name, "").strip() for line in said.splitlines()})
    fresh = faults[1] - faults[0] if not (faults[0] and one.ending == "png") else set()
    return "validity", "; ".join(sorted(fresh))[:200], ""


def compare_frames_of(one: Sibling, data: bytes) -> list[tuple[str, str, str]]:
    """Further frames, their durations, mode, palettes; pages of a TIFF with their tags."""
    if one.ending == "tif":
        return [compared(compare_pages, one, data)]
    words = "frames|pictures"
    try:
        old, new = Image.open(io.BytesIO(one.data)), Image.open(io.BytesIO(data))
        counts = getattr(old, "n_frames", 1), getattr(new, "n_frames", 1)
        if counts[0] > 1 and one.previews:
            counts = counts[0] - one.previews, counts[1]
            list(ImageSequence.Iterator(new))
            old = new
        found = [("number of frames", "" if counts[0] == counts[1] else f"{counts[0]} became {counts[1]}", words)]
        found.append(
            (
                "mode",
                "" if old.mode == new.mode else f"{old.mode} became {new.mode}",
                "bits|colour|transparen|converted|palette|grey",
            )
        )
        for key in ("loop", "duration", "background"):
            if key in old.info and old.info[key] != new.info.get(key):
                found.append((key, f"{old.info[key]} became {new.info.get(key)}", words + "|repetition|duration"))
        if counts[0] == counts[1] and counts[0] > 1:
            for k, (a, b) in enumerate(zip(ImageSequence.Iterator(old), ImageSequence.Iterator(new), strict=True)):
                durations = a.info.get("duration"), b.info.get("duration")
                if k and a.size != b.size:
                    found.append((f"frame {k}", f"{a.size} became {b.size}", words))
                if durations[0] != durations[1]:
                    found.append((f"duration of frame {k}", f"{durations}", words + "|duration"))
                if k and one.ending in ("avif", "heic") and a.size == b.size:
                    apart = np.abs(np.asarray(a.convert("RGB")).astype(int) - np.asarray(b.convert("RGB"))).max()
                    found.append((f"frame {k}", f"changed by {apart}" if apart > max(4, one.near) else "", words))
    except Exception as error:  # a reader's
        return [("frames", "", "")] if not others_read(one) else [("frames", f"{error!r:.100}", words)]
    return found


def compare_pages(one: Sibling, data: bytes) -> tuple[str, str, str]:
    """Pages of a TIFF behind the first and below it, smaller copies aside: their tags and coded pixels."""
    import tifffile

    def pages(body: bytes) -> list[tuple[Any, ...]]:
        with tifffile.TiffFile(io.BytesIO(body)) as file:
            listed = [p for k, p in enumerate(file.pages) if k and not p.subfiletype & 1]
            below = [p for p in (file.pages[0].pages or []) if not p.subfiletype & 1]
            made = []
            for page in [*listed, *below]:
                tags = sorted((t.code, str(t.value)) for t in page.tags)
                body_of = b"".join(body[a : a + n] for a, n in zip(page.dataoffsets, page.databytecounts, strict=True))
                made.append((tags, body_of))
            return made

    old, new = pages(one.data), pages(data)
    if len(old) != len(new):
        return "pages", f"{len(old)} became {len(new)}", "pages"
    wrong = [str(k) for k in range(len(old)) if old[k] != new[k]]
    return "pages", f"not as they were: {', '.join(wrong)}" if wrong else "", "pages"


def compare_said(one: Sibling, data: bytes) -> list[tuple[str, str, str]]:
    """Profile, comment, resolution and every tag of EXIF that Pillow, and of a first page that tifffile finds."""
    try:
        old, new = (_said(body) for body in (one.data, data))
    except Exception as error:  # any reader's
        return (
            [] if not others_read(one) else [("what is said", f"another program cannot read it ({error!r:.120})", "")]
        )
    found = []
    for (group, name), value in old.items():
        words = {"info": f"{name}|profile|sRGB|comment|text", "EXIF": "EXIF|tags", "page": "layers"}[group]
        same = new.get((group, name)) == value
        found.append((f"{group} {name}", "" if same else f"{value!r:.60} became {new.get((group, name))!r:.60}", words))
    return found


def _said(data: bytes) -> dict[tuple[str, Any], Any]:
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        import tifffile

        with tifffile.TiffFile(io.BytesIO(data)) as file:
            return {
                ("page", tag.code): repr(tag.value)
                for tag in file.pages[0].tags
                if tag.code not in _OF_LAYOUT and SECRET not in repr(tag.value).encode()
            }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = Image.open(io.BytesIO(data))
        said = {
            ("info", name): picture.info[name] for name in ("icc_profile", "comment", "dpi") if name in picture.info
        }
        tags = Image.Exif()
        tags.load(picture.info.get("exif", b""))
        for inner in (None, 0x8769, 0x8825, 0xA005):
            for code, value in (tags if inner is None else tags.get_ifd(inner)).items():
                if code not in _OF_LAYOUT and b"\xff\xd8\xff" not in unpacked(value):
                    said["EXIF", (inner, code)] = repr(value)
    return said


_OF_LAYOUT = frozenset(
    [*range(254, 260), 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, *range(322, 326), 330, 338, 339, 347, 513,
     514, 530, 531, 532, 700, 34377, 34665, 34853, 37500, 40962, 40963, 40965]
)  # fmt: skip
"""How pixels are stored, sizes, places, previews, and what may hold some: XMP, Photoshop's blocks, maker notes."""


def compare_tags(before: dict[str, Any], after: dict[str, Any], one: Sibling) -> list[tuple[str, str, str]]:
    """Every tag that exiftool finds."""
    found = []
    is_ycbcr = one.ending == "tif" and " photometric 6 " in one.says[0]
    of_pages = (
        re.compile(r"^(IFD[1-9]|SubIFD|JFXX|Composite|System|ExifTool|MPImage)")
        if one.ending != "gif"
        else re.compile("^(System|Composite|ExifTool)")
    )
    for key, value in before.items():
        group, name = key.split(":")[0], key.split(":")[-1]
        if is_ycbcr and name in ("PhotometricInterpretation", "ReferenceBlackWhite"):  # repacked as RGB
            continue
        if name in OF_STORAGE or key in OF_WRITING or of_pages.match(group) or (SECRET in unpacked(value)):
            continue
        if b"\xff\xd8\xff" in unpacked(value):
            continue  # a preview, in a maker note
        words = next((said for sign, said in SAID.items() if re.match(sign, group)), "") or name
        found.append(
            (key, "" if after.get(key) == value else f"{str(value)[:40]!r} became {str(after.get(key))[:40]!r}", words)
        )
    errors = [
        str(v)
        for k, v in after.items()
        if k.startswith("ExifTool")
        and k.endswith(("Warning", "Error"))
        and v not in before.values()
        and "[minor] Text/EXIF" not in str(v)
    ]
    found.append(("exiftool's opinion", "; ".join(errors)[:150], ""))
    return found


def wrong_orientation(one: Sibling, after: dict[str, Any]) -> str:
    """A JPEG is stored as it was; all else is upright, and says so wherever it says anything."""
    if one.ending == "jpg":
        return ""
    found = {k: v for k, v in after.items() if k.endswith(":Orientation") and not re.match(r"IFD[1-9]|SubIFD", k)}
    wrong = {k: v for k, v in found.items() if str(v) not in ("Horizontal (normal)", "1")}
    return str(wrong) if wrong else ""


def unpacked(value: Any) -> bytes:
    """The bytes of what exiftool gives as base64, else of the text."""
    text = str(value)
    if text.startswith("base64:"):
        with contextlib.suppress(ValueError):
            return base64.b64decode(text[7:])
    return text.encode("utf-8", "replace")


def holds_secret(data: bytes, after: dict[str, Any]) -> bool:
    """Whether a small copy of the old picture is still there, packed or not."""
    return SECRET in data or any(SECRET in unpacked(value) for value in after.values())

"""AVIF files: what Pillow does not tell of one, and one written without loss, which Pillow cannot do.

A still picture is coded anew as a whole by OpenCV, RGB as it is (4:4:4, the identity matrix of ITU-T H.273), so that
known pixels stay equal to the bit, in 8, 10 or 12 bits; Pillow writes files of several frames, and all where OpenCV is
too old, with 8 bits and known pixels that are near. The numbers of the colours are put into the place that the writer
leaves for them.

Source: ISO/IEC 23000-22 (MIAF), 14496-12 (colr), ITU-T H.273 (the numbers); AV1 Codec ISO Media File Format Binding
(av1C).
"""

from __future__ import annotations

import io
import re
import struct
from typing import Any

import numpy as np
from PIL import Image as PILImage

from selfmend.image.exif import block_of

KIND = "AVIF"
"""PIL's name of the format."""

_COLOURS = re.compile(rb"colrnclx(....)(...)", re.DOTALL)  # primaries and transfer; matrix and range, of the coding
_CODING = re.compile(rb"av1C\x81.(.)", re.DOTALL)
_DEEP, _TWELVE = 0x40, 0x20
_APART = 8  # levels of 255, in the mean, by which two decoders of one file may differ
_METADATA = (("exif", "IMAGE_METADATA_EXIF"), ("xmp", "IMAGE_METADATA_XMP"), ("icc_profile", "IMAGE_METADATA_ICCP"))
_NAMED = {
    b"tmap": "its gain map",
    b"photo:2020:aux:hdrg": "its gain map",
    b":auxiliary:depth": "its depth map",
}


def _head(data: bytes) -> bytes:
    """What stands before the pixels."""
    return data[: max(0, data.find(b"mdat"))]


def bits_of(data: bytes) -> int:
    """Bits a channel; 8 where the file does not say."""
    found = _CODING.search(_head(data))
    if found is None or not found[1][0] & _DEEP:
        return 8
    return 12 if found[1][0] & _TWELVE else 10


def is_exact() -> bool:
    """Whether OpenCV is there that writes AVIF with what is said beside the pixels."""
    import cv2

    return hasattr(cv2, "imencodeWithMetadata") and bool(cv2.haveImageWriter("x.avif"))


def deep_pixels(data: bytes, shown: np.ndarray) -> np.ndarray | None:
    """The pixels of a still file of more than 8 bits, as stored: uint16 (H, W) or (H, W, C) over the whole range.

    Args:
        data: the file.
        shown: the same in 8 bits, as Pillow shows it. What does not look like it is not taken.
    """
    import cv2

    try:
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if stored is None or stored.dtype != np.uint16 or stored.shape != shown.shape:
        return None
    if stored.ndim == 3:
        stored = cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    top = (1 << bits_of(data)) - 1
    narrow = (top + 1) // 256 * 16, (top + 1) // 256 * 235
    found = []
    for low, high in [(0, top), narrow] if stored.ndim == 2 else [(0, top)]:  # OpenCV does not widen that of grey
        levels = np.rint((np.arange(65536.0) - low) * (top / (high - low))).clip(0, top)
        values = np.rint(levels * (65535 / top)).astype(np.uint16)[stored]
        found.append((cv2.absdiff((values >> 8).astype(np.uint8), shown).mean(), values))
    apart, values = min(found, key=lambda one: one[0])
    return values if apart < _APART else None


def encode(pixels: np.ndarray, *, bits: int, options: dict[str, Any]) -> bytes:
    """A file without loss.

    Args:
        pixels: uint8, or uint16 over the whole range, (H, W) or (H, W, C): C is 3 RGB, 4 RGBA.
        bits: 8 for uint8, else 10 or 12.
        options: exif, xmp, icc_profile, as bytes; others are not looked at.

    Raises:
        OSError: OpenCV refuses it.
    """
    import cv2

    stored = pixels
    if bits > 8:
        stored = np.rint(np.arange(65536.0) * (((1 << bits) - 1) / 65535)).astype(np.uint16)[pixels]
    if stored.ndim == 3:
        stored = cv2.cvtColor(stored, cv2.COLOR_RGBA2BGRA if stored.shape[2] == 4 else cv2.COLOR_RGB2BGR)
    said = {name: options[key] for key, name in _METADATA if options.get(key)}
    bodies = [np.frombuffer(block_of(body), np.uint8) for body in said.values()]
    how = [cv2.IMWRITE_AVIF_QUALITY, 100, cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_SPEED, 9]
    done, made = cv2.imencodeWithMetadata(".avif", stored, [getattr(cv2, name) for name in said], bodies, how)
    if not done:
        raise OSError("OpenCV cannot write it")
    return bytes(made.tobytes())


def colours_of(data: bytes) -> tuple[int, int] | None:
    """What the colours of a file mean: its primaries and its transfer, by the numbers of ITU-T H.273, if it says so."""
    said = _COLOURS.search(_head(data))
    return None if said is None else struct.unpack(">HH", said[1])


def with_colours(written: bytes, colours: tuple[int, int] | None) -> bytes:
    """A newly written file whose colours mean something else than it says."""
    if colours is None:
        return written
    head = _head(written)
    return (
        _COLOURS.sub(lambda found: b"colrnclx" + struct.pack(">HH", *colours) + found[2], head) + written[len(head) :]
    )


def frames_options(source: bytes, orientation: int) -> dict[str, Any]:
    """What Pillow is told to write the later frames of a file behind a new first one; nothing for a still picture.

    Raises:
        ValueError: there are some, and the first one lies in another way now, since `orientation` is not 1.
    """
    with PILImage.open(io.BytesIO(source)) as opened:
        count = getattr(opened, "n_frames", 1)
        if count < 2:
            return {}
        if orientation != 1:
            raise ValueError("the first one was turned")
        frames, durations = [], []
        for k in range(count):
            opened.seek(k)
            opened.load()
            frames.append(opened.copy())
            durations.append(opened.info.get("duration", 0))
    return {"save_all": True, "append_images": frames[1:], "duration": durations}


def left_out(data: bytes) -> list[str]:
    """What lies in a file, and in no newly written one."""
    head = _head(data)
    return list(dict.fromkeys(words for sign, words in _NAMED.items() if sign in head))

"""What Pillow does not tell of an AVIF file, and does not write: its bits, what its colours mean, its later frames.

A file is coded anew as a whole; the numbers of its colours are put into the place that the writer leaves for them.

Source: ISO/IEC 23000-22 (MIAF), 14496-12 (colr), ITU-T H.273 (the numbers); AV1 Codec ISO Media File
Format Binding (av1C).
"""

from __future__ import annotations

import io
import re
from typing import Any

from PIL import Image as PILImage

KIND = "AVIF"
"""PIL's name of the format."""

_COLOURS = re.compile(rb"colrnclx(....)(...)", re.DOTALL)  # primaries and transfer; matrix and range, of the coding
_CODING = re.compile(rb"av1C\x81.(.)", re.DOTALL)
_DEEP, _TWELVE = 0x40, 0x20
_NAMED = {b"tmap": "its gain map", b"photo:2020:aux:hdrg": "its gain map", b":auxiliary:depth": "its depth map",
          b"mdcv": "its mastering display", b"clli": "its light levels"}  # fmt: skip


def _head(data: bytes) -> bytes:
    """What stands before the pixels."""
    return data[: max(0, data.find(b"mdat"))]


def bits_of(data: bytes) -> int:
    """Bits a channel; 8 where the file does not say."""
    found = _CODING.search(_head(data))
    if found is None or not found[1][0] & _DEEP:
        return 8
    return 12 if found[1][0] & _TWELVE else 10


def with_colours(written: bytes, source: bytes) -> bytes:
    """A newly written file whose colours mean what those of another mean: its primaries and its transfer."""
    said = _COLOURS.search(_head(source))
    if said is None:
        return written
    head = _head(written)
    return _COLOURS.sub(lambda found: b"colrnclx" + said[1] + found[2], head) + written[len(head) :]


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

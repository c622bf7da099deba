"""HEIC files, as phones write them: read and written by pillow-heif, which is an extra.

Written without loss, RGB as it is (quality -1, 4:4:4, the identity matrix of ITU-T H.273), so that known pixels stay
equal to the bit. 10 and 12 bits are uint16 over the whole range here.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import MissingExtraError

KIND = "HEIF"
"""PIL's name of the format, once `register` was called."""

ENDINGS = (".heic", ".heif", ".hif")
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")  # ISO/IEC 23008-12, Annex B
_AVIF = (b"avif", b"avis")
_BESIDE = {"depth_images": "its depth map", "aux": "its auxiliary pictures (gain map, mattes)"}
_OURS = "heic_beside"


def is_heic(data: bytes) -> bool:
    """Whether a file begins as HEIC does."""
    if data[4:8] != b"ftyp" or data[8:12] not in _BRANDS:
        return False
    length = min(int.from_bytes(data[:4], "big"), 256)
    return not any(data[at : at + 4] in _AVIF for at in range(8, length, 4))


def is_available() -> bool:
    """Whether the extra is installed; imports nothing."""
    return find_spec("pillow_heif") is not None


def register(name: str) -> None:
    """Let PIL know the format.

    Args:
        name: of the file, for the message.

    Raises:
        MissingExtraError: the extra is not installed.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise MissingExtraError.of(f"{name} is HEIC, which", "heic", error) from error
    pillow_heif.register_heif_opener()


def bits_of(picture: Any) -> int:
    """Bits a channel of an opened file."""
    return int(picture.info.get("bit_depth", 8))


def deep_pixels(data: bytes) -> np.ndarray:
    """The pixels of a file of 10 or 12 bits, upright: uint16 (H, W) or (H, W, C), over the whole range."""
    import pillow_heif

    opened = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
    bits = int(opened.info["bit_depth"])
    stored = np.asarray(opened).astype(np.uint32) >> (16 - bits)  # libheif moves them up
    return np.rint(stored * (65535 / ((1 << bits) - 1))).astype(np.uint16)


def told_of(info: Mapping[Any, Any]) -> dict[str, Any]:
    """Of what pillow-heif says of a picture, what is to be remembered of it."""
    kept = {key: info[key] for key in ("icc_profile", "exif", "xmp", "bit_depth", "nclx_profile") if info.get(key)}
    return kept | {_OURS: [words for key, words in _BESIDE.items() if info.get(key)]}


def colours_of(info: Mapping[Any, Any]) -> tuple[int, int] | None:
    """What the colours of a picture mean: primaries and transfer by the numbers of ITU-T H.273, if its file says so."""
    said = info.get("nclx_profile")
    return (int(said["color_primaries"]), int(said["transfer_characteristics"])) if said else None


def left_out(info: Mapping[Any, Any]) -> list[str]:
    """What lies in the file that the picture came from, and in no newly written one."""
    return list(info.get(_OURS, ()))


def frames_options(data: bytes) -> dict[str, Any]:
    """What Pillow is told to write the other pictures of a file behind its main one; nothing where it has no others.

    Raises:
        ValueError: one of them has more than 8 bits a channel, for which this has no way.
    """
    with PILImage.open(io.BytesIO(data)) as opened:
        main, frames = opened.tell(), []
        for k in range(getattr(opened, "n_frames", 1)):
            opened.seek(k)
            if k == main:
                continue
            if bits_of(opened) > 8:
                raise ValueError("more than 8 bits")
            opened.load()
            frames.append(opened.copy())
    return {"save_all": True, "append_images": frames, "primary_index": 0} if frames else {}


def save_options(info: Mapping[Any, Any]) -> dict[str, Any]:
    """What pillow-heif is told for a file without loss, whose colours mean what those of the source mean."""
    colours = info.get("nclx_profile") or {}
    names = ("color_primaries", "transfer_characteristics")
    return {
        "quality": -1, "chroma": 444, "matrix_coefficients": 0, "full_range_flag": 1,
        "enc_params": {"preset": "ultrafast"},  # a third of the time, and larger by a fifth
        **{name: int(colours[name]) for name in names if name in colours},
        **{key: info[key] for key in ("icc_profile", "exif", "xmp") if info.get(key)},
    }  # fmt: skip


def colour_options(colours: tuple[int, int] | None) -> dict[str, Any]:
    """What pillow-heif is told for colours that mean something else than is usual: primaries and transfer."""
    return dict(zip(("color_primaries", "transfer_characteristics"), colours or (), strict=False))


def encode_deep(pixels: np.ndarray, options: Mapping[str, Any], *, bits: int) -> bytes:
    """A file of 10 or 12 bits of uint16 (H, W), grey, or (H, W, C) over the whole range: C is 3 RGB, 4 RGBA."""
    import pillow_heif

    stored = np.rint(pixels * (((1 << bits) - 1) / 65535)).astype(np.uint16) << (16 - bits)
    mode = "I;16" if stored.ndim == 2 else {3: "RGB;16", 4: "RGBA;16"}[stored.shape[2]]
    made = pillow_heif.from_bytes(mode, stored.shape[1::-1], np.ascontiguousarray(stored).tobytes())
    before = pillow_heif.options.SAVE_HDR_TO_12_BIT
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        file = io.BytesIO()
        made.save(file, **options)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = before
    return file.getvalue()

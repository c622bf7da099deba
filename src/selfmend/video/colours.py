"""Between a codec's frames (planes, mostly YUV) and pictures in RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from selfmend.core.types import Image, Mask, Size

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.plane import VideoPlane

LIMITED, _FULL = 1, 2  # FFmpeg's numbers of ranges: 16 to 235, and 0 to 255
BT709 = 1  # FFmpeg's number of the colour space of films today


def to_image(source: VideoFrame, *, turns: int = 0) -> Image:
    """A frame as (1, 3, H, W) in [0, 1], whole bytes.

    Args:
        source: of any pixel format and size.
        turns: quarter turns to the left.
    """
    rgb = torch.from_numpy(source.reformat(format="rgb24", interpolation=_exact()).to_ndarray())
    return torch.rot90(rgb.permute(2, 0, 1)[None], turns, (2, 3)).contiguous().float() / 255


def _exact() -> int:
    """How colours are converted: the slow way, which is the same on every machine."""
    from av.video.reformatter import Interpolation

    kind = Interpolation
    return kind.BICUBIC | kind.ACCURATE_RND | kind.BITEXACT | kind.FULL_CHR_H_INT | kind.FULL_CHR_H_INP


def with_hole(source: VideoFrame, image: Image, mask: Mask, *, turns: int = 0) -> VideoFrame:
    """The codec's frame with the hole's pixels taken from `image`; all others keep their bytes.

    Where the format has fewer colours than pixels, a colour that a hole pixel shares changes as a whole. Formats whose
    planes cannot be told apart (palettes, packed YUV) are converted as a whole.

    Args:
        source: as it was decoded; it is not changed.
        image: (1, 3, H, W) in [0, 1], upright.
        mask: (1, 1, H, W), True = hole.
        turns: quarter turns to the left that made `source` upright.
    """
    filled = _from_image(torch.rot90(image, -turns, (2, 3)), source)
    steps = _steps(source)
    if steps is None:
        return filled
    hole = torch.rot90(mask, -turns, (2, 3))[0, 0].numpy()
    for old, new, step in zip(source.planes, filled.planes, steps, strict=True):
        kept = np.repeat(~_shrunk(hole, (old.height, old.width)), step, axis=1)
        np.copyto(_bytes(new, step), _bytes(old, step), where=kept)
    return filled


def _from_image(image: Image, source: VideoFrame) -> VideoFrame:
    """A picture in the pixel format, size and colour space of `source`."""
    import av

    pixels = (image[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    frame.colorspace, frame.color_range = source.colorspace, _FULL
    wide = source.format.name.startswith("yuvj") or source.format.name.startswith("gbr")
    made = frame.reformat(
        format=source.format.name,
        dst_colorspace=source.colorspace,
        dst_color_range=source.color_range or (_FULL if wide else LIMITED),
        interpolation=_exact(),
    )
    made.colorspace, made.color_range = source.colorspace, source.color_range
    made.color_trc, made.color_primaries = source.color_trc, source.color_primaries
    made.pts, made.time_base, made.duration = source.pts, source.time_base, source.duration
    return made


def _steps(source: VideoFrame) -> list[int] | None:
    """Bytes a pixel of each plane; None where planes hold no whole pixels."""
    kind = source.format
    parts = [[c for c in kind.components if c.plane == k] for k in range(len(source.planes))]
    if kind.has_palette or kind.is_bit_stream or any(len({c.width for c in part}) != 1 for part in parts):
        return None
    if len(parts) == 1 and len(parts[0]) > 1:  # packed
        return [kind.padded_bits_per_pixel // 8] if all(c.bits == 8 for c in parts[0]) else None
    return [len(part) * (1 if part[0].bits <= 8 else 2) for part in parts]


def _bytes(plane: VideoPlane, step: int) -> np.ndarray:
    """A view (height, width * step) of a plane."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width * step]


def _shrunk(hole: np.ndarray, size: Size) -> np.ndarray:
    """The hole at a plane's size: a pixel is hole where any part of it is."""
    factors = [round(whole / part) for whole, part in zip(hole.shape, size, strict=True)]
    if factors == [1, 1]:
        return hole
    padded = np.pad(hole, [(0, part * f - whole) for whole, part, f in zip(hole.shape, size, factors, strict=True)])
    return np.asarray(padded.reshape(size[0], factors[0], size[1], factors[1]).any(axis=(1, 3)))

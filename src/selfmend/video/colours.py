"""Between a codec's frames (planes, mostly YUV) and pictures in RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from selfmend.core.types import Image

if TYPE_CHECKING:
    from av import VideoFrame


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

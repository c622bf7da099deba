"""How the frames of a film are filled: each alone, or with an eye on those around it."""

from __future__ import annotations

from selfmend.core.checks import check_known
from selfmend.methods.base import Method
from selfmend.video.frame_by_frame import FrameByFrame
from selfmend.video.types import FrameFiller

STEADINESS = ("none",)
DEFAULT_STEADINESS = "none"


def make_filler(steady: str, *, method: Method, seed: int) -> FrameFiller:
    """A filler by its name.

    Args:
        steady: "none" fills each frame alone.
        method: what fills a hole, or what is left of it.
        seed: same seed, same bytes.

    Raises:
        OptionError: an unknown name.
    """
    check_known("steadiness", steady, STEADINESS)
    return FrameByFrame(method, seed)

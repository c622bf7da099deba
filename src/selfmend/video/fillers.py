"""How the frames of a film are filled: with an eye on those around them, or each alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from selfmend.core.checks import OptionError, check_known
from selfmend.core.options import replace_options
from selfmend.methods.base import Method
from selfmend.video.fill import TemporalFill, TemporalOptions
from selfmend.video.frame_by_frame import FrameByFrame
from selfmend.video.types import FrameFiller

STEADINESS = ("temporal", "none")


def make_filler(
    steady: str, *, method: Method, seed: int, options: Mapping[str, Any] | None = None
) -> tuple[FrameFiller, Any]:
    """A filler by its name, and its options.

    Args:
        steady: "temporal" takes what near frames show and keeps fills alike, "none" fills each frame alone.
        method: what fills a hole, or what is left of it.
        seed: same seed, same bytes.
        options: changes to `TemporalOptions`.

    Raises:
        OptionError: an unknown name, or options that do not fit.
    """
    check_known("steadiness", steady, STEADINESS)
    if steady == "none":
        if options:
            raise OptionError(f"option {next(iter(options))} is for frames that look at each other; leave it out")
        return FrameByFrame(method, seed), None
    chosen = replace_options(TemporalOptions(), options or {})
    return TemporalFill(chosen, method=method, seed=seed), chosen

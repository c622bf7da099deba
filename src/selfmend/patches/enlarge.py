"""Enlarging by the picture's own examples: what a patch loses when the picture is shrunk by a step, it gets back.

Small structures recur across the scales of a picture (Glasner et al., "Super-resolution from a single image", ICCV
2009). The picture, shrunk by one step and enlarged again, shows for each blurred patch what was lost in it. So at each
step of the enlargement the blurred patches of the larger picture look for their like among those, at first in their own
place (Freedman & Fattal, "Image and video upscaling from local self-examples", TOG 2011), and take over what was lost
there. The result is corrected by back-projection after each step. Pictures are float32
(H, W, C) in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfmend.errors import OptionError
from selfmend.image.back_projection import back_project
from selfmend.image.pyramid import enlarged_sizes
from selfmend.image.resize import resize
from selfmend.patches.field import Field, improve, places, vote
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.seeding import derive_seed
from selfmend.types import size_of


@dataclass(frozen=True, kw_only=True)
class EnlargeSettings:
    """Numbers of the enlargement.

    Attributes:
        patch: side of a patch, in pixels: small ones are sharper, large ones nearer to the truth.
        passes: of PatchMatch, a step.
        back_projections: rounds of back-projection, a step.
    """

    patch: int = 4
    passes: int = 6
    back_projections: int = 3


DEFAULTS = EnlargeSettings()


def enlarge_by_examples(
    small: np.ndarray,
    factor: float,
    *,
    seed: int,
    settings: EnlargeSettings = DEFAULTS,
    progress: Progress = silent,
) -> np.ndarray:
    """Enlarge a picture in steps of about the cube root of 2, with detail of its own.

    Args:
        small: float32 (H, W, C) in [0, 1].
        factor: above 1.
        seed: 0 to 2^63 - 1; the result does not depend on the number of threads.
        settings: of the search.
        progress: called at each step.

    Returns:
        (int(factor * H), int(factor * W), C) in [0, 1].

    Raises:
        OptionError: the picture is not larger than a patch.
    """
    own = size_of(small)
    if min(own) <= settings.patch:
        raise OptionError(
            f"the picture has {own[0]}x{own[1]} pixels, no more than a patch of {settings.patch}x{settings.patch}; "
            "a larger picture or a smaller patch fits"
        )
    sizes = enlarged_sizes(own, factor)
    blurred, lost = _examples(small, factor ** (1 / len(sizes)))
    large, work = small, [height * width for height, width in sizes]
    for k, size in enumerate(sizes):
        large = resize(large, size)
        field = _match(large, blurred, settings, seed=derive_seed(seed, k))
        detail = vote(field, lost, size, patch=settings.patch)
        large = back_project(np.clip(large + detail, 0, 1), small, rounds=settings.back_projections)
        done = sum(work[: k + 1]) / sum(work)
        progress(ProgressEvent(stage=f"enlarging to {size[0]}x{size[1]}", step=k + 1, steps=len(sizes), done=done))
    return np.clip(large, 0, 1)


def _examples(small: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture as one step would blur it, and what that takes away; (H, W, C)."""
    own = size_of(small)
    # at least one pixel less, or nothing would be lost in a picture of few pixels
    shrunk = resize(small, (min(own[0] - 1, round(own[0] / step)), min(own[1] - 1, round(own[1] / step))))
    blurred = resize(shrunk, own)
    return blurred, small - blurred


def _match(queries: np.ndarray, keys: np.ndarray, settings: EnlargeSettings, *, seed: int) -> Field:
    """The field of the enlarged picture into the blurred one; each patch begins in its own place."""
    size, key_size = places(size_of(queries), settings.patch), places(size_of(keys), settings.patch)
    y, x = (
        (indices * (many / few)).astype(np.int32)
        for indices, few, many in zip(np.indices(size), size, key_size, strict=True)
    )
    field = Field(y, x, np.zeros(size, np.float32))
    improve(
        field, queries, keys, np.ones(key_size, np.float32), patch=settings.patch, passes=settings.passes, seed=seed
    )
    return field

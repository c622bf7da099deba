"""A guess from elsewhere, at low resolution, carried to the full size with detail from the picture.

Two ideas keep the guess as it is while exemplars sharpen it. When the field is first matched at a scale, the picture is
an enlargement and therefore blurred, so the sources it is compared with are blurred in the same way (GPNN: Granot et
al., CVPR 2022, Sec. 3.1). And after each scale the result, shrunk to the size of the guess, is made to agree with it:
the difference is enlarged and added (back-projection: Irani and Peleg, "Improving resolution by image registration",
1991). Without the second the EM drifts to what the hole's border suggests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from selfmend.hole_init.patchmatch.scales import Scale, pad, resize_array, trim
from selfmend.types import Size

BACK_PROJECTIONS = 2


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A picture from elsewhere to start from.

    Attributes:
        colours: float32 (H, W, C), full size, on the scale of `features`.
        scale: size at which they are trustworthy by full size, at most 1.
    """

    colours: np.ndarray
    scale: float

    @property
    def size(self) -> Size:
        """The size at which the colours are trustworthy."""
        height, width = self.colours.shape[:2]
        return max(1, round(height * self.scale)), max(1, round(width * self.scale))


def put(guess: Guess, start: np.ndarray, known: np.ndarray) -> None:
    """Write the guess's colours into the unknown part of a start (H, W, K), in place; features are left alone."""
    channels = guess.colours.shape[2]
    colours = resize_array(guess.colours, (known.shape[0], known.shape[1]))
    start[..., :channels] = np.where(known[..., None], start[..., :channels], colours)


def blur_sources(scale: Scale, below: Sequence[tuple[np.ndarray, np.ndarray]]) -> Scale:
    """The scale with sources as blurred as an enlargement of the scale below, whose sums and shares are given."""
    parts = []
    for sums, share in below:
        enlarged = resize_array(np.concatenate([sums, share[..., None]], 2), scale.size)
        parts.append(pad(enlarged[..., :-1] / np.maximum(enlarged[..., -1:], 1e-2), scale.radius))
    values = np.where(scale.sources.known[..., None], np.concatenate(parts, 1), 0)
    return replace(scale, sources=scale.sources._replace(values=np.ascontiguousarray(values, np.float32)))


def back_project(guess: Guess, scale: Scale, picture: np.ndarray) -> None:
    """Make the hole of a padded picture agree with the guess at the guess's size, in place."""
    inner = trim(picture, scale.radius)[..., : guess.colours.shape[2]]
    hole = trim(scale.targets.hole, scale.radius)[..., None]
    wanted = resize_array(guess.colours, guess.size)
    for _ in range(BACK_PROJECTIONS):
        inner += np.where(hole, resize_array(wanted - resize_array(inner, guess.size), scale.size), 0)

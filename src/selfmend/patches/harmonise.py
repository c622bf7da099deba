"""A pasted object takes on the colours and the texture of the picture around it, nothing trained.

First its colours: ranks of its lightness take the lightness, and the colours that go with it, of the picture around
it. Then its texture, from coarse to fine: the object is made of the picture's patches by nearest neighbours and votes,
held near to what it shows by a content term (in the line of Elad & Milanfar, "Style transfer via texture synthesis",
IEEE TIP 2017, Sec. III). Pictures are float32 (H, W, C) in [0, 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy import ndimage

from selfmend.errors import MaskError
from selfmend.image.resize import resize, resize_mask
from selfmend.options import option
from selfmend.patches.field import enlarge, exact_field, improve, leave_forbidden, places, vote
from selfmend.patches.synthesis import check_sizes, round_event, whole_patches
from selfmend.progress import Progress, silent
from selfmend.seeding import derive_seed, make_rng
from selfmend.types import Image, Mask, Size, size_of

_OURS = "docs/results-generation.md"
_NEAR = 0.2  # of the short side: how far around the object colours are taken from
_SMOOTH = 301  # neighbours in lightness over which colours are averaged
_SOFT = 3  # pixels by which the object's border is softened, at full size


@dataclass(frozen=True, kw_only=True)
class HarmoniseSettings:
    """Every option."""

    content: float = option(
        0.6, "weight of what the object shows against the picture's patches; at the last scale it falls", source=_OURS,
        low=0, high=1,
    )  # fmt: skip
    recolour: float = option(0.8, "share of the picture's colours in the object's", source=_OURS, low=0, high=1)
    patch: int = option(7, "side of a patch: smaller keeps more of the object", unit="px", source=_OURS, low=3)
    coarsest: int = option(70, "short side of the coarsest scale", unit="px", source=_OURS, low=16)
    ratio: float = option(1.43, "size of a scale by that of the next coarser", source=_OURS, low=1.05)
    rounds: int = option(4, "rounds of matching and voting a scale", source=_OURS, low=1)
    passes: int = option(4, "PatchMatch passes a round", source=_OURS, low=1)


def harmonise(
    composite: Image,
    mask: Mask,
    *,
    seed: int,
    reference: Image | None = None,
    settings: HarmoniseSettings | None = None,
    progress: Progress = silent,
) -> Image:
    """Give a pasted object the colours and the texture of the picture around it.

    Args:
        composite: (H, W, C) in [0, 1], the picture with the object pasted.
        mask: (H, W), True where the object is.
        seed: 0 to 2^63 - 1; same seed, same bytes.
        reference: (h, w, C), whose patches are used; None takes those of `composite` outside of the mask.
        settings: see there.
        progress: called with an event a round.

    Returns:
        (H, W, C) in [0, 1]; outside the mask and a border of a few pixels it is `composite`.

    Raises:
        MaskError: the mask covers nothing, or leaves no whole patch to take.
        OptionError: a picture that is smaller than a patch.
    """
    settings = settings or HarmoniseSettings()
    if not mask.any():
        raise MaskError("the mask covers nothing (no white in it), so there is no object; white is the object")
    source, full = composite if reference is None else reference, size_of(mask)
    for one in (full, size_of(source)):
        check_sizes([one], settings.patch)
    wanted = recoloured(composite, mask, source, share=settings.recolour)
    sizes, drawn, field, keys_below = _sizes(full, settings), wanted, None, (0, 0)
    for n, size in enumerate(sizes):
        inside = ndimage.binary_dilation(resize_mask(mask, size), iterations=2)
        keys = resize(source, size if reference is None else _beside(size, full, size_of(source)))
        allowed = np.ones(places(size_of(keys), settings.patch), bool)
        if reference is None:
            allowed = whole_patches(inside, settings.patch)
            if not allowed.any():
                raise MaskError("the object leaves no whole patch of the picture to take; a smaller one fits")
        content = resize(wanted, size)
        x = np.where(inside[..., None], resize(drawn, size), content)
        window = _window(inside, settings.patch)
        queries = places(size_of(x[window]), settings.patch)
        if field is None:
            field = exact_field(x[window], keys, patch=settings.patch, alpha=None, allowed=allowed)
        else:
            field = enlarge(field, queries, allowed.shape, key_size_below=keys_below)
            leave_forbidden(field, allowed, generator=make_rng(seed, "field", n))
        keys_below = allowed.shape
        price = np.where(allowed, np.float32(1), np.float32(-1))
        for step in range(settings.rounds):
            progress(round_event("scale", sizes, n, step, settings.rounds))
            part = np.ascontiguousarray(x[window])
            once = derive_seed(seed, n, step)
            improve(field, part, keys, price, patch=settings.patch, passes=settings.passes, seed=once)
            voted = vote(field, keys, size_of(part), patch=settings.patch)
            weight = np.float32(settings.content)
            if n == len(sizes) - 1:
                weight *= np.float32(1 - step / settings.rounds)
            mixed = (1 - weight) * voted + weight * content[window]
            x[window] = np.where(inside[window][..., None], mixed, x[window])
        drawn = x
    grown = ndimage.binary_dilation(mask, iterations=_SOFT).astype(np.float32)
    soft = ndimage.uniform_filter(grown, 2 * _SOFT + 1)[..., None]
    return np.where(soft > 0, composite + soft * (drawn - composite), composite).clip(0, 1).astype(np.float32)


def recoloured(composite: Image, mask: Mask, source: Image, *, share: float) -> Image:
    """The object in the picture's colours; the rest as it is.

    Args:
        composite: (H, W, C) in [0, 1], C = 1 or 3.
        mask: (H, W), True where the object is.
        source: what colours are taken from: around the object where it is `composite`, else all of it.
        share: of the taken colours, 0 to 1.

    Returns:
        (H, W, C) in [0, 1].
    """
    lab = _lab(composite)
    if source is composite:
        reach = max(3, round(_NEAR * min(mask.shape)))
        distance = ndimage.distance_transform_edt(~mask)
        near = lab[(distance > 0) & (distance <= reach)]
    else:
        near = _lab(source).reshape(-1, lab.shape[2])
    if not len(near):
        return composite
    near = near[np.argsort(near[:, 0], kind="stable")]
    own = lab[mask]
    rank = (np.argsort(np.argsort(own[:, 0], kind="stable")) + 0.5) / len(own)
    wanted = np.empty_like(own)
    wanted[:, 0] = np.quantile(near[:, 0], rank)
    if lab.shape[2] == 3:
        colours = ndimage.uniform_filter1d(near[:, 1:], _SMOOTH, axis=0, mode="nearest")
        wanted[:, 1:] = colours[(rank * (len(near) - 1)).astype(int)]
    lab[mask] = share * wanted + (1 - share) * own
    return _from_lab(lab)


def _lab(image: Image) -> np.ndarray:
    """CIELAB of a colour picture, the values of a grey one."""
    return image.copy() if image.shape[2] == 1 else cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2Lab)


def _from_lab(lab: np.ndarray) -> Image:
    return lab.clip(0, 1) if lab.shape[2] == 1 else cv2.cvtColor(lab, cv2.COLOR_Lab2RGB).clip(0, 1)


def _sizes(size: Size, settings: HarmoniseSettings) -> list[Size]:
    """Sizes of the scales, coarsest first; the last is the picture's own."""
    steps = max(0, round(math.log(max(1.0, min(size) / settings.coarsest), settings.ratio)))
    each = max(1.0, min(size) / settings.coarsest) ** (1 / max(steps, 1))
    return [(round(size[0] / each**i), round(size[1] / each**i)) for i in range(steps, -1, -1)]


def _beside(size: Size, full: Size, other: Size) -> Size:
    """The size of another picture at the scale at which one of `full` has `size`: things keep their sizes."""
    return max(1, round(other[0] * size[0] / full[0])), max(1, round(other[1] * size[1] / full[1]))


def _window(inside: np.ndarray, patch: int) -> tuple[slice, slice]:
    """What must be drawn: the object and two patches around it."""

    def span(line: Any) -> slice:
        first, last = np.flatnonzero(line)[[0, -1]]
        return slice(max(0, int(first) - 2 * patch), int(last) + 1 + 2 * patch)

    return span(inside.any(1)), span(inside.any(0))

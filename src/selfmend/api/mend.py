"""Filling the holes of a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selfmend.api.learn import load
from selfmend.api.references import fitted_reference
from selfmend.api.results import is_alpha, mended, one_or_all
from selfmend.core.progress import Progress, silent
from selfmend.image.io import read_picture
from selfmend.image.mask import read_mask
from selfmend.methods import method_class
from selfmend.train.device import resolve_device

DEFAULT_METHOD = "patchmatch"


def inpaint(
    image: Any,
    mask: Any,
    *,
    method: str = DEFAULT_METHOD,
    preset: str | None = None,
    samples: int = 1,
    seed: int = 0,
    device: str = "auto",
    invert_mask: bool = False,
    grow_mask: int = 0,
    reference: Any = None,
    align: bool = True,
    model: str | Path | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Any:
    """Fill the holes of a picture from the picture itself, or with a trained model.

    Args:
        image: path, PIL image of any mode, array (H, W[, C]) of uint8, uint16 or float in [0, 1], or float tensor
            (C, H, W) or (N, C, H, W) in [0, 1].
        mask: the same kinds, white or True = hole; or "alpha" (transparent pixels), "#RRGGBB" (a colour), "x,y,w,h".
        method: one of `methods()`.
        preset: named settings of the method; its first one by default.
        samples: number of different fills.
        seed: same seed, same bytes.
        device: "auto", "cpu", "cuda" or "mps".
        invert_mask: the mask means black by hole.
        grow_mask: pixels by which the hole grows to all sides.
        reference: another picture of the scene, such as a near frame of a film, for methods that take one; kinds as
            `image`, of any size, transparent where it shows nothing. It is aligned, and refused where it does not fit.
        align: False takes the reference as it lies, of the same size or aspect.
        model: a run folder of `fit` or `selfmend train`, which brings its own method; `method` and `preset` are not
            looked at.
        progress: told of what happens.
        options: fields of the method's config, e.g. `patch_size=9`.

    Returns:
        The kind that came (a path gives a PIL image, or a uint16 array for 16-bit colour) with the same size and mode,
        equal outside the hole; a list of them where `samples` > 1.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.

    Example:
        >>> import numpy as np
        >>> stripes = np.tile(np.uint8([0, 0, 255, 255]), (24, 6))
        >>> hole = np.zeros((24, 24), bool)
        >>> hole[10:14, 10:14] = True
        >>> bool((inpaint(stripes, hole) == stripes).all())
        True
    """
    if model is not None:
        return load(model, device=device).inpaint(
            image, mask, samples=samples, seed=seed, invert_mask=invert_mask, grow_mask=grow_mask,
            reference=reference, align=align, progress=progress, **options,
        )  # fmt: skip
    picture = read_picture(image)
    hole = read_mask(mask, picture, invert=invert_mask, grow=grow_mask)
    worker = method_class(method).from_options(preset, options, device=resolve_device(device))
    lying = fitted_reference(reference, picture, hole, type(worker), aligning=align, progress=progress)
    fills = worker.inpaint(picture.image, hole, seed=seed, samples=samples, reference=lying, progress=progress)
    return one_or_all(mended(picture, hole, fills, opaque=is_alpha(mask)))

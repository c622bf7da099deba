"""The public function: checks, the working window, and the way from tensors to arrays of values and back."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import torch

from selfmend.errors import ImageError, MaskError, SelfmendWarning
from selfmend.hole_init.patchmatch import features
from selfmend.hole_init.patchmatch.em import fill_values
from selfmend.hole_init.patchmatch.guess import Guess
from selfmend.hole_init.patchmatch.options import PatchMatchOptions
from selfmend.hole_init.patchmatch.scales import has_source
from selfmend.progress import Progress, silent
from selfmend.registration.align import Aligned
from selfmend.seeding import MAX_SEED
from selfmend.types import Image, Mask, Size, check_image, check_mask

DEFAULTS = PatchMatchOptions()


def fill(
    image: Image,
    mask: Mask,
    *,
    generator: torch.Generator,
    options: PatchMatchOptions = DEFAULTS,
    guess: Image | None = None,
    guess_size: Size | None = None,
    references: Sequence[Aligned] = (),
    progress: Progress = silent,
) -> Image:
    """Fill the hole with patches of the picture's known part.

    Args:
        image: (N, C, H, W) in [0, 1]; the hole's content has no influence, NaN neither.
        mask: (N, 1, H, W), True = hole.
        generator: source of the seed; the same seed gives the same bytes, whatever the number of threads.
        options: see `PatchMatchOptions`.
        guess: a picture like `image` whose hole holds a first guess from elsewhere. It is kept at its own scale, and
            detail is added above it.
        guess_size: (height, width) at which `guess` is trustworthy; by default its full size.
        references: pictures that lie on `image`, whose patches join the sources; the distance of patches decides.
        progress: takes an event a round.

    Returns:
        (N, C, H, W), known pixels bit-equal.

    Raises:
        MaskError: the hole leaves no patch to take from.
        ImageError: the image, the guess or a reference does not fit.

    Example:
        >>> stripes = (torch.arange(32) % 4 < 2).float().expand(1, 3, 32, 32)
        >>> hole = torch.zeros(1, 1, 32, 32, dtype=torch.bool)
        >>> hole[..., 12:18, 12:18] = True
        >>> mended = fill(stripes, hole, generator=torch.Generator().manual_seed(0))
        >>> bool((mended - stripes).abs().max() < 1e-3)
        True
    """
    check_mask(mask, image)
    image = check_image(torch.where(mask, 0.0, image))
    if guess is not None:
        if guess.shape != image.shape:
            raise ImageError(f"guess is {tuple(guess.shape)} and the image {tuple(image.shape)}; the same shape fits")
        guess = check_image(torch.where(mask, guess, image), name="guess")
    for reference in references:
        if reference.image.shape != image.shape:
            raise ImageError(
                f"reference is {tuple(reference.image.shape)} and the image {tuple(image.shape)}; the same shape fits"
            )
    results = []
    for n in range(image.shape[0]):
        seed = int(torch.randint(MAX_SEED, (), generator=generator, device=generator.device))
        one = None if guess is None else guess[n : n + 1]
        results.append(_fill_one(image[n : n + 1], mask[n, 0], one, guess_size, references, seed, options, progress))
    return torch.cat(results)


def _fill_one(
    image: Image,
    mask: torch.Tensor,
    guess: Image | None,
    guess_size: Size | None,
    references: Sequence[Aligned],
    seed: int,
    options: PatchMatchOptions,
    progress: Progress,
) -> Image:
    """`fill` for one picture (1, C, H, W) whose hole is zero, and its mask (H, W)."""
    result = image.clone()
    scale = features.colour_scale(image.shape[1])
    texture: dict[str, Any] = {"weight": options.texture, "window": options.texture_window}
    parts = _parts(mask.numpy(), options.window)
    for i, part in enumerate(parts):
        rows, columns = _working_window(part, options.window)
        hole = mask[rows, columns].numpy()
        shown = [(r.image, r.known[0, 0, rows, columns].numpy()) for r in references]
        seen = [(image, ~hole), *(layer for layer in shown if layer[1].any())]
        fitting = _with_patch_that_fits([known for _, known in seen], options)
        layers = [(features.compute(_to_array(one, rows, columns), known, **texture), known) for one, known in seen]
        start = None
        if guess is not None:
            height, width = guess_size or image.shape[2:]
            shrunk = min(1.0, (height * width / mask.numel()) ** 0.5)
            start = Guess(colours=_to_array(guess, rows, columns) * np.float32(scale), scale=shrunk)
        filled = fill_values(layers, start, seed=seed, options=fitting, progress=_share(progress, i, len(parts)))
        colours = torch.from_numpy(filled[..., : image.shape[1]] / np.float32(scale)).clamp(0, 1).permute(2, 0, 1)
        wanted = torch.from_numpy(part[rows, columns])
        result[0, :, rows, columns] = torch.where(wanted, colours, result[0, :, rows, columns])
    return result


def _share(progress: Progress, i: int, count: int) -> Progress:
    """Progress of part `i` of `count` as progress of the whole."""
    return lambda event: progress(replace(event, done=(i + (event.done or 0)) / count))


def _parts(hole: np.ndarray, reach: int) -> list[np.ndarray]:
    """The hole's pixels in groups that lie farther than `reach` from each other, bool (H, W) each.

    In a large picture with a few small holes the work then goes with the holes, not with the picture.
    """
    if not hole.any():
        return []
    if max(hole.shape) <= 4 * reach:  # too small to gain anything
        return [hole]
    side = np.ones((1, reach), np.uint8)
    grown = cv2.dilate(cv2.dilate(hole.astype(np.uint8), side), side.T)  # by half of `reach` on every side
    count, labels = cv2.connectedComponents(grown)
    return [hole & (labels == label) for label in range(1, count)]


def _working_window(hole: np.ndarray, reach: int) -> tuple[slice, slice]:
    """Rows and columns that are worked on: the hole's bounding box grown by `reach` or by its own size."""
    window = []
    for axis in (1, 0):
        where = np.flatnonzero(hole.any(axis))
        first, last = int(where[0]), int(where[-1]) + 1
        grow = max(reach, last - first)
        window.append(slice(max(0, first - grow), min(hole.shape[1 - axis], last + grow)))
    return window[0], window[1]


def _with_patch_that_fits(known: Sequence[np.ndarray], options: PatchMatchOptions) -> PatchMatchOptions:
    """The options, with a smaller patch if the hole leaves no source of the asked size, nor any reference has one."""
    hole = ~known[0]
    for patch in range(options.patch, 2, -2):
        if any(has_source(layer, patch // 2) for layer in known):
            break
    else:
        raise MaskError(
            f"the hole covers {hole.sum()} of the {hole.size} pixels around it and leaves no patch of 3x3 pixels "
            "to take from; mark less as hole, or give a larger picture"
        )
    if patch < options.patch:
        warnings.warn(
            f"the hole leaves no patch of {options.patch}x{options.patch} pixels to take from; {patch}x{patch} is used "
            "and the result may be coarse",
            SelfmendWarning,
            stacklevel=4,
        )
        options = replace(options, patch=patch)
    return options


def _to_array(image: Image, rows: slice, columns: slice) -> np.ndarray:
    """float32 (h, w, C) of a part of a picture."""
    return image[0, :, rows, columns].permute(1, 2, 0).contiguous().numpy()

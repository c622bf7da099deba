"""The door between arrays and tensors, and what nets do with pictures as tensors: resizing and pyramids of them.

Arrays are float32 (H, W, C) in [0, 1] and bool (H, W); tensors are batches, (N, C, H, W) and (N, 1, H, W), of one
picture where they come from an array. Resizing is that of `image/resize.py`, as one weight matrix per axis, on any
device, differentiably.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import torch
from scipy.sparse import csr_array

from selfmend.errors import ImageError, MaskError
from selfmend.image.pyramid import PyramidPlan
from selfmend.image.resize import NO_WEIGHT, axis_weights, check_sizes
from selfmend.seeding import derive_seed
from selfmend.types import Image, Mask, Size

ImageTensor: TypeAlias = torch.Tensor
"""float32 (N, C, H, W) in [0, 1]; C is 1 (grey), 3 (RGB) or 4 (CMYK)."""

MaskTensor: TypeAlias = torch.Tensor
"""bool (N, 1, H, W); True is hole."""

_DENSE_ENTRIES = 1 << 20
"""Entries of a weight matrix up to which it is used as a dense one; a large photo's would not fit in memory."""


def to_tensor(array: Image | Mask) -> torch.Tensor:
    """(1, C, H, W) of an image (H, W, C), or (1, 1, H, W) of a mask (H, W); the dtype is kept.

    Example:
        >>> to_tensor(np.zeros((4, 6, 3), np.float32)).shape, to_tensor(np.zeros((4, 6), bool)).shape
        (torch.Size([1, 3, 4, 6]), torch.Size([1, 1, 4, 6]))
    """
    planes = array[..., None] if array.ndim == 2 else array
    return torch.from_numpy(np.array(planes.transpose(2, 0, 1), order="C"))[None]


def to_array(tensor: ImageTensor) -> Image:
    """(H, W, C) of an image tensor (1, C, H, W).

    Raises:
        ValueError: more than one picture.
    """
    return np.ascontiguousarray(_only(tensor).transpose(1, 2, 0))


def to_mask(tensor: MaskTensor) -> Mask:
    """(H, W) of a mask tensor (1, 1, H, W); as `to_array`."""
    return _only(tensor)[0]


def _only(tensor: torch.Tensor) -> np.ndarray:
    if tensor.ndim != 4 or tensor.shape[0] != 1:
        raise ValueError(f"the tensor is {tuple(tensor.shape)}; one picture (1, C, H, W) fits")
    return tensor.detach()[0].cpu().numpy()


def rgb_to_grey(image: ImageTensor) -> ImageTensor:
    """RGB (N, 3, H, W) in [0, 1] as grey (N, 1, H, W), as Pillow converts (ITU-R BT.601)."""
    luma = torch.tensor((0.299, 0.587, 0.114), device=image.device).view(1, 3, 1, 1)
    return (image * luma).sum(1, keepdim=True).clamp(0, 1)


def to_signed(image: ImageTensor) -> torch.Tensor:
    """[0, 1] to the nets' [-1, 1]."""
    return image * 2 - 1


def to_image(x: torch.Tensor) -> ImageTensor:
    """The nets' [-1, 1] to [0, 1], clamped: a generator's residual sum may step a little outside."""
    return ((x + 1) / 2).clamp(0, 1)


def make_generator(seed: int, *keys: str | int, device: str | torch.device = "cpu") -> torch.Generator:
    """A torch.Generator whose stream depends on the seed and the keys alone.

    Example:
        >>> a, b = make_generator(0, "noise"), make_generator(0, "noise")
        >>> bool((torch.rand(3, generator=a) == torch.rand(3, generator=b)).all())
        True
    """
    return torch.Generator(device=device).manual_seed(derive_seed(seed, *keys))


def send(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the CPU on a device, without waiting for what a GPU still computes."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def check_image_tensor(image: ImageTensor, *, name: str = "image") -> ImageTensor:
    """Return `image` if it is a finite float32 (N, C, H, W) tensor in [0, 1] with C in {1, 3, 4}.

    Raises:
        ImageError: naming the argument, what came and the rule.
    """
    if not isinstance(image, torch.Tensor) or image.dtype != torch.float32 or image.ndim != 4:
        came = f"{image.dtype} {tuple(image.shape)}" if isinstance(image, torch.Tensor) else type(image).__name__
        raise ImageError(f"{name} is {came}; a float32 tensor (N, C, H, W) fits")
    if image.shape[1] not in (1, 3, 4) or 0 in image.shape:
        raise ImageError(f"{name} has shape {tuple(image.shape)}; (N, C, H, W) with C = 1, 3 or 4 and no zero fits")
    low, high = float(image.min()), float(image.max())
    if not (low >= 0 and high <= 1):
        raise ImageError(f"{name} has values from {low:.4g} to {high:.4g}; values in [0, 1] fit")
    return image


def check_mask_tensor(mask: MaskTensor, image: ImageTensor, *, name: str = "mask") -> MaskTensor:
    """Return `mask` if it is a bool (N, 1, H, W) tensor of the size of `image`.

    Raises:
        MaskError: naming the argument, what came and the rule.
    """
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool or mask.ndim != 4 or mask.shape[1] != 1:
        came = f"{mask.dtype} {tuple(mask.shape)}" if isinstance(mask, torch.Tensor) else type(mask).__name__
        raise MaskError(f"{name} is {came}; a bool tensor (N, 1, H, W), True = hole, fits")
    if mask.shape[0] != image.shape[0] or mask.shape[2:] != image.shape[2:]:
        raise MaskError(f"{name} is {tuple(mask.shape)} and the image {tuple(image.shape)}; same N, H and W are needed")
    return mask


def resize(
    image: ImageTensor, size: Size, *, scale: float | None = None, reference_border: bool = False
) -> ImageTensor:
    """Resample a picture to `size`.

    Args:
        image: floating (N, C, H, W), any range; the values are not clamped, so edges may overshoot by a few per cent.
        size: (height, width) in pixels.
        scale: nominal output pixels per input pixel, the same for both axes, if `size` was rounded from it. A pyramid
            needs it: without it each axis takes its own `size / input size`, which drifts by a part of a pixel.

    Returns:
        (N, C, height, width) of the same dtype, on the same device.

    Raises:
        ImageError: if `image` is not floating (N, C, H, W), or a size or the scale is not positive.

    Example:
        >>> resize(torch.ones(1, 3, 8, 8), (4, 6)).shape
        torch.Size([1, 3, 4, 6])
    """
    return resampler(image, size, scale=scale, reference_border=reference_border)(image)


def resampler(
    image: ImageTensor, size: Size, *, scale: float | None = None, reference_border: bool = False
) -> Callable[[ImageTensor], ImageTensor]:
    """`resize` to one size of all pictures of the shape, dtype and device of `image`, its weights made once.

    Args:
        image, size, scale: as in `resize`.
    """
    if image.ndim != 4 or not image.is_floating_point():
        raise ImageError(f"image is {image.dtype} {tuple(image.shape)}; a floating tensor (N, C, H, W) fits")
    check_sizes(image.shape[-2:], size, scale)
    steps = []
    for axis, new in sorted(zip((-2, -1), size, strict=True), key=lambda pair: pair[1] / image.shape[pair[0]]):
        old = image.shape[axis]  # the axis that shrinks most goes first: less is left for the other
        weights = _axis_weights(old, new, scale or new / old, reference_border)
        steps.append(_axis_resampler(weights, axis, dtype=image.dtype, device=image.device))
    return lambda picture: functools.reduce(lambda x, step: step(x), steps, picture)


def resize_mask(mask: MaskTensor, size: Size, *, scale: float | None = None) -> MaskTensor:
    """Resample a mask so that any contribution of a hole makes a hole.

    A pixel of the result is valid only if every pixel that `resize` would give a weight other than zero is valid. So a
    valid pixel of the resized picture holds nothing of the hole's content.

    Args:
        mask: bool (N, 1, H, W), True = hole.
        size: (height, width) in pixels.
        scale: as in `resize`.

    Returns:
        bool (N, 1, height, width).
    """
    if mask.ndim != 4 or mask.dtype != torch.bool:
        raise ImageError(f"mask is {mask.dtype} {tuple(mask.shape)}; a bool tensor (N, 1, H, W) fits")
    check_sizes(mask.shape[-2:], size, scale)
    hole = mask.float()
    for axis, new in zip((-2, -1), size, strict=True):
        weights = _axis_weights(mask.shape[axis], new, scale or new / mask.shape[axis], False)
        counted = (abs(weights) > NO_WEIGHT).astype(np.float64)
        hole = _axis_resampler(counted, axis, dtype=hole.dtype, device=hole.device)(hole)
    return hole > 0.5


def _axis_resampler(
    weights: csr_array, axis: int, *, dtype: torch.dtype, device: torch.device
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Applies one axis' weights: as a dense matrix where that is small, as a sparse one where it would be huge."""
    if weights.shape[0] * weights.shape[1] <= _DENSE_ENTRIES:
        matrix = torch.tensor(weights.toarray(), dtype=dtype, device=device)
        return lambda image: matrix @ image if axis == -2 else image @ matrix.mT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "CSR support is in beta": this product of it is tested
        rows, columns, data = (torch.tensor(p) for p in (weights.indptr, weights.indices, weights.data))
        sparse = torch.sparse_csr_tensor(rows, columns, data, size=weights.shape).to(device, dtype)
    return lambda image: _apply_sparse(sparse, image, axis)


def _apply_sparse(weights: torch.Tensor, image: torch.Tensor, axis: int) -> torch.Tensor:
    lead, (height, width) = image.shape[:-2], image.shape[-2:]
    if axis == -2:
        planes = [weights @ plane for plane in image.reshape(-1, height, width)]
        return torch.stack(planes).view(*lead, -1, width)
    return (weights @ image.reshape(-1, width).mT.contiguous()).mT.reshape(*lead, height, -1)


@lru_cache(maxsize=256)
def _axis_weights(old: int, new: int, scale: float, reference_border: bool) -> csr_array:
    """float64 (new, old): row i holds the weights of the input pixels in output pixel i; rows sum to 1."""
    index, weights = axis_weights(old, new, scale, reference_border)
    rows = np.broadcast_to(np.arange(new)[:, None], index.shape)
    return csr_array((weights.ravel(), (rows.ravel(), index.ravel())), shape=(new, old))


def image_pyramid(image: ImageTensor, plan: PyramidPlan) -> list[ImageTensor]:
    """The picture at every scale, each made from the finest one, not from its neighbour.

    Args:
        image: floating (N, C, H, W).
        plan: made for the size of `image`.

    Returns:
        (N, C, *plan.sizes[i]) for each i, coarsest first.
    """
    finest = image if image.shape[-2:] == plan.sizes[-1] else resize(image, plan.sizes[-1], scale=_shrink(image, plan))
    levels = [resize(finest, size, scale=plan.scale_to(i)) for i, size in enumerate(plan.sizes[:-1])]
    return [*levels, finest]


def mask_pyramid(mask: MaskTensor, plan: PyramidPlan) -> list[MaskTensor]:
    """The mask at every scale; any contribution of a hole makes a hole.

    Args:
        mask: bool (N, 1, H, W), True = hole.
        plan: made for the size of `mask`.

    Returns:
        bool (N, 1, *plan.sizes[i]) for each i, coarsest first.
    """
    finest = mask if mask.shape[-2:] == plan.sizes[-1] else resize_mask(mask, plan.sizes[-1], scale=_shrink(mask, plan))
    levels = [resize_mask(finest, size, scale=plan.scale_to(i)) for i, size in enumerate(plan.sizes[:-1])]
    return [*levels, finest]


def _shrink(image: ImageTensor, plan: PyramidPlan) -> float:
    """The nominal factor from a picture to the finest scale: that of the long side, which is exact."""
    return max(plan.sizes[-1]) / max(image.shape[-2:])

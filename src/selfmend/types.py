"""What the words Image, Mask and Size mean, everywhere, and the checks of them."""

from __future__ import annotations

from typing import TypeAlias

import torch

from selfmend.errors import ImageError, MaskError

Image: TypeAlias = torch.Tensor
"""float32 (N, C, H, W) in [0, 1]; C is 1 (grey), 3 (RGB) or 4 (CMYK). Alpha is never a channel of an Image."""

Mask: TypeAlias = torch.Tensor
"""bool (N, 1, H, W); True is hole."""

Size: TypeAlias = tuple[int, int]
"""(height, width) in pixels."""


def check_image(image: Image, *, name: str = "image") -> Image:
    """Return `image` if it is a finite float32 (N, C, H, W) tensor in [0, 1] with C in {1, 3, 4}.

    Raises:
        ImageError: naming the argument, what came and the rule.
    """
    if not isinstance(image, torch.Tensor) or image.dtype != torch.float32 or image.ndim != 4:
        came = f"{image.dtype} {tuple(image.shape)}" if isinstance(image, torch.Tensor) else type(image).__name__
        raise ImageError(f"{name} is {came}; a float32 tensor (N, C, H, W) fits")
    if image.shape[1] not in (1, 3, 4) or 0 in image.shape:
        raise ImageError(f"{name} has shape {tuple(image.shape)}; (N, C, H, W) with C = 1, 3 or 4 and no zero fits")
    if bool(image.isnan().any()):
        raise ImageError(f"{name} holds NaN (no number) at a known pixel; values in [0, 1] fit, NaN only in the hole")
    low, high = float(image.min()), float(image.max())
    if low < 0 or high > 1:
        raise ImageError(f"{name} has values from {low:.4g} to {high:.4g}; values in [0, 1] fit (divide bytes by 255)")
    return image


def check_mask(mask: Mask, image: Image, *, name: str = "mask") -> Mask:
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

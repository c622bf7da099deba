"""The glossary of the house: what the words Image, Mask and Size mean, everywhere."""

from typing import TypeAlias

import torch

Image: TypeAlias = torch.Tensor
"""float32 (N, C, H, W) in [0, 1]; C is 1 (grey), 3 (RGB) or 4 (CMYK). Alpha is never a channel of an Image."""

Mask: TypeAlias = torch.Tensor
"""bool (N, 1, H, W); True is hole."""

Size: TypeAlias = tuple[int, int]
"""(height, width) in pixels."""

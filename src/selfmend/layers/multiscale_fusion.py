"""DMFN's dense multi-scale fusion block: (N, C, H, W) in and out.

Hui et al., "Image Fine-grained Inpainting", 2020, Sec. 3.1. The state dict has the keys of the authors' code.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_DILATIONS = (1, 2, 4, 8)


class MultiscaleFusionBlock(nn.Module):
    """Four dilated convolutions side by side, each added to the ones before it, fused and added to the input.

    Args:
        channels: C, divisible by 4.
        fusion_kernel: side of the convolution that fuses the four: 3 in the authors' code, 1 in the paper.
        use_k: whether a 3x3 convolution follows each of the three sums, as in the paper; the code has none.
    """

    def __init__(self, channels: int, *, fusion_kernel: int = 3, use_k: bool = False) -> None:
        super().__init__()
        narrow = channels // 4
        self.c1 = nn.Conv2d(channels, narrow, 3, padding=1)
        for i, dilation in enumerate(_DILATIONS, 1):
            self.add_module(f"d{i}", nn.Conv2d(narrow, narrow, 3, padding=dilation, dilation=dilation))
            if use_k and i > 1:
                self.add_module(f"k{i}", nn.Conv2d(narrow, narrow, 3, padding=1))
        self.c2 = nn.Conv2d(4 * narrow, channels, fusion_kernel, padding=fusion_kernel // 2)
        self.use_k = use_k

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H, W)."""
        narrow = F.relu(F.instance_norm(self.c1(x)))
        sums = [self.get_submodule("d1")(narrow)]
        for i in (2, 3, 4):
            together = sums[-1] + self.get_submodule(f"d{i}")(narrow)
            sums.append(self.get_submodule(f"k{i}")(together) if self.use_k else together)
        fused = F.relu(F.instance_norm(torch.cat(sums, 1)))
        return x + F.instance_norm(self.c2(fused))

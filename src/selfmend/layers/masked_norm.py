"""Batch normalisation whose statistics are taken over valid positions only: (N, C, H, W) in and out."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MaskedBatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` (same state dict) that leaves holes out of the mean and the variance.

    A partial convolution gives a constant where it sees nothing. Counted in, these constants would tie the statistics
    to the size of the hole, which differs between training (hole) and application (no hole).
    """

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Normalise.

        Args:
            x: (N, C, H, W).
            valid: (N, 1, H, W), 1 = counts, or None for all. In eval mode it has no influence.

        Returns:
            (N, C, H, W), also where not valid.
        """
        if valid is None or not self.training:
            return super().forward(x)
        valid = valid.to(x.dtype).expand(x.shape[0], 1, -1, -1)
        count = valid.sum().clamp(min=1)
        mean = (x * valid).sum((0, 2, 3), keepdim=True) / count
        variance = ((x - mean).square() * valid).sum((0, 2, 3), keepdim=True) / count
        if self.track_running_stats and self.momentum is not None:
            with torch.no_grad():
                unbiased = variance.flatten() * count / (count - 1).clamp(min=1)
                self.running_mean.lerp_(mean.flatten().to(self.running_mean.dtype), self.momentum)  # type: ignore[union-attr]
                self.running_var.lerp_(unbiased.to(self.running_var.dtype), self.momentum)  # type: ignore[union-attr]
                self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
        scale = self.weight.view(1, -1, 1, 1) * torch.rsqrt(variance + self.eps)
        return (x - mean) * scale + self.bias.view(1, -1, 1, 1)

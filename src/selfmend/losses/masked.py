"""Means over valid positions: the building block of every loss that must not see a hole."""

from __future__ import annotations

from torch import Tensor


def masked_mean(values: Tensor, valid: Tensor | None = None) -> Tensor:
    """The mean of `values` over valid positions, all channels alike.

    Args:
        values: (N, C, H, W).
        valid: (N, 1, H, W), 1 = counts, 0 = does not, or None for all.

    Returns:
        A scalar; 0 if no position is valid.

    Example:
        >>> import torch
        >>> masked_mean(torch.tensor([[[[1.0, 5.0]]]]), torch.tensor([[[[1.0, 0.0]]]])).item()
        1.0
    """
    if valid is None:
        return values.mean()
    # Selecting, not multiplying: a hole may hold NaN.
    chosen = values.where(valid > 0.5, values.new_zeros(()))
    per_position = values.shape[0] // valid.shape[0] * values.shape[1]
    return chosen.sum() / (valid.sum() * per_position).clamp(min=1)


def masked_mse(output: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
    """Mean square error over valid positions and channels."""
    if valid is not None:
        output, target = (t.where(valid > 0.5, t.new_zeros(())) for t in (output, target))
    return masked_mean((output - target).square(), valid)


def masked_rmse(output: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
    """Root of the mean square error over valid positions and channels; what SinGAN's noise amplitudes come from."""
    return masked_mse(output, target, valid).sqrt()

"""The gradient penalty that keeps a Wasserstein critic near 1-Lipschitz.

Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017; per pixel, as SinGAN's code computes it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from selfmend.losses.masked import masked_mean

Critic = Callable[[Tensor, Tensor | None], tuple[Tensor, Tensor | None]]
"""Maps a picture (N, C, H, W) and its validity to a score map and the validity of that."""


def gradient_penalty(
    critic: Critic,
    real: Tensor,
    fake: Tensor,
    *,
    mix: Tensor,
    valid: Tensor | None = None,
    per: str = "pixel",
) -> Tensor:
    """(norm of the critic's gradient - 1) squared, at random points between reals and fakes.

    Args:
        critic: the critic; it is differentiated twice.
        real, fake: (N, C, H, W).
        mix: (N, 1, 1, 1) in [0, 1], the share of the real picture.
        valid: (N, 1, H, W), 1 = counts, or None for all.
        per: "pixel" takes the norm over the channels of each pixel, of the gradient of the sum of the scores, and
            averages over valid pixels (SinGAN's code); "sample" takes one norm per picture, of the gradient of their
            mean (the paper of WGAN-GP).

    Returns:
        A scalar, differentiable with respect to the critic's weights.

    Raises:
        ValueError: `per` is neither.
    """
    if per not in ("pixel", "sample"):
        raise ValueError(f"per is {per!r}; 'pixel' or 'sample' fits")
    between = (mix * real + (1 - mix) * fake).detach()
    if valid is not None:
        between = between.where(valid > 0.5, between.new_zeros(()))
    between.requires_grad_(True)
    scores, seen = critic(between, valid)
    if seen is not None:
        scores = scores.where(seen > 0.5, scores.new_zeros(()))
    # Of the mean, a pixel's gradient would be smaller by the number of scores: a penalty that hardly binds the critic.
    score = masked_mean(scores, seen) if per == "sample" else scores.sum()
    (gradient,) = torch.autograd.grad(score, between, create_graph=True)
    if per == "sample":
        return (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    return masked_mean((gradient.norm(dim=1, keepdim=True) - 1).square(), valid)

"""Wasserstein losses on score maps.

Arjovsky et al., "Wasserstein GAN", ICML 2017. A critic's map (N, 1, H, W) is averaged over valid positions.
"""

from __future__ import annotations

from torch import Tensor

from selfmend.losses.masked import masked_mean


def wasserstein_critic_loss(
    real: Tensor, fake: Tensor, *, real_valid: Tensor | None = None, fake_valid: Tensor | None = None
) -> Tensor:
    """What a critic minimises: the mean score of fakes minus that of reals.

    Args:
        real, fake: score maps (N, 1, H, W).
        real_valid, fake_valid: (N, 1, H, W), 1 = counts, or None for all.
    """
    return masked_mean(fake, fake_valid) - masked_mean(real, real_valid)


def wasserstein_generator_loss(fake: Tensor, *, valid: Tensor | None = None) -> Tensor:
    """What a generator minimises: minus the mean score of its output."""
    return -masked_mean(fake, valid)

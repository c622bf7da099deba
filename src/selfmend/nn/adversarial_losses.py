"""Losses of generators against discriminators.

Wasserstein with its gradient penalty, the classical ones, and relativistic ones.

Wasserstein losses on score maps.

Arjovsky et al., "Wasserstein GAN", ICML 2017. A critic's map (N, 1, H, W) is averaged over valid positions.

Losses of discriminators that give logits: the original game and its two kin.

Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, in its non-saturating form; Mao et al., "Least Squares
Generative Adversarial Networks", ICCV 2017; Lim & Ye, "Geometric GAN", 2017. Logits are of any shape, high for real.

The gradient penalty that keeps a Wasserstein critic near 1-Lipschitz.

Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017; per pixel, as SinGAN's code computes it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from selfmend.nn.reconstruction_losses import masked_mean


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


KINDS = ("nsgan", "lsgan", "hinge")
"""Non-saturating cross-entropy; least squares on the sigmoid of the logits, as EdgeConnect's code has it; hinge."""


def discriminator_loss(real: Tensor, fake: Tensor, *, kind: str = "nsgan") -> Tensor:
    """What a discriminator minimises: half of the loss on reals plus half of the loss on fakes.

    Args:
        real, fake: logits.
        kind: of `KINDS`.

    Raises:
        ValueError: an unknown kind.
    """
    if kind == "hinge":
        return (F.relu(1 - real).mean() + F.relu(1 + fake).mean()) / 2
    return (_distance(real, 1.0, kind) + _distance(fake, 0.0, kind)) / 2


def generator_loss(fake: Tensor, *, kind: str = "nsgan") -> Tensor:
    """What a generator minimises.

    Args:
        fake: logits of what it made.
        kind: of `KINDS`.

    Raises:
        ValueError: an unknown kind.
    """
    return -fake.mean() if kind == "hinge" else _distance(fake, 1.0, kind)


def _distance(logits: Tensor, label: float, kind: str) -> Tensor:
    """From logits to a label in [0, 1]."""
    if kind == "nsgan":
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))
    if kind == "lsgan":
        return (torch.sigmoid(logits) - label).square().mean()
    raise ValueError(f"kind is {kind!r}; one of {', '.join(KINDS)} fits")


def masked_discriminator_loss(real: Tensor, fake: Tensor, hole: Tensor) -> Tensor:
    """What a critic of patches minimises to whom only the patches that touch a hole are fake.

    Args:
        real: logits (N, 1, h, w) of true pictures.
        fake: those of pictures with filled holes.
        hole: (N, 1, H, W), 1 in the hole.

    Reference: Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022, Sec. 2.2.
    """
    made = F.adaptive_max_pool2d(hole, (fake.shape[2], fake.shape[3])).to(fake.dtype)
    on_fakes = made * F.softplus(fake) + (1 - made) * F.softplus(-fake)
    return F.softplus(-real).mean() + on_fakes.mean()


def r1_penalty(logits: Tensor, real: Tensor) -> Tensor:
    """The squared gradient of a critic at true pictures, a picture's as a whole, averaged over the batch.

    Args:
        logits: of any shape, computed from `real`; differentiated twice.
        real: (N, C, H, W), which requires a gradient.

    Reference: Mescheder et al., "Which Training Methods for GANs do actually Converge?", ICML 2018, Eq. (9), without
    its half.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()


def relativistic_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """What a discriminator minimises that asks whether reals look more real than fakes do on average.

    Args:
        real, fake: logits (N, 1); the averages are over the batch.

    Reference: Jolicoeur-Martineau, "The relativistic discriminator", ICLR 2019, RaGAN with cross-entropy.
    """
    return (_distance(real - fake.mean(), 1.0, "nsgan") + _distance(fake - real.mean(), 0.0, "nsgan")) / 2


def relativistic_generator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """What the generator minimises in the same game; no gradient flows into `real`."""
    return relativistic_discriminator_loss(fake, real.detach())


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

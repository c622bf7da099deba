"""Losses of discriminators that give logits: the original game and its two kin.

Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, in its non-saturating form; Mao et al., "Least Squares
Generative Adversarial Networks", ICCV 2017; Lim & Ye, "Geometric GAN", 2017. Logits are of any shape, high for real.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

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

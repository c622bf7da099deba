"""Losses against a known truth.

Masked errors, overlap weights, cross entropy of edges, self-guided regression, alignment, features and style.

Means over valid positions: the building block of every loss that must not see a hole.

The Context Encoder's joint loss: square error that counts more along the hole's border, and a little of the game.

Pathak et al., "Context Encoders: Feature Learning by Inpainting", CVPR 2016, Sec. 3.2 and the authors' code.

Cross-entropy of soft edges that weighs the few edge pixels more: a supervised help for short trainings.

After the class-balanced loss of Xie and Tu, "Holistically-Nested Edge Detection", ICCV 2015, Sec. 2.2, with the square
root of their balance: the full balance draws edges wherever one is thinkable.

DMFN's self-guided regression: shallow activations count more where the picture is still wrong.

Hui et al., "Image Fine-grained Inpainting", 2020, Sec. 3.2.

DMFN's geometrical alignment: each channel's activations lie about the same place in both pictures.

Hui et al., "Image Fine-grained Inpainting", 2020, Sec. 3.2.

Distances between the activations of two pictures: of a discriminator's layers, or of a pretrained network's.

Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016; Johnson et al., "Perceptual Losses for Real-Time
Style Transfer and Super-Resolution", ECCV 2016; Gatys et al., "Image Style Transfer Using Convolutional Neural
Networks", CVPR 2016.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
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


def overlap_weights(size: int, *, overlap: int, border: float = 10.0) -> Tensor:
    """How much each pixel of the predicted square counts.

    Args:
        size: side of the square, in pixels.
        overlap: width of the band along its border in which the network was shown the truth, in pixels.
        border: weight in that band; 1 inside it.

    Returns:
        (1, 1, size, size).

    Raises:
        ValueError: a band that leaves nothing inside.

    Example:
        >>> overlap_weights(3, overlap=1)[0, 0, 1]
        tensor([10.,  1., 10.])
    """
    if not 0 <= 2 * overlap < size:
        raise ValueError(f"overlap is {overlap} in a square of {size}; from 0 to less than half of the side fits")
    weights = torch.full((1, 1, size, size), float(border))
    weights[..., overlap : size - overlap, overlap : size - overlap] = 1
    return weights


def weighted_square_error(output: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean over all pixels and channels of the square error times its weight.

    Args:
        output, target: (N, C, H, W).
        weights: of a shape that stretches to theirs.
    """
    return ((output - target).square() * weights).mean()


def joint_loss(reconstruction: Tensor, adversarial: Tensor, *, share: float = 0.999) -> Tensor:
    """`share` of the first, the rest of the second; the paper's are 0.999 and 0.001."""
    return share * reconstruction + (1 - share) * adversarial


_LEAST = 1e-6


def balanced_cross_entropy(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean over the hole; an edge pixel counts as the root of how many times rarer it is there.

    Args:
        output: (N, 1, H, W) in [0, 1], the probability of an edge.
        target: (N, 1, H, W), 0 and 1.
        mask: (N, 1, H, W), 1 = hole.

    Returns:
        A scalar; 0 without a hole.

    Example:
        >>> import torch
        >>> half = torch.full((1, 1, 1, 2), 0.5)
        >>> balanced_cross_entropy(half, torch.tensor([[[[1.0, 0.0]]]]), torch.ones(1, 1, 1, 2))
        tensor(0.6931)
    """
    output = output.float().clamp(_LEAST, 1 - _LEAST)
    edges, pixels = (target * mask).sum(), mask.sum().clamp(min=1)
    weight = ((pixels - edges) / edges.clamp(min=1)).sqrt()
    each = -(weight * target * output.log() + (1 - target) * (1 - output).log())
    return (each * mask).sum() / pixels


CHANNEL_WEIGHTS = tuple(1e3 / c**2 for c in (64, 128, 256, 512, 512))
"""Weights of the first activations of VGG19's five blocks, and of the discriminator's five local layers."""


@torch.no_grad()
def guidance_map(output: Tensor, target: Tensor) -> Tensor:
    """Where a picture is wrong, as a share of its largest error.

    Args:
        output, target: (N, C, H, W).

    Returns:
        (N, 1, H, W) in [0, 1]: the square error's mean over the channels, divided by its largest value in each
        picture; 0 where the two are equal.
    """
    error = (output - target).square().mean(1, keepdim=True)
    worst = error.amax((1, 2, 3), keepdim=True)
    return error / worst.clamp(min=torch.finfo(error.dtype).tiny)


def self_guided_regression(
    output: Sequence[Tensor], target: Sequence[Tensor], guidance: Tensor, *, weights: Sequence[float] = CHANNEL_WEIGHTS
) -> Tensor:
    """Mean absolute difference of activations times the guidance, added up over the layers.

    Args:
        output, target: activations (N, C, H, W) of VGG19, each of the later ones half as large as the one before: the
            paper takes relu1_1 and relu2_1. No gradient flows into `target`.
        guidance: (N, 1, H, W) of the size of the first one; it is averaged down for the later ones.
        weights: of the layers, at least as many.

    Returns:
        A scalar.
    """
    total = output[0].new_zeros(())
    for i, (a, b) in enumerate(zip(output, target, strict=True)):
        guidance = F.avg_pool2d(guidance, 2) if i else guidance
        total = total + weights[i] * (guidance * (a - b.detach())).abs().mean()
    return total


_FLOOR = 1e-7


def centers_of_mass(features: Tensor) -> tuple[Tensor, Tensor]:
    """Where each channel's activations lie on average.

    Args:
        features: (N, C, H, W), not negative, as after ReLU.

    Returns:
        y and x, each (N, C), from -1 at the first row or column to just under 1 at the last one.
    """
    height, width = features.shape[2:]
    features = features.float()
    mass = features + _FLOOR
    mass = mass / mass.sum((2, 3), keepdim=True)
    rows = torch.arange(height, device=features.device, dtype=features.dtype) * (2 / height) - 1
    columns = torch.arange(width, device=features.device, dtype=features.dtype) * (2 / width) - 1
    return (mass.sum(3) * rows).sum(2), (mass.sum(2) * columns).sum(2)


def alignment_loss(output: Tensor, target: Tensor, *, compat: bool = False) -> Tensor:
    """Square distance between the centres of mass of two pictures' activations.

    Args:
        output, target: activations (N, C, H, W) of VGG19's relu4_1; no gradient flows into `target`.
        compat: do as the authors' code does, which takes x in the place of y and so never looks at y.

    Returns:
        A scalar, averaged over channels, pictures and both coordinates.
    """
    y, x = centers_of_mass(output)
    target_y, target_x = centers_of_mass(target.detach())
    across = (x - target_x).square().mean()
    along = across if compat else (y - target_y).square().mean()
    return (across + along) / 2


def feature_matching(output: Sequence[Tensor], target: Sequence[Tensor], *, weights: Sequence[float] = ()) -> Tensor:
    """Mean absolute difference of activations, added up over the layers.

    With VGG19's activations this is the perceptual loss; with a discriminator's, feature matching.

    Args:
        output, target: activations (N, C, H, W) layer by layer; no gradient flows into `target`.
        weights: of the layers; none means 1 each.

    Returns:
        A scalar.

    Example:
        >>> import torch
        >>> feature_matching([torch.ones(1, 2, 3, 3)], [torch.zeros(1, 2, 3, 3)], weights=[0.5]).item()
        0.5
    """
    terms = [(a - b.detach()).abs().mean() for a, b in zip(output, target, strict=True)]
    return _weighted_sum(terms, weights)


def style_loss(output: Sequence[Tensor], target: Sequence[Tensor], *, weights: Sequence[float] = ()) -> Tensor:
    """Mean absolute difference of the Gram matrices of activations, added up over the layers.

    Args:
        output, target: activations (N, C, H, W) layer by layer; no gradient flows into `target`.
        weights: of the layers; none means 1 each.
    """
    terms = [(gram_matrix(a) - gram_matrix(b.detach())).abs().mean() for a, b in zip(output, target, strict=True)]
    return _weighted_sum(terms, weights)


def gram_matrix(features: Tensor) -> Tensor:
    """Products of all pairs of channels, summed over the positions and divided by C H W.

    Args:
        features: (N, C, H, W).

    Returns:
        (N, C, C).
    """
    with torch.autocast(features.device.type, enabled=False):  # long sums of squares are not for bfloat16
        flat = features.flatten(2).float()
        return flat @ flat.mT / (flat.shape[1] * flat.shape[2])


def _weighted_sum(terms: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    total = terms[0] * (weights[0] if weights else 1.0)
    for i, term in enumerate(terms[1:], 1):
        total = total + term * (weights[i] if weights else 1.0)
    return total

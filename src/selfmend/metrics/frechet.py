"""The Fréchet distance between two normal distributions (Dowson & Landau, 1982; Heusel et al., NeurIPS 2017, Eq. 6)."""

from __future__ import annotations

import torch
from torch import Tensor


def normal_statistics(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and unbiased covariance of some vectors.

    Args:
        vectors: (K, D), K at least 2.

    Returns:
        float64 (D,) and (D, D).
    """
    values = vectors.double()
    mean = values.mean(0)
    centred = values - mean
    return mean, centred.mT @ centred / (len(values) - 1)


def frechet_distance(one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> float:
    """|m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½) of two normal distributions: a squared distance.

    The trace of the root is the sum of the roots of the eigenvalues of C1^½ C2 C1^½, a symmetric matrix, which needs no
    root of an unsymmetric product and stays accurate where a covariance is singular. Eigenvalues below D times
    float64's epsilon (2.2e-16) times the largest are rounding and count as 0; nothing is added to a diagonal.

    Args:
        one, other: mean (D,) and covariance (D, D), symmetric and not negative; float64.

    Returns:
        0 (equal) up, in squared units of the vectors.

    Example:
        >>> unit = torch.eye(2, dtype=torch.float64)
        >>> mean = torch.tensor([0.0, 3.0], dtype=torch.float64)
        >>> frechet_distance((mean, unit), (mean * 0, 4 * unit))  # 3² + 2 (2 - 1)²
        11.0
    """
    (mean, covariance), (other_mean, other_covariance) = one, other
    values, vectors = torch.linalg.eigh(covariance)
    root = (vectors * _roots(values)) @ vectors.mT
    cross = _roots(torch.linalg.eigvalsh(root @ other_covariance @ root)).sum()
    shift = (mean - other_mean).square().sum()
    return float((shift + covariance.trace() + other_covariance.trace() - 2 * cross).clamp(min=0))


def frechet_between(one: Tensor, other: Tensor) -> float:
    """The Fréchet distance between the normal distributions of two sets of vectors.

    Of no more vectors than dimensions the covariances are A Aᵀ and B Bᵀ of thin matrices, and the trace of the root of
    their product is the sum of the singular values of Aᵀ B: a small matrix instead of two of D x D.

    Args:
        one, other: (K, D) and (L, D), K and L at least 2.

    Returns:
        As `frechet_distance` of both `normal_statistics`.
    """
    if max(len(one), len(other)) > one.shape[1]:
        return frechet_distance(normal_statistics(one), normal_statistics(other))
    means = [vectors.double().mean(0) for vectors in (one, other)]
    a, b = ((x.double() - m) / (len(x) - 1) ** 0.5 for x, m in zip((one, other), means, strict=True))
    cross = torch.linalg.svdvals(a @ b.mT).sum()
    shift = (means[0] - means[1]).square().sum()
    return float((shift + a.square().sum() + b.square().sum() - 2 * cross).clamp(min=0))


def _roots(eigenvalues: Tensor) -> Tensor:
    """Square roots of what is not rounding."""
    rounding = len(eigenvalues) * torch.finfo(eigenvalues.dtype).eps * eigenvalues.abs().max()
    return torch.where(eigenvalues > rounding, eigenvalues, 0).sqrt()

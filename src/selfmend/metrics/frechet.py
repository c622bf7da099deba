"""Fréchet distances between the features of pictures: FID of two sets, SIFID of a picture and its sample.

The Fréchet distance between two normal distributions (Dowson & Landau, 1982; Heusel et al., NeurIPS 2017, Eq. 6).

Fréchet Inception distance, FID: whether two sets of pictures look alike as sets.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017.

Single-image Fréchet Inception distance, SIFID (Shaham et al., "SinGAN", ICCV 2019, Sec. 4.1).

The statistics of Inception's features over all positions of ONE generated picture against those of ONE real picture.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from selfmend.errors import ImageError
from selfmend.metrics.inputs import check_colours, check_single
from selfmend.nn.inception import LEAST_SIZE, InceptionFid, InceptionStem
from selfmend.types import Image, check_image


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


def fid(outputs: Iterable[Image], truths: Iterable[Image], *, net: InceptionFid) -> float:
    """Fréchet distance between Inception's 2048 features of two sets of pictures.

    Args:
        outputs: batches (N, 1 or 3, H, W) in [0, 1]; each may have another N and size, all are resized to 299 x 299.
        truths: the same; another number of pictures fits too.
        net: as `nets.inception_fid.load_inception_fid` gives it.

    Returns:
        0 (equal sets) up; lower is more alike. It falls with the number of pictures: compare numbers of sets of one
        size. Fewer than 2049 pictures span less than 2048 dimensions, which the published tables never do.

    Raises:
        ImageError: fewer than two pictures in a set, another kind or range, or CMYK.

    Example:
        >>> from selfmend.nn.inception import load_inception_fid
        >>> net = load_inception_fid()  # doctest: +SKIP
        >>> fid([torch.rand(2, 3, 64, 64)], [torch.rand(2, 3, 64, 64)], net=net)  # doctest: +SKIP
    """
    sets = []
    for name, pictures in (("outputs", outputs), ("truths", truths)):
        found = [fid_features(batch, net=net, name=name) for batch in pictures]
        count = sum(map(len, found))
        if count < 2:
            raise ImageError(
                f"{name} are {count} in number; fid needs 2 pictures, and says little below some thousands"
            )
        sets.append(torch.cat(found))
    return frechet_between(*sets)


@torch.inference_mode()
def fid_features(image: Image, *, net: InceptionFid, name: str = "image") -> Tensor:
    """What FID knows of pictures: float32 (N, 2048) on the CPU, of (N, 1 or 3, H, W) in [0, 1].

    Raises:
        ImageError: another kind or range, or CMYK.
    """
    check_colours(check_image(image, name=name), name=name)
    signed = image.expand(-1, 3, -1, -1) * 2 - 1
    return net(signed.to(next(net.parameters()).device)).cpu()


def sifid(sample: Image, real: Image, *, net: InceptionStem, features: int = 64) -> float:
    """Fréchet distance between the feature vectors of two pictures at all positions.

    Args:
        sample: generated picture, (1, C, H, W) in [0, 1], grey or RGB.
        real: the picture it was learned from, (1, C, h, w) in [0, 1], of any size; nothing is resized.
        net: as `nets.inception.load_inception` gives it.
        features: 64, before the first pooling, is what the authors' code computes and their tables hold; 192, before
            the second pooling, is what the text of the paper says. The two are not comparable.

    Returns:
        0 (equal statistics) up, in units of the features; lower is more alike. The order of the two pictures is
        of no influence.

    Raises:
        ImageError: not one picture each, CMYK, or too small for features at 2 x 2 positions.
        OptionError: another number of features.
    """
    statistics = [_statistics(x, name, net, features) for name, x in (("sample", sample), ("real", real))]
    return frechet_distance(*statistics)


@torch.inference_mode()
def _statistics(image: Image, name: str, net: InceptionStem, features: int) -> tuple[Tensor, Tensor]:
    check_colours(check_single(image, name=name), name=name)
    least = LEAST_SIZE.get(features, 1)
    if min(image.shape[-2:]) < least:
        raise ImageError(f"{name} is {tuple(image.shape[-2:])}; at least {least} x {least} px fit {features} features")
    signed = image.expand(-1, 3, -1, -1) * 2 - 1  # the range of Inception's own training
    maps = net(signed.to(next(net.parameters()).device), features=features)
    return normal_statistics(maps[0].flatten(1).mT.cpu())

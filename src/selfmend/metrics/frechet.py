"""Fréchet distances between the features of pictures: FID of two sets, SIFID of a picture and its sample.

The Fréchet distance between two normal distributions (Dowson & Landau, 1982; Heusel et al., NeurIPS 2017, Eq. 6).

Fréchet Inception distance, FID: whether two sets of pictures look alike as sets.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017.

Single-image Fréchet Inception distance, SIFID (Shaham et al., "SinGAN", ICCV 2019, Sec. 4.1).

The statistics of Inception's features over all positions of ONE generated picture against those of ONE real picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from selfmend.errors import ImageError
from selfmend.metrics.inputs import check_colours
from selfmend.types import Image, check_image, size_of

if TYPE_CHECKING:
    from selfmend.nn.inception import InceptionFid, InceptionStem

Vectors: TypeAlias = NDArray[np.floating[Any]]


def normal_statistics(vectors: Vectors) -> tuple[Vectors, Vectors]:
    """Mean and unbiased covariance of some vectors.

    Args:
        vectors: (K, D), K at least 2.

    Returns:
        float64 (D,) and (D, D).
    """
    values = vectors.astype(np.float64)
    mean = values.mean(0)
    centred = values - mean
    return mean, centred.T @ centred / (len(values) - 1)


def frechet_distance(one: tuple[Vectors, Vectors], other: tuple[Vectors, Vectors]) -> float:
    """|m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½) of two normal distributions: a squared distance.

    The trace of the root is the sum of the roots of the eigenvalues of C1^½ C2 C1^½, a symmetric matrix, which needs no
    root of an unsymmetric product and stays accurate where a covariance is singular. Eigenvalues below D times
    float64's epsilon (2.2e-16) times the largest are rounding and count as 0; nothing is added to a diagonal.

    Args:
        one, other: mean (D,) and covariance (D, D), symmetric and not negative; float64.

    Returns:
        0 (equal) up, in squared units of the vectors.

    Example:
        >>> unit, mean = np.eye(2), np.array([0.0, 3.0])
        >>> frechet_distance((mean, unit), (mean * 0, 4 * unit))  # 3² + 2 (2 - 1)²
        11.0
    """
    (mean, covariance), (other_mean, other_covariance) = one, other
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * _roots(values)) @ vectors.T
    cross = _roots(np.linalg.eigvalsh(root @ other_covariance @ root)).sum()
    shift = ((mean - other_mean) ** 2).sum()
    return max(0.0, float(shift + covariance.trace() + other_covariance.trace() - 2 * cross))


def frechet_between(one: Vectors, other: Vectors) -> float:
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
    means = [vectors.astype(np.float64).mean(0) for vectors in (one, other)]
    a, b = ((x.astype(np.float64) - m) / (len(x) - 1) ** 0.5 for x, m in zip((one, other), means, strict=True))
    cross = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    shift = ((means[0] - means[1]) ** 2).sum()
    return max(0.0, float(shift + (a * a).sum() + (b * b).sum() - 2 * cross))


def _roots(eigenvalues: Vectors) -> Vectors:
    """Square roots of what is not rounding."""
    rounding = len(eigenvalues) * np.finfo(eigenvalues.dtype).eps * np.abs(eigenvalues).max()
    return np.sqrt(np.where(eigenvalues > rounding, eigenvalues, 0))


def fid(outputs: Iterable[Image], truths: Iterable[Image], *, net: InceptionFid) -> float:
    """Fréchet distance between Inception's 2048 features of two sets of pictures.

    Args:
        outputs: pictures (H, W, 1 or 3) in [0, 1], of any sizes; all are resized to 299 x 299.
        truths: the same; another number of pictures fits too.
        net: as `nn.inception.load_inception_fid` gives it.

    Returns:
        0 (equal sets) up; lower is more alike. It falls with the number of pictures: compare numbers of sets of one
        size. Fewer than 2049 pictures span less than 2048 dimensions, which the published tables never do.

    Raises:
        ImageError: fewer than two pictures in a set, another kind or range, or CMYK.

    Example:
        >>> from selfmend.nn.inception import load_inception_fid
        >>> net = load_inception_fid()  # doctest: +SKIP
        >>> fid(outputs, truths, net=net)  # doctest: +SKIP
    """
    sets = []
    for name, pictures in (("outputs", outputs), ("truths", truths)):
        found = [fid_features(picture, net=net, name=name) for picture in pictures]
        if len(found) < 2:
            raise ImageError(
                f"{name} are {len(found)} in number; fid needs 2 pictures, and says little below some thousands"
            )
        sets.append(np.stack(found))
    return frechet_between(*sets)


def fid_features(image: Image, *, net: InceptionFid, name: str = "image") -> Vectors:
    """What FID knows of a picture (H, W, 1 or 3) in [0, 1]: float32 (2048,).

    Raises:
        ImageError: another kind or range, or CMYK.
    """
    check_colours(check_image(image, name=name), name=name)
    return _looked_at(net, image)[0]


def _looked_at(net: Any, image: Image, **options: Any) -> Vectors:
    """What a network of Inception says of a picture as RGB in [-1, 1], the range of its training; on the CPU."""
    import torch

    from selfmend.nn.tensors import to_signed, to_tensor

    with torch.inference_mode():
        signed = to_signed(to_tensor(image)).expand(-1, 3, -1, -1)
        return net(signed.to(next(net.parameters()).device), **options).cpu().numpy()


def sifid(sample: Image, real: Image, *, net: InceptionStem, features: int = 64) -> float:
    """Fréchet distance between the feature vectors of two pictures at all positions.

    Args:
        sample: generated picture, (H, W, C) in [0, 1], grey or RGB.
        real: the picture it was learned from, (h, w, C) in [0, 1], of any size; nothing is resized.
        net: as `nn.inception.load_inception` gives it.
        features: 64, before the first pooling, is what the authors' code computes and their tables hold; 192, before
            the second pooling, is what the text of the paper says. The two are not comparable.

    Returns:
        0 (equal statistics) up, in units of the features; lower is more alike. The order of the two pictures is
        of no influence.

    Raises:
        ImageError: CMYK, or too small for features at 2 x 2 positions.
        OptionError: another number of features.
    """
    statistics = [_statistics(x, name, net, features) for name, x in (("sample", sample), ("real", real))]
    return frechet_distance(*statistics)


def _statistics(image: Image, name: str, net: InceptionStem, features: int) -> tuple[Vectors, Vectors]:
    from selfmend.nn.inception import LEAST_SIZE

    check_colours(check_image(image, name=name), name=name)
    least = LEAST_SIZE.get(features, 1)
    if min(size_of(image)) < least:
        raise ImageError(f"{name} is {size_of(image)}; at least {least} x {least} px fit {features} features")
    maps = _looked_at(net, image, features=features)[0]
    return normal_statistics(maps.reshape(len(maps), -1).T)

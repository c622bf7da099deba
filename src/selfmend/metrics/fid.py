"""Fréchet Inception distance, FID: whether two sets of pictures look alike as sets.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from selfmend.core.checks import ImageError, check_image
from selfmend.core.types import Image
from selfmend.metrics.frechet import frechet_between
from selfmend.metrics.inputs import check_colours
from selfmend.nets.inception_fid import InceptionFid


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
        >>> from selfmend.nets.inception_fid import load_inception_fid
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

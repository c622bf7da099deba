"""Single-image Fréchet Inception distance, SIFID (Shaham et al., "SinGAN", ICCV 2019, Sec. 4.1).

The statistics of Inception's features over all positions of ONE generated picture against those of ONE real picture.
"""

from __future__ import annotations

import torch
from torch import Tensor

from selfmend.core.checks import ImageError
from selfmend.core.types import Image
from selfmend.metrics.frechet import frechet_distance, normal_statistics
from selfmend.metrics.inputs import check_colours, check_single
from selfmend.nets.inception import LEAST_SIZE, InceptionStem


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

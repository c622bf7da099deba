"""Saliency: where a person looks first. Two models under their names, because their values are not comparable.

Pictures (N, C, H, W) in [0, 1] in, saliency (N, 1, H, W) in [0, 1] out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import Tensor

from selfmend.core.checks import check_known
from selfmend.core.types import Image
from selfmend.metrics.saliency_itti import itti_koch_niebur
from selfmend.metrics.saliency_spectral import spectral_residual

SALIENCY: Final[dict[str, Callable[[Image], Tensor]]] = {
    "itti-koch-niebur": itti_koch_niebur,
    "spectral-residual": spectral_residual,
}
"""Name of the model, which stands beside every number, to the model."""


def saliency(image: Image, *, model: str) -> Tensor:
    """How much each place of a picture attracts the eye.

    Args:
        image: (N, 1 or 3, H, W) in [0, 1].
        model: a name in `SALIENCY`.

    Returns:
        float64 (N, 1, H, W) in [0, 1], on the picture's device. The most salient place of each picture is 1; where
        nothing stands out all is 0.

    Raises:
        ImageError: another kind or range, or CMYK.
        OptionError: an unknown model.

    Reference:
        Itti, Koch & Niebur, PAMI 1998; Hou & Zhang, CVPR 2007.

    Example:
        >>> import torch
        >>> saliency(torch.full((1, 3, 20, 20), 0.5), model="spectral-residual").max().item()
        0.0
    """
    return SALIENCY[check_known("saliency model", model, SALIENCY)](image)

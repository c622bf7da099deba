"""How much samples of one picture differ from each other (Shaham et al., "SinGAN", ICCV 2019, Sec. 4.1)."""

from __future__ import annotations

from selfmend.core.checks import ImageError, check_image
from selfmend.core.types import Image
from selfmend.metrics.inputs import check_single, grey


def diversity(samples: Image, real: Image) -> float:
    """Standard deviation of each pixel's grey value over the samples, averaged, over that of the real's grey values.

    Args:
        samples: generated pictures of one size, (N, C, H, W) in [0, 1], N at least 2; the paper takes 100.
        real: the picture that they were learned from, (1, C, h, w) in [0, 1].

    Returns:
        0 (all samples equal) up; about 1 where the pixels of the real were shuffled. Both standard deviations are those
        of the population, so few samples give less: two give 0.56 of many, if the values are normal.

    Raises:
        ImageError: another kind or range, fewer than two samples, or a real picture of one grey value.

    Example:
        >>> import torch
        >>> real = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2)
        >>> diversity(torch.tensor([0.0, 0.5, 1.0, 0.5]).view(2, 1, 1, 2), real)  # stds .5 and 0, of .5
        0.5
    """
    check_image(samples, name="samples")
    check_single(real, name="real")
    if len(samples) < 2:
        raise ImageError("samples holds 1 picture; diversity needs at least 2")
    spread = grey(real, name="real").std(correction=0)
    if spread < 1e-9:  # rounding of equal values
        raise ImageError("real has one grey value only; diversity is measured in units of its variation")
    return float(grey(samples, name="samples").std(0, correction=0).mean() / spread)

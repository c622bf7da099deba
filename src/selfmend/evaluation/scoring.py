"""The scores of one result of a benchmark: what is measured, by name, and how a table shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from selfmend.errors import OptionError, check_known
from selfmend.evaluation.held_back import HeldBackCase, lpips_net, score
from selfmend.metrics.lpips import Lpips
from selfmend.metrics.pixels import mae
from selfmend.metrics.saliency import SALIENCY, asvs, noticeability
from selfmend.types import Image, Mask

METRICS = ("psnr", "ssim", "mae", "lpips", "lpips-squeeze", "asvs", "dn")
"""What can be asked for."""


def _asvs(output: Image, truth: Image, mask: Mask, *, model: str) -> float:
    return asvs(output, mask, model=model)


def _dn(output: Image, truth: Image, mask: Mask, *, model: str) -> float:
    return noticeability(output, truth, mask, model=model)


KNOWN, MEMORY = "known", "memory"
_MEASURES: Mapping[str, Callable[[Image, Image, Mask], float]] = {
    **{f"asvs-{model}": partial(_asvs, model=model) for model in SALIENCY},
    **{f"dn-{model}": partial(_dn, model=model) for model in SALIENCY},
    KNOWN: lambda output, truth, mask: mae(output, truth, mask=~mask),
}
"""Those beside what `held_back.score` has: functions of output, truth and mask."""

_MEANING = {
    "psnr": "dB, higher is better",
    "ssim": "higher is better",
    "mae": "0 to 1, lower is better",
    "lpips": "on the backbone that it names, lower is better",
    "asvs": "saliency of the hole by the model that it names (itti: Itti, Koch and Niebur; spectral: spectral "
    "residual), lower is less noticeable",
    "dn": "the same, with what changes elsewhere",
    KNOWN: "mean absolute change of the known pixels, 0 to 1; 0 is right",
    "seconds": "of the clock a case, waiting for cores that other programs have included",
    "cpu": "seconds of one core a case",
    MEMORY: "the most that the process has held, MB, with all that it loads",
}
_DIGITS = {"psnr": 2, "seconds": 3, "cpu": 3, MEMORY: 0, KNOWN: 5}


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Measures a result.

    Attributes:
        names: of the metrics that were asked for.
        nets: of LPIPS.
    """

    names: Sequence[str]
    nets: Sequence[Lpips] = field(default_factory=tuple)

    def __call__(self, output: Image, truth: Image, mask: Mask) -> dict[str, float]:
        """All scores of one result by name, those of the hole alone with "-hole"; NaN where there is none.

        Args:
            output, truth: (H, W, 3) in [0, 1].
            mask: (H, W), True = hole.
        """
        case = HeldBackCase(truth, mask)
        found: dict[str, float] = {}
        for net in self.nets or (None,):
            found |= score(output, case, net=net)
        scores = {name: value for name, value in found.items() if base(name) in (*self.names, "lpips")}
        for name, measure in _MEASURES.items():
            if base(name) in (*self.names, KNOWN):
                scores[name] = float(measure(output, truth, mask))
        return scores


def scorer(metrics: Sequence[str] | None, *, least_side: int) -> Scorer:
    """What measures these metrics.

    Args:
        metrics: of `METRICS`; None takes all, LPIPS on alex where its files are, with a warning where they are not.
        least_side: of the pictures, in pixels.

    Raises:
        OptionError: an unknown metric, the same one twice, or none.
        WeightsError: files of a metric that was asked for are missing.
    """
    names = [name for name in METRICS if name != "lpips-squeeze"] if metrics is None else list(metrics)
    for name in names:
        check_known("metric", name, METRICS)
    if not names or len(set(names)) < len(names):
        raise OptionError(f"metrics are {', '.join(names) or 'none'}; different ones fit: {', '.join(METRICS)}")
    backbones = {"lpips": None if metrics is None else "alex", "lpips-squeeze": "squeeze"}
    nets = [lpips_net(backbones[name], size=least_side) for name in names if name in backbones]
    return Scorer(names=names, nets=tuple(net for net in nets if net is not None))


def base(name: str) -> str:
    """The metric that a score is of.

    Example:
        >>> base("psnr-hole"), base("lpips-alex-hole"), base("asvs-itti-koch-niebur")
        ('psnr', 'lpips', 'asvs')
    """
    return name.split("-")[0]


def meaning(name: str) -> str:
    """What a score says and which way is better, in a few words."""
    words = _MEANING[base(name)]
    return f"{words}; the hole alone" if name.endswith("-hole") else words


def shown(name: str, value: float) -> str:
    """A score as a table shows it."""
    return format(value, f".{_DIGITS.get(base(name), 4)}f")

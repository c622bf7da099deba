"""The options of GPDM and their presets: FAST a laptop's, BEST for a minute, PAPER the paper's, TINY a test's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from selfmend.core.checks import OptionError
from selfmend.core.options import option

_PAPER = "GPDM (ECCV 2022)"
_CODE = "code of GPDM"
_OURS = "docs/results-gpdm.md"


@dataclass(frozen=True, kw_only=True)
class GPDMConfig:
    """Every option; the defaults are those of PAPER.

    Raises:
        OptionError: values that do not go together.
    """

    coarsest: int = option(
        21, "short side of the coarsest scale: smaller keeps less of the layout", unit="px", source=_PAPER, low=3
    )
    ratio: float = option(0.85, "size ratio of neighbouring scales, roughly", source=_PAPER, low=0.1)
    patch: int = option(7, "side of a patch", unit="px", source=_PAPER, low=1)
    projections: int = option(64, "random directions a step", source=_PAPER, low=1)
    steps: int = option(300, "steps a scale at most", source=_PAPER, low=1)
    finest_steps: int = option(
        300,
        "steps at the finest scale; coarser ones take as many more as they are smaller, up to `steps`",
        source=f"{_PAPER}: 300; {_OURS}",
        low=1,
    )
    power: int = option(
        1, "what of a distance is averaged: 1 itself, 2 its square", source=f"{_PAPER}: 1; {_OURS}", low=1
    )
    learning_rate: float = option(0.01, "Adam's learning rate", source=f"{_CODE}; 0.05 for the paper's table", low=0)
    noise: float = option(
        1.5,
        "standard deviation of the noise at the coarsest scale of a random sample",
        unit="of a range of 2",
        source=f"{_CODE}; 0.75 for the paper's table",
        low=0,
    )
    start: str = option(
        "zeros",
        "what that noise is added to for a random sample: grey, or the blurred picture, which keeps its layout",
        source=_CODE,
        choices=("zeros", "blurred"),
    )
    retarget_noise: float = option(1.5, "the same noise for another shape", unit="of a range of 2", source=_CODE, low=0)

    init: str = option(
        "patchmatch",
        "filling: first guess inside the hole",
        source=_OURS,
        choices=("mean", "local-means", "telea", "navier-stokes", "biharmonic", "patchmatch"),
    )
    hole_depth: float = option(
        10.0, "filling: the hole's greatest depth at the coarsest scale", unit="px", source=_OURS, low=0.5
    )
    reach: int | None = option(
        4, "filling: how far from the hole patches are taken; none: from everywhere", unit="px", source=_OURS, low=1
    )
    fill_steps: int = option(60, "filling: steps a scale", source=_OURS, low=1)
    fill_learning_rate: float = option(0.002, "filling: Adam's learning rate", source=_OURS, low=0)

    def __post_init__(self) -> None:
        if not self.ratio <= 0.95:  # also NaN
            raise OptionError(f"option ratio is {self.ratio}; 0.1 to 0.95 fits (the paper's is 0.85)")
        if self.patch > self.coarsest:
            raise OptionError(
                f"option patch is {self.patch} and coarsest {self.coarsest}; the coarsest scale must hold a patch"
            )
        if self.power > 2:
            raise OptionError(f"option power is {self.power}; 1 or 2 fits")


PAPER = GPDMConfig()

BEST = replace(PAPER, coarsest=15, patch=5, projections=32, finest_steps=200, power=2, learning_rate=0.02, noise=0.75)

FAST = replace(BEST, projections=16, finest_steps=100)

TINY = replace(FAST, coarsest=21, projections=8, steps=4, finest_steps=4, fill_steps=4, init="local-means")

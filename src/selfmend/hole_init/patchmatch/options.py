"""Every number of the exemplar filling, with unit and source."""

from __future__ import annotations

from dataclasses import dataclass

from selfmend.errors import OptionError
from selfmend.options import option

OURS = "measured, docs/results-patchmatch.md"


@dataclass(frozen=True, kw_only=True)
class PatchMatchOptions:
    """Options of `fill`. Where a default differs from the paper named beside it, ours was measured to be better.

    Raises:
        OptionError: a value out of range.
    """

    patch: int = option(5, "side of a square patch, odd", unit="pixels", source=f"Newson 2017: 7; {OURS}")
    ratio: float = option(1.3, "size of a scale by that of the next coarser", source=f"Newson 2017: 2; {OURS}")
    coarsest_depth: float = option(3.0, "the hole's depth at the coarsest scale", unit="pixels", source="Newson 2017")
    coarsest_side: int = option(16, "least shorter side of the coarsest scale", unit="pixels", source=OURS)
    iterations: int = option(
        8, "rounds of matching and voting near the coarsest scale", unit="rounds", source="Wexler 2007, Sec. 3.2"
    )
    finest_iterations: int = option(4, "rounds at the finest scale, where most time goes", unit="rounds", source=OURS)
    coarsest_iterations: int = option(10, "the same at the coarsest scale", unit="rounds", source=OURS)
    passes: int = option(2, "propagation and search passes a round", unit="passes", source="Barnes 2009, Sec. 3.2: 4-5")
    decay: float = option(3.0, "confidence lost per pixel of depth", unit="factor", source="Wexler 2007, Sec. 3.3: 1.3")
    least_confidence: float = option(0.02, "confidence that the decay ends at", unit="0 to 1", source=OURS)
    texture: float = option(0.7, "weight of texture features beside colours", source=f"Newson 2017, Sec. 3.2; {OURS}")
    texture_window: int = option(9, "side of their averaging window", unit="pixels", source=OURS)
    nearness: float = option(0.1, "cost of a source one picture side away", unit="squared colour", source=OURS)
    softness: float = option(
        2.0, "spread of a vote's weight by cost", unit="mean costs", source=f"Wexler, eq. 5; {OURS}"
    )
    deep: float = option(2.7, "depth from which agreeing votes win", unit="pixels", source=f"Wexler, 3.2; {OURS}")
    guess_confidence: float = option(0.3, "least confidence in a guess from elsewhere", unit="0 to 1", source=OURS)
    guess_kept: bool = option(True, "the result, shrunk to the guess's size, must equal the guess", source=OURS)
    guess_iterations: int = option(2, "rounds a scale above a guess", unit="rounds", source=OURS)
    known_fraction: float = option(0.05, "known part that makes a coarse pixel known", unit="0 to 1", source=OURS)
    window: int = option(256, "reach for sources around the hole, at least its size", unit="pixels", source=OURS)

    def __post_init__(self) -> None:
        limits = {
            "patch": (3, 31),
            "ratio": (1.05, 8),
            "coarsest_depth": (1, 1e6),
            "coarsest_side": (1, 1e6),
            "iterations": (1, 1000),
            "finest_iterations": (1, 1000),
            "coarsest_iterations": (1, 1000),
            "passes": (1, 1000),
            "decay": (1, 1e6),
            "least_confidence": (1e-6, 1),
            "texture": (0, 1000),
            "texture_window": (1, 101),
            "nearness": (0, 1e6),
            "softness": (1e-6, 1e6),
            "deep": (0, 1e9),
            "guess_confidence": (1e-6, 1),
            "guess_iterations": (1, 1000),
            "known_fraction": (0.01, 1),
            "window": (1, 1e9),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:  # written so that NaN is refused too
                raise OptionError(f"{name} is {value}; {low} to {high} fits")
        if self.patch % 2 == 0:
            raise OptionError(f"patch is {self.patch}; an odd side fits, such as {self.patch + 1}")

"""The options of SinGAN and their presets: PAPER is the papers' recipe, FAST a laptop's, TINY a test's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from selfmend.core.options import option

_PAPER = "SinGAN (ICCV 2019)"
_CODE = "code of SinGAN"
_HOLES = "SinGAN for Inpainting (2020)"


@dataclass(frozen=True, kw_only=True)
class SinGANConfig:
    """Every option; the defaults are those of PAPER."""

    min_size: int = option(25, "short side of the coarsest scale", unit="px", source=_PAPER, low=1)
    max_size: int = option(
        250, "long side of the finest scale; larger pictures are carried on from there", unit="px", source=_PAPER, low=1
    )
    target_factor: float = option(0.75, "size ratio of neighbouring scales, roughly", source=_PAPER)
    channels: int = option(32, "hidden channels of the coarsest scales", source=_PAPER, low=1)
    channels_double_every: int = option(4, "channels double after so many", unit="scales", source=_PAPER, low=1)
    max_channels: int = option(128, "channels at most", source=_CODE, low=1)
    partial_ratio: str = option(
        "window",
        "what a partial convolution divides by: valid share of the window (NVIDIA), or the sum of valid values",
        source="Liu et al. 2018; 'sum': " + _HOLES,
        choices=("window", "sum"),
    )
    noise_amplitude: float = option(
        0.1, "noise of a scale relative to the error of its reconstruction from below", source=_PAPER, low=0
    )
    eight_bit: bool = option(False, "round to 8 bits between scales", source=_CODE)

    steps: int = option(2000, "training steps a scale", source=_PAPER, low=1)
    critic_steps: int = option(3, "critic updates a step", source=_PAPER, low=1)
    generator_steps: int = option(3, "generator updates a step", source=_PAPER, low=1)
    learning_rate: float = option(5e-4, "Adam's learning rate, both nets", source=_PAPER, low=0)
    learning_rate_drop_at: float = option(0.8, "where the learning rate drops", unit="share of steps", source=_CODE)
    learning_rate_drop: float = option(0.1, "what it is multiplied by there", source=_CODE, low=0)
    beta1: float = option(0.5, "Adam's first momentum", source=_PAPER, low=0)
    penalty_weight: float = option(0.1, "weight of the critic's gradient penalty", source=_PAPER, low=0)
    penalty_per: str = option(
        "pixel", "norm of each pixel's gradient, or of the whole picture's", source=_CODE, choices=("pixel", "sample")
    )
    reconstruction_weight: float = option(10.0, "weight of the reconstruction error", source=_PAPER, low=0)
    fixed_z_star: bool = option(
        True, "one z* for the whole training (paper), or a new one every step (code)", source=_PAPER
    )
    fresh_fakes: bool = option(
        True, "a new fake for each generator update, or one gradient used for all (ConSinGAN)", source=_CODE
    )

    init: str = option(
        "patchmatch",
        "first guess inside the hole; 'none' leaves it at the mean of the known pixels",
        source=_HOLES,
        choices=("none", "mean", "local-means", "telea", "navier-stokes", "biharmonic", "patchmatch"),
    )
    init_radius: int = option(7, "radius of local means", unit="px", source=_HOLES, low=1)
    injection_scale: int | None = option(
        None, "scale at which the first guess enters, 1 = the second coarsest; none: from the hole's size", low=1
    )
    progressive: bool = option(
        False, "fill, enter the result one scale finer, and so on", source=_HOLES + ", future work"
    )
    keep_known: bool = option(False, "put the known pixels back after every scale, not only at the end")


PAPER = SinGANConfig()

TINY = replace(PAPER, min_size=16, max_size=64, channels=4, max_channels=4, steps=2, init="local-means")

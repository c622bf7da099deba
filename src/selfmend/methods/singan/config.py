"""The options of SinGAN and their presets, and those of its generators without a critic."""

from __future__ import annotations

from dataclasses import dataclass, replace

from selfmend.options import option

_PAPER = "SinGAN (ICCV 2019)"
_CODE = "code of SinGAN"
_HOLES = "SinGAN for Inpainting (2020)"
_MANIPULATION = "Image manipulation with GANs (El Mennaoui, Kerroumi)"
_OURS = "docs/results-singan.md"
_SAMPLES = "docs/results-generation.md"


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
    padding: str = option(
        "zero",
        "what surrounds the noise of a scale: zeros, or more noise, for animations with livelier borders. Without a "
        "mask only: partial convolutions do not see what surrounds a picture",
        source=_PAPER,
        choices=("zero", "noise"),
    )

    recipe: str = option(
        "adversarial",
        "how a picture is learned: 'adversarial' is singan's; 'guided', sliced-wasserstein's, needs no critic: it "
        "learns to mend painted holes, or, without a hole, to match the distribution of patches",
        choices=("adversarial", "guided"),
    )
    exclude_hole: bool = option(
        True,
        "keep the hole out of the training by partial convolutions; false learns the damaged picture as it is",
        source=_HOLES + "; false: " + _MANIPULATION,
    )
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

    layout: float = option(
        0.0,
        "guided, no hole: what of its own arrangement enters the coarsest scale with the noise, by standard deviation; "
        "the less, the more diverse the samples",
        source=_SAMPLES + "; 0 is the paper's",
        low=0,
    )
    coarse_steps: int = option(
        300,
        "guided, no hole: training steps a scale, up to the scale at which the finish starts",
        source=_SAMPLES,
        low=1,
    )
    coarse_learning_rate: float = option(1e-3, "guided, no hole: Adam's learning rate there", source=_SAMPLES, low=0)
    coarse_projections: int = option(
        64, "guided, no hole: random directions in which distributions are compared there", source="GPDM (2022)", low=1
    )
    exemplars_from: int = option(
        75,
        "long side of the scale at which exemplars take over from the scales, for samples with finish=always",
        unit="px",
        source=_SAMPLES,
        low=1,
    )
    own_samples: int = option(6, "guided, no hole: samples from which the finer scales learn", source=_SAMPLES, low=1)

    painted_holes: int = option(8, "guided: copies of the hole painted over known pixels", source=_OURS, low=1)
    batch: int = option(2, "guided: crops a step", source=_OURS, low=1)
    crop: int = option(96, "guided: side of a crop", unit="px", source=_OURS, low=16)
    patch: int = option(
        7, "guided: side of patches whose distributions are compared", unit="px", source="GPDM (2022)", low=1
    )
    projections: int = option(32, "guided: random directions of that comparison", source="GPDM (2022): 64", low=1)
    absolute_weight: float = option(1.0, "guided: weight of the absolute error in painted holes", source=_OURS, low=0)
    patch_weight: float = option(1.0, "guided: weight of the distance of patch distributions", source=_OURS, low=0)
    same_weight: float = option(0.1, "guided: weight of the absolute error outside", source=_OURS, low=0)
    statistics_share: float = option(
        0.2, "guided: batch statistics are measured for this share of the steps, then kept", source=_OURS, low=0
    )
    precision: str = option(
        "32", "guided: 'auto' takes bfloat16 where the processor computes it", choices=("auto", "32", "bf16")
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
    injection_depth: float = option(
        5.0,
        "the hole's greatest depth at the injection scale where none is named: what a generator sees across",
        unit="px",
        source="radius of five 3x3 convolutions",
        low=0,
    )
    progressive: bool = option(
        False, "fill, enter the result one scale finer, and so on", source=_HOLES + ", future work"
    )
    keep_known: bool = option(False, "put the known pixels back after every scale, not only at the end")
    start_scale: int | None = option(
        None,
        "scale from which samples are random, 0 = the coarsest: the higher, the more like the picture; none: 0 for "
        "samples, 1 for retargeting",
        source=_PAPER,
        low=0,
    )
    start_below: str = option(
        "image",
        "what enters at that scale: the picture, shrunk to the scale below (paper), or its reconstruction by the "
        "scales below (code)",
        source=_PAPER,
        choices=("image", "reconstruction"),
    )
    super_resolution: float | None = option(
        None,
        "factor by which the picture is to be enlarged: scales are placed so that the finest one can be applied again; "
        "none: the ordinary pyramid",
        source=_PAPER + ", Sec. 4",
    )
    back_projections: int = option(
        0,
        "super-resolution: how often, after each step, the result is corrected to be the picture when it is shrunk",
        source=_SAMPLES + "; 0 is the paper's",
        low=0,
    )
    finish: str = option(
        "larger",
        "exemplar pass up to full size: for fills of pictures larger than the finest scale, for fills and samples "
        "always, or never",
        source=_OURS,
        choices=("larger", "always", "never"),
    )
    finish_from: float = option(
        1.0, "size at which that pass takes over what the scales drew", unit="share of the finest scale", source=_OURS
    )
    finish_keeps: bool = option(
        True, "that pass only adds detail: its result, shrunk to that size, is what the scales drew", source=_OURS
    )


PAPER = SinGANConfig()

SLICED_WASSERSTEIN = replace(
    PAPER,
    recipe="guided",
    max_channels=32,
    steps=50,
    critic_steps=1,
    generator_steps=1,
    learning_rate=2e-3,
    noise_amplitude=0.2,
    precision="auto",
    layout=0.06,
    injection_depth=12.0,
    keep_known=True,
    back_projections=3,
    finish="always",
    finish_from=0.3,
    finish_keeps=False,
)

SLICED_WASSERSTEIN_TINY = replace(
    SLICED_WASSERSTEIN, min_size=20, max_size=64, channels=4, max_channels=4, steps=2, coarse_steps=2,
    coarse_projections=8, painted_holes=2, crop=24, projections=4, injection_depth=5.0, init="local-means",
)  # fmt: skip

TINY = replace(PAPER, min_size=30, max_size=64, channels=4, max_channels=4, steps=2, init="local-means")

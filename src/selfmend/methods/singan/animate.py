"""Animation of a still picture: a walk through the noise of its scales, around the noise that reconstructs it.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4, "Single image animation", and its authors' code. The noise z_t of a scale
follows, with fresh normal u_t and the scale's reconstruction noise z_rec (zero but at the coarsest scale),

    d_(t+1) = beta (z_t - z_(t-1)) + (1 - beta) u_t
    z_(t+1) = alpha z_rec + (1 - alpha) (z_t + d_(t+1)).

So y_t = z_t - z_rec is white noise filtered by an autoregression of second order. A film that repeats without a seam
(ours) takes the same filter around a circle: u repeats after the last frame, and y_0 is the one from which the
filter comes back to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from selfmend.errors import OptionError
from selfmend.image.animation import Walk
from selfmend.methods.singan.scales import Scales, generate
from selfmend.nn.tensors import ImageTensor, make_generator, to_image
from selfmend.progress import Progress, ProgressEvent, silent

DEFAULT_START_SCALE = 1
"""The second coarsest: the arrangement stays and its parts move. Where `Scales.layout` keeps it, the coarsest."""

_FIRST_STEP = 0.05  # share of fresh noise in the first frame (code of SinGAN)


def animate(
    scales: Scales,
    walk: Walk,
    *,
    start_scale: int | None,
    seed: int,
    device: torch.device,
    progress: Progress = silent,
) -> Iterator[ImageTensor]:
    """The frames of a film in which the picture moves.

    Args:
        scales: trained, from the coarsest on.
        walk: how the noise moves.
        start_scale: the coarsest scale whose noise moves, 0 = all move; None is `DEFAULT_START_SCALE`.
        seed: same seed, same bytes.
        device: where the scales are.
        progress: called at every frame.

    Yields:
        `walk.frames` pictures (1, C, H, W) in [0, 1] of the finest scale's size.

    Raises:
        OptionError: there is no such scale, or scales that are needed were not trained.
    """
    level = check_walking_scale(start_scale, scales)
    still = scales.reconstruct_below(level, device=device)
    levels = range(level, len(scales.plan.sizes))
    resting = [_reconstruction_noise(scales, n, device) for n in levels]

    def fresh(t: int) -> list[Tensor]:
        generator = make_generator(seed, "animation", t)
        return [scales.draw_noise(n, generator=generator, device=device) for n in levels]

    offsets = _circle(walk, fresh) if walk.loop else _line(walk, fresh, resting)
    for t, offset in enumerate(offsets):
        yield _frame(scales, still, level, [rest + y for rest, y in zip(resting, offset, strict=True)])
        progress(ProgressEvent(stage="frames", step=t + 1, steps=walk.frames, done=(t + 1) / walk.frames))


def check_walking_scale(level: int | None, scales: Scales) -> int:
    """`level`, or the default for None, if the noise can move from there on.

    Raises:
        OptionError: there is no such scale, or scales that are needed were not trained.
    """
    last = len(scales.plan.sizes) - 1
    if scales.first:
        raise OptionError(
            f"this run learned to fill a hole and has no scales below {scales.first}, and an animation starts from all "
            "of them; train a run without a mask"
        )
    default = DEFAULT_START_SCALE if scales.layout is None else 0
    level = min(default, last) if level is None else level
    if not 0 <= level <= last:
        raise OptionError(f"start scale is {level}; this run has scales 0 (coarsest) to {last}, and all of them fit")
    return level


def _reconstruction_noise(scales: Scales, level: int, device: torch.device) -> Tensor:
    if level == 0 and scales.z_star is not None:
        return scales.z_star.to(device).expand(-1, scales.channels, -1, -1)
    return torch.zeros((), device=device)


@torch.no_grad()
def _frame(scales: Scales, x: Tensor, level: int, noises: list[Tensor]) -> ImageTensor:
    last = len(scales.plan.sizes) - 1
    for n, noise in enumerate(noises, start=level):
        scale = scales.at(n)
        x = generate(scale.generator, x, noise * scale.noise_amplitude, partial=scales.partial)
        x = scales.up(x, n + 1) if n < last else x
    return to_image(x).cpu()


def _line(walk: Walk, fresh: Callable[[int], list[Tensor]], resting: list[Tensor]) -> Iterator[list[Tensor]]:
    """The offsets y_t of the walk as published: it starts near the picture."""
    now = [_FIRST_STEP * (u - rest) for u, rest in zip(fresh(0), resting, strict=True)]
    before = [torch.zeros_like(y) for y in now]
    yield now
    for t in range(1, walk.frames):
        now, before = _step(walk, now, before, fresh(t)), now
        yield now


def _circle(walk: Walk, fresh: Callable[[int], list[Tensor]]) -> Iterator[list[Tensor]]:
    """The offsets of the walk around a circle: those whose next one after the last is the first again.

    One round from rest ends in some state e. A round from state s ends in P s + e, since the filter is linear, where P
    is its transition over a whole round; so s = (I - P)^-1 e ends where it began.
    """
    now = [torch.zeros_like(u) for u in fresh(0)]
    before = now
    for t in range(walk.frames):
        now, before = _step(walk, now, before, fresh(t)), now
    kept = 1 - walk.alpha
    transition = np.array([[kept * (1 + walk.beta), -kept * walk.beta], [1.0, 0.0]])
    (a, b), (c, d) = np.linalg.inv(np.eye(2) - np.linalg.matrix_power(transition, walk.frames)).tolist()
    now, before = ([p * y + q * z for y, z in zip(now, before, strict=True)] for p, q in ((a, b), (c, d)))
    for t in range(walk.frames):
        yield now
        now, before = _step(walk, now, before, fresh(t)), now


def _step(walk: Walk, now: list[Tensor], before: list[Tensor], fresh: list[Tensor]) -> list[Tensor]:
    """y_(t+1) from y_t, y_(t-1) and u_t."""
    return [
        (1 - walk.alpha) * (y + walk.beta * (y - z) + (1 - walk.beta) * u)
        for y, z, u in zip(now, before, fresh, strict=True)
    ]

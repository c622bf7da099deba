"""FAST's training without a hole: distributions of patches are matched, no critic is trained.

The coarse scales learn from random samples: the patches of what they draw must be distributed like the picture's, by
the sliced Wasserstein distance of GPDM (Elnekave & Weiss, ECCV 2022) in the place of a critic, beside the papers'
reconstruction error. A few hundred steps are enough, as there is nothing to balance and no second derivative. What
they cannot learn in so few steps is where things belong: `Scales.layout` tells the coarsest scale, faintly beneath its
noise. The finer scales learn by `guided` lessons: own samples, carried up by exemplars (`finish`), are what these
scales should make of them, and the picture is what they should make of its reconstruction. Ours, not a paper's;
SinGAN's nets, pyramid, noise and reconstruction path are kept. Pictures are (N, C, H, W) in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from selfmend.core.rng import make_generator
from selfmend.image.pyramid import PyramidPlan
from selfmend.losses.masked import masked_rmse
from selfmend.losses.sliced_wasserstein import sliced_wasserstein
from selfmend.methods.singan.config import SinGANConfig
from selfmend.methods.singan.finish import finish, finish_level
from selfmend.methods.singan.guided import Lesson, falling_rate, guided_stage, net_to_guide, one_thread
from selfmend.methods.singan.scales import Changed, Scale, Scales, freeze, generate, stage_name
from selfmend.nets.initialize import initialize
from selfmend.nets.singan import SinGANGenerator
from selfmend.train.device import make_fabric
from selfmend.train.stage import Stage

COARSE_POOL = 16
"""Samples of the scales below that a coarse scale learns from, drawn once: running those in every step costs more."""

USUAL_PIXELS = 250 * 250
"""Of a picture at the finest scale; `own_samples` is for as many."""


def matched_stages(scales: Scales, reals: list[Tensor], config: SinGANConfig, *, seed: int) -> Iterator[Stage]:
    """Yield one stage a scale, and put each into `scales.trained` when it is trained.

    Args:
        scales: without trained scales; gets them, a layout and z*.
        reals: the picture at each scale, (1, C, H, W).
        config: the options.
        seed: of all that is drawn while a stage is built.
    """
    if config.super_resolution is not None:
        yield from _super_resolution_stages(scales, reals, config, seed=seed)
        return
    device, last = reals[0].device, len(reals) - 1
    coarse = finish_level(scales.plan, config.exemplars_from)
    scales.layout = config.layout * standardized(reals[0]) if config.layout else None
    scales.z_star = scales.draw_noise(0, generator=make_generator(seed, "z star"), device=device)[:, :1].clone()
    net: SinGANGenerator | None = None
    for level in range(coarse + 1):
        below = scales.reconstruct_below(level, device=device)
        amplitude = config.noise_amplitude * float(masked_rmse(reals[level], below, None)) if level else 1.0
        net = _coarse_net(scales, level, net, config, seed=seed).to(device)
        yield _coarse_stage(scales, level, reals[level], below, amplitude, net, config, seed=seed)
        scales.trained.append(Scale(freeze(net), amplitude))
    if coarse < last:
        yield from _fine_stages(scales, reals, config, coarse=coarse, seed=seed)


def matched_costs(plan: PyramidPlan, config: SinGANConfig) -> list[float]:
    """Relative cost of each of `matched_stages`: its steps times the pixels that a step sees."""
    coarse = finish_level(plan, config.exemplars_from)
    pixels = [
        min(h, config.crop) * min(w, config.crop) * config.batch * config.steps
        if n > coarse or config.super_resolution
        else 2 * h * w * config.coarse_steps
        for n, (h, w) in enumerate(plan.sizes)
    ]
    return [float(n) for n in (pixels[-1:] if config.super_resolution else pixels)]


def standardized(x: Tensor) -> Tensor:
    """Mean 0 in every channel, standard deviation 1 over all; zeros for a flat picture."""
    centred = x - x.mean((2, 3), keepdim=True)
    return centred / centred.square().mean().sqrt().clamp(min=1e-3)


def _coarse_net(
    scales: Scales, level: int, below: SinGANGenerator | None, config: SinGANConfig, *, seed: int
) -> SinGANGenerator:
    net = SinGANGenerator(channels=config.channels, in_channels=scales.channels, ratio=config.partial_ratio)
    initialize(net, generator=make_generator(seed, stage_name(scales, level), "generator"))
    if below is not None:
        net.load_state_dict(below.state_dict())
    return net


def _coarse_stage(
    scales: Scales,
    level: int,
    real: Tensor,
    below: Tensor,
    amplitude: float,
    net: SinGANGenerator,
    config: SinGANConfig,
    *,
    seed: int,
    suffix: str = "",
) -> Stage:
    name, device = stage_name(scales, level) + suffix, real.device
    optimizer = torch.optim.Adam(net.parameters(), lr=config.coarse_learning_rate, betas=(config.beta1, 0.99))
    fabric = make_fabric(device, precision=config.precision)
    random = make_generator(seed, name, "pool")
    count = COARSE_POOL if level else 1
    pool = [scales.random_below(level, generator=random, device=device) for _ in range(count)]
    z_rec = scales.reconstruction_noise(level, real)
    patch = min(config.patch, *real.shape[-2:])

    @one_thread()
    def step(i: int, batch: object, random: torch.Generator) -> Mapping[str, Tensor]:
        optimizer.param_groups[0]["lr"] = config.coarse_learning_rate * falling_rate(i, config.coarse_steps)
        previous = pool[int(torch.randint(count, (), generator=random))]
        noise = scales.draw_noise(level, generator=random, device=device) * amplitude
        with fabric.autocast():
            fake = generate(net, previous, noise, partial=False).float()
            output = generate(net, below, z_rec, partial=False).float()
        patches = sliced_wasserstein(fake, real, patch=patch, projections=config.coarse_projections, generator=random)
        reconstruction = (output - real).square().mean()
        optimizer.zero_grad()
        (patches + config.reconstruction_weight * reconstruction).backward()
        optimizer.step()
        return {"patches": patches.detach(), "reconstruction": reconstruction.detach()}

    return Stage(
        name=name,
        steps=config.coarse_steps,
        step=step,
        state={"generator": net.train(), "optimizer": optimizer},
        cost=2 * real.shape[2] * real.shape[3],
    )


def rematched_scale(
    scales: Scales, level: int, real: Tensor, config: SinGANConfig, *, change: Callable[[Tensor], Tensor], seed: int
) -> Iterator[Stage]:
    """`training.retrained_scale` without a critic: one scale anew, with all that comes from below changed."""
    below = change(scales.reconstruct_below(level, device=real.device))
    amplitude = config.noise_amplitude * float(masked_rmse(real, below, None))
    net = _coarse_net(scales, level, None, config, seed=seed).to(real.device)
    changed = Changed(**vars(scales), change=change)
    yield _coarse_stage(changed, level, real, below, amplitude, net, config, seed=seed, suffix=" anew")
    scales.trained[level] = Scale(freeze(net), amplitude)


def _fine_stages(
    scales: Scales, reals: list[Tensor], config: SinGANConfig, *, coarse: int, seed: int
) -> Iterator[Stage]:
    """The scales above `coarse`: given own samples and the reconstruction, they learn exemplars and the picture."""
    plan, device, last = scales.plan, reals[0].device, len(reals) - 1
    random = make_generator(seed, "own samples")
    pixels = plan.sizes[last][0] * plan.sizes[last][1]
    count = max(1, round(config.own_samples * min(1.0, USUAL_PIXELS / pixels)))  # large ones hold more to learn from
    drawn = [scales.random_at(coarse, generator=random, device=device).clamp(-1, 1) for _ in range(count)]
    size = plan.sizes[last]
    carried = [
        list(finish(x, reals[last].cpu(), plan, level=coarse, size=size, patch=config.patch, generator=random))
        for x in drawn
    ]
    given = scales.up(torch.cat([scales.reconstruct_at(coarse, device=device), *drawn]), coarse + 1)
    net: SinGANGenerator | None = scales.at(coarse).generator
    for level in range(coarse + 1, last + 1):
        truth = torch.cat([reals[level], *[c[level - coarse].to(device) for c in carried]])
        lesson = everywhere(given, truth)
        amplitude = config.noise_amplitude * float(masked_rmse(given[:1], reals[level], None))
        net = net_to_guide(scales, level, net, config, seed=seed, device=device)
        yield guided_stage(stage_name(scales, level), lesson, amplitude, net, config, partial=False)
        scales.trained.append(Scale(freeze(net), amplitude))
        if level < last:
            given = scales.up(_outputs(scales, level, given, random), level + 1)


def _super_resolution_stages(
    scales: Scales, reals: list[Tensor], config: SinGANConfig, *, seed: int
) -> Iterator[Stage]:
    """The finest scale alone: to enlarge, it must know what one step of the pyramid takes away, and nothing else."""
    last = len(reals) - 1
    scales.first = last
    lesson = everywhere(scales.up(reals[last - 1], last), reals[last])
    net = net_to_guide(scales, last, None, config, seed=seed, device=reals[0].device)
    amplitude = config.noise_amplitude * float(masked_rmse(lesson.given, reals[last], None))
    yield guided_stage(stage_name(scales, last), lesson, amplitude, net, config, partial=False)
    scales.trained.append(Scale(freeze(net), amplitude))


def everywhere(given: Tensor, truth: Tensor) -> Lesson:
    """A lesson to be learned at every pixel."""
    whole = torch.ones_like(given[:, :1], dtype=torch.bool)
    return Lesson(given, truth, whole, ~whole[:1])


@torch.no_grad()
def _outputs(scales: Scales, level: int, given: Tensor, random: torch.Generator) -> Tensor:
    """What the trained scale makes of its lesson: of the reconstruction without noise, of the samples with it."""
    scale = scales.at(level)
    results = []
    for k, x in enumerate(given.split(1)):
        noise = scales.draw_noise(level, generator=random, device=x.device) * (scale.noise_amplitude if k else 0.0)
        results.append(generate(scale.generator, x, noise, partial=False))
    return torch.cat(results)

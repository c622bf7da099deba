"""The training of `sliced-wasserstein`: SinGAN's generators without a critic, with a hole and without. No GAN.

With a hole each scale learns, on holes whose truth is known, to mend what it will be given. Copies of the hole, moved
and mirrored, are put over known parts of the picture and filled with the same first guess as the hole itself. What a
scale receives in these places is what it will receive in the hole: a guess, or the output of the scale below. The truth
beneath them is its target, by absolute error and by the distribution of patches. It takes the place of critic and
random samples, which need some hundred times the work.

Without a hole the coarse scales learn from random samples: the patches of what they draw must be distributed like the
picture's, by the sliced Wasserstein distance of GPDM (Elnekave & Weiss, ECCV 2022) in the place of a critic, beside the
papers' reconstruction error. A few hundred steps are enough, as there is nothing to balance and no second derivative.
What they cannot learn in so few steps is where things belong: `Scales.layout` tells the coarsest scale, faintly beneath
its noise. The finer scales learn as with a hole: own samples, carried up by exemplars (`finish`), are what these scales
should make of them, and the picture is what they should make of its reconstruction.

Ours, not a paper's; SinGAN's nets, pyramid, noise, reconstruction path and partial convolutions are kept. Pictures are
(N, C, H, W) in [-1, 1], masks bool (N, 1, H, W).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.image.pyramid import PyramidPlan
from selfmend.methods.singan.config import SinGANConfig
from selfmend.methods.singan.finish import finish, finish_level
from selfmend.methods.singan.scales import Changed, Scale, Scales, ScaleTask, freeze, generate, scale_task, stage_name
from selfmend.nn.layers import initialize
from selfmend.nn.reconstruction_losses import masked_mean, masked_rmse
from selfmend.nn.singan import RADIUS, SinGANGenerator
from selfmend.nn.sliced_wasserstein import sliced_wasserstein
from selfmend.nn.tensors import MaskTensor, image_pyramid, make_generator, mask_pyramid, resize
from selfmend.training.devices import make_fabric, pytorch_threads
from selfmend.training.optimization import half_cosine
from selfmend.training.stage import Stage

Guess = Callable[[Tensor, MaskTensor, torch.Generator], Tensor]
"""Fills the holes of (1, C, H, W) in [-1, 1]."""


@dataclass(frozen=True)
class GuidedData:
    """What one scale learns from.

    Attributes:
        given: (K, C, H, W), the picture with each of K painted holes filled by guess or by the scale below.
        truth: (1, C, H, W), or (K, C, H, W) where each has a truth of its own.
        painted: (K, 1, H, W), the holes painted; all over known pixels.
        hole: (1, 1, H, W), the true hole, which nothing here looks at.
    """

    given: Tensor
    truth: Tensor
    painted: MaskTensor
    hole: MaskTensor

    @property
    def valid(self) -> Tensor:
        """(1, 1, H, W), 1 where the picture is known."""
        return (~self.hole).to(self.truth.dtype)

    def truth_of(self, k: int) -> Tensor:
        """(1, C, H, W)."""
        return self.truth if len(self.truth) == 1 else self.truth[k : k + 1]


def paint_holes(mask: MaskTensor, *, count: int, generator: torch.Generator) -> MaskTensor:
    """Copies of the hole over known pixels.

    Args:
        mask: (1, 1, H, W), the hole.
        count: how many copies.
        generator: of their places.

    Returns:
        (count, 1, H, W): the hole mirrored and moved (what leaves at one side enters at the other), without the pixels
        that touch the hole itself. Copies that lose most of their pixels to that are drawn again a few times.
    """
    around = F.max_pool2d(mask.float(), 5, 1, 2) > 0
    height, width = mask.shape[-2:]
    painted = []
    for _ in range(count):
        best = torch.zeros_like(mask)
        for _ in range(10):
            flips = [axis for axis in (2, 3) if torch.rand((), generator=generator) < 0.5]
            moves = [int(torch.randint(n, (), generator=generator)) for n in (height, width)]
            copy = mask.flip(flips).roll(moves, (2, 3)) & ~around
            best = copy if copy.sum() > best.sum() else best
            if best.sum() > 0.3 * mask.sum():
                break
        painted.append(best)
    return torch.cat(painted)


def guided_stages(
    scales: Scales, real: Tensor, hole: MaskTensor, config: SinGANConfig, *, guess: Guess, seed: int
) -> Iterator[Stage]:
    """Yield one stage for each scale from `scales.first` to the finest, and put each into `scales.trained`.

    Args:
        scales: without trained scales; gets them.
        real: (1, C, H, W), the picture at the finest scale's size; its hole's content has no influence.
        hole: (1, 1, H, W).
        config: the options.
        guess: the hole initialisation.
        seed: of all that is drawn while a stage is built.
    """
    plan, first = scales.plan, scales.first
    painted = paint_holes(hole.cpu(), count=config.painted_holes, generator=make_generator(seed, "painted holes"))
    guesses = [
        guess(real, hole | p[None].to(hole.device), make_generator(seed, "painted guess", k))
        for k, p in enumerate(painted)
    ]
    given = torch.cat(guesses)
    reals, holes = image_pyramid(given[:1].where(hole, real), plan), mask_pyramid(hole, plan)
    painted_at = [torch.cat(levels) for levels in zip(*[mask_pyramid(p[None], plan) for p in painted], strict=True)]
    if first:
        given = scales.up(resize(given, plan.sizes[first - 1], scale=plan.scale_to(first - 1)), first)
    net = None
    for level in range(first, len(plan.sizes)):
        copies = painted_at[level].to(real.device) & ~holes[level]
        data = GuidedData(given, reals[level], copies, holes[level])
        error = masked_rmse(given, reals[level].expand_as(given), copies.to(given.dtype))
        amplitude = config.noise_amplitude * float(error)
        net = net_to_guide(scales, level, net, config, seed=seed, device=real.device)
        yield guided_stage(stage_name(scales, level), data, amplitude, net, config, partial=True)
        scales.trained.append(Scale(freeze(net), amplitude))
        if level + 1 < len(plan.sizes):
            random = make_generator(seed, stage_name(scales, level), "outputs")
            given = scales.up(_outputs(scales, level, data, amplitude, net, random), level + 1)


def net_to_guide(
    scales: Scales,
    level: int,
    below: SinGANGenerator | None,
    config: SinGANConfig,
    *,
    seed: int,
    device: torch.device,
) -> SinGANGenerator:
    """A net that begins as the one below, or, at the first scale, by changing nothing."""
    net = SinGANGenerator(channels=config.channels, in_channels=scales.channels, ratio=config.partial_ratio)
    initialize(net, generator=make_generator(seed, stage_name(scales, level), "generator"))
    nn.init.zeros_(net.last.weight)
    if below is not None:
        net.load_state_dict(below.state_dict())
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.5  # statistics are kept after a few steps; with 0.1 they would still be their start
    for parameter in net.parameters():
        if parameter.ndim == 4:  # the layout in which the CPU convolves fastest; `Module.to` has no types for it
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return net.to(device)


@torch.no_grad()
def _outputs(
    scales: Scales, level: int, data: GuidedData, amplitude: float, net: SinGANGenerator, random: torch.Generator
) -> Tensor:
    """The trained scale's output in the painted holes, the truth around them."""
    results = []
    for given, painted in zip(data.given.split(1), data.painted.split(1), strict=True):
        noise = scales.draw_noise(level, generator=random, device=given.device) * amplitude
        out = generate(net, given, noise, partial=True, valid=data.valid)
        results.append(torch.where(painted, out, data.truth))
    return torch.cat(results)


def guided_stage(
    name: str, data: GuidedData, amplitude: float, net: SinGANGenerator, config: SinGANConfig, *, partial: bool
) -> Stage:
    """The stage of one scale: `net`, partial or not, learns `data`, with noise of standard deviation `amplitude`."""
    optimizer = torch.optim.Adam(net.parameters(), lr=config.learning_rate, betas=(config.beta1, 0.99))
    device = data.truth.device
    fabric = make_fabric(device, precision=config.precision)
    side, patch = config.crop, config.patch
    crops = _Crops(data, side)

    @pytorch_threads(1)
    def step(i: int, batch: object, random: torch.Generator) -> Mapping[str, Tensor]:
        net.train(i < config.statistics_share * config.steps)  # then as in application: with running statistics
        optimizer.param_groups[0]["lr"] = config.learning_rate * falling_rate(i, config.steps)

        given, seen, truth, known, painted = crops.draw(config.batch, generator=random)
        noise = torch.randn(given.shape, generator=random).to(device) * amplitude * seen
        with fabric.autocast():
            out = net(given + noise, given, seen if partial else None).float()
            absolute = masked_mean((out - truth).abs(), painted.float())
            same = masked_mean((out - truth).abs(), known & ~painted)
            mended = torch.where(painted, out, truth)
            touched = F.max_pool2d(painted.float(), patch, 1) > 0.5
            whole = F.max_pool2d((~known).float(), patch, 1) < 0.5
            patches = sliced_wasserstein(
                mended, truth, touched & whole, patch=patch, projections=config.projections, generator=random
            )
            loss = config.absolute_weight * absolute + config.same_weight * same + config.patch_weight * patches
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"absolute": absolute.detach(), "patches": patches.detach(), "same": same.detach()}

    return Stage(name=name, steps=config.steps, step=step, state={"generator": net, "optimizer": optimizer})


def falling_rate(step: int, steps: int) -> float:
    """What the learning rate is multiplied by at a step: half a cosine from 1 down to 0.05."""
    return half_cosine(step / steps, end=0.05)


class _Crops:
    """Crops of a data that hold a part of a painted hole, with the margin that the net takes away."""

    def __init__(self, data: GuidedData, side: int) -> None:
        self.data = data
        pads = [RADIUS] * 4
        self.given = F.pad(data.given, pads)
        self.seen = F.pad(data.valid, pads)
        self.size = min(side, data.truth.shape[-2]), min(side, data.truth.shape[-1])
        self.places = [torch.nonzero(p[0]).cpu() for p in data.painted]
        self.usable = [k for k, places in enumerate(self.places) if len(places)] or [0]

    def draw(self, count: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, MaskTensor, MaskTensor]:
        """Given and what of it may be seen, both with the margin; truth, known, painted without."""
        height, width = self.data.truth.shape[-2:]
        rows = []
        for _ in range(count):
            k = self.usable[int(torch.randint(len(self.usable), (), generator=generator))]
            places = self.places[k] if len(self.places[k]) else torch.tensor([[height // 2, width // 2]])
            centre = places[int(torch.randint(len(places), (), generator=generator))]
            shift = [int(torch.randint(n, (), generator=generator)) for n in self.size]
            top = min(max(int(centre[0]) - shift[0], 0), height - self.size[0])
            left = min(max(int(centre[1]) - shift[1], 0), width - self.size[1])
            flip = bool(torch.rand((), generator=generator) < 0.5)
            rows.append([self._cut(x, top, left, m, flip) for x, m in self._sources(k)])
        given, seen, truth, known, painted = (torch.cat(column) for column in zip(*rows, strict=True))
        return given, seen, truth, known, painted

    def _sources(self, k: int) -> list[tuple[Tensor, int]]:
        one = slice(k, k + 1)
        data = self.data
        margin = 2 * RADIUS
        return [
            (self.given[one], margin),
            (self.seen, margin),
            (data.truth_of(k), 0),
            (~data.hole, 0),
            (data.painted[one], 0),
        ]

    def _cut(self, x: Tensor, top: int, left: int, margin: int, flip: bool) -> Tensor:
        cut = x[..., top : top + self.size[0] + margin, left : left + self.size[1] + margin]
        return cut.flip(3) if flip else cut


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
        task = scale_task(scales, level, reals[level], noise_amplitude=config.noise_amplitude)
        net = _coarse_net(scales, level, net, config, seed=seed).to(device)
        yield _coarse_stage(task, scales, net, config, seed=seed)
        scales.trained.append(Scale(freeze(net), task.amplitude))
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


def _coarse_stage(task: ScaleTask, scales: Scales, net: SinGANGenerator, config: SinGANConfig, *, seed: int) -> Stage:
    name, level, real, below, amplitude = task.name, task.level, task.real, task.below, task.amplitude
    device = real.device
    optimizer = torch.optim.Adam(net.parameters(), lr=config.coarse_learning_rate, betas=(config.beta1, 0.99))
    fabric = make_fabric(device, precision=config.precision)
    random = make_generator(seed, name, "pool")
    count = COARSE_POOL if level else 1
    pool = [scales.random_below(level, generator=random, device=device) for _ in range(count)]
    z_rec = scales.reconstruction_noise(level, real)
    patch = min(config.patch, *real.shape[-2:])

    @pytorch_threads(1)
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
    )


def rematched_scale(
    scales: Scales, level: int, real: Tensor, config: SinGANConfig, *, change: Callable[[Tensor], Tensor], seed: int
) -> Iterator[Stage]:
    """`training.retrained_scale` without a critic: one scale anew, with all that comes from below changed."""
    task = scale_task(scales, level, real, noise_amplitude=config.noise_amplitude, change=change)
    net = _coarse_net(scales, level, None, config, seed=seed).to(real.device)
    changed = Changed(**vars(scales), change=change)
    yield _coarse_stage(task, changed, net, config, seed=seed)
    scales.trained[level] = Scale(freeze(net), task.amplitude)


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
        data = everywhere(given, truth)
        amplitude = config.noise_amplitude * float(masked_rmse(given[:1], reals[level], None))
        net = net_to_guide(scales, level, net, config, seed=seed, device=device)
        yield guided_stage(stage_name(scales, level), data, amplitude, net, config, partial=False)
        scales.trained.append(Scale(freeze(net), amplitude))
        if level < last:
            given = scales.up(_matched_outputs(scales, level, given, random), level + 1)


def _super_resolution_stages(
    scales: Scales, reals: list[Tensor], config: SinGANConfig, *, seed: int
) -> Iterator[Stage]:
    """The finest scale alone: to enlarge, it must know what one step of the pyramid takes away, and nothing else."""
    last = len(reals) - 1
    scales.first = last
    data = everywhere(scales.up(reals[last - 1], last), reals[last])
    net = net_to_guide(scales, last, None, config, seed=seed, device=reals[0].device)
    amplitude = config.noise_amplitude * float(masked_rmse(data.given, reals[last], None))
    yield guided_stage(stage_name(scales, last), data, amplitude, net, config, partial=False)
    scales.trained.append(Scale(freeze(net), amplitude))


def everywhere(given: Tensor, truth: Tensor) -> GuidedData:
    """A data to be learned at every pixel."""
    whole = torch.ones_like(given[:, :1], dtype=torch.bool)
    return GuidedData(given, truth, whole, ~whole[:1])


@torch.no_grad()
def _matched_outputs(scales: Scales, level: int, given: Tensor, random: torch.Generator) -> Tensor:
    """What the trained scale makes of its data: of the reconstruction without noise, of the samples with it."""
    scale = scales.at(level)
    results = []
    for k, x in enumerate(given.split(1)):
        noise = scales.draw_noise(level, generator=random, device=x.device) * (scale.noise_amplitude if k else 0.0)
        results.append(generate(scale.generator, x, noise, partial=False))
    return torch.cat(results)

"""Trained scales, coarsest first, and the way through them: noise in, up-sampling between, a picture out.

Shaham et al., "SinGAN", ICCV 2019, Eq. (1)-(3). Pictures are (1, C, H, W) in [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from selfmend.image.pyramid import PyramidPlan
from selfmend.nn.reconstruction_losses import masked_rmse
from selfmend.nn.singan import RADIUS, SinGANGenerator
from selfmend.nn.tensors import resampler, resize, send
from selfmend.types import Size

_LONGEST = 1 << 16  # pixels; a damaged size must not ask for more memory than there is


@dataclass
class Scale:
    """One trained scale.

    Attributes:
        generator: frozen, in eval mode.
        noise_amplitude: standard deviation of its noise, in units of [-1, 1].
    """

    generator: SinGANGenerator
    noise_amplitude: float


@dataclass
class Scales:
    """The scales of one picture.

    Attributes:
        plan: the pyramid's sizes.
        channels: of the picture.
        partial: whether the generators are partial, so that padding counts as hole; in training as in application.
        eight_bit: round the picture between scales down to 8 bits, as the reference code does.
        noise_padding: surround a scale's noise by more noise, not by zeros.
        first: the coarsest scale that is trained; 0 unless the training needs no scale below a guess.
        layout: (1, C, H, W), what enters the coarsest scale beside the noise, or None for zeros, as in the paper.
        z_star: (1, 1, H, W), the coarsest scale's noise on the reconstruction path.
        trained: the scales trained so far, from `first` on.
    """

    plan: PyramidPlan
    channels: int
    partial: bool
    eight_bit: bool = False
    noise_padding: bool = False
    first: int = 0
    layout: Tensor | None = None
    z_star: Tensor | None = None
    trained: list[Scale] = field(default_factory=list)
    _resamplers: dict[Any, Callable[[Tensor], Tensor]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def complete(self) -> bool:
        """Whether all scales from `first` to the finest are trained."""
        return self.first + len(self.trained) == len(self.plan.sizes)

    def at(self, level: int) -> Scale:
        """The trained scale `level`, counted from the coarsest of the pyramid."""
        return self.trained[level - self.first]

    def up(self, x: Tensor, level: int, *, size: Size | None = None) -> Tensor:
        """The picture of scale `level` - 1 at the size of scale `level`, clamped to [-1, 1] before and after.

        At the training's size the ratio is the pyramid's, to the last digit. At another `size` each axis takes the
        ratio of its rounded sizes: what the authors' code crops there would be lost at the right and lower border.
        """
        return self.resized(x, size or self.plan.sizes[level], 1 / self.plan.factor if size is None else None)

    def resized(self, x: Tensor, size: Size, scale: float | None = None) -> Tensor:
        """`resize` between two scales: in [-1, 1] before and after, and rounded down to 8 bits before if so chosen."""
        x = x.clamp(-1, 1)
        if self.eight_bit:
            x = ((x + 1) * 127.5).floor() / 127.5 - 1
        key = (*x.shape[-2:], *size, scale, x.dtype, x.device)
        if key not in self._resamplers:
            self._resamplers[key] = resampler(x, size, scale=scale)
        return self._resamplers[key](x).clamp(-1, 1)

    def entering(self, device: torch.device, *, size: Size | None = None) -> Tensor:
        """The picture "from below" of the coarsest scale: zeros, or the layout, stretched to another `size`."""
        size = size or self.plan.sizes[0]
        if self.layout is None:
            return torch.zeros(1, self.channels, *size, device=device)
        layout = self.layout.to(device)
        return layout if layout.shape[-2:] == size else resize(layout, size)

    def draw_noise(
        self, level: int, *, generator: torch.Generator, device: torch.device, size: Size | None = None
    ) -> Tensor:
        """Fresh standard normal noise, of the training's size if no `size` is given.

        At the coarsest scale all channels share one, as in the authors' code.
        """
        channels = 1 if level == 0 else self.channels
        height, width = (side + 2 * RADIUS * self.noise_padding for side in size or self.plan.sizes[level])
        noise = send(torch.randn(1, channels, height, width, generator=generator), device)
        return noise.expand(-1, self.channels, -1, -1)

    @torch.no_grad()
    def random_below(self, level: int, *, generator: torch.Generator, device: torch.device) -> Tensor:
        """A random sample of the trained scales below `level`, up-sampled to it; `entering` for the coarsest."""
        return self.sample_below(self.draw_below(level, generator=generator, device=device), device=device)

    def draw_below(self, level: int, *, generator: torch.Generator, device: torch.device) -> list[Tensor]:
        """Fresh noise for each of the trained scales below `level`, the coarsest first."""
        return [self.draw_noise(n, generator=generator, device=device) for n in range(len(self.trained[:level]))]

    @torch.no_grad()
    def sample_below(self, noises: Sequence[Tensor], *, device: torch.device) -> Tensor:
        """What the scales make of `draw_below`'s noise, up-sampled to the scale above; `entering` without any."""
        x = self.entering(device)
        for n, (scale, noise) in enumerate(zip(self.trained, noises, strict=False)):
            x = self.up(generate(scale.generator, x, noise * scale.noise_amplitude, partial=self.partial), n + 1)
        return x

    @torch.no_grad()
    def reconstruct_below(self, level: int, *, device: torch.device, valids: list[Tensor] | None = None) -> Tensor:
        """The reconstruction {z*, 0, ..., 0} of the scales below `level`, up-sampled to it; zeros for the coarsest."""
        x = self.entering(device)
        for n, scale in enumerate(self.trained[:level]):
            noise = self.reconstruction_noise(n, x)
            valid = valids[n] if valids else None
            x = self.up(generate(scale.generator, x, noise, partial=self.partial, valid=valid), n + 1)
        return x

    @torch.no_grad()
    def reconstruct_at(self, level: int, *, device: torch.device) -> Tensor:
        """The reconstruction that scale `level` itself puts out, (1, C, H, W), not clamped; of plain scales."""
        x = self.reconstruct_below(level, device=device)
        noise = self.reconstruction_noise(level, x)
        return generate(self.at(level).generator, x, noise, partial=self.partial)

    @torch.no_grad()
    def random_at(self, level: int, *, generator: torch.Generator, device: torch.device) -> Tensor:
        """A random sample that scale `level` puts out, (1, C, H, W), not clamped; of plain scales."""
        below = self.random_below(level, generator=generator, device=device)
        noise = self.draw_noise(level, generator=generator, device=device) * self.at(level).noise_amplitude
        return generate(self.at(level).generator, below, noise, partial=self.partial)

    def so_far(self) -> Scales | None:
        """The trained scales as if they were all, so that the finest of them is the last; None where there are none."""
        count = self.first + len(self.trained)
        plan = PyramidPlan(sizes=self.plan.sizes[:count], factor=self.plan.factor)
        return replace(self, plan=plan, trained=list(self.trained)) if self.trained else None

    def reconstruction_noise(self, level: int, x: Tensor) -> Tensor:
        """The noise of the reconstruction path: z* at the coarsest scale (with its padding), zeros like `x` above."""
        if level or self.z_star is None:
            return torch.zeros_like(x)
        return self.z_star.to(x.device).expand(-1, self.channels, -1, -1)

    def state_dict(self) -> dict[str, Any]:
        """Tensors, numbers and strings alone."""
        return {
            "sizes": [list(size) for size in self.plan.sizes],
            "factor": self.plan.factor,
            "channels": self.channels,
            "partial": self.partial,
            "eight_bit": self.eight_bit,
            "noise_padding": self.noise_padding,
            "first": self.first,
            "layout": self.layout,
            "z_star": self.z_star,
            "trained": [
                {"noise_amplitude": s.noise_amplitude, "generator": s.generator.state_dict()} for s in self.trained
            ],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], *, ratio: str, device: torch.device) -> Scales:
        """What `state_dict` gave, frozen, on `device`.

        Raises:
            ValueError: it is not what `state_dict` gives: then nothing of it would fail before it is used.
        """
        sizes: tuple[Size, ...] = tuple((int(h), int(w)) for h, w in state["sizes"])
        _check_state(state, sizes)
        scales = cls(
            plan=PyramidPlan(sizes=sizes, factor=state["factor"]),
            channels=state["channels"],
            partial=state["partial"],
            eight_bit=state["eight_bit"],
            noise_padding=state.get("noise_padding", False),  # runs of earlier versions do not say
            first=state["first"],
            layout=state.get("layout"),  # as above
            z_star=state["z_star"],
        )
        for saved in state["trained"]:
            width = saved["generator"]["head.conv.weight"].shape[0]
            net = SinGANGenerator(channels=width, in_channels=scales.channels, ratio=ratio)
            net.load_state_dict(saved["generator"])
            scales.trained.append(Scale(freeze(net.to(device)), saved["noise_amplitude"]))
        return scales


def _check_state(state: dict[str, Any], sizes: tuple[Size, ...]) -> None:
    """Refuse values of another type or range than those of `Scales`.

    Raises:
        ValueError: naming the first.
    """
    layout, z_star = state.get("layout"), state["z_star"]
    count = len(sizes)
    amplitudes = [saved["noise_amplitude"] for saved in state["trained"]]
    sound = {
        "sizes": count > 0 and all(1 <= side <= _LONGEST for size in sizes for side in size),
        "factor": isinstance(state["factor"], float | int) and 0 < state["factor"] <= 1,
        "channels": type(state["channels"]) is int and 1 <= state["channels"] <= 4,
        "partial": isinstance(state["partial"], bool),
        "eight_bit": isinstance(state["eight_bit"], bool),
        "noise_padding": isinstance(state.get("noise_padding", False), bool),
        "first": type(state["first"]) is int and 0 <= state["first"] < count,
        "trained": len(amplitudes) == count - state["first"],
        "layout": layout is None or (isinstance(layout, Tensor) and layout.shape[:2] == (1, state["channels"])),
        "z_star": z_star is None or (isinstance(z_star, Tensor) and z_star.ndim == 4),
        "noise_amplitude": all(isinstance(one, float | int) and math.isfinite(one) for one in amplitudes),
    }
    wrong = next((name for name, is_sound in sound.items() if not is_sound), None)
    if wrong is not None:
        raise ValueError(f"its {wrong} is none")


@dataclass
class Changed(Scales):
    """Scales that hand on a changed random sample."""

    change: Callable[[Tensor], Tensor] = torch.clone

    def sample_below(self, noises: Sequence[Tensor], *, device: torch.device) -> Tensor:
        """See `Scales`."""
        return self.change(super().sample_below(noises, device=device))


@dataclass(frozen=True, kw_only=True)
class ScaleTask:
    """What one scale is to learn.

    Attributes:
        name: of its stage; its randomness depends on it.
        level: of the scale, 0 is the coarsest.
        real: the picture at this scale, (1, C, H, W) in [-1, 1].
        valid: where it is known, (1, 1, H, W), or None for everywhere.
        below: the reconstruction of the scales below, up-sampled to this one; zeros at the coarsest.
        amplitude: sigma_n, the standard deviation of the noise: in proportion to what the scale must add to `below`, 1
            at the coarsest (SinGAN, Sec. 3.3).
    """

    name: str
    level: int
    real: Tensor
    valid: Tensor | None
    below: Tensor
    amplitude: float


def scale_task(
    scales: Scales,
    level: int,
    real: Tensor,
    *,
    noise_amplitude: float,
    valids: list[Tensor] | None = None,
    change: Callable[[Tensor], Tensor] | None = None,
) -> ScaleTask:
    """The task of a scale above those that are trained; of one that is trained anew where there is a `change`.

    Args:
        scales: of which those below `level` are trained.
        level, real: of the scale.
        noise_amplitude: of the config.
        valids: where the picture is known at each scale.
        change: what is done to all that comes from below.
    """
    valid = valids[level] if valids else None
    below = scales.reconstruct_below(level, device=real.device, valids=valids)
    below = change(below) if change else below
    amplitude = noise_amplitude * float(masked_rmse(real, below, valid)) if level else 1.0
    name = stage_name(scales, level) + (" anew" if change else "")
    return ScaleTask(name=name, level=level, real=real, valid=valid, below=below, amplitude=amplitude)


def generate(
    net: SinGANGenerator,
    previous: Tensor,
    noise: Tensor,
    *,
    partial: bool,
    valid: Tensor | None = None,
    tile: int | None = None,
) -> Tensor:
    """One scale: u + psi(noise + u), padded once at the input (SinGAN, supplementary), noise by zeros or noise.

    Args:
        net: the scale's generator.
        previous: (N, C, H, W), u, the picture from below at this scale's size.
        noise: (N, C, H, W), already times its amplitude; or larger by `RADIUS` to each side, its own padding.
        partial: padding counts as hole.
        valid: (N, 1, H, W), 1 = may be looked at, or None for all; only looked at if `partial`.
        tile: compute squares of that side one after the other, in pixels: the same values in less memory, once the net
            is in eval mode. None computes the whole at once.

    Returns:
        (N, C, H, W).
    """
    if partial:
        valid = previous.new_ones(1, 1, *previous.shape[-2:]) if valid is None else valid
        valid = F.pad(valid, [RADIUS] * 4)
    if noise.shape[-2:] == previous.shape[-2:]:
        noise = F.pad(noise, [RADIUS] * 4)
    previous = F.pad(previous, [RADIUS] * 4)
    if tile is None:
        return net(noise + previous, previous, valid if partial else None)
    height, width = (n - 2 * RADIUS for n in previous.shape[-2:])
    output = previous.new_empty(*previous.shape[:2], height, width)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            seen = (..., slice(top, top + tile + 2 * RADIUS), slice(left, left + tile + 2 * RADIUS))
            part = net(
                noise[seen] + previous[seen], previous[seen], valid[seen] if partial and valid is not None else None
            )
            output[..., top : top + tile, left : left + tile] = part
    return output


def freeze(net: SinGANGenerator) -> SinGANGenerator:
    """Stop training for good: finer scales take a scale as it is, with its running statistics."""
    for parameter in net.parameters():
        # One memory layout, whatever it was trained in: a saved and loaded net gives the same bits.
        parameter.data = parameter.data.contiguous()
    return net.eval().requires_grad_(False)


def stage_name(scales: Scales, level: int) -> str:
    """The name of a scale's stage, e.g. "scale 3 (49x66)"; its randomness depends on it."""
    height, width = scales.plan.sizes[level]
    return f"scale {level} ({height}x{width})"

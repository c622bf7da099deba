"""Another picture is drawn anew with the patches of a photo, nothing trained: paint, edit, animate.

SDEdit (Meng et al., ICLR 2022) with the closed-form denoiser of `diffusion.py`: at a coarse scale the picture is
drowned in a little noise, which is then taken away again; what is left is its arrangement, made of the photo's patches,
and `synthesis.py` carries that up. A painting becomes a picture, the seams of an edit are mended, and a photo itself
comes back a little rearranged: such are the key frames of a film, between which a flow moves. The coarser the start
scale and the more noise, the less stays of what entered. Pictures are float32 (H, W, C) in [0, 1], C equal in all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from selfmend.errors import MaskError, OptionError
from selfmend.image.animation import Walk
from selfmend.image.pyramid import pyramid_sizes, scaled_sizes
from selfmend.image.resize import resize, resize_mask
from selfmend.masks.reading import grow_mask
from selfmend.options import option
from selfmend.patches.diffusion import DiffusionSettings, diffuse
from selfmend.patches.synthesis import (
    Exemplars,
    SynthesisSettings,
    check_sizes,
    exemplar_levels,
    signed,
    synthesize,
    unsigned,
)
from selfmend.progress import Progress, ProgressEvent, share_of, silent
from selfmend.registration.flow import dense_flow, warp
from selfmend.seeding import derive_seed, make_rng
from selfmend.types import Image, Mask, Size, size_of

_OURS = "docs/results-generation.md"
_GROWN = 0.08  # of the short side: how far around an edit its surroundings may give way (SinGAN's code: 20 of 250 px)
_SEAM = 1  # pixels of a scale to both sides of a mask's border that are no example, where the edit is its own photo
_MOVED = 0.15  # of `_unlike_itself`: how much a key frame differs from the photo where alpha is 0
_NOISES = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8)  # tried for that, least first
_MOST_PAIRS = 40_000_000  # of patches: 160 MB of float32 in a step of the diffusion


@dataclass(frozen=True, kw_only=True)
class RedrawSettings:
    """Every option."""

    noise: float | None = option(
        None, "what enters is drowned in so much noise: the more, the more is invented", unit="of [-1, 1]",
        source=_OURS, low=0, high=3, none="0.3 for paint, 0.15 for edit, by alpha for animate",
    )  # fmt: skip
    entry_size: int = option(
        33, "short side of the scale at which pictures enter, unless a start scale is named", unit="px", source=_OURS,
        low=1,
    )  # fmt: skip
    layout: float = option(
        1.0, "how firmly things stay at the picture's borders: twice as much above and below as at the sides",
        source=_OURS, low=0,
    )  # fmt: skip
    alpha: float | None = option(
        None, "completeness above: the smaller, the more all parts of the photo are used", source="GPNN (CVPR 2022)",
        low=1e-9, none="0.005; for edit 0.05",
    )  # fmt: skip
    patch: int = option(7, "side of a patch, odd", unit="px", source="GPNN (CVPR 2022)", low=3)
    ratio: float = option(4 / 3, "size of a scale by that of the next coarser", source="GPNN (CVPR 2022)", low=1.05)
    coarsest_size: int = option(16, "short side of scale 0", unit="px", source=_OURS, low=1)
    steps: int = option(12, "steps of the diffusion", source=_OURS, low=2)
    iterations: int = option(
        10, "rounds of matching and voting a scale, searched exactly", source="GPNN (CVPR 2022)", low=1
    )
    search_iterations: int = option(4, "the same at a scale that PatchMatch searches", source=_OURS, low=1)

    def __post_init__(self) -> None:
        if self.patch % 2 == 0:
            raise OptionError(f"patch is {self.patch}; an odd number fits")


def start_scales(size: Size, settings: RedrawSettings | None = None) -> list[Size]:
    """The scales at which a picture of `size` can enter, coarsest first."""
    settings = settings or RedrawSettings()
    sizes = pyramid_sizes(size, settings.coarsest_size, settings.ratio)
    return [one for one in sizes if min(one) >= settings.patch]


def moving_scales(size: Size, settings: RedrawSettings | None = None) -> list[Size]:
    """Those of `start_scales` whose arrangement a photo's film can move, coarsest first."""
    return [one for one in start_scales(size, settings) if math.prod(one) ** 2 <= _MOST_PAIRS]


def paint(
    photo: Image,
    painting: Image,
    *,
    seed: int,
    start_scale: int | None = None,
    settings: RedrawSettings | None = None,
    progress: Progress = silent,
) -> Image:
    """A picture like the photo out of a painting of a few flat colours.

    Args:
        photo: (h, w, C) in [0, 1].
        painting: (H, W, C) in [0, 1], of any size and aspect, in the photo's colours.
        seed: 0 to 2^63 - 1; same seed, same bytes.
        start_scale: where the painting enters, of `start_scales`; None goes by `entry_size`.
        settings: see there.
        progress: called with an event a round.

    Returns:
        (H', W', C) in [0, 1], of the painting's aspect and about as many pixels as the photo.

    Raises:
        OptionError: no such scale, or a picture that is smaller than a patch.
    """
    settings = _with_defaults(settings, noise=0.3, alpha=0.005)
    height, width = size_of(painting)
    side = math.sqrt(photo.shape[0] * photo.shape[1] / (height * width))
    size = max(1, round(height * side)), max(1, round(width * side))
    scales = _scales(photo, size, start_scale, settings)
    return _drawn(resize(signed(painting), scales.sizes[0]), scales, settings, seed=seed, progress=progress)


def edit(
    photo: Image | None,
    edited: Image,
    mask: Mask,
    *,
    seed: int,
    start_scale: int | None = None,
    masked: bool = True,
    settings: RedrawSettings | None = None,
    progress: Progress = silent,
) -> Image:
    """Mend the seams of a picture whose parts were moved, copied or removed by hand.

    Args:
        photo: (h, w, C) in [0, 1], the picture before; None takes the patches of `edited` itself, but for the seams.
        edited: (H, W, C) in [0, 1].
        mask: (H, W), True where it was edited.
        seed: 0 to 2^63 - 1; same seed, same bytes.
        start_scale: where the edit enters, of `start_scales`; None goes by `entry_size`.
        masked: keep what lies outside the mask and a border around it; False draws everything anew.
        settings: see there.
        progress: called with an event a round.

    Returns:
        (H, W, C) in [0, 1]; if `masked`, equal to `edited` outside the grown mask.

    Raises:
        MaskError: the mask covers nothing.
        OptionError: no such scale, or a picture that is smaller than a patch.
    """
    if not mask.any():
        raise MaskError("the mask covers nothing (no white in it), so there is no edit; white is what was edited")
    settings = _with_defaults(settings, noise=0.15, alpha=0.05)
    size = size_of(edited)
    scales = _scales(edited if photo is None else photo, size, start_scale, settings)
    if photo is None:
        levels = [replace(one, hole=_seam(mask, size_of(one.values))) for one in scales.levels]
        scales, settings = scales._replace(levels=levels), replace(settings, noise=0)
    entering = signed(edited)
    x = resize(entering, scales.sizes[0])
    if not masked:
        return _drawn(x, scales, settings, seed=seed, progress=progress)
    grown = grow_mask(mask, max(1, round(_GROWN * min(size))))
    holes = [resize_mask(grown, one) for one in scales.sizes[:-1]] + [grown]
    known = [(resize(entering, one), ~hole) for one, hole in zip(scales.sizes, holes, strict=True)]
    made = _drawn(x, scales, settings, seed=seed, known=known, progress=progress)
    return np.where(grown[..., None], made, edited)


def animate(
    photo: Image,
    walk: Walk,
    *,
    seed: int,
    start_scale: int | None = None,
    settings: RedrawSettings | None = None,
    progress: Progress = silent,
) -> Iterator[Image]:
    """The frames of a film in which a photo moves: key frames by diffusion, and flows between them.

    A key frame is the photo a little rearranged, one for the time in which the walk forgets its direction,
    1 / (1 - beta) frames. Between two of them each is moved along the flow to the other and faded (the flows in between
    by Jiang et al., "Super SloMo", CVPR 2018, Eq. 4). The first frame is the photo.

    Args:
        photo: (H, W, C) in [0, 1].
        walk: frames, pull back to the photo, smoothness, loop.
        seed: 0 to 2^63 - 1; same seed, same frames.
        start_scale: the scale whose arrangement moves, of `start_scales`; None goes by `entry_size`. The coarser, the
            larger the things that move.
        settings: see there; without `noise` it is such that key frames differ as `walk.alpha` says.
        progress: called at every key frame and frame.

    Yields:
        (H, W, C) in [0, 1], `walk.frames` times.

    Raises:
        OptionError: no such scale, or a photo that is smaller than a patch.
    """
    settings = _with_defaults(settings, noise=None, alpha=0.005)
    scales = _scales(photo, size_of(photo), start_scale, settings)
    reference = scales.levels[0].values
    if _pairs(scales) > _MOST_PAIRS:
        most = len(moving_scales(size_of(photo), settings)) - 1
        raise OptionError(f"start scale is {start_scale}, which is too fine to move; of this picture 0 to {most} fit")
    spacing = min(float(walk.frames), 1 / max(1 - walk.beta, 1e-9))
    count = max(1, round(walk.frames / spacing))
    wanted = (1 - walk.alpha) * _MOVED * _unlike_itself(reference)
    noises: Sequence[float] = _NOISES if settings.noise is None else (settings.noise,)
    keys = [photo]
    for k in range(1, count + (0 if walk.loop else 1)):
        told = share_of(progress, k - 1, count + 1, f"key frame {k} of {count}")
        if walk.alpha == 1:  # it stands still
            keys.append(photo)
            continue
        x, noises = _rearranged(scales, wanted, noises, settings, derive_seed(seed, k))
        keys.append(_carried_up(x, scales, settings, seed=derive_seed(seed, k), progress=told))
    ring = [*keys, photo] if walk.loop else keys
    before, flows = -1, None
    for t in range(walk.frames):
        at = t * count / walk.frames
        k = min(int(at), len(ring) - 2)
        if k != before:
            before, flows = k, _both_flows(ring[k], ring[k + 1])
        assert flows is not None
        yield _between(ring[k], ring[k + 1], flows, np.float32(at - k))
        share = count + (t + 1) / walk.frames
        progress(ProgressEvent(stage="frames", step=t + 1, steps=walk.frames, done=share / (count + 1)))


class _Scales(NamedTuple):
    """From the start scale on: exemplars, and the sizes of the result beside them, coarsest first."""

    levels: list[Exemplars]
    sizes: list[Size]


def _with_defaults(settings: RedrawSettings | None, *, noise: float | None, alpha: float) -> RedrawSettings:
    settings = settings or RedrawSettings()
    return replace(
        settings, noise=noise if settings.noise is None else settings.noise,
        alpha=alpha if settings.alpha is None else settings.alpha,
    )  # fmt: skip


def _scales(photo: Image, size: Size, start_scale: int | None, settings: RedrawSettings) -> _Scales:
    check_sizes([size_of(photo), size], settings.patch)
    own = start_scales(size_of(photo), settings)
    if start_scale is None:
        start_scale = min(range(len(own)), key=lambda n: abs(min(own[n]) - settings.entry_size))
    if not 0 <= start_scale < len(own):
        raise OptionError(f"start scale is {start_scale}; of this picture 0 (coarsest) to {len(own) - 1} fit")
    own, x = own[start_scale:], signed(photo)
    return _Scales(exemplar_levels([resize(x, one) for one in own]), scaled_sizes(own, size))


def _drawn(
    x: np.ndarray,
    scales: _Scales,
    settings: RedrawSettings,
    *,
    seed: int,
    known: list[tuple[np.ndarray, np.ndarray]] | None = None,
    progress: Progress,
) -> Image:
    """A picture of the start scale, made of the photo's patches at all of them; in [0, 1]."""
    if settings.noise and _pairs(scales) <= _MOST_PAIRS:  # finer scales are matched as they are
        x = _diffused(x, scales.levels[0].values, settings, settings.noise, seed)
    if known is not None:
        x = np.where(known[0][1][..., None], known[0][0], x)
    return _carried_up(x, scales, settings, seed=seed, known=known, progress=progress)


def _carried_up(
    x: np.ndarray,
    scales: _Scales,
    settings: RedrawSettings,
    *,
    seed: int,
    known: list[tuple[np.ndarray, np.ndarray]] | None = None,
    progress: Progress = silent,
) -> Image:
    search = SynthesisSettings(
        patch=settings.patch, alpha=settings.alpha, iterations=settings.iterations,
        search_iterations=settings.search_iterations, first_iterations=1 if known is None else settings.iterations,
    )  # fmt: skip
    return unsigned(
        synthesize(x, scales.levels, scales.sizes, settings=search, seed=seed, known=known, progress=progress)
    )


def _diffused(x: np.ndarray, reference: np.ndarray, settings: RedrawSettings, noise: float, seed: int) -> np.ndarray:
    how = DiffusionSettings(
        patch=settings.patch, layout_rows=settings.layout, layout_columns=settings.layout / 2, steps=settings.steps,
        last=min(0.02, noise / 2),
    )  # fmt: skip
    return diffuse(x, reference, sigma=noise, settings=how, generator=make_rng(seed, "redraw"))


def _pairs(scales: _Scales) -> int:
    return math.prod(scales.sizes[0]) * math.prod(size_of(scales.levels[0].values))


def _seam(mask: Mask, size: Size) -> np.ndarray:
    """A narrow band along the border of a mask at a scale: what crosses it was never seen in a photo."""
    small = resize_mask(mask, size)
    return grow_mask(small, _SEAM) & grow_mask(~small, _SEAM)


def _rearranged(
    scales: _Scales, wanted: float, noises: Sequence[float], settings: RedrawSettings, seed: int
) -> tuple[np.ndarray, Sequence[float]]:
    """The photo at the start scale, rearranged as much as is wanted; and the noises that do that, from this one on.

    What the patches make of it counts, not what the diffusion leaves: a softened photo becomes the photo again.
    """
    reference = scales.levels[0].values
    first = _Scales(scales.levels[:1], scales.sizes[:1])
    x, left = reference, list(noises)
    while left:
        x = _diffused(reference, reference, settings, left[0], seed)
        made = signed(_carried_up(x, first, settings, seed=seed))
        if len(left) == 1 or float(np.abs(made - reference).mean()) >= wanted:
            break
        left.pop(0)
    return x, left


def _unlike_itself(picture: np.ndarray) -> float:
    """The mean difference of a picture from itself moved sidewards."""
    width = picture.shape[1]
    return float(np.mean([np.abs(np.roll(picture, width * n // 4, 1) - picture).mean() for n in (1, 2, 3)]))


def _both_flows(first: Image, second: Image) -> tuple[np.ndarray, np.ndarray]:
    grey = [np.rint(one.mean(2) * 255).astype(np.uint8) for one in (first, second)]
    return dense_flow(grey[0], grey[1]), dense_flow(grey[1], grey[0])


def _between(first: Image, second: Image, flows: tuple[np.ndarray, np.ndarray], at: np.float32) -> Image:
    """The picture at `at`, 0 is `first` and 1 is `second`."""
    if at == 0:
        return first
    there, back = flows
    rest = 1 - at
    to_first, to_second = -rest * at * there + at**2 * back, rest**2 * there - at * rest * back
    moved = [warp(np.ascontiguousarray(one), flow).reshape(one.shape) for one, flow in
             ((first, to_first), (second, to_second))]  # fmt: skip
    return np.clip(rest * moved[0] + at * moved[1], 0, 1)

"""The trainings of the finders, on what is drawn over clean photos: of damage (`masks/damage/drawing.py`), and of date
stamps and watermarks (`masks/mark_lessons.py`)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from selfmend._version import __version__
from selfmend.errors import ImageError, OptionError, check_known
from selfmend.image.color import as_rgb
from selfmend.image.files import read_picture
from selfmend.image.resize import resize
from selfmend.masks import mark_finding
from selfmend.masks.damage import finding
from selfmend.masks.damage.drawing import draw_lesson
from selfmend.masks.damage.marks import KINDS, between, chance
from selfmend.masks.finder_network import features, read_weights, shipped_weights, write_weights
from selfmend.masks.mark_lessons import draw_mark_lesson
from selfmend.masks.marks import MARKS
from selfmend.nn.finder_unet import WIDTHS, FinderUNet, finder_loss, folded, unfolded
from selfmend.options import describe_options, option, replace_options
from selfmend.processes import usable_cores
from selfmend.progress import Progress, silent
from selfmend.seeding import make_rng
from selfmend.training import loop
from selfmend.training.checkpoints import RunFolder
from selfmend.training.cuda_graphs import Recorded
from selfmend.training.data import ignore_interrupts
from selfmend.training.devices import pytorch_threads, resolve_device
from selfmend.training.optimization import half_cosine
from selfmend.training.pictures import PictureSet, find_pictures
from selfmend.training.stage import Stage, Terms
from selfmend.types import Image, Mask

_APART = 16  # steps between two uses of a lesson: it stays with one loader, if their number divides this one
_LEAST = 64  # pixels of the short side of a photo
_ENLARGED = 0.35  # of the lessons, of a finder that looks at enlarged pictures


class _Drawn(Protocol):
    """A photo with what is to be found, where that is, by kind, and the photo without it."""

    @property
    def image(self) -> Image: ...
    @property
    def masks(self) -> dict[str, Mask]: ...
    @property
    def clean(self) -> Image: ...


@dataclass(frozen=True, kw_only=True)
class _Finder:
    """What a finder learns.

    Attributes:
        kinds: what it tells apart.
        draw: a lesson on a clean photo, from random numbers and font files.
        twins: how often the second of two lessons is the twin of the first: the same photo, without what is to be
            found. The two differ by nothing else, so what looks like it and belongs to the scene is unlearned.
        turned: whether what is drawn is turned with its photo, to any side: photos are, and their stamps with them.
        largest: side of what is drawn on, at most, in sides of what is learned from; then a part of it is taken, since
            a mark goes with the size of its photo, and most of them are seen in part only.
        enlarged: by how much a third of the lessons are enlarged, as the finder looks at small pictures; not if 1.
    """

    kinds: Sequence[str]
    draw: Callable[[Image, np.random.Generator, Sequence[Path]], _Drawn]
    twins: float = 0.0
    turned: bool = False
    largest: float = 1.0
    enlarged: float = 1.0


FINDERS = {
    finding.FINDER: _Finder(
        kinds=KINDS, draw=lambda photo, rng, fonts: draw_lesson(photo, rng), enlarged=finding.ENLARGED
    ),
    mark_finding.FINDER: _Finder(kinds=MARKS, draw=draw_mark_lesson, twins=0.6, turned=True, largest=1.67),
}
"""What can be trained, by name."""


@dataclass(frozen=True, kw_only=True)
class FinderConfig:
    """Options of the training."""

    steps: int = option(9000, "number of steps", source="ours", low=1)
    batch_size: int = option(8, "squares a step", source="ours", low=1)
    size: int = option(160, "side of a square", unit="px, a multiple of 32", source="ours", low=64)
    uses: int = option(2, "steps for which a drawn square is used, each time varied", source="ours", low=1)
    learning_rate: float = option(3e-3, "of AdamW at its highest; it falls to 0", source="ours", low=0)
    averaging: float = option(
        0.998, "of the weights over steps: the average is what is kept", source="ours", low=0, high=1
    )
    widths: str = option(
        ",".join(map(str, WIDTHS)), "channels of the network at 1/2, 1/4, 1/8, 1/16 and 1/32 of the size", source="ours"
    )
    start: str = option(
        "", "file of weights to go on from, whose widths count, or shipped, or the finder whose shipped weights are "
        "taken; without, it learns anew", source="ours",
    )  # fmt: skip
    fonts: str = option("", "folder of TrueType and OpenType files that marks are written with", source="ours")


class _Lessons(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """What the network sees of damaged squares, and their masks, by step and place in its batch.

    Each is drawn from the seed, the step and the place alone. Drawing one takes as long as learning from it, so it is
    kept, and used `uses` times: turned, mirrored, with colours exchanged and another contrast.

    Args:
        finder: name of the finder.
        photos: bytes (H, W, 3).
        config: of the training.
        seed: same seed, same lessons.
        loaders: how many processes there are, each with a copy of this; it divides `_APART`.
    """

    def __init__(
        self, finder: str, photos: list[np.ndarray], config: FinderConfig, seed: int, loaders: int = 1
    ) -> None:
        self.name, self.finder = finder, FINDERS[finder]
        self.photos, self.config, self.seed = photos, config, seed
        self.fonts = _fonts(config.fonts)
        self._drawn: dict[int, tuple[Image, Image, Image]] = {}
        self._kept = _APART // loaders * config.batch_size

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        import cv2

        cv2.setNumThreads(1)  # of a worker process; the training has the other cores
        step, place = divmod(number, self.config.batch_size)
        again, first = divmod(step, _APART)
        first += again // self.config.uses * _APART
        image, masks = self._lesson(first * self.config.batch_size + place)
        if again % self.config.uses:
            rng = make_rng(self.seed, self.name, "varied", number)
            both = np.concatenate([image, masks], 2)
            both = np.rot90(both, int(rng.integers(4)))[:, :: -1 if chance(rng, 0.5) else 1]
            image, masks = both[..., rng.permutation(3)], both[..., 3:]
            image = (image * np.float32(between(rng, 0.75, 1.25)) + np.float32(between(rng, -0.1, 0.1))).clip(0, 1)
        seen = features(np.ascontiguousarray(image, np.float32))
        # half as many bytes from the loaders; the network computes in fewer bits than these
        return torch.from_numpy(seen.astype(np.float16)), torch.from_numpy(masks.transpose(2, 0, 1) > 0)

    def _lesson(self, number: int) -> tuple[Image, Image]:
        """A square, and the masks of its kinds as planes."""
        rng = make_rng(self.seed, self.name, number)
        if number % 2 and self.finder.twins and chance(rng, self.finder.twins):
            _, masks, clean = self._square(number - 1, make_rng(self.seed, self.name, number - 1))
            return clean, np.zeros_like(masks)
        return self._square(number, rng)[:2]

    def _square(self, number: int, rng: np.random.Generator) -> tuple[Image, Image, Image]:
        """A square that is drawn on, the masks of its kinds as planes, and the same without what was drawn."""
        if number not in self._drawn:
            side = self.config.size
            if self.finder.largest > 1 and chance(rng, 0.5):
                side = round(side * between(rng, 1, self.finder.largest))
            enlarged = self.finder.enlarged > 1 and chance(rng, _ENLARGED)
            small = round(side / self.finder.enlarged) if enlarged else side
            photo = _square(self.photos[int(rng.integers(len(self.photos)))], small, rng)
            drawn = self.finder.draw(photo, rng, self.fonts)
            image, clean = drawn.image, drawn.clean
            masks = np.stack([drawn.masks[kind] for kind in self.finder.kinds], 2)
            if enlarged:
                image, clean = (resize(one, (side, side)).clip(0, 1) for one in (image, clean))
                masks = resize(masks.astype(np.float32), (side, side)) > 0.5
            part = _part(np.any(masks, 2), self.config.size, rng)
            while len(self._drawn) >= self._kept:
                del self._drawn[next(iter(self._drawn))]
            turns = int(rng.integers(4)) if self.finder.turned else 0
            parts = image[part], masks[part].astype(np.float32), clean[part]
            image, planes, clean = (np.ascontiguousarray(np.rot90(one, turns)) for one in parts)
            self._drawn[number] = image, planes, clean
        return self._drawn[number]


def fit_finder(
    finder: str,
    photos: str | Path,
    folder: str | Path,
    *,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = silent,
    **options: Any,
) -> Path:
    """Train a finder on a folder of clean photos, an hour or two on two cores.

    Args:
        finder: "damage-finder", or "mark-finder" for date stamps and watermarks.
        photos: folder of pictures without damage and marks; sides of 500 to 2000 pixels fit best.
        folder: run folder; a training that was stopped goes on there.
        seed: same seed, same weights.
        device: "auto", "cpu", "cuda" or "mps"; one with a GPU draws with all its cores, and learns in minutes.
        progress: called at every step.
        options: fields of `FinderConfig`.

    Returns:
        The file of the weights, for `masks.finder_network.read_weights`.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    check_known("finder", finder, FINDERS)
    config, where = replace_options(FinderConfig(), options), resolve_device(device)
    pictures = find_pictures(photos)
    run = RunFolder(folder)
    values = {row["name"]: row["value"] for row in describe_options(config)}
    target = run.path / f"{finder}.npz"
    record = {"method": finder, "version": __version__, "seed": seed, "config": values, "data": pictures.digest()}
    if run.start(record):
        return target
    loaders = _loaders(usable_cores())
    net, average = (one.to(where) for one in _networks(finder, seed, config))
    lessons = _Lessons(finder, _read_all(pictures), config, seed, loaders)
    stage = _stage(net, average, lessons, config, where, loaders)
    with pytorch_threads(max(1, usable_cores() - loaders)):
        loop.run([stage], seed=seed, folder=run.path / "training", progress=progress, stage_costs=[1.0])
    average = average.cpu().eval()
    write_weights(folded(average), target)
    run.finish({"net": average.state_dict()})
    return target


def _loaders(cores: int) -> int:
    """Processes that draw: a power of two, a core or more left for what learns."""
    return 1 << max(0, min(_APART, cores - 1).bit_length() - 1)


def _networks(finder: str, seed: int, config: FinderConfig) -> tuple[FinderUNet, FinderUNet]:
    """The network that is trained, and the average of its weights."""
    kinds, start = len(FINDERS[finder].kinds), finder if config.start == "shipped" else config.start
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if start:
            net = unfolded(shipped_weights(start) if start in FINDERS else read_weights(start), kinds)
        else:
            net = FinderUNet(kinds, _widths(config.widths))
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net, copy.deepcopy(net).requires_grad_(False)


def _widths(text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != len(WIDTHS) or not all(part.strip().isdecimal() and int(part) for part in parts):
        raise OptionError(f"widths is {text!r}; {len(WIDTHS)} numbers fit, such as {FinderConfig.widths}")
    return [int(part) for part in parts]


def _stage(
    net: FinderUNet,
    average: FinderUNet,
    lessons: _Lessons,
    config: FinderConfig,
    device: torch.device | None = None,
    loaders: int = 1,
) -> Stage:
    optimizer = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=1e-3)
    device = device or torch.device("cpu")

    def learn(
        planes: torch.Tensor, masks: torch.Tensor, rate: torch.Tensor, keep: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        for group in optimizer.param_groups:
            group["lr"] = rate if device.type == "cuda" else float(rate)
        with torch.autocast(device.type, torch.bfloat16):
            logits = net(planes.float().contiguous(memory_format=torch.channels_last))
        loss = finder_loss(logits.float(), masks.float())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        _average(average, net, keep)
        return {"loss": loss.detach()}

    recorded = Recorded(learn, [optimizer])

    def step(i: int, batch: Any, generator: torch.Generator) -> Terms:
        rate = config.learning_rate * min(1.0, (i + 1) / 100) * half_cosine(i / config.steps)
        keep = min(config.averaging, (i + 1) / (i + 10))
        both = torch.tensor([rate, keep]).to(device)
        return recorded(*(part.to(device, non_blocking=True) for part in batch), both[0], both[1])

    def batches(first: int) -> Iterator[Any]:
        import cv2

        numbers = range(first * config.batch_size, config.steps * config.batch_size)
        loader = DataLoader(
            lessons, config.batch_size, sampler=numbers, num_workers=loaders, worker_init_fn=ignore_interrupts
        )
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)  # OpenCV's threads, where a finder has run before, do not survive the loader's fork
        try:
            drawn = iter(loader)
        finally:
            cv2.setNumThreads(threads)
        yield from drawn  # a generator: the loop closes it, and so its processes end with the stage

    state: dict[str, Any] = {"net": net, "average": average, "optimizer": optimizer}
    return Stage(name=lessons.name, steps=config.steps, step=step, state=state, batches=batches)


@torch.no_grad()
def _average(average: FinderUNet, net: FinderUNet, keep: torch.Tensor) -> None:
    for mean, value in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - keep)
        else:
            mean.copy_(value)


def _read_all(pictures: PictureSet) -> list[np.ndarray]:
    """All photos as bytes (H, W, 3)."""
    found = []
    for path in (pictures.root / name for name in pictures.names):
        image = as_rgb(read_picture(path).image)
        if min(image.shape[:2]) < _LEAST:
            raise ImageError(f"{path} is {image.shape[1]} x {image.shape[0]}; at least {_LEAST} x {_LEAST} pixels fit")
        found.append(np.rint(image * 255).astype(np.uint8))
    return found


def _fonts(folder: str) -> list[Path]:
    """The font files of a folder and of those in it."""
    if not folder:
        return []
    found = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in (".ttf", ".otf"))
    if not found:
        raise OptionError(f"fonts is {folder!r}, where no .ttf or .otf file is; a folder that has some fits")
    return found


def _part(wanted: Mask, side: int, rng: np.random.Generator) -> tuple[slice, slice]:
    """A square of a drawn one, most often with something of what is to be found, if there is any."""
    room = wanted.shape[0] - side
    if room == 0:
        return slice(0, side), slice(0, side)
    corner = rng.integers(0, room + 1, 2)
    if wanted.any() and chance(rng, 0.8):
        where = np.argwhere(wanted)
        corner = (where[int(rng.integers(len(where)))] - rng.integers(0, side, 2)).clip(0, room)
    top, left = (int(value) for value in corner)
    return slice(top, top + side), slice(left, left + side)


def _square(photo: np.ndarray, side: int, rng: np.random.Generator) -> Image:
    """A square of a photo at some scale, turned and mirrored, (side, side, 3) in [0, 1]."""
    least = side / min(photo.shape[:2])
    largest = max(1.0, least)
    scale = between(rng, min(largest, max(least, 0.35)), largest, log=True) if chance(rng, 0.75) else largest
    wanted = int(np.ceil(side / scale))
    top = int(rng.integers(0, photo.shape[0] - min(wanted, photo.shape[0]) + 1))
    left = int(rng.integers(0, photo.shape[1] - min(wanted, photo.shape[1]) + 1))
    part = photo[top : top + wanted, left : left + wanted].astype(np.float32) / np.float32(255)
    if part.shape[:2] != (side, side):
        part = resize(part, (side, side)).clip(0, 1)
    part = np.rot90(part, int(rng.integers(4)))
    return np.ascontiguousarray(part[:, ::-1] if chance(rng, 0.5) else part, np.float32)

"""What a method is that learns from a folder of pictures, and the square windows in which it fills holes.

Square windows around the holes of a picture, for nets that see one size only.

What every method is that learns from a folder of pictures and then fills the holes of any picture.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, TypeAlias

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from selfmend.errors import OptionError
from selfmend.image.color import as_rgb, from_rgb
from selfmend.methods.compiling import CompileConfig, compile_once, compiling
from selfmend.methods.learning import TrainedMethod
from selfmend.nn.tensors import ImageTensor, MaskTensor, resize, resize_mask, to_array, to_tensor
from selfmend.options import option
from selfmend.progress import Progress, silent
from selfmend.registration.align import Aligned
from selfmend.training.data import Batch
from selfmend.training.devices import Processes
from selfmend.training.log import Listener
from selfmend.training.loop import run
from selfmend.training.optimization import falling_at_the_end
from selfmend.training.stage import Stage
from selfmend.types import Image, Mask, Size

if TYPE_CHECKING:
    from lightning_fabric import Fabric


_MOST = 7 / 8  # of a window's side that a hole may take before the window grows: the rest is what is known around it


@dataclass(frozen=True)
class Window:
    """A square of a picture; where it is larger than the picture, the picture goes on mirrored.

    Attributes:
        top, left: of the square, in pixels of the picture; negative where it begins outside.
        side: in pixels.
        size: (height, width) of the picture.
    """

    top: int
    left: int
    side: int
    size: Size

    def cut(self, picture: torch.Tensor) -> torch.Tensor:
        """The square (N, C, side, side) of a picture or mask (N, C, H, W)."""
        rows = _mirrored(self.top, self.side, self.size[0]).to(picture.device)
        columns = _mirrored(self.left, self.side, self.size[1]).to(picture.device)
        return picture[..., rows[:, None], columns]

    def paste(self, square: ImageTensor, picture: ImageTensor, mask: MaskTensor) -> ImageTensor:
        """The picture with its pixels inside `mask` (1, 1, H, W) taken from the square (N, C, side, side)."""
        top, left = max(0, self.top), max(0, self.left)
        bottom, right = min(self.size[0], self.top + self.side), min(self.size[1], self.left + self.side)
        inside = square[..., top - self.top : bottom - self.top, left - self.left : right - self.left]
        result = picture.clone()
        area = result[..., top:bottom, left:right]
        area.copy_(torch.where(mask[..., top:bottom, left:right], inside, area))
        return result


def windows_around(mask: MaskTensor, side: int, *, most: float = _MOST) -> Iterator[tuple[Window, MaskTensor]]:
    """Windows that hold all holes of a mask, each with the holes that it holds as a whole and no earlier one did.

    A window has the side `side`; around a hole that takes nearly all of that or more, it grows.

    Args:
        mask: (1, 1, H, W), True = hole.
        side: of a window, in pixels.
        most: of its side that a hole may take before it grows, in (0, 1].

    Yields:
        The window, and (1, 1, H, W), True = the holes to be filled in it; the union of these is `mask`.
    """
    labels, _ = ndimage.label(mask[0, 0].cpu().numpy(), np.ones((3, 3)))
    boxes = np.array([[s.start for s in b] + [s.stop for s in b] for b in ndimage.find_objects(labels)])
    left_over = np.ones(len(boxes), dtype=bool)
    size = (mask.shape[2], mask.shape[3])
    while left_over.any():
        first = boxes[left_over.argmax()]
        side_here = _grown(first, side, size, most)
        window = _around(_with_neighbours(first, boxes[left_over], side_here), side_here, size)
        held = left_over & _inside(boxes, window)
        left_over &= ~held
        yield window, torch.from_numpy(np.isin(labels, np.flatnonzero(held) + 1))[None, None].to(mask.device)


def _grown(box: np.ndarray, side: int, size: Size, most: float) -> int:
    longest = int(max(box[2:] - box[:2]))
    if longest <= most * side:
        return side
    return max(side, longest, min(math.ceil(longest / most), max(size)))


def _with_neighbours(box: np.ndarray, others: np.ndarray, side: int) -> np.ndarray:
    """The box around a box and as many of its neighbours, nearest first, as fit into a square of `side` with it."""
    near = others[((np.maximum(others[:, 2:], box[2:]) - np.minimum(others[:, :2], box[:2])) <= side).all(1)]
    for other in near[np.argsort(abs(near - box).sum(1), kind="stable")]:
        union = np.concatenate([np.minimum(box[:2], other[:2]), np.maximum(box[2:], other[2:])])
        box = union if max(union[2:] - union[:2]) <= side else box
    return box


def _around(box: np.ndarray, side: int, size: Size) -> Window:
    """The window centred on a box (top, left, bottom, right), moved into the picture where it fits in there."""
    corner = []
    for start, stop, length in zip(box[:2], box[2:], size, strict=True):
        centred = (int(start) + int(stop) - side) // 2
        corner.append(min(max(centred, 0), length - side) if side <= length else (length - side) // 2)
    return Window(corner[0], corner[1], side, size)


def _inside(boxes: np.ndarray, window: Window) -> np.ndarray:
    corner = np.array([window.top, window.left])
    return np.all(np.concatenate([boxes[:, :2] >= corner, boxes[:, 2:] <= corner + window.side], 1), axis=1)


def _mirrored(start: int, count: int, length: int) -> torch.Tensor:
    """Indices start, start + 1, ... of an axis that goes on mirrored beyond its ends."""
    index = torch.arange(start, start + count) % (2 * length)
    return torch.where(index < length, index, 2 * length - 1 - index)


Batches: TypeAlias = Callable[[str], Callable[[int], Iterator[Batch]]]
"""From a stage's name to what its `batches` is: from the first step to one batch a step."""


@dataclass(frozen=True, kw_only=True)
class FolderConfig(CompileConfig):
    """What all methods that learn from a folder are told; each one's config adds its own."""

    size: int = option(256, "side of the square that the nets see", unit="px", low=16)
    scale: str = option(
        "whole",
        "whole: a picture's short side is scaled to `size`; native: parts of it at its own resolution",
        choices=("whole", "native"),
    )
    masks: str = option(
        "center",
        "training holes: center, random-box, strokes, text, eyes, mix, wide, medium, thin, a folder, or several: a,b",
    )
    max_delta: int = option(0, "center and random-box: lower and narrower by up to this, drawn anew", unit="px", low=0)
    batch_size: int = option(8, "pictures a step, over all processes", low=1)
    steps: int = option(100_000, "steps of each stage", low=1)
    decay: float = option(
        0.0, "over how much of a stage, at its end, the learning rates fall to nothing", unit="share of steps", low=0
    )
    flip: bool = option(True, "mirror every second picture, by chance")
    width: float = option(1.0, "channels of every layer, as a multiple of the paper's", low=0.01)


class FolderMethod(TrainedMethod):
    """A method that learns from a folder of pictures.

    Subclasses implement `build`, `networks`, `stages`, `complete`, `state_dict` and `load_state_dict`. What `complete`
    does to a square, `fill` does around the holes of a picture of any size.
    """

    learns_from_folder: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True
    fill_options: ClassVar[frozenset[str]] = frozenset({"compile"})
    config: FolderConfig

    @abstractmethod
    def build(self, *, seed: int) -> None:
        """Make fresh networks on `self.device`, their weights drawn from `seed` alone."""

    @abstractmethod
    def networks(self) -> dict[str, nn.Module]:
        """All networks by name, generators first; there once `build` or `load_state_dict` was called."""

    @abstractmethod
    def stages(self, batches: Batches, *, seed: int, fabric: Fabric) -> Iterator[Stage]:
        """The stages of training the networks that `build` made.

        Args:
            batches: gives what belongs into `Stage.batches`, for the stage's name.
            seed: of whatever is drawn while a stage is built.
            fabric: for `autocast()` and `train.updater.Updater`. A stage's state holds nets and optimisers.
        """

    @abstractmethod
    def complete(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """One pass of the net.

        Args:
            image: (N, 3, S, S) in [0, 1] with S = `config.size`, on `self.device`; the hole's content has no influence.
            mask: (N, 1, S, S), True = hole.
            generator: the only source of randomness.

        Returns:
            (N, 3, S, S) in [0, 1]; only its hole is used.
        """

    def check_trainable(self) -> None:
        """Refuse, before anything is written, a training that lacks something, such as pretrained weights.

        Raises:
            SelfmendError: what is missing.
        """
        return

    def fit_folder(
        self,
        batches: Batches,
        *,
        fabric: Fabric,
        seed: int = 0,
        folder: Path | None = None,
        progress: Progress = silent,
        listeners: Sequence[Listener] = (),
        save_seconds: float = 120.0,
    ) -> Self:
        """Learn from pictures.

        Args:
            batches: what every step sees, e.g. `train.data.FolderBatches`.
            fabric: the processes and the precision.
            seed: same seed, same weights to the bit (on one kind of machine, number of threads and of processes).
            folder: where the training state is kept and resumed from; None keeps nothing.
            progress: called at every step.
            listeners: look on in the first process.
            save_seconds: seconds between saves, which take long with large nets.

        Raises:
            TrainingError: a loss is no longer finite.
        """
        self.check_trainable()
        self.build(seed=seed)
        decay = self.config.decay
        stages = (falling_at_the_end(stage, decay) for stage in self.stages(batches, seed=seed, fabric=fabric))
        run(
            stages, seed=seed, folder=folder, progress=progress, listeners=listeners, processes=Processes(fabric),
            save_seconds=save_seconds,
        )  # fmt: skip
        self.fitted = True
        return self

    def inpaint(
        self,
        image: Image,
        mask: Mask,
        *,
        seed: int = 0,
        samples: int = 1,
        reference: Aligned | None = None,
        progress: Progress = silent,
    ) -> list[Image]:
        """Fill holes; see `Method.inpaint`.

        Raises:
            OptionError: also where nothing was learned yet.
        """
        if not self.fitted:
            raise OptionError(
                f"{self.name} has learned nothing yet; train it with: selfmend train {self.name} FOLDER -o RUN, and "
                "fill with: selfmend inpaint IMAGE --model RUN"
            )
        return super().inpaint(image, mask, seed=seed, samples=samples, reference=reference, progress=progress)

    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture of any size, window after window; a later one sees what an earlier one filled."""
        picture, hole = to_tensor(as_rgb(image)).to(self.device), to_tensor(mask).to(self.device)
        size, generator = (self.config.size, self.config.size), torch.Generator().manual_seed(seed)
        if self.config.compile:
            for net in self.networks().values():
                compile_once(net)
        with self.evaluating(), compiling(self.config.compile):
            for window, own in self.windows(hole):
                square = resize(window.cut(picture), size).clamp(0, 1)
                completed = self.complete_window(square, resize_mask(window.cut(hole), size), generator=generator)
                picture = window.paste(resize(completed.float(), (window.side, window.side)), picture, own)
                hole = hole & ~own
        return from_rgb(to_array(picture.clamp(0, 1)), image.shape[2])

    def windows(self, hole: MaskTensor) -> Iterator[tuple[Window, MaskTensor]]:
        """The squares that `fill` completes, one after the other, and what of the hole each of them fills.

        Args:
            hole: (1, 1, H, W), True = hole.
        """
        return windows_around(hole, self.window_side((hole.shape[2], hole.shape[3])))

    def complete_window(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """What `fill` does to a window: `complete`, where a method has not laid its windows for something simpler."""
        return self.complete(image, mask, generator=generator)

    def window_side(self, size: Size) -> int:
        """Side of a square that the net sees at the scale of the training, in pixels of a picture of `size`."""
        return min(size) if self.config.scale == "whole" else self.config.size

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """The networks as they are used, without gradients; afterwards each is as it was before."""
        modules = [module for net in self.networks().values() for module in net.modules()]
        training = [module.training for module in modules]
        try:
            for module in modules:
                module.training = False
            with torch.no_grad():
                yield
        finally:
            for module, was in zip(modules, training, strict=True):
                module.training = was

    def parameter_counts(self) -> dict[str, int]:
        """Number of parameters of each network by name."""
        return {name: sum(p.numel() for p in net.parameters()) for name, net in self.networks().items()}

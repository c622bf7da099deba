"""How well a method that learns from a folder does on other pictures, while it learns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from selfmend.errors import SelfmendError
from selfmend.image.draw import contact_sheet, paint_hole, to_rgb
from selfmend.image.files import save_picture
from selfmend.methods.folder import FolderMethod
from selfmend.metrics.pixels import mae, psnr
from selfmend.nn.tensors import ImageTensor, make_generator, to_array, to_mask
from selfmend.training.checkpoints import load_state, save_state
from selfmend.training.data import Batch
from selfmend.training.log import LogFile
from selfmend.training.stage import Stage, Terms

SHOWN = 6  # pictures of a sheet
BEST = "best.safetensors"
"""File of a run with the best weights so far."""
MOST_PSNR = 100.0  # dB; equal pictures have an infinite one, which no JSON file can hold


def filled(method: FolderMethod, batch: Batch, *, seed: int) -> ImageTensor:
    """The pictures of a batch with their holes filled, known pixels pasted back, on the CPU."""
    generator = make_generator(seed, "validation")
    image = torch.where(batch.mask, 0.5, batch.image)  # the truth is not shown, whatever the net looks at
    with method.evaluating():
        output = method.complete(image, batch.mask, generator=generator).float()
    return torch.where(batch.mask, output.clamp(0, 1), batch.image).cpu()


def measure(method: FolderMethod, batches: Sequence[Batch], *, seed: int) -> dict[str, float]:
    """The mean over pictures of the mean absolute error in [0, 1] ("l1") and of PSNR in dB, both in the hole."""
    errors, ratios = [], []
    for batch in batches:
        made = filled(method, batch, seed=seed)
        for output, truth, mask in zip(made.split(1), batch.image.split(1), batch.mask.split(1), strict=True):
            pair = to_array(output), to_array(truth)
            errors.append(mae(*pair, mask=to_mask(mask)))
            ratios.append(min(psnr(*pair, mask=to_mask(mask)), MOST_PSNR))
    return {"l1": float(np.mean(errors)), "psnr": float(np.mean(ratios))}


class Validator:
    """A listener that fills pictures every so many steps, and at the end of each stage.

    It writes RUN/samples/STAGE-STEP.jpg (damaged, filled, truth), the metrics into the log, and RUN/best.safetensors,
    the weights of the step with the least l1 so far.

    Args:
        method: that is trained.
        batches: pictures to fill.
        run: the run folder.
        log: where the metrics go.
        every: steps between two validations.
        seed: of what filling draws.
        measured: whether to measure; False, where the pictures are those of the training, draws the sheets only.
    """

    def __init__(
        self,
        method: FolderMethod,
        batches: Sequence[Batch],
        *,
        run: Path,
        log: LogFile,
        every: int,
        seed: int,
        measured: bool,
    ) -> None:
        if measured and not batches:
            raise SelfmendError("no picture of the validation can be read; give another folder")
        self._method, self._batches, self._run, self._log = method, batches, run, log
        self._every, self._seed, self._measured = every, seed, measured
        self._best = run / BEST
        self._least: float | None = None

    def begin(self, stage: Stage, first: int) -> None:
        """Look up the best metrics so far; those of steps that are done again come again."""
        if self._measured and self._best.exists():
            self._least = float(load_state(self._best)["metrics"]["l1"])

    def after(self, stage: Stage, step: int, terms: Terms) -> None:
        """Validate where it is time."""
        if step % self._every and step != stage.steps:
            return
        self._draw(stage, step)
        if not self._measured:
            return
        metrics = measure(self._method, self._batches, seed=self._seed)
        self._log.write(stage, step, {"validation": metrics})
        if self._least is None or metrics["l1"] < self._least:
            self._least = metrics["l1"]
            where = {"stage": stage.name, "step": step, "metrics": metrics}
            save_state(self._best, {"method": self._method.state_dict(), **where})

    def _draw(self, stage: Stage, step: int) -> None:
        pictures, captions = [], []
        for batch in self._batches[:SHOWN]:
            output, mask = filled(self._method, batch, seed=self._seed), batch.mask.cpu()
            truth = to_array(batch.image[:1])
            pictures += [paint_hole(truth, to_mask(mask[:1])), to_rgb(to_array(output[:1])), to_rgb(truth)]
            captions += ["damaged", "filled", "truth"]
        if pictures:
            name = f"{stage.name.replace(' ', '-').replace('/', '-')}-{step:07d}.jpg"
            save_picture(contact_sheet(pictures, captions, columns=3), self._run / "samples" / name)

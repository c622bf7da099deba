"""The work on one picture: read, filled on one thread, written like the one that came. Imports torch."""

from __future__ import annotations

import os
import time
import warnings
from typing import TYPE_CHECKING, Any

import cv2
import torch

from selfmend._version import __version__
from selfmend.api.many import method_for_many, weights_of
from selfmend.batch.files import mark
from selfmend.batch.task import Outcome, Task, worker_name
from selfmend.core.checks import OptionError, SelfmendError, SelfmendWarning, is_out_of_memory
from selfmend.core.files import exists
from selfmend.hole_init.patchmatch.threads import limit_threads
from selfmend.image.io import read_picture, save_picture
from selfmend.image.mask import needed_mask, read_mask
from selfmend.methods.base import Method, describe_config
from selfmend.video.mending import fingerprint

if TYPE_CHECKING:
    from selfmend.batch.job import Job


class Mender:
    """Mends pictures with a method that is loaded once. Made by `Job.prepare`."""

    def __init__(self, job: Job) -> None:
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        limit_threads(1)
        self._job, self._method = job, _method(job)

    def __call__(self, task: Task) -> Outcome:
        """Mend one picture; what is wrong with it is in the outcome."""
        started, cpu, error, lost, files = time.perf_counter(), time.process_time(), "", False, None
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", SelfmendWarning)
            try:
                files = self._mend(task)
            except SelfmendError as problem:
                error = str(problem)
            except Exception as problem:  # whatever a method does, the other pictures go on
                lost = is_out_of_memory(problem)
                error = "not enough memory" if lost else f"{type(problem).__name__}: {problem}"
        told = dict.fromkeys(str(w.message) for w in said if issubclass(w.category, SelfmendWarning))
        return Outcome(
            task=task, error=" ".join(error.split()), warnings=tuple(told), seconds=time.perf_counter() - started,
            cpu=time.process_time() - cpu, worker=worker_name(os.getpid()), files=files, lost=lost,
        )  # fmt: skip

    def _mend(self, task: Task) -> dict[str, Any]:
        job = self._job
        image_mark = mark(task.image) if exists(task.image) else None  # before: a change meanwhile is seen later
        picture = read_picture(task.image)
        source = needed_mask(picture, task.mask)
        drawn = task.mask if task.mask not in (None, "alpha") and exists(str(task.mask)) else None
        mask_mark = None if drawn is None else mark(drawn)
        mask = read_mask(source, picture, invert=job.invert_mask, grow=job.grow_mask)
        (fill,) = self._method.inpaint(picture.image, mask, seed=task.seed)
        save_picture(picture.rebuild(fill, mask, opaque=source == "alpha"), task.output)
        return {"image": image_mark, "mask": mask_mark, "output": mark(task.output)}


def describe(job: Job) -> dict[str, Any]:
    """See `Job.describe`."""
    if job.grow_mask < 0:
        raise OptionError(f"grow is {job.grow_mask}; at least 0 fits")
    method = _method(job)
    return {
        "version": __version__,
        "method": method.name,
        "options": describe_config(method.config),
        "model": None if job.model is None else fingerprint(weights_of(job.model)),
        "grow": job.grow_mask,
        "invert-mask": job.invert_mask,
    }


def _method(job: Job) -> Method:
    return method_for_many(job.method, job.preset, job.options, device=job.device, model=job.model)

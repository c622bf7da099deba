"""Filling the cases of a benchmark with a method of ours, timed. Imports torch; see `worker`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import cv2
import torch

from selfmend.api.learn import load
from selfmend.bench.entrants import MethodEntrant
from selfmend.bench.worker import Cost, Task, peak_memory
from selfmend.core.checks import SelfmendError
from selfmend.core.types import Image, Mask
from selfmend.hole_init.patchmatch.threads import limit_threads
from selfmend.image.io import read_picture, save_picture
from selfmend.image.mask import drawn_mask
from selfmend.methods import method_class
from selfmend.methods.base import Method
from selfmend.train.device import resolve_device

_WARM_SIDE, _WARM_HOLE = 64, 8


def method_filler(entrant: MethodEntrant) -> Callable[[Task], Cost]:
    """A function that fills a case on one thread. The time is that of the filling alone, without reading and writing.

    Raises:
        SelfmendError: the method, or its run, cannot be loaded.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    limit_threads(1)
    method: Method
    if entrant.model is not None:
        method = load(entrant.model, device=entrant.device).method
    else:
        kind = method_class(entrant.method)
        method = kind.from_options(entrant.preset, entrant.options, device=resolve_device(entrant.device))
    warm = method.learns  # what trains for seconds needs no trial

    def fill(task: Task) -> Cost:
        nonlocal warm
        picture, mask = read_picture(task.image), drawn_mask(task.mask)
        if not warm:
            _try_out(method, picture.image)
            warm = True
        started, cpu = time.perf_counter(), time.process_time()
        (filled,) = method.inpaint(picture.image, mask, seed=entrant.seed)
        cost = Cost(
            seconds=time.perf_counter() - started, cpu=time.process_time() - cpu, memory=peak_memory()
        )  # before the picture is written
        save_picture(picture.rebuild(filled, mask), task.output)
        return cost

    return fill


def _try_out(method: Method, image: Image) -> None:
    """Fill a small part once, so that compiling and loading are not the first case's time."""
    part = image[..., :_WARM_SIDE, :_WARM_SIDE]
    mask: Mask = torch.zeros_like(part[:, :1], dtype=torch.bool)
    mask[..., :_WARM_HOLE, :_WARM_HOLE] = True
    with contextlib.suppress(SelfmendError):  # the case itself will say what is wrong
        method.inpaint(part.clone(), mask)

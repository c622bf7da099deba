"""First guesses inside a hole: all (image, mask, *, generator, ...) -> image, known pixels as they came."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from selfmend.errors import check_known
from selfmend.types import Image

INITIALISATIONS = {
    "mean": "selfmend.hole_init.mean:mean",
    "local-means": "selfmend.hole_init.local_means:local_means",
    "telea": "selfmend.hole_init.diffusion:telea",
    "navier-stokes": "selfmend.hole_init.diffusion:navier_stokes",
    "biharmonic": "selfmend.hole_init.diffusion:biharmonic",
    "patchmatch": "selfmend.hole_init.patchmatch:fill",
}


def get_initialisation(name: str) -> Callable[..., Image]:
    """The hole initialisation of that name.

    Raises:
        OptionError: unknown name; the nearest known one is named.
    """
    check_known("hole initialisation", name, INITIALISATIONS)
    module, function = INITIALISATIONS[name].split(":")
    return getattr(importlib.import_module(module), function)

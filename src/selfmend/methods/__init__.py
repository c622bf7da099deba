"""The methods: one plain dict from name to class, and plug-ins through the entry point group `selfmend.methods`."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from selfmend.errors import OptionError, check_known

if TYPE_CHECKING:
    from selfmend.methods.base import Method

METHODS = {
    "patchmatch": "selfmend.methods.patchmatch:PatchMatch",
    "gpnn": "selfmend.methods.gpnn:GPNN",
    "singan": "selfmend.methods.singan:SinGAN",
    "gpdm": "selfmend.methods.gpdm:GPDM",
    "context-encoder": "selfmend.methods.context_encoder:ContextEncoder",
    "edgeconnect": "selfmend.methods.edge_connect:EdgeConnect",
    "dmfn": "selfmend.methods.dmfn:DMFN",
    "telea": "selfmend.methods.classical:Telea",
    "navier-stokes": "selfmend.methods.classical:NavierStokes",
    "biharmonic": "selfmend.methods.classical:Biharmonic",
}


def method_names() -> list[str]:
    """Names of all methods, those of installed plug-ins included."""
    return sorted({**METHODS, **{point.name: point.value for point in entry_points(group="selfmend.methods")}})


def method_class(name: str) -> type[Method]:
    """The class of a method.

    Raises:
        OptionError: unknown name; the nearest known one is named.
    """
    check_known("method", name, method_names())
    if name not in METHODS:
        (point,) = entry_points(group="selfmend.methods", name=name)
        return point.load()
    module, attribute = METHODS[name].split(":")
    return getattr(importlib.import_module(module), attribute)


def check_takes_reference(kind: type[Method]) -> None:
    """Check that a method can use another picture of the scene.

    Raises:
        OptionError: naming the methods that can.
    """
    if not kind.takes_reference:
        able = ", ".join(name for name in method_names() if method_class(name).takes_reference)
        raise OptionError(f"{kind.name} takes no reference; these do: {able}")

"""The Python interface. Paths, PIL images, arrays and tensors in; the same kind out.

Names are resolved when they are used: what is not asked for is not imported.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selfmend.api.expanding import expand
    from selfmend.api.finding import find_mask
    from selfmend.api.functions import (
        fit_super_resolution,
        inpaint,
        mend_video,
        retarget,
        sample,
        super_resolve,
    )
    from selfmend.api.mender import Mender
    from selfmend.api.models import FolderModel, Model, digest
    from selfmend.api.redrawing import animate, edit, harmonize, paint
    from selfmend.api.restoring import restore
    from selfmend.api.training import (
        FolderTraining,
        fit,
        fit_folder,
        fit_picture,
        import_official,
        load,
        load_picture_model,
    )
    from selfmend.api.watermarks import remove_watermark
    from selfmend.methods.registry import DEFAULT_GENERATIVE_METHOD, DEFAULT_METHOD
    from selfmend.methods.registry import method_names as list_methods

_ORIGINS = {
    "DEFAULT_GENERATIVE_METHOD": "selfmend.methods.registry",
    "DEFAULT_METHOD": "selfmend.methods.registry",
    "FolderModel": "selfmend.api.models",
    "FolderTraining": "selfmend.api.training",
    "Mender": "selfmend.api.mender",
    "Model": "selfmend.api.models",
    "animate": "selfmend.api.redrawing",
    "digest": "selfmend.api.models",
    "edit": "selfmend.api.redrawing",
    "expand": "selfmend.api.expanding",
    "find_mask": "selfmend.api.finding",
    "fit": "selfmend.api.training",
    "fit_folder": "selfmend.api.training",
    "fit_picture": "selfmend.api.training",
    "fit_super_resolution": "selfmend.api.functions",
    "harmonize": "selfmend.api.redrawing",
    "import_official": "selfmend.api.training",
    "inpaint": "selfmend.api.functions",
    "list_methods": "selfmend.methods.registry:method_names",
    "load": "selfmend.api.training",
    "load_picture_model": "selfmend.api.training",
    "mend_video": "selfmend.api.functions",
    "paint": "selfmend.api.redrawing",
    "remove_watermark": "selfmend.api.watermarks",
    "restore": "selfmend.api.restoring",
    "retarget": "selfmend.api.functions",
    "sample": "selfmend.api.functions",
    "super_resolve": "selfmend.api.functions",
}

__all__ = [
    "DEFAULT_GENERATIVE_METHOD",
    "DEFAULT_METHOD",
    "FolderModel",
    "FolderTraining",
    "Mender",
    "Model",
    "animate",
    "digest",
    "edit",
    "expand",
    "find_mask",
    "fit",
    "fit_folder",
    "fit_picture",
    "fit_super_resolution",
    "harmonize",
    "import_official",
    "inpaint",
    "list_methods",
    "load",
    "load_picture_model",
    "mend_video",
    "paint",
    "remove_watermark",
    "restore",
    "retarget",
    "sample",
    "super_resolve",
]


def resolve(name: str, origin: str) -> Any:
    """What an origin, "module" or "module:name", has under a name; an import that fails says which extra it needs."""
    module, _, own = origin.partition(":")
    try:
        return getattr(importlib.import_module(module), own or name)
    except ImportError as error:
        from selfmend.errors import MissingExtraError, SelfmendError

        if isinstance(error, SelfmendError) or (error.name or "").partition(".")[0] == "selfmend":
            raise
        raise MissingExtraError.of(name, "learn", error) from error


if not TYPE_CHECKING:  # an editor sees the imports above, and that no other name is there

    def __getattr__(name: str) -> object:
        if name not in _ORIGINS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return resolve(name, _ORIGINS[name])


def __dir__() -> list[str]:
    return __all__

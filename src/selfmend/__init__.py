"""Selfmend fills the missing parts of pictures with models that learn from the picture itself.

    import selfmend
    mended = selfmend.inpaint("photo.jpg", "mask.png")

Names are resolved when they are used, so that importing the package loads no torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

from selfmend._version import __version__

if TYPE_CHECKING:
    from selfmend.api import (
        FolderModel,
        Model,
        fit,
        fit_folder,
        inpaint,
        load,
        mend_video,
        methods,
        retarget,
        sample,
        super_resolve,
    )
    from selfmend.errors import SelfmendError
    from selfmend.jobs.folder import mend_folder

_ORIGINS = {
    "FolderModel": "selfmend.api",
    "Model": "selfmend.api",
    "SelfmendError": "selfmend.errors",
    "fit": "selfmend.api",
    "fit_folder": "selfmend.api",
    "inpaint": "selfmend.api",
    "load": "selfmend.api",
    "mend_folder": "selfmend.jobs.folder",
    "mend_video": "selfmend.api",
    "methods": "selfmend.api",
    "retarget": "selfmend.api",
    "sample": "selfmend.api",
    "super_resolve": "selfmend.api",
}

__all__ = [
    "FolderModel",
    "Model",
    "SelfmendError",
    "__version__",
    "fit",
    "fit_folder",
    "inpaint",
    "load",
    "mend_folder",
    "mend_video",
    "methods",
    "retarget",
    "sample",
    "super_resolve",
]


def __getattr__(name: str) -> Any:
    if name not in _ORIGINS:
        raise AttributeError(f"module 'selfmend' has no attribute {name!r}")
    return getattr(importlib.import_module(_ORIGINS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

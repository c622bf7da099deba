"""Selfmend fills the missing parts of pictures from the picture itself, and makes new pictures out of it.

    import selfmend
    mended = selfmend.inpaint("photo.jpg", "mask.png")

Names are resolved when they are used: importing the package costs nothing, and a fill that trains nothing needs no
PyTorch.
"""

from __future__ import annotations

from selfmend._version import __version__

TYPE_CHECKING = False  # `typing` would take longer to import than all of this, and before Ctrl-C is taken care of
if TYPE_CHECKING:
    from selfmend.api import (
        FolderModel,
        Mender,
        Model,
        animate,
        edit,
        expand,
        find_mask,
        fit,
        fit_folder,
        harmonize,
        inpaint,
        list_methods,
        load,
        mend_video,
        paint,
        remove_watermark,
        restore,
        retarget,
        sample,
        super_resolve,
    )
    from selfmend.errors import SelfmendError
    from selfmend.jobs.folder import mend_folder

__all__ = [
    "FolderModel",
    "Mender",
    "Model",
    "SelfmendError",
    "__version__",
    "animate",
    "edit",
    "expand",
    "find_mask",
    "fit",
    "fit_folder",
    "harmonize",
    "inpaint",
    "list_methods",
    "load",
    "mend_folder",
    "mend_video",
    "paint",
    "remove_watermark",
    "restore",
    "retarget",
    "sample",
    "super_resolve",
]

_ELSEWHERE = {"SelfmendError": "selfmend.errors", "mend_folder": "selfmend.jobs.folder"}
"""Where the names are that `selfmend.api` does not have."""


if not TYPE_CHECKING:  # an editor sees the imports above, and that no other name is there

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'selfmend' has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(_ELSEWHERE.get(name, "selfmend.api")), name)


def __dir__() -> list[str]:
    return sorted(__all__)

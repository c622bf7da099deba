"""The Python interface. Paths, PIL images, arrays and tensors in; the same kind out."""

from selfmend.api.functions import (
    DEFAULT_GENERATIVE_METHOD,
    DEFAULT_METHOD,
    fit_super_resolution,
    inpaint,
    mend_video,
    retarget,
    sample,
    super_resolve,
)
from selfmend.api.models import FolderModel, Model, digest
from selfmend.api.training import (
    FolderTraining,
    fit,
    fit_folder,
    fit_picture,
    import_official,
    load,
    load_picture_model,
)
from selfmend.methods.registry import method_names as methods

__all__ = [
    "DEFAULT_GENERATIVE_METHOD",
    "DEFAULT_METHOD",
    "FolderModel",
    "FolderTraining",
    "Model",
    "digest",
    "fit",
    "fit_folder",
    "fit_picture",
    "fit_super_resolution",
    "import_official",
    "inpaint",
    "load",
    "load_picture_model",
    "mend_video",
    "methods",
    "retarget",
    "sample",
    "super_resolve",
]

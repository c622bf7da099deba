"""The Python interface. Paths, PIL images, arrays and tensors in; the same kind out."""

from selfmend.api.folder_model import FolderModel
from selfmend.api.folder_training import FolderTraining, fit_folder
from selfmend.api.generate import DEFAULT_GENERATIVE_METHOD, fit_super_resolution, retarget, sample, super_resolve
from selfmend.api.importing import import_official
from selfmend.api.learn import fit, fit_picture, load, load_picture_model
from selfmend.api.mend import DEFAULT_METHOD, inpaint
from selfmend.api.model import Model, digest
from selfmend.api.video import mend_video
from selfmend.methods import method_names as methods

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

"""Checkpoints of the authors' codes as models."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfmend.api.folder_model import FolderModel
from selfmend.methods.official import from_official


def import_official(method: str, files: Sequence[str | Path], **options: Any) -> FolderModel:
    """A model from the authors' own weights; `FolderModel.save` makes a run of it.

    Args:
        method: "edgeconnect", "dmfn" or "context-encoder".
        files: the generators' checkpoints, in any order.
        options: changes to the config, e.g. `size=512`.

    Raises:
        WeightsError: a file that is not whole, or holds another network than is needed; the message names it.
        OptionError: another method, or an option that does not fit.
    """
    paths = [Path(file) for file in files]
    made = from_official(method, paths, options)
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in paths}
    return FolderModel(made, seed=0, data={"imported": digests})

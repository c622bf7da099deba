"""What fills many pictures one after the other: a method made once, or what a training has learned of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfmend.errors import OptionError
from selfmend.methods.base import Method
from selfmend.methods.registry import method_class, method_info


def method_for_many(
    name: str,
    preset: str | None,
    options: Mapping[str, Any],
    *,
    device: str = "auto",
    model: str | Path | None = None,
    many: str = "many pictures",
) -> Method:
    """A method that fills any picture that it is given.

    Args:
        name, preset, options: as in `inpaint`; name and preset are not looked at where there is a model.
        device: "auto", "cpu", "cuda" or "mps".
        model: a run of `fit_folder`, which brings its own method.
        many: what is filled, for the message.

    Raises:
        OptionError: a model of one picture, a method that must learn a folder first, or options that do not fit.
        RunError: no run there, or one that cannot be used.
    """
    if model is not None:
        from selfmend.api.models import FolderModel
        from selfmend.api.training import load

        learned = load(model, device=device)
        if not isinstance(learned, FolderModel):
            raise OptionError(f"{model} has learned one picture; for {many}, a run that learned a folder fits")
        return learned.method.with_fill_options(options)
    if method_info(name).learns == "folder":
        raise OptionError(f"{name} learns from a folder first; give the run of a training as the model")
    return method_class(name).from_options(preset, options, device=device)


def weights_of(model: str | Path) -> Path:
    """The file with the weights of a run: the one in its folder, or the file that was given."""
    return Path(model) / "weights.safetensors" if Path(model).is_dir() else Path(model)

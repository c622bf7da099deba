"""What a method has learned of a folder of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfmend.api.references import fitted_reference
from selfmend.api.results import is_alpha, mended, one_or_all
from selfmend.core.checks import OptionError
from selfmend.core.progress import Progress, silent
from selfmend.image.io import read_picture
from selfmend.image.mask import read_mask
from selfmend.methods.base import describe_config
from selfmend.methods.folder import FolderMethod
from selfmend.train.run_folder import RunFolder


class FolderModel:
    """A method that has learned a folder of pictures. Made by `fit`, `fit_folder` and `load`.

    Attributes:
        method: the method, with what it learned.
        seed: the seed of the training.
        data: the number of pictures learned from, and a hash of their names and sizes.
        folder: of the run, where it was loaded from or written to one.
    """

    folder: Path | None = None

    def __init__(self, method: FolderMethod, *, seed: int, data: Mapping[str, Any]) -> None:
        self.method, self.seed, self.data = method, seed, dict(data)

    def inpaint(
        self,
        image: Any = None,
        mask: Any = None,
        *,
        samples: int = 1,
        seed: int | None = None,
        invert_mask: bool = False,
        grow_mask: int = 0,
        reference: Any = None,
        align: bool = True,
        progress: Progress = silent,
        **options: Any,
    ) -> Any:
        """Fill the holes of a picture of any size.

        Args:
            image, mask: as in `selfmend.inpaint`; both are needed.
            samples, invert_mask, grow_mask, reference, align, progress: as there.
            seed: None takes the training's.
            options: fields of the config that matter to filling only.

        Raises:
            OptionError: no picture or mask; unknown options, or one that training has fixed.
        """
        if image is None or mask is None:
            raise OptionError("this model learned a folder and has no picture of its own; give a picture and its mask")
        picture = read_picture(image)
        hole = read_mask(mask, picture, invert=invert_mask, grow=grow_mask)
        worker = self.method.with_fill_options(options)
        lying = fitted_reference(reference, picture, hole, type(worker), aligning=align, progress=progress)
        fills = worker.inpaint(
            picture.image, hole, seed=self.seed if seed is None else seed, samples=samples, reference=lying,
            progress=progress,
        )  # fmt: skip
        return one_or_all(mended(picture, hole, fills, opaque=is_alpha(mask)))

    def save(self, folder: str | Path) -> None:
        """Write a run folder that `selfmend.load` reads.

        Raises:
            RunError: the folder cannot be written or holds another run.
        """
        run_folder = RunFolder(folder)
        run_folder.start(self.record())
        self.finish(run_folder)

    def finish(self, run_folder: RunFolder) -> None:
        """Write what was learned into a run folder that was started."""
        run_folder.finish({"name": self.method.name, "method": self.method.state_dict()})
        self.folder = run_folder.path

    def record(self) -> dict[str, Any]:
        """What a run folder says of this model; only the run of an equal one is gone on with."""
        return {
            "method": self.method.name,
            "config": describe_config(self.method.config),
            "seed": self.seed,
            "data": self.data,
        }

"""What was learned, of one picture or of a folder, and all that can be done with it.

What a method has learned of one picture, and all that can be done with it.

What a method has learned of a folder of pictures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfmend.api.applications import Applications
from selfmend.errors import OptionError
from selfmend.image.files import read_picture, save_picture
from selfmend.image.picture import Picture, is_tensor
from selfmend.methods.base import describe_config
from selfmend.methods.folder import FolderMethod
from selfmend.methods.learning import LearningMethod
from selfmend.methods.singan.model import GenerativeSinGAN
from selfmend.nn.tensors import to_tensor
from selfmend.pipeline import MaskedPicture, drawn, enlarged, fill, generative, one_or_all, read_masked, retargeted
from selfmend.progress import Progress
from selfmend.progress_bar import shown
from selfmend.training.checkpoints import RunFolder
from selfmend.types import Image, ImageLike, ImageResult, Mask, MaskLike, OptionValue, Size, check_mask

if TYPE_CHECKING:
    from selfmend.registration.align import Aligned


class Model(Applications):
    """A method that has learned one picture. Made by `fit` and `load`.

    Attributes:
        method: the method, with what it learned.
        picture: the picture that it learned from.
        mask: the hole that was kept out of the learning, bool (H, W), or None.
        seed: the seed of the training.
        folder: of the run, where it was loaded from or written to one.
    """

    folder: Path | None = None

    def __repr__(self) -> str:
        height, width = self.picture.size
        hole = "" if self.mask is None else f", hole {float(self.mask.mean()):.1%}"
        where = "" if self.folder is None else f", folder {str(self.folder)!r}"
        return f"<Model {self.method.name}, {width} x {height} px{hole}, seed {self.seed}{where}>"

    def __init__(
        self, method: LearningMethod, picture: Picture, mask: Mask | None, *, seed: int, opaque: bool = False
    ) -> None:
        self.method, self.picture, self.mask, self.seed, self._opaque = method, picture, mask, seed, opaque

    def inpaint(
        self,
        image: ImageLike | None = None,
        mask: MaskLike | None = None,
        *,
        samples: int = 1,
        seed: int | None = None,
        invert_mask: bool = False,
        grow_mask: int = 0,
        reference: ImageLike | Aligned | None = None,
        align: bool = True,
        progress: Progress | bool = False,
        **options: OptionValue,
    ) -> ImageResult | list[ImageResult]:
        """Fill holes with what was learned.

        Args:
            image: a picture like the learned one; None takes the learned one.
            mask: its hole; None takes the one that was given to the training.
            samples, invert_mask, grow_mask, reference, align, progress: as in `selfmend.inpaint`.
            seed: None takes the training's.
            options: fields of the config that matter to filling only, e.g. `init="local-means"`.

        Raises:
            MaskError: no mask here and none in the training.
            OptionError: unknown options, or one that training has fixed.
        """
        progress = shown(progress)
        picture = self.picture if image is None else read_picture(image)
        if mask is None and self.mask is None:
            raise OptionError("this model was trained without a mask; say which hole to fill: mask=...")
        if mask is None and self.mask is not None:
            check_mask(self.mask, picture.image)
            masked = MaskedPicture(picture=picture, mask=self.mask, opaque=self._opaque)
        else:
            masked = read_masked(picture, mask, invert=invert_mask, grow=grow_mask)
        results = fill(
            masked, self.method.with_fill_options(options), seed=self.seed if seed is None else seed, samples=samples,
            reference=reference, align=align, progress=progress,
        )  # fmt: skip
        return one_or_all(results)

    def sample(
        self,
        *,
        size: Size | None = None,
        samples: int = 1,
        seed: int | None = None,
        progress: Progress | bool = False,
        **options: OptionValue,
    ) -> ImageResult | list[ImageResult]:
        """New pictures that look like the learned one; see `selfmend.sample`.

        Args:
            size: (height, width) in pixels; None is the size of the finest scale.
            samples: how many; a list comes back where there are several.
            seed: None takes the training's.
            progress: True shows a bar; a function is called with each event.
            options: fields of the config that matter to drawing only: `start_scale=2` for less variety (0 is the
                coarsest), `start_below="reconstruction"`.

        Raises:
            OptionError: the method makes no new pictures; unknown options; a size or scale that does not fit.
        """
        progress = shown(progress)
        worker = generative(self.method.with_fill_options(options))
        seed = self.seed if seed is None else seed
        image = self.whole_image(progress=progress)
        return one_or_all(drawn(worker, self.picture, image, size=size, samples=samples, seed=seed, progress=progress))

    def retarget(
        self, size: Size, *, seed: int | None = None, progress: Progress | bool = False, **options: OptionValue
    ) -> ImageResult:
        """The learned picture in another shape; see `selfmend.retarget`. Other arguments as in `sample`."""
        progress = shown(progress)
        worker = generative(self.method.with_fill_options(options))
        seed = self.seed if seed is None else seed
        return retargeted(
            worker, self.picture, self.whole_image(progress=progress), size=size, seed=seed, progress=progress
        )

    def super_resolve(self, *, seed: int | None = None, progress: Progress | bool = False) -> ImageResult:
        """The learned picture enlarged, if it was learned for that; see `selfmend.super_resolve`.

        Raises:
            OptionError: the model was trained for something else.
        """
        progress = shown(progress)
        if not isinstance(self.method, GenerativeSinGAN):
            raise OptionError(f"{self.method.name} enlarges no pictures; train singan with super_resolution=4")
        seed = self.seed if seed is None else seed
        image = self.whole_image(progress=progress)
        return enlarged(self.picture, self.method.super_resolve(image, seed=seed, progress=progress))

    def whole_image(self, *, progress: Progress | bool = False) -> Image:
        """The learned picture (H, W, C), its hole filled if it has one: the hole's content has no influence."""
        progress = shown(progress)
        if self.mask is None:
            return self.picture.image
        return self.method.inpaint(self.picture.image, self.mask, seed=self.seed, progress=progress)[0]

    def save(self, folder: str | Path) -> None:
        """Write a run folder that `selfmend.load` reads, with the picture in it.

        Raises:
            RunError: the folder cannot be written or holds another run.
        """
        run_folder = RunFolder(folder)
        run_folder.start(self.record())
        self.finish(run_folder)

    def finish(self, run_folder: RunFolder) -> None:
        """Write what was learned, and the picture, into a run folder that was started."""
        state = {
            "method": self.method.state_dict(),
            "image": to_tensor(self.picture.image),
            "mask": None if self.mask is None else to_tensor(self.mask),
            "kind": "tensor" if is_tensor(self.picture.original) else "array",
        }
        original = self.picture.original
        if not is_tensor(original) and getattr(original, "dtype", None) not in ("float32", "float64"):
            ending = "tif" if getattr(original, "mode", "") == "CMYK" else "png"  # PNG has no CMYK
            save_picture(original, run_folder.path / f"picture.{ending}")
        run_folder.finish(state)
        self.folder = run_folder.path

    def record(self) -> dict[str, Any]:
        """What a run folder says of this model; only the run of an equal one is gone on with."""
        height, width = self.picture.size
        sha256 = digest(self.picture.image, self.mask, excludes_hole=self.method.excludes_hole)
        return {
            "method": self.method.name,
            "config": describe_config(self.method.config),
            "seed": self.seed,
            "picture": {"height": height, "width": width, "sha256": sha256},
            "opaque": self._opaque,
        }


def digest(image: Image, mask: Mask | None, *, excludes_hole: bool = True) -> str:
    """Names a picture and its hole; what the hole holds does not count, unless it is learned."""
    known = image if mask is None or not excludes_hole else np.where(mask[..., None], np.float32(0), image)
    digest = hashlib.sha256(known.transpose(2, 0, 1).tobytes())  # plane by plane, as run folders have it
    digest.update(b"" if mask is None else mask.tobytes())
    return digest.hexdigest()


class FolderModel:
    """A method that has learned a folder of pictures. Made by `fit`, `fit_folder` and `load`.

    Attributes:
        method: the method, with what it learned.
        seed: the seed of the training.
        data: the number of pictures learned from, and a hash of their names and sizes.
        folder: of the run, where it was loaded from or written to one.
    """

    folder: Path | None = None

    def __repr__(self) -> str:
        where = "" if self.folder is None else f", folder {str(self.folder)!r}"
        return f"<FolderModel {self.method.name}, {self.data.get('pictures', '?')} pictures, seed {self.seed}{where}>"

    def __init__(self, method: FolderMethod, *, seed: int, data: Mapping[str, Any]) -> None:
        self.method, self.seed, self.data = method, seed, dict(data)

    def inpaint(
        self,
        image: ImageLike | None = None,
        mask: MaskLike | None = None,
        *,
        samples: int = 1,
        seed: int | None = None,
        invert_mask: bool = False,
        grow_mask: int = 0,
        reference: ImageLike | Aligned | None = None,
        align: bool = True,
        progress: Progress | bool = False,
        **options: OptionValue,
    ) -> ImageResult | list[ImageResult]:
        """Fill the holes of a picture of any size.

        Args:
            image, mask: as in `selfmend.inpaint`; both are needed.
            samples, invert_mask, grow_mask, reference, align, progress: as there.
            seed: None takes the training's.
            options: fields of the config that matter to filling only.

        Raises:
            OptionError: no picture or mask; unknown options, or one that training has fixed.
        """
        progress = shown(progress)
        if image is None or mask is None:
            raise OptionError("this model learned a folder and has no picture of its own; give a picture and its mask")
        results = fill(
            read_masked(image, mask, invert=invert_mask, grow=grow_mask), self.method.with_fill_options(options),
            seed=self.seed if seed is None else seed, samples=samples, reference=reference, align=align,
            progress=progress,
        )  # fmt: skip
        return one_or_all(results)

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

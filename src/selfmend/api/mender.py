"""Many fills by one method: what it needs is made once, and stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeGuard, overload

from selfmend.errors import ImageError, MaskError
from selfmend.image.picture import is_tensor
from selfmend.methods.base import describe_config
from selfmend.methods.registry import DEFAULT_METHOD, method_class
from selfmend.pipeline import fill, one_or_all, read_masked
from selfmend.progress import Progress
from selfmend.progress_bar import shown
from selfmend.types import FileImage, FilePath, ImageLike, ImageResult, ImageT, MaskLike, OptionValue

if TYPE_CHECKING:
    import torch


class Mender:
    """A method with its settings, called with one picture after the other.

    The settings are checked once, and a network whose weights you own is loaded with the first fill and stays,
    where `selfmend.inpaint` loads it each time. What was learned of a picture or a folder: `selfmend.load`.

    Args:
        method: one of `list_methods()`.
        preset: named settings of the method; its first one by default.
        device: "auto", "cpu", "cuda" or "mps".
        options: fields of the method's config, e.g. `patch=9`.

    Raises:
        OptionError: unknown method, preset or option; the message has the nearest one.

    Example:
        >>> import numpy as np
        >>> stripes = np.tile(np.uint8([0, 0, 255, 255]), (24, 6))
        >>> hole = np.zeros((24, 24), bool)
        >>> hole[10:14, 10:14] = True
        >>> mend = Mender("patchmatch")
        >>> [bool((mend(image, hole) == image).all()) for image in (stripes, 255 - stripes)]
        [True, True]
    """

    def __init__(
        self, method: str = DEFAULT_METHOD, *, preset: str | None = None, device: str = "auto", **options: OptionValue
    ) -> None:
        self.method = method_class(method).from_options(preset, options, device=device)

    def __repr__(self) -> str:
        return f"Mender({self.method.name!r}: {describe_config(self.method.config)})"

    # fmt: off
    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, image: ImageT, mask: MaskLike | None = ..., *, samples: Literal[1] = ..., seed: int = ...,
        invert_mask: bool = ..., grow_mask: int = ..., reference: ImageLike | None = ..., align: bool = ...,
        progress: Progress | bool = ...,
    ) -> ImageT: ...
    @overload
    def __call__(
        self, image: ImageT, mask: MaskLike | None = ..., *, samples: int, seed: int = ...,
        invert_mask: bool = ..., grow_mask: int = ..., reference: ImageLike | None = ..., align: bool = ...,
        progress: Progress | bool = ...,
    ) -> list[ImageT]: ...
    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, image: FilePath, mask: MaskLike | None = ..., *, samples: Literal[1] = ..., seed: int = ...,
        invert_mask: bool = ..., grow_mask: int = ..., reference: ImageLike | None = ..., align: bool = ...,
        progress: Progress | bool = ...,
    ) -> FileImage: ...
    @overload
    def __call__(
        self, image: FilePath, mask: MaskLike | None = ..., *, samples: int, seed: int = ...,
        invert_mask: bool = ..., grow_mask: int = ..., reference: ImageLike | None = ..., align: bool = ...,
        progress: Progress | bool = ...,
    ) -> list[FileImage]: ...
    # fmt: on
    def __call__(
        self,
        image: ImageLike,
        mask: MaskLike | None = None,
        *,
        samples: int = 1,
        seed: int = 0,
        invert_mask: bool = False,
        grow_mask: int = 0,
        reference: ImageLike | None = None,
        align: bool = True,
        progress: Progress | bool = False,
    ) -> ImageResult | list[Any]:
        """Fill the holes of a picture, or of a batch of tensors: as `selfmend.inpaint` does, with the same bytes.

        Args:
            image, mask, samples, seed, invert_mask, grow_mask, reference, align, progress: as there.

        Raises:
            SelfmendError: one line: what came, what fits, what to do.
        """
        progress = shown(progress)

        def one(picture: ImageLike, hole: MaskLike | None) -> ImageResult | list[ImageResult]:
            masked = read_masked(picture, hole, invert=invert_mask, grow=grow_mask)
            given: dict[str, Any] = {"seed": seed, "samples": samples, "align": align, "progress": progress}
            return one_or_all(fill(masked, self.method, reference=reference, **given))

        if is_batch(image):
            return each_of_batch(one, image, mask, reference=reference, samples=samples)
        return one(image, mask)


def is_batch(image: ImageLike) -> TypeGuard[torch.Tensor]:
    """Whether several pictures came as one tensor (N, C, H, W), or none."""
    return is_tensor(image) and image.ndim == 4 and image.shape[0] != 1


def each_of_batch(
    one: Callable[[torch.Tensor, MaskLike | None], ImageResult | list[ImageResult]],
    images: torch.Tensor,
    masks: MaskLike | None,
    *,
    reference: ImageLike | None,
    samples: int,
) -> torch.Tensor | list[torch.Tensor]:
    """A batch of tensors (N, C, H, W), each picture filled as it would be alone, by `one`."""
    import torch

    if reference is not None:
        raise ImageError(f"a reference goes with one picture; {len(images)} came")
    one_each: Iterable[MaskLike | None] = [masks] * len(images)
    if is_tensor(masks) and masks.ndim == 4 and len(masks) > 1:
        if len(masks) != len(images):
            raise MaskError(f"there are {len(masks)} masks for {len(images)} pictures; one, or as many, fit")
        one_each = masks
    fills = [one(image[None], mask) for image, mask in zip(images, one_each, strict=True)]
    if samples == 1:
        return torch.cat([fill for fill in fills if is_tensor(fill)]) if fills else images.clone()
    return [torch.cat(same) for same in zip(*fills, strict=True)]

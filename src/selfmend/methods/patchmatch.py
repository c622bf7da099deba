"""PatchMatch as a method: multi-scale exemplar filling, training-free, the instant answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from selfmend.methods.base import Method
from selfmend.patches.em import BLEND, PatchMatchOptions, varied
from selfmend.patches.inpaint import Reference, inpaint, window_of
from selfmend.progress import Progress, silent
from selfmend.types import Image, Mask

if TYPE_CHECKING:
    from selfmend.registration.align import Aligned


class PatchMatch(Method):
    """Copies texture from the known parts, chosen by matching patches from coarse to fine."""

    name: ClassVar[str] = "patchmatch"
    source: ClassVar[str] = (
        "Y. Wexler et al., Space-time completion of video, 2007; C. Barnes et al., PatchMatch, 2009; "
        "A. Newson et al., Non-local patch-based image inpainting, IPOL 2017"
    )
    presets: ClassVar = {"default": PatchMatchOptions(), "blended": BLEND}

    takes_reference: ClassVar[bool] = True

    config: PatchMatchOptions

    def window(self, mask: Mask) -> tuple[slice, slice] | None:
        """The surroundings that sources are taken from; see `Method.window`."""
        return window_of(mask, self.config)

    def varied(self) -> Self:
        """Further fills take from other parts of the picture; see `Method.varied`."""
        return type(self)(varied(self.config))

    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture; see `Method.fill`."""
        return inpaint(image, mask, seed=seed, options=self.config, progress=progress)

    def fill_from(
        self, image: Image, mask: Mask, reference: Aligned, *, seed: int, progress: Progress = silent
    ) -> Image:
        """Fill one picture; the reference's patches join the sources. See `Method.fill_from`."""
        return inpaint(
            image,
            mask,
            seed=seed,
            options=self.config,
            references=[Reference(reference.image, reference.known)],
            progress=progress,
        )

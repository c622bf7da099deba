"""What an editor knows of the functions for users: checked by mypy, never run.

A result is of the kind that came: `reveal_type` of a fill of a PIL image says so, of a tensor too, and several samples
are a list.
"""

from typing import assert_type

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PILImage

import selfmend
from selfmend.types import FileImage, ImageResult


def kinds(photo: PILImage.Image, pixels: NDArray[np.uint16], planes: torch.Tensor, mask: NDArray[np.bool_]) -> None:
    assert_type(selfmend.inpaint(photo, "mask.png", patch_size=9), PILImage.Image)
    assert_type(selfmend.inpaint(pixels, mask, method="telea"), NDArray[np.uint16])
    assert_type(selfmend.inpaint(planes, mask), torch.Tensor)
    assert_type(selfmend.inpaint("photo.jpg", "alpha"), FileImage)
    assert_type(selfmend.inpaint(photo, progress=True), PILImage.Image)
    assert_type(selfmend.inpaint(photo, mask, samples=4), list[PILImage.Image])
    assert_type(selfmend.inpaint("photo.jpg", "alpha", samples=2), list[FileImage])
    mend = selfmend.Mender("patchmatch", patch_size=9)
    assert_type(mend(photo, mask), PILImage.Image)
    assert_type(mend("photo.jpg", samples=2), list[FileImage])
    assert_type(selfmend.sample(photo, size=(100, 200)), PILImage.Image)
    assert_type(selfmend.sample("photo.jpg", samples=3), list[FileImage])
    assert_type(selfmend.sample(model="run"), ImageResult)
    assert_type(selfmend.retarget(planes, (100, 200)), torch.Tensor)
    assert_type(selfmend.super_resolve(pixels, 2), NDArray[np.uint16])
    assert_type(selfmend.restore("photo.jpg", "dust"), FileImage)
    assert_type(selfmend.expand(photo, aspect="16:9"), PILImage.Image)
    assert_type(selfmend.remove_watermark(photo, same_in=["a.jpg", "b.jpg"]), PILImage.Image)
    assert_type(selfmend.harmonize(photo, mask, picture="photo.jpg"), PILImage.Image)
    assert_type(selfmend.edit(pixels, picture=pixels), NDArray[np.uint16])
    assert_type(selfmend.paint("painting.png", "photo.jpg"), FileImage)
    assert_type(selfmend.animate(photo, frames=10), list[PILImage.Image])
    assert_type(selfmend.find_mask(photo, "scratches"), NDArray[np.bool_])


def mistakes(photo: PILImage.Image) -> None:
    selfmend.inpaint()  # type: ignore[call-overload]
    selfmend.inpaint(photo, "mask.png", seed="three")  # type: ignore[call-overload]
    selfmend.inpaint(3, "mask.png")  # type: ignore[call-overload]
    selfmend.inpiant(photo, "mask.png")  # type: ignore[attr-defined]

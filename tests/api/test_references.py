"""A reference from Python: aligned and coloured once, for methods that take one, refused clearly elsewhere."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

import selfmend
from facts import mentions
from selfmend.errors import ImageError, OptionError
from selfmend.image.picture import to_picture
from selfmend.methods.patchmatch import PatchMatch
from selfmend.nn.tensors import to_tensor
from selfmend.pipeline import fitted_reference
from selfmend.registration.align import Aligned, place
from selfmend.types import Image
from warped import TURN, middle_hole, psnr_in, scene, seen_from


@pytest.fixture(scope="module")
def image() -> Image:
    return seen_from(scene(90, 120, seed=4), np.eye(3))


@pytest.fixture(scope="module")
def reference() -> Image:
    """Of the same scene, from another place and with another exposure."""
    return np.float32(0.7) * seen_from(scene(90, 120, seed=4), TURN) + np.float32(0.1)


def test_a_reference_brings_back_what_it_shows(image: Image, reference: Image) -> None:
    mask = middle_hole(image)
    mended = selfmend.inpaint(image, mask, reference=reference)
    assert psnr_in(mended, image, mask) > 30
    assert np.array_equal(mended[~mask], image[~mask])
    assert psnr_in(selfmend.inpaint(image, mask), image, mask) < 25
    assert psnr_in(selfmend.inpaint(image, mask, reference=reference, align=False), image, mask) < 29
    tensors = (to_tensor(one)[0] for one in (image, reference))
    again = selfmend.inpaint(next(tensors), mask, reference=next(tensors))
    assert torch.equal(again, to_tensor(mended)[0])


def test_any_kind_of_picture_and_what_was_aligned_before(image: Image, reference: Image) -> None:
    mask = middle_hole(image)
    bytes_ = (reference * 255).round().astype(np.uint8)
    picture = to_picture(image)
    events = []
    for source in (bytes_, PILImage.fromarray(bytes_), PILImage.fromarray(bytes_).convert("L")):
        aligned = fitted_reference(source, picture, mask, PatchMatch, progress=events.append)
        assert isinstance(aligned, Aligned)
        assert aligned.image.shape == image.shape
    assert events[-1].terms["confidence"] > 0.8
    assert fitted_reference(aligned, picture, mask, PatchMatch) is aligned
    assert fitted_reference(bytes_, picture, np.zeros_like(mask), PatchMatch) is None


def test_a_transparent_part_shows_nothing(image: Image, reference: Image) -> None:
    mask = middle_hole(image)
    rgba = PILImage.fromarray((reference * 255).round().astype(np.uint8)).convert("RGBA")
    alpha = np.full((90, 120), 255, np.uint8)
    alpha[:45] = 0
    rgba.putalpha(PILImage.fromarray(alpha))
    aligned = fitted_reference(rgba, to_picture(image), mask, PatchMatch)
    assert aligned is not None
    assert not aligned.known[:35].any()
    assert aligned.known[55:, 40:80].all()


def test_mistakes(image: Image, reference: Image) -> None:
    mask, other = middle_hole(image), seen_from(scene(90, 120, seed=5), np.eye(3))
    for call, message in (
        ({"reference": reference, "method": "telea"}, "telea takes no reference; these do: .*patchmatch.*singan"),
        ({"reference": "no.png"}, "the reference cannot be read: no such file: no.png"),
        ({"reference": other}, r"the reference fits the picture with 0\.\d\d; at least 0.5 is needed"),
        ({"reference": reference[:9, :9]}, "the reference is 9 x 9; for a reference at least 16 pixels a side"),
        ({"reference": reference[:, :60], "align": False}, "the reference is 60 x 90 and the picture 120 x 90"),
    ):
        with pytest.raises((ImageError, OptionError), match=message):
            selfmend.inpaint(image, mask, **call)
    two = to_tensor(image).expand(2, -1, -1, -1), to_tensor(mask).expand(2, -1, -1, -1)
    with pytest.raises(ImageError, match=mentions("reference", "2")):
        selfmend.inpaint(*two, reference=reference)
    with pytest.raises(ImageError, match=mentions("reference", "(90, 120, 1)", "(90, 120, 3)")):
        PatchMatch().inpaint(image, mask, reference=place(image[..., :1], image[..., :1], mask))

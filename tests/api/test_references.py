"""A reference from Python: aligned and coloured once, for methods that take one, refused clearly elsewhere."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

import selfmend
from selfmend.errors import ImageError, OptionError
from selfmend.image.picture import to_picture
from selfmend.methods.patchmatch import PatchMatch
from selfmend.pipeline import fitted_reference
from selfmend.registration.align import Aligned, place
from warped import TURN, middle_hole, psnr_in, scene, seen_from


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    return seen_from(scene(90, 120), np.eye(3))


@pytest.fixture(scope="module")
def reference() -> torch.Tensor:
    """Of the same scene, from another place and with another exposure."""
    return 0.7 * seen_from(scene(90, 120), TURN) + 0.1


def test_a_reference_brings_back_what_it_shows(image: torch.Tensor, reference: torch.Tensor) -> None:
    mask = middle_hole(image)
    mended = selfmend.inpaint(image[0], mask, reference=reference[0])[None]
    assert psnr_in(mended, image, mask) > 30
    known = ~mask.expand_as(image)
    assert torch.equal(mended[known], image[known])
    assert psnr_in(selfmend.inpaint(image[0], mask)[None], image, mask) < 20
    assert psnr_in(selfmend.inpaint(image[0], mask, reference=reference[0], align=False)[None], image, mask) < 29


def test_any_kind_of_picture_and_what_was_aligned_before(image: torch.Tensor, reference: torch.Tensor) -> None:
    mask = middle_hole(image)
    bytes_ = (reference[0].permute(1, 2, 0) * 255).round().byte().numpy()
    picture = to_picture(image[0])
    events = []
    for source in (bytes_, PILImage.fromarray(bytes_), PILImage.fromarray(bytes_).convert("L")):
        lying = fitted_reference(source, picture, mask, PatchMatch, progress=events.append)
        assert isinstance(lying, Aligned)
        assert lying.image.shape == image.shape
    assert events[-1].terms["confidence"] > 0.8
    assert fitted_reference(lying, picture, mask, PatchMatch) is lying
    assert fitted_reference(bytes_, picture, torch.zeros_like(mask), PatchMatch) is None


def test_a_transparent_part_shows_nothing(image: torch.Tensor, reference: torch.Tensor) -> None:
    mask = middle_hole(image)
    rgba = PILImage.fromarray((reference[0].permute(1, 2, 0) * 255).round().byte().numpy()).convert("RGBA")
    alpha = np.full((90, 120), 255, np.uint8)
    alpha[:45] = 0
    rgba.putalpha(PILImage.fromarray(alpha))
    lying = fitted_reference(rgba, to_picture(image[0]), mask, PatchMatch)
    assert lying is not None
    assert not lying.known[..., :35, :].any()
    assert lying.known[..., 55:, 40:80].all()


def test_mistakes(image: torch.Tensor, reference: torch.Tensor) -> None:
    mask, other = middle_hole(image), seen_from(scene(90, 120, seed=5), np.eye(3))
    for call, message in (
        ({"reference": reference[0], "method": "telea"}, "telea takes no reference; these do: .*patchmatch.*singan"),
        ({"reference": "no.png"}, "the reference cannot be read: no such file: no.png"),
        ({"reference": other[0]}, r"the reference fits the picture with 0\.\d\d; at least 0.5 is needed"),
        ({"reference": reference[0, :, :9, :9]}, "the reference is 9 x 9; for a reference at least 16 pixels a side"),
        ({"reference": reference[0, :, :, :60], "align": False}, "the reference is 60 x 90 and the picture 120 x 90"),
    ):
        with pytest.raises((ImageError, OptionError), match=message):
            selfmend.inpaint(image[0], mask, **call)
    with pytest.raises(ImageError, match="a reference goes with one picture; 2 came"):
        selfmend.inpaint(image.expand(2, -1, -1, -1), mask.expand(2, -1, -1, -1), reference=reference[0])
    with pytest.raises(ImageError, match=r"the reference is \(1, 1, 90, 120\) and the picture \(1, 3, 90, 120\)"):
        PatchMatch().inpaint(image, mask, reference=place(image[:, :1], image[:, :1], mask))

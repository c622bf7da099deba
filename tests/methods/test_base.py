"""What the base does for a method that does everything wrong."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from selfmend.methods.base import Method
from selfmend.nn.tensors import to_image, to_signed
from selfmend.progress import silent
from selfmend.seeding import make_rng


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No options."""


class Careless(Method):
    """Repaints the whole picture, out of range, and remembers what it was given."""

    name: ClassVar[str] = "careless"
    title: ClassVar[str] = "for tests"
    source: ClassVar[str] = "none"
    presets: ClassVar = {"default": Nothing()}

    def fill(self, image, mask, *, seed, progress=silent):
        self.given = image
        return make_rng(seed).standard_normal(image.shape, np.float32) * 5


def test_known_pixels_are_pasted_back_and_the_range_is_kept() -> None:
    image, mask = np.random.default_rng(0).random((8, 9, 3), np.float32), np.zeros((8, 9), bool)
    mask[2:5, 3:7] = True
    (filled,) = Careless().inpaint(image, mask)
    assert np.array_equal(filled[~mask], image[~mask])
    assert 0 <= float(filled.min()) <= float(filled.max()) <= 1


def test_a_method_never_sees_what_the_hole_held() -> None:
    image, mask = np.random.default_rng(0).random((4, 4, 1), np.float32), np.zeros((4, 4), bool)
    mask[1:3, 1:3] = True
    method = Careless()
    method.inpaint(np.where(mask[..., None], np.float32(np.nan), image), mask)
    assert np.allclose(method.given[mask], image[~mask].mean())


def test_the_two_ranges() -> None:
    image = torch.tensor([0.0, 0.25, 1.0])
    assert to_signed(image).tolist() == [-1, -0.5, 1]
    assert torch.equal(to_image(to_signed(image)), image)
    assert to_image(torch.tensor([-1.5, 1.5])).tolist() == [0, 1]

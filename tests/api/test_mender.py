"""`Mender`: the same bytes as `inpaint`, with a method that is made once."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

import selfmend
from selfmend.errors import ImageError, MaskError, OptionError
from selfmend.methods.patchmatch import PatchMatch
from selfmend.methods.registry import METHODS, MethodInfo

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (40, 48, 3), dtype=np.uint8)
MASK = np.zeros((40, 48), bool)
MASK[12:20, 20:30] = True


class Counted(PatchMatch):
    """A method that counts how often it is made."""

    name = "counted"
    made = 0

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        Counted.made += 1


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    monkeypatch.setitem(METHODS, "counted", MethodInfo(target=f"{__name__}:Counted"))
    monkeypatch.setattr(selfmend.methods.registry, "method_class", lambda name: Counted)
    monkeypatch.setattr("selfmend.api.mender.method_class", lambda name: Counted)
    monkeypatch.setattr(Counted, "made", 0)
    return Counted


@pytest.mark.parametrize("method", ["auto", "patchmatch", "telea"])
def test_same_bytes_as_inpaint_however_often_it_is_called(method) -> None:
    mend = selfmend.Mender(method)
    other = np.flip(PHOTO, 1).copy()
    for image, seed in ((PHOTO, 0), (other, 3), (PHOTO, 0)):
        assert np.array_equal(mend(image, MASK, seed=seed), selfmend.inpaint(image, MASK, method=method, seed=seed))


def test_what_learns_a_picture_starts_anew_with_the_next() -> None:
    mend = selfmend.Mender("sliced-wasserstein", preset="tiny", device="cpu")
    first = mend(PHOTO, MASK)
    mend(np.flip(PHOTO, 1).copy(), MASK)
    assert np.array_equal(mend(PHOTO, MASK), first)


def test_every_kind_and_argument(tmp_path) -> None:
    mend = selfmend.Mender("patchmatch", patch=5)
    photo, path = PILImage.fromarray(PHOTO), tmp_path / "photo.png"
    photo.save(path)
    expected = selfmend.inpaint(PHOTO, MASK, method="patchmatch", patch=5, grow_mask=2)
    assert np.array_equal(np.asarray(mend(photo, ~MASK, invert_mask=True, grow_mask=2)), expected)
    assert np.array_equal(np.asarray(mend(path, MASK, grow_mask=2)), expected)
    photo.putalpha(PILImage.fromarray(~MASK))
    assert mend(photo).size == photo.size  # its transparency is the hole
    first, second = mend(PHOTO, MASK, samples=2)
    assert not np.array_equal(first, second)
    assert "patch" in repr(mend)


def test_it_is_made_once(counted) -> None:
    mend = selfmend.Mender("counted")
    for _ in range(3):
        mend(PHOTO, MASK)
    assert counted.made == 1


def test_a_batch_is_filled_by_one(counted) -> None:
    images = torch.from_numpy(PHOTO.astype(np.float32) / 255).permute(2, 0, 1)[None].repeat(3, 1, 1, 1)
    filled = selfmend.inpaint(images, MASK, method="counted")
    assert counted.made == 1
    alone = selfmend.Mender("counted")(images[:1], MASK)
    assert torch.equal(filled[2:], alone)


def test_mistakes_are_said_at_once() -> None:
    with pytest.raises(OptionError, match="patchmatch"):
        selfmend.Mender("patchmach")
    with pytest.raises(OptionError, match="patch"):
        selfmend.Mender("patchmatch", pacth=9)
    with pytest.raises(MaskError, match=r"mask=.mask\.png. in Python"):
        selfmend.Mender()(PHOTO)
    batch = torch.zeros(2, 3, 40, 48)
    with pytest.raises(ImageError, match="a reference goes with one picture; 2 came"):
        selfmend.Mender("patchmatch")(batch, MASK, reference=PHOTO)

"""What is found in a film: marks that stand still, dust that is in one frame only."""

import numpy as np
import pytest

from selfmend.errors import OptionError
from selfmend.video import found_masks
from selfmend.video.found_masks import FoundMasks
from selfmend.video.masks import choose_masks
from selfmend.video.reader import Frame


class Frames:
    """As much of a clip as the masks ask for."""

    def __init__(self, images):
        self.images, self.size = images, images[0].shape[:2]

    def frames(self):
        return (Frame(index=k, image=image, **_times(k)) for k, image in enumerate(self.images))

    def count_frames(self):
        return len(self.images)


def _times(k):
    import dataclasses

    names = {field.name for field in dataclasses.fields(Frame)} - {"index", "image"}
    return dict.fromkeys(names, k)


@pytest.fixture
def white(monkeypatch):
    """Every kind finds what is white."""
    monkeypatch.setattr(found_masks, "find_in", lambda image, kind, **how: image.min(2) > 0.95)


def film(count=9):
    images = [np.full((20, 30, 3), 0.4, np.float32) for _ in range(count)]
    for image in images:
        image[2:4, 2:8] = 1  # stands still
    images[count // 2][10:12, 15:17] = 1  # in one frame
    return Frames(images)


@pytest.mark.parametrize("kind", ["stamp", "watermark"])
def test_a_mark_that_stands_still_is_the_hole_of_all_frames(white, kind) -> None:
    clip = film()
    masks = [mask for _, mask in FoundMasks(clip, kind).of(clip.frames())]
    assert len(masks) == 9
    assert all(mask[2:4, 2:8].all() and mask.sum() == 12 for mask in masks)


def test_dust_is_what_the_frames_beside_do_not_have(white) -> None:
    clip = film()
    rows = list(FoundMasks(clip, "dust").of(clip.frames()))
    assert [frame.index for frame, _ in rows] == list(range(9))
    assert [int(mask.sum()) for _, mask in rows] == [0, 0, 0, 0, 4, 0, 0, 0, 0]
    one = Frames(clip.images[4:5])
    ((_, alone),) = FoundMasks(one, "dust").of(one.frames())
    assert alone.sum() == 16


def test_scratches_are_as_they_are_found_and_grow(white) -> None:
    clip = film(2)
    assert [int(mask.sum()) for _, mask in FoundMasks(clip, "scratches", grow=1).of(clip.frames())] == [28, 40]


def test_other_kinds_and_two_ways_at_once_are_refused() -> None:
    clip = film(1)
    with pytest.raises(OptionError, match="watermark"):
        FoundMasks(clip, "stain")
    with pytest.raises(OptionError, match="find"):
        choose_masks(clip, find="dust", mask="1,1,2,2")
    with pytest.raises(OptionError, match="invert"):
        choose_masks(clip, find="dust", invert=True)
    assert isinstance(choose_masks(clip, find="dust", region=(0, 0, 9, 9)), FoundMasks)

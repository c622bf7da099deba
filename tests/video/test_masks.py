"""Masks of films: of all frames, a file for each, and what does not fit."""

import numpy as np
import pytest
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import ImageError, MaskError, OptionError
from selfmend.video.masks import choose_masks
from selfmend.video.reader import Clip
from video_clips import write_film, write_subtitled


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("films") / "film.mp4", frames=4)


def write_masks(folder, count, *, size=(64, 48)):
    """Numbered masks: row k of mask k is hole."""
    folder.mkdir()
    for k in range(count):
        mask = np.zeros(size[::-1], np.uint8)
        mask[k] = 255
        PILImage.fromarray(mask).save(folder / f"{k:03d}.png")
    return folder


def rows(masks, clip):
    return [(frame.index, np.flatnonzero(mask.any(1)).tolist()) for frame, mask in masks.of(clip.frames())]


def test_a_box_and_a_file_are_the_hole_of_all_frames(film, tmp_path):
    write_masks(tmp_path / "m", 4)
    clip = Clip(film)
    assert rows(choose_masks(clip, mask="3,5,10,2"), clip) == [(k, [5, 6]) for k in range(4)]
    assert rows(choose_masks(clip, mask=tmp_path / "m" / "002.png"), clip) == [(k, [2]) for k in range(4)]
    assert rows(choose_masks(clip, mask="3,5,10,2", grow=1), clip)[0] == (0, [4, 5, 6, 7])
    array = np.ones(clip.size, bool)
    array[7] = False
    assert rows(choose_masks(clip, mask=array, invert=True), clip)[3] == (3, [7])


def test_a_folder_has_a_mask_for_each_frame(film, tmp_path):
    folder = write_masks(tmp_path / "m", 4)
    clip = Clip(film)
    assert rows(choose_masks(clip, masks=folder), clip) == [(k, [k]) for k in range(4)]
    part = Clip(film, first=2, last=3)
    assert rows(choose_masks(part, masks=folder), part) == [(2, [2]), (3, [3])]
    (folder / "000.png").unlink()
    (folder / "001.png").unlink()
    assert rows(choose_masks(part, masks=folder), part) == [(2, [2]), (3, [3])]  # as many as the part has


def test_numbered_objects_of_a_palette_are_all_hole(film, tmp_path):
    folder = tmp_path / "m"
    folder.mkdir()
    for k in range(4):
        mask = PILImage.new("P", (64, 48))
        mask.putpalette([0, 0, 0, 64, 0, 0, 0, 0, 20])
        mask.putpixel((3, 8), 1)
        mask.putpixel((3, 9), 2)
        mask.save(folder / f"{k}.png")
    clip = Clip(film)
    assert rows(choose_masks(clip, masks=folder), clip)[1] == (1, [8, 9])


def test_other_counts_and_sizes_are_refused_before_the_work(film, tmp_path):
    clip = Clip(film)
    with pytest.raises(MaskError, match=mentions("few", "3", "masks", "film.mp4", "4")):
        choose_masks(clip, masks=write_masks(tmp_path / "few", 3))
    small = write_masks(tmp_path / "small", 4, size=(32, 24))
    with pytest.raises(MaskError, match=mentions("000.png", "32", "24", "64", "48", "masks")):
        choose_masks(clip, masks=small)
    with pytest.raises(MaskError, match=mentions("32", "24", "64", "48")):
        choose_masks(clip, mask=small / "000.png")
    with pytest.raises(ImageError, match="is no folder"):
        choose_masks(clip, masks=tmp_path / "none")
    with pytest.raises(MaskError, match=mentions("70", "0", "5", "64", "48")):
        choose_masks(clip, mask="70,0,5,5")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "nothing says where the holes are; one of mask, masks, subtitles and find fits"),
        ({"mask": "1,1,2,2", "masks": "m"}, "mask and masks says where"),
        (
            {"mask": "1,1,2,2", "region": (0, 0, 9, 9)},
            "a region is for what is found, and how text looks for subtitles",
        ),
        ({"mask": "1,1,2,2", "text": {"dark": "true"}}, "how text looks for subtitles"),
        ({"subtitles": True, "text": {"dork": "true"}}, "unknown option 'dork'; did you mean 'dark'"),
        ({"subtitles": True, "invert": True}, "no mask that could be inverted"),
        ({"mask": "1,1,2,2", "grow": -1}, "grow is -1; at least 0 fits"),
    ],
)
def test_one_way_to_say_where_the_holes_are(film, asked, message):
    with pytest.raises(OptionError, match=message):
        choose_masks(Clip(film), **asked)


def test_masks_are_told_apart_by_their_digest(film, tmp_path):
    clip, folder = Clip(film), write_masks(tmp_path / "m", 4)
    described = [
        choose_masks(clip, mask="1,1,2,2").describe(),
        choose_masks(clip, mask="1,1,2,3").describe(),
        choose_masks(clip, masks=folder).describe(),
        choose_masks(clip, masks=folder, grow=1).describe(),
    ]
    PILImage.new("L", (64, 48)).save(folder / "003.png")
    described.append(choose_masks(clip, masks=folder).describe())
    assert len({str(d) for d in described}) == 5
    assert described[0] == choose_masks(clip, mask=np.pad(np.ones((2, 2)), ((1, 45), (1, 61))) > 0).describe()


def test_subtitles_are_found_in_the_frames_that_have_them(tmp_path):
    clip = Clip(write_subtitled(tmp_path / "film.mp4"))
    found = choose_masks(clip, subtitles=True)
    masks = {frame.index: mask for frame, mask in found.of(clip.frames())}
    assert [k for k in range(10) if masks[k].any()] == list(range(2, 10))
    assert not masks[5][:80].any()  # the words stand below
    elsewhere = choose_masks(clip, subtitles=True, region=(0, 0, 200, 60))
    assert not any(mask.any() for _, mask in elsewhere.of(clip.frames()))
    assert found.describe() != elsewhere.describe()
    with pytest.raises(MaskError, match=mentions("300", "0", "9", "200", "120")):
        choose_masks(clip, subtitles=True, region=(300, 0, 9, 9))

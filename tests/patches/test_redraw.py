"""Paint, edit and animate with the patches of a photo: what stays, what is new, and what does not fit."""

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from facts import mentions
from selfmend.errors import ImageError, MaskError, OptionError
from selfmend.image.animation import Walk
from selfmend.patches import redraw
from selfmend.patches.redraw import RedrawSettings
from selfmend.registration.flow import dense_flow, warp
from selfmend.seeding import make_rng
from selfmend.types import Image

QUICK = {"entry_size": 20, "steps": 6, "iterations": 3, "search_iterations": 2}


def landscape(height: int = 64, width: int = 96) -> Image:
    """Speckled blue above, grass in stripes below, a red thing on it."""
    rows, columns = np.mgrid[:height, :width]
    noise = 0.06 * make_rng(0, "land").standard_normal((height, width, 1))
    sky, grass = np.array((0.45, 0.6, 0.9)), np.array((0.2, 0.5, 0.15))
    stripes = 0.12 * np.sin(columns / 2 + rows / 3)[..., None]
    picture = np.where((rows < height // 2)[..., None], sky + noise, grass + stripes + noise)
    picture[height // 2 : height // 2 + 12, 20:36] = (0.8, 0.2, 0.1)
    return picture.clip(0, 1).astype(np.float32)


def turned_over() -> Image:
    """A painting with the grass at the left, the sky at the right."""
    painting = np.empty((48, 80, 3), np.float32)
    painting[:, :40], painting[:, 40:] = (0.2, 0.5, 0.15), (0.45, 0.6, 0.9)
    return painting


def test_a_painting_is_followed_and_made_of_the_photo() -> None:
    photo = landscape()
    made = redraw.paint(photo, turned_over(), seed=0, settings=RedrawSettings(**QUICK, layout=0))
    assert made.shape == (61, 101, 3)  # the painting's aspect, the photo's pixels
    left, right = made[:, :40], made[:, 61:]
    assert left[..., 1].mean() > left[..., 2].mean() + 0.15
    assert right[..., 2].mean() > right[..., 1].mean() + 0.15
    assert right.std(0).mean() > 0.02  # speckled, where the painting is flat


def test_noise_and_start_scale_say_how_much_stays() -> None:
    photo, painting = landscape(), turned_over()
    coarse = redraw.paint(photo, painting, seed=0, start_scale=0, settings=RedrawSettings(**QUICK))
    fine = redraw.paint(photo, painting, seed=0, start_scale=2, settings=RedrawSettings(**QUICK))
    wild = redraw.paint(photo, painting, seed=0, start_scale=0, settings=RedrawSettings(**QUICK, noise=3))
    away = [np.abs(made[8:-8, :40] - (0.2, 0.5, 0.15)).mean() for made in (fine, coarse, wild)]
    assert away[0] < away[2]
    assert away[1] < away[2]


def edited(photo: Image) -> tuple[Image, np.ndarray]:
    """The red thing put into the sky too."""
    changed, mask = photo.copy(), np.zeros(photo.shape[:2], bool)
    changed[6:22, 56:80] = photo[30:46, 16:40]
    mask[6:22, 56:80] = True
    return changed, mask


@pytest.mark.parametrize("known", [True, False])
def test_an_edit_stays_and_what_lies_around_it_too(known) -> None:
    photo = landscape()
    changed, mask = edited(photo)
    made = redraw.edit(
        photo if known else None, changed, mask, seed=0, start_scale=3, settings=RedrawSettings(**QUICK, noise=0)
    )
    far = np.ones(mask.shape, bool)
    far[:28, 50:86] = False
    np.testing.assert_array_equal(made[far], changed[far])
    assert made[11:17, 64:72, 0].mean() > made[11:17, 64:72, 2].mean()  # red there, where it was blue
    whole = redraw.edit(photo, changed, mask, seed=0, masked=False, settings=RedrawSettings(**QUICK))
    assert (whole[far] != changed[far]).any()


def test_what_stands_on_a_seam_is_no_example() -> None:
    mask = np.zeros((40, 40), bool)
    mask[10:30, 10:30] = True
    seam = redraw._seam(mask, (40, 40))
    assert [bool(seam[y, 20]) for y in (5, 9, 10, 20)] == [False, True, True, False]


def test_a_film_moves_and_comes_back() -> None:
    photo, settings = landscape(), RedrawSettings(**QUICK)
    film = list(redraw.animate(photo, Walk(frames=16, loop=True), seed=1, settings=settings))
    assert len(film) == 16
    np.testing.assert_array_equal(film[0], photo)
    steps = [np.abs(b - a).mean() for a, b in zip(film, [*film[1:], film[0]], strict=True)]
    assert np.median(steps) > 0.0005
    assert max(steps) < 0.06  # no jump, not at the end either
    again = list(redraw.animate(photo, Walk(frames=16, loop=True), seed=1, settings=settings))
    other = list(redraw.animate(photo, Walk(frames=16, loop=True), seed=2, settings=settings))
    assert all((a == b).all() for a, b in zip(film, again, strict=True))
    assert any((a != b).any() for a, b in zip(film, other, strict=True))


def test_alpha_pulls_back_to_the_photo() -> None:
    photo = landscape()
    still = list(redraw.animate(photo, Walk(frames=4, alpha=1), seed=0))
    assert all((frame == photo).all() for frame in still)


def test_what_is_between_two_frames_is_moved_not_faded() -> None:
    photo = landscape()
    later = np.roll(photo, 3, 1)
    flows = redraw._both_flows(photo, later)
    half = redraw._between(photo, later, flows, np.float32(0.5))
    middle = (slice(8, -8), slice(20, -20))
    truth = warp(photo, dense_flow(*[np.rint(p.mean(2) * 255).astype(np.uint8) for p in (later, photo)]) / 2)
    faded = (photo + later) / 2
    assert np.abs(half - truth)[middle].mean() < 0.5 * np.abs(faded - truth)[middle].mean()
    np.testing.assert_array_equal(redraw._between(photo, later, flows, np.float32(0)), photo)


def test_what_does_not_fit_is_one_line() -> None:
    photo = landscape()
    changed, mask = edited(photo)
    with pytest.raises(MaskError, match="covers nothing"):
        redraw.edit(photo, changed, np.zeros_like(mask), seed=0)
    with pytest.raises(OptionError, match=mentions("99")):
        redraw.paint(photo, turned_over(), seed=0, start_scale=99)
    with pytest.raises(OptionError, match=mentions("7x7")):
        redraw.paint(photo[:5], turned_over(), seed=0)
    with pytest.raises(OptionError, match=mentions("8")):
        next(redraw.animate(np.zeros((300, 300, 3), np.float32), Walk(frames=2), seed=0, start_scale=8))
    with pytest.raises(ImageError, match="the same aspect"):
        selfmend.edit(changed, picture=photo[:, :40])
    with pytest.raises(MaskError, match="give a mask"):
        selfmend.edit(changed)
    with pytest.raises(OptionError, match="no picture"):
        selfmend.paint(changed)
    with pytest.raises(OptionError, match="model"):
        selfmend.paint(changed, photo, quantized=True)


@pytest.mark.parametrize("mode", ["L", "RGBA", "I;16", "P"])
def test_any_kind_of_picture_comes_back_as_it_came(mode) -> None:
    rgb = PILImage.fromarray((landscape() * 255).astype(np.uint8))
    if mode == "I;16":
        picture = PILImage.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 257)
    else:
        picture = rgb.convert(mode)
    made = selfmend.edit(picture, "60,8,16,12", picture=picture, **QUICK)
    assert (made.mode, made.size) == (picture.mode, picture.size)
    assert len(selfmend.animate(picture.convert("L"), frames=2, **QUICK)) == 2
    painted = selfmend.paint(picture.resize((40, 40)), rgb, **QUICK)
    assert abs(painted.width - painted.height) <= 1

"""Another picture is drawn anew in a photo's manner: harmonize, edit, paint, animate.

Each does it with the photo's own patches, in seconds, or with a model of SinGAN that has learned the photo.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import MaskError, OptionError
from selfmend.image.animation import Walk
from selfmend.image.color import as_channels, with_channels
from selfmend.image.draw import to_rgb
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture
from selfmend.image.resize import resize
from selfmend.masks.edited import check_like, edited_mask
from selfmend.masks.reading import read_mask
from selfmend.options import replace_options
from selfmend.patches import redraw
from selfmend.patches.harmonise import HarmoniseSettings, harmonise
from selfmend.pipeline import warn_of_transparency
from selfmend.progress import Progress
from selfmend.progress_bar import shown
from selfmend.types import (
    FileImage,
    FilePath,
    Image,
    ImageLike,
    ImageResult,
    ImageT,
    Mask,
    MaskLike,
    OptionValue,
    size_of,
)

if TYPE_CHECKING:
    from selfmend.api.models import Model

_BEFORE = "picture before it"
Settings = TypeVar("Settings", HarmoniseSettings, redraw.RedrawSettings)


# fmt: off
@overload
def harmonize(
    composite: ImageT, mask: MaskLike, *, picture: ImageLike | None = ..., model: str | Path | Model | None = ...,
    start_scale: int | None = ..., seed: int | None = ..., invert_mask: bool = ..., device: str = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> ImageT: ...
@overload
def harmonize(
    composite: FilePath, mask: MaskLike, *, picture: ImageLike | None = ..., model: str | Path | Model | None = ...,
    start_scale: int | None = ..., seed: int | None = ..., invert_mask: bool = ..., device: str = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> FileImage: ...
# fmt: on
def harmonize(
    composite: ImageLike,
    mask: MaskLike,
    *,
    picture: ImageLike | None = None,
    model: str | Path | Model | None = None,
    start_scale: int | None = None,
    seed: int | None = None,
    invert_mask: bool = False,
    device: str = "auto",
    progress: Progress | bool = False,
    **options: Any,
) -> ImageResult:
    """Give an object that was pasted onto a picture its texture and palette.

    Args:
        composite: the picture with the object pasted; kinds as in `inpaint`.
        mask: where the object is, white or True.
        picture: another picture whose colours and patches are taken; None takes those of `composite` outside of the
            mask.
        model: of the picture, as `fit("singan", ...)` gives it, or the folder of such a run. None trains nothing: the
            object is made of the picture's own patches, in seconds (`patches/harmonise.py`).
        start_scale: with a model, where the composite enters; None chooses. Higher keeps more of the object.
        seed: same seed, same bytes; None is 0, or the model's.
        invert_mask: in the mask, black is the object.
        device: "auto", "cpu", "cuda" or "mps", for a model.
        progress: True shows a bar; a function is called with each event.
        options: without a model, of `HarmoniseSettings`, such as `content=0.8`.

    Returns:
        The kind, size and mode of `composite`, equal to it to the bit outside the mask and its soft border.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    progress = shown(progress)
    if model is not None:
        return _learned(model, picture, options, device).harmonize(
            composite, mask, start_scale=start_scale, seed=seed, invert_mask=invert_mask, progress=progress
        )
    if start_scale is not None:
        raise OptionError("start_scale is of a model; give one, or leave it out")
    settings = _settings(HarmoniseSettings(), options)
    given = read_picture(composite)
    hole = read_mask(mask, given, invert=invert_mask)
    reference = None if picture is None else as_channels(read_picture(picture).image, _channels(given), name="picture")
    made = harmonise(given.image, hole, seed=seed or 0, reference=reference, settings=settings, progress=progress)
    return given.rebuild(made, (made != given.image).any(2))


# fmt: off
@overload
def edit(
    edited: ImageT, mask: MaskLike | None = ..., *, picture: ImageLike | None = ...,
    model: str | Path | Model | None = ..., start_scale: int | None = ..., masked: bool = ...,
    seed: int | None = ..., invert_mask: bool = ..., device: str = ..., progress: Progress | bool = ...,
    **options: OptionValue
) -> ImageT: ...
@overload
def edit(
    edited: FilePath, mask: MaskLike | None = ..., *, picture: ImageLike | None = ...,
    model: str | Path | Model | None = ..., start_scale: int | None = ..., masked: bool = ...,
    seed: int | None = ..., invert_mask: bool = ..., device: str = ..., progress: Progress | bool = ...,
    **options: OptionValue
) -> FileImage: ...
# fmt: on
def edit(
    edited: ImageLike,
    mask: MaskLike | None = None,
    *,
    picture: ImageLike | None = None,
    model: str | Path | Model | None = None,
    start_scale: int | None = None,
    masked: bool = True,
    seed: int | None = None,
    invert_mask: bool = False,
    device: str = "auto",
    progress: Progress | bool = False,
    **options: Any,
) -> ImageResult:
    """Mend the seams of a picture whose parts were moved, copied or removed by hand.

    Args:
        edited: the edited picture; kinds as in `inpaint`.
        mask: where it was edited, white or True; None finds out by comparing with `picture` or the learned one.
        picture: the picture before the edit, of the same size or aspect. Without it, and without a model, the edited
            picture's own patches are taken, but for those on the seams, and the mask is needed.
        model: of the picture, as `fit("singan", ...)` gives it, or the folder of such a run. None trains nothing
            (`patches/redraw.py`).
        start_scale: where the edited picture enters; None chooses. Higher keeps more of the edit.
        masked: keep what lies outside the mask and a border around it; False draws everything anew.
        seed: same seed, same bytes; None is 0, or the model's.
        invert_mask: in the mask, black is edited.
        device: "auto", "cpu", "cuda" or "mps", for a model.
        progress: True shows a bar; a function is called with each event.
        options: without a model, of `RedrawSettings`, such as `noise=0.3`.

    Returns:
        The kind, size and mode of `edited`.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    progress = shown(progress)
    if model is not None:
        return _learned(model, picture, options, device).edit(
            edited, mask, start_scale=start_scale, masked=masked, seed=seed, invert_mask=invert_mask, progress=progress
        )
    settings = _settings(redraw.RedrawSettings(), options)
    given = read_picture(edited)
    before = None if picture is None else _before(picture, given)
    if mask is not None:
        hole = read_mask(mask, given, invert=invert_mask)
    elif invert_mask:
        raise MaskError("there is no mask to invert; give one, or leave the inversion out")
    elif before is None:
        raise MaskError("nothing says where the picture was edited; give a mask, or the picture before the edit")
    else:
        hole = edited_mask(given.image, before, of=_BEFORE)
    made = redraw.edit(
        before, given.image, hole, seed=seed or 0, start_scale=start_scale, masked=masked, settings=settings,
        progress=progress,
    )  # fmt: skip
    return given.rebuild(made, (made != given.image).any(2) if masked else np.ones_like(hole))


# fmt: off
@overload
def paint(
    painting: ImageT, picture: ImageLike | None = ..., *, model: str | Path | Model | None = ...,
    start_scale: int | None = ..., quantized: bool = ..., seed: int | None = ..., device: str = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> ImageT: ...
@overload
def paint(
    painting: FilePath, picture: ImageLike | None = ..., *, model: str | Path | Model | None = ...,
    start_scale: int | None = ..., quantized: bool = ..., seed: int | None = ..., device: str = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> FileImage: ...
# fmt: on
def paint(
    painting: ImageLike,
    picture: ImageLike | None = None,
    *,
    model: str | Path | Model | None = None,
    start_scale: int | None = None,
    quantized: bool = False,
    seed: int | None = None,
    device: str = "auto",
    progress: Progress | bool = False,
    **options: Any,
) -> ImageResult:
    """A picture like another one out of a painting of a few flat colours.

    Args:
        painting: of any size and aspect, in the picture's colours; kinds as in `inpaint`.
        picture: what the result is to be like; it may be left out with a model.
        model: of the picture, as `fit("singan", ...)` gives it, or the folder of such a run. None trains nothing
            (`patches/redraw.py`).
        start_scale: where the painting enters; None chooses. Higher keeps more of it.
        quantized: with a model, train the start scale anew on flat colours; see `Model.paint`.
        seed: same seed, same bytes; None is 0, or the model's.
        device: "auto", "cpu", "cuda" or "mps", for a model.
        progress: True shows a bar; a function is called with each event.
        options: without a model, of `RedrawSettings`, such as `noise=0.5`.

    Returns:
        The kind of `painting`, opaque, in its aspect and of as many pixels as the picture.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    progress = shown(progress)
    if model is not None:
        return _learned(model, picture, options, device).paint(
            painting, start_scale=start_scale, quantized=quantized, seed=seed, progress=progress
        )
    if picture is None:
        raise OptionError("no picture to be like was given: picture=..., or a model that has learned one")
    if quantized:
        raise OptionError("quantized trains a scale of a model; name one, or leave quantized out")
    settings = _settings(redraw.RedrawSettings(), options)
    photo, given = read_picture(picture), read_picture(painting)
    warn_of_transparency(given)
    flat = with_channels(given, _channels(photo), name="painting")
    made = redraw.paint(
        photo.image, flat.image, seed=seed or 0, start_scale=start_scale, settings=settings, progress=progress
    )
    return flat.like(made)


def animate(
    picture: ImageLike | None = None,
    *,
    model: str | Path | Model | None = None,
    frames: int = 100,
    alpha: float = 0.1,
    beta: float = 0.9,
    start_scale: int | None = None,
    loop: bool = False,
    seed: int | None = None,
    device: str = "auto",
    progress: Progress | bool = False,
    **options: OptionValue,
) -> list[PILImage.Image]:
    """A film in which a picture moves; `selfmend.image.animation.save_frames` writes it.

    Args:
        picture: what moves; kinds as in `inpaint`. It may be left out with a model, whose own picture moves.
        model: of the picture, as `fit("singan", ...)` gives it, or the folder of such a run. None trains nothing
            (`patches/redraw.py`).
        frames: how many.
        alpha: pull back to the picture, from 0 to 1.
        beta: smoothness of the movement, from 0 to 1.
        start_scale: the coarsest scale that moves; None chooses. Lower moves larger things.
        loop: let the last frame lead back to the first.
        seed: same seed, same frames; None is 0, or the model's.
        device: "auto", "cpu", "cuda" or "mps", for a model.
        progress: True shows a bar; a function is called at every frame.
        options: without a model, of `RedrawSettings`, such as `noise=1.0`.

    Returns:
        RGB frames.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    progress = shown(progress)
    walk = Walk(frames=frames, alpha=alpha, beta=beta, loop=loop)
    if model is not None:
        return _learned(model, picture, options, device).animate(
            frames=frames, alpha=alpha, beta=beta, start_scale=start_scale, loop=loop, seed=seed, progress=progress
        )
    if picture is None:
        raise OptionError("no picture was given that could move: picture=..., or a model that has learned one")
    settings = _settings(redraw.RedrawSettings(), options)
    still = read_picture(picture)
    warn_of_transparency(still)
    drawn = redraw.animate(
        still.image, walk, seed=seed or 0, start_scale=start_scale, settings=settings, progress=progress
    )
    return [to_rgb(frame) for frame in drawn]


def _learned(
    model: str | Path | Model, picture: ImageLike | None, options: Mapping[str, OptionValue], device: str
) -> Model:
    """The model, which needs neither a picture nor options of patches beside it."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise OptionError(f"{given[0]} is an option of what is done without a model; leave it out, or the model")
    if picture is not None:
        raise OptionError("a model brings its own picture; leave picture out, or the model")
    from selfmend.api.training import load_picture_model

    return load_picture_model(model, device=device)


def _settings(defaults: Settings, options: Mapping[str, OptionValue]) -> Settings:
    return replace_options(defaults, {name: value for name, value in options.items() if value is not None})


def _channels(picture: Picture) -> int:
    return int(picture.image.shape[2])


def edited_region(edited: ImageLike, picture: ImageLike) -> Mask:
    """Where a picture differs from what it was before by more than 16 of 255 levels: (H, W), of its size.

    Raises:
        ImageError: a picture of another aspect.
        MaskError: nothing differs.
    """
    given = read_picture(edited)
    return edited_mask(given.image, _before(picture, given), of=_BEFORE)


def _before(picture: ImageLike, given: Picture) -> Image:
    """The picture before an edit, in the size and with the channels of the edited one."""
    before = as_channels(read_picture(picture).image, _channels(given), name="picture")
    check_like(given.size, size_of(before), name="edited picture", of=_BEFORE)
    return before if size_of(before) == given.size else resize(before, given.size).clip(0, 1)

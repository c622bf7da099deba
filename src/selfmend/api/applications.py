"""What SinGAN's scales are good for beside filling and sampling: paint, harmonise, edit, animate."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import MaskError, RunError, SelfmendWarning
from selfmend.files import check_writable
from selfmend.image.animation import Walk
from selfmend.image.color import as_channels, with_channels
from selfmend.image.draw import to_rgb
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture
from selfmend.masks.edited import check_like, edited_mask
from selfmend.masks.reading import read_mask
from selfmend.methods.learning import LearningMethod
from selfmend.methods.singan import SinGAN
from selfmend.methods.singan.animate import animate
from selfmend.methods.singan.finish import Finish
from selfmend.methods.singan.paint import DEFAULT_START_SCALE, QuantizedScale, paint, paint_quantized, train_quantized
from selfmend.methods.singan.redraw import (
    RedrawResult,
    edit,
    entry_scale,
    harmonize,
    start_scales,
)
from selfmend.methods.singan.scales import Scales
from selfmend.nn.tensors import make_generator, to_array, to_mask, to_tensor
from selfmend.pipeline import warn_of_transparency
from selfmend.progress import Progress
from selfmend.progress_bar import shown
from selfmend.types import ImageLike, ImageResult, Mask, MaskLike, Size


class Applications:
    """Mixed into `Model`; each of these needs a model of SinGAN. `start_scale` counts from 0, the coarsest."""

    method: LearningMethod
    picture: Picture
    mask: Mask | None
    seed: int
    folder: Path | None
    _quantized: dict[int, QuantizedScale] | None = None

    def paint(
        self,
        picture: ImageLike,
        *,
        start_scale: int | None = None,
        quantized: bool = False,
        seed: int | None = None,
        progress: Progress | bool = False,
    ) -> ImageResult:
        """A picture like the learned one out of a painting of a few flat colours.

        Args:
            picture: the painting: path, PIL image, array or tensor, of any size and aspect, in the learned picture's
                colours.
            start_scale: where it enters; None is 1, the second coarsest. Higher keeps more of the painting.
            quantized: train that scale anew on flat colours, and snap the painting to these: for paintings whose
                colours are not the picture's. The trained scale is kept in the run's folder, if there is one.
            seed: same seed, same bytes; None takes the training's.
            progress: True shows a bar; a function is called with each event.

        Returns:
            The kind that came, opaque, of the finest scale's size (with the option finish=always: of the learned
            picture's); in another aspect, of as many pixels.

        Raises:
            RunError: a model of another method.
            OptionError: no picture can enter at `start_scale`.
        """
        progress = shown(progress)
        scales = self._scales("paint")
        given = read_picture(picture)
        warn_of_transparency(given)
        painting = with_channels(given, scales.channels, name="painting")
        seed = self.seed if seed is None else seed
        generator, learned, device = make_generator(seed, "paint"), self.picture.size, self.method.device
        if quantized:
            trained = self._quantized_scale(scales, start_scale, progress)
            made = paint_quantized(
                trained, to_tensor(painting.image), learned=learned, generator=generator, device=device,
                how=self._finish, progress=progress,
            )  # fmt: skip
        else:
            made = paint(
                scales, to_tensor(painting.image), learned=learned, start_scale=start_scale, generator=generator,
                device=device, how=self._finish, progress=progress,
            )  # fmt: skip
        return painting.like(to_array(made))

    def harmonize(
        self,
        composite: ImageLike,
        mask: MaskLike,
        *,
        start_scale: int | None = None,
        seed: int | None = None,
        invert_mask: bool = False,
        progress: Progress | bool = False,
    ) -> ImageResult:
        """Give an object that was pasted onto the learned picture its texture and palette.

        Args:
            composite: the learned picture with the object pasted, of the same size or aspect; kinds as in `inpaint`.
            mask: where the object is, white or True; kinds as in `inpaint`.
            start_scale: where the composite enters; None is the first of the finer half. Higher keeps more of
                the object.
            seed: same seed, same bytes; None takes the training's.
            invert_mask: in the mask, black is the object.
            progress: True shows a bar; a function is called with each event.

        Returns:
            The kind, size and mode of `composite`, equal to it to the bit outside the mask and its soft border.

        Raises:
            RunError: a model of another method.
            ImageError: a composite of another aspect.
            MaskError: the mask covers nothing.
            OptionError: no picture can enter at `start_scale`.
        """
        progress = shown(progress)
        scales = self._scales("harmonize")
        given = read_picture(composite)
        hole = read_mask(mask, given, invert=invert_mask)
        done = harmonize(
            scales, to_tensor(as_channels(given.image, scales.channels, name="composite")), to_tensor(hole),
            learned=self.picture.size, start_scale=start_scale,
            generator=make_generator(self.seed if seed is None else seed, "harmonize"),
            device=self.method.device, progress=progress,
        )  # fmt: skip
        return _put_in(done, given, scales, finished=False)

    def edit(
        self,
        edited: ImageLike,
        mask: MaskLike | None = None,
        *,
        start_scale: int | None = None,
        masked: bool = True,
        seed: int | None = None,
        invert_mask: bool = False,
        progress: Progress | bool = False,
    ) -> ImageResult:
        """Mend the seams of a learned picture whose parts were moved, copied or removed by hand.

        Args:
            edited: the learned picture, edited, of the same size or aspect; kinds as in `inpaint`.
            mask: where it was edited, white or True; None finds out by comparing, see `edited_mask`.
            start_scale: where the edited picture enters; None goes by the edit's size. Higher keeps more of the edit.
            masked: keep what lies outside the mask and its soft border; False draws everything anew.
            seed: same seed, same bytes; None takes the training's.
            invert_mask: in the mask, black is edited.
            progress: True shows a bar; a function is called with each event.

        Returns:
            The kind, size and mode of `edited`.

        Raises:
            RunError: a model of another method.
            ImageError: a picture of another aspect.
            MaskError: the mask covers nothing, or none is given and nothing differs.
            OptionError: no picture can enter at `start_scale`.
        """
        progress = shown(progress)
        scales = self._scales("edit")
        if invert_mask and mask is None:
            raise MaskError("there is no mask to invert; give one, or leave --invert-mask out")
        given = read_picture(edited)
        hole = self.edited_mask(edited) if mask is None else read_mask(mask, given, invert=invert_mask)
        done = edit(
            scales, to_tensor(as_channels(given.image, scales.channels, name="edited picture")), to_tensor(hole),
            learned=self.picture.size, start_scale=start_scale,
            generator=make_generator(self.seed if seed is None else seed, "edit"),
            device=self.method.device, how=self._finish, progress=progress,
        )  # fmt: skip
        return _put_in(done, given, scales, finished=self._finish is not None, masked=masked)

    def edited_mask(self, edited: ImageLike) -> Mask:
        """Where a picture differs from the learned one by more than 16 of 255 levels: (H, W), of its size.

        Raises:
            ImageError: a picture of another aspect.
            MaskError: nothing differs.
        """
        given = read_picture(edited)
        check_like(given.size, self.picture.size, name="edited picture")
        image = as_channels(given.image, self.picture.image.shape[2], name="edited picture")
        return edited_mask(image, self.picture.image)

    def animate(
        self,
        *,
        frames: int = 100,
        alpha: float = 0.1,
        beta: float = 0.9,
        start_scale: int | None = None,
        loop: bool = False,
        seed: int | None = None,
        progress: Progress | bool = False,
    ) -> list[PILImage.Image]:
        """A film in which the learned picture moves; `selfmend.image.animation.save_frames` writes it.

        Args:
            frames: how many.
            alpha: pull back to the picture, from 0 to 1.
            beta: smoothness of the movement, from 0 to 1.
            start_scale: the coarsest scale that moves; None is 1, or 0 for sliced-wasserstein, whose layout holds.
                Lower moves larger things.
            loop: let the last frame lead back to the first.
            seed: same seed, same frames; None takes the training's.
            progress: True shows a bar; a function is called at every frame.

        Returns:
            RGB frames of the finest scale's size.

        Raises:
            RunError: a model of another method.
            OptionError: a value out of range, or scales that were not trained.
        """
        progress = shown(progress)
        walk = Walk(frames=frames, alpha=alpha, beta=beta, loop=loop)
        scales = self._scales("animate")
        drawn = animate(
            scales, walk, start_scale=start_scale, seed=self.seed if seed is None else seed, device=self.method.device,
            progress=progress,
        )  # fmt: skip
        film = [to_rgb(to_array(frame)) for frame in drawn]
        if not scales.noise_padding:
            message = (
                "this model was trained with zeros around its noise, so the borders of the film hardly move; "
                "selfmend train singan IMAGE --set padding=noise gives livelier ones"
            )
            warnings.warn(message, SelfmendWarning, stacklevel=2)
        return film

    def entry_scales(self) -> dict[int, Size]:
        """The scales at which `paint`, `harmonize` and `edit` can start, and their (height, width)."""
        sizes = self.scale_sizes()
        return {level: sizes[level] for level in start_scales(self._scales("this"))}

    def walking_scales(self) -> dict[int, Size]:
        """The scales at which `animate` can start, and their (height, width)."""
        return dict(enumerate(self.scale_sizes()))

    def scale_sizes(self) -> tuple[Size, ...]:
        """(height, width) of each scale, coarsest first."""
        return self._scales("this").plan.sizes

    def _scales(self, application: str) -> Scales:
        if not isinstance(self.method, SinGAN) or self.method.scales is None:
            raise RunError(
                f"this run is of {self.method.name}, and {application} needs one of singan or sliced-wasserstein: "
                "selfmend train singan IMAGE -o RUN"
            )
        return self.method.scales

    @property
    def _finish(self) -> Finish | None:
        """How results are finished by exemplars of the learned picture, where the options say so."""
        return self.method.sample_finish(to_tensor(self.picture.image)) if isinstance(self.method, SinGAN) else None

    def _quantized_scale(self, scales: Scales, start_scale: int | None, progress: Progress) -> QuantizedScale:
        """The scale trained on flat colours: of this model, of its folder, or trained now."""
        level = entry_scale(start_scale, scales, default=DEFAULT_START_SCALE)
        self._quantized = self._quantized or {}
        if level not in self._quantized:
            self._quantized[level] = train_quantized(
                scales, to_tensor(self.picture.image), self.method.config, start_scale=level, seed=self.seed,
                device=self.method.device, folder=self._place_for("quantized"), progress=progress,
            )  # fmt: skip
        return self._quantized[level]

    def _place_for(self, name: str) -> Path | None:
        """A folder in the run's, or None, with a warning where nothing can be written there."""
        if self.folder is None:
            return None
        try:
            check_writable(self.folder / name)
        except OSError as error:
            message = f"cannot write into {self.folder} ({error.strerror or error}): the trained scale is not kept"
            warnings.warn(message, SelfmendWarning, stacklevel=4)
            return None
        return self.folder / name


def _put_in(done: RedrawResult, given: Picture, scales: Scales, *, finished: bool, masked: bool = True) -> ImageResult:
    """What was drawn, in the kind of the picture that came; a warning says where it was enlarged."""
    finest, size = scales.plan.sizes[-1], given.size
    if max(size) > max(finest) and not finished:
        message = (
            f"drawn at the size of the finest scale, {finest[1]} x {finest[0]}, and enlarged to {size[1]} x {size[0]}; "
            "what is kept has its full detail. A run trained with a larger max_size draws finer"
        )
        warnings.warn(message, SelfmendWarning, stacklevel=3)
    image = as_channels(to_array(done.image if masked else done.whole), given.image.shape[2], name="picture")
    touched = to_mask(done.touched)
    return given.rebuild(image, touched if masked else np.ones_like(touched))

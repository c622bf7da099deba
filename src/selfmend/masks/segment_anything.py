"""Objects outlined by a model of the Segment Anything family that the user owns, as two ONNX files.

Kirillov et al. 2023, "Segment Anything": an encoder sees the picture once, a decoder answers to points and boxes. The
decoder's inputs and outputs have the names that the authors' exporter gives them; of the encoder, which that exporter
does not write, any file with one picture as its input fits: channels first or last, with or without a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfmend.errors import MissingExtraError, MissingWeightsError, OptionError, WeightsError
from selfmend.image.resize import resize
from selfmend.types import Image, Mask, check_image, size_of

if TYPE_CHECKING:
    from selfmend.masks.selection import Box, Point

SIDE = 1024
"""Pixels of the longer side of what the encoder sees; its input's own size, where the file says one."""
_MEAN = np.array([123.675, 116.28, 103.53], np.float32)  # of the pictures that these models are trained on, in levels
_DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)
_MASK = 256  # side of the decoder's mask input
_OFF, _ON, _CORNER, _END, _PAD = 0, 1, 2, 3, -1  # labels of points
_DECODER = {"image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input", "orig_im_size"}


class SegmentAnything:
    """An encoder and a decoder.

    Args:
        encoder, decoder: ONNX files.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        MissingWeightsError: no such file.
        WeightsError: a file that cannot be read, or is none of these models.
    """

    def __init__(self, encoder: str | Path, decoder: str | Path) -> None:
        self._encoder, self._decoder = _session(encoder), _session(decoder)
        lacking = _DECODER - {one.name for one in self._decoder.get_inputs()}
        if lacking:
            raise WeightsError(
                f"{decoder} is no decoder of Segment Anything: it has no input {', '.join(sorted(lacking))}; what the "
                "authors' export_onnx_model.py writes fits"
            )
        inputs = self._encoder.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) not in (3, 4):
            raise WeightsError(f"{encoder} has {len(inputs)} inputs; an encoder with one, the picture, fits")
        self._input = inputs[0]

    def select(
        self,
        image: Image,
        *,
        box: Box | None = None,
        points: Sequence[Point] = (),
        not_points: Sequence[Point] = (),
    ) -> Mask:
        """The object that was pointed at; arguments and result as of `selection.select`.

        Raises:
            OptionError: nothing was pointed at.
        """
        check_image(image)
        if box is None and not points:
            raise OptionError("nothing was pointed at; a box or points on the object fit")
        size = size_of(image)
        picture, scale = self._seen(image)
        embedding = self._encoder.run(None, {self._input.name: picture})[0]
        where: list[tuple[float, float]] = [*points, *not_points]
        labels = [_ON] * len(points) + [_OFF] * len(not_points)
        if box is None:
            where, labels = [*where, (0, 0)], [*labels, _PAD]
        else:
            x, y, width, height = box
            where, labels = [*where, (x, y), (x + width, y + height)], [*labels, _CORNER, _END]
        answer = self._decoder.run(
            None,
            {
                "image_embeddings": embedding,
                "point_coords": (np.array(where, np.float32) * np.float32(scale))[None],
                "point_labels": np.array(labels, np.float32)[None],
                "mask_input": np.zeros((1, 1, _MASK, _MASK), np.float32),
                "has_mask_input": np.zeros(1, np.float32),
                "orig_im_size": np.array(size, np.float32),
            },
        )
        named = dict(zip((one.name for one in self._decoder.get_outputs()), answer, strict=True))
        masks = named.get("masks", answer[0])[0]
        scores = named.get("iou_predictions")
        best = masks[int(np.argmax(scores[0]))] if scores is not None and len(masks) > 1 else masks[0]
        if best.shape != size:
            raise WeightsError(
                f"the decoder answered with {best.shape} for a picture of {size}; one that takes orig_im_size fits"
            )
        found: Mask = best > 0
        return found

    def _seen(self, image: Image) -> tuple[np.ndarray, float]:
        """The picture as the encoder takes it, and by how much it was scaled."""
        shape = list(self._input.shape)
        batch, last = len(shape) == 4, shape[-1] == 3
        sides = [n for n in (shape[-3:-1] if last else shape[-2:]) if isinstance(n, int)]
        side = max(sides, default=SIDE)
        size = size_of(image)
        scale = side / max(size)
        at = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
        levels = resize(np.broadcast_to(image, (*size, 3)).astype(np.float32), at).clip(0, 1) * 255
        if not last:  # exports with channels last take levels and do the rest themselves
            levels = (levels - _MEAN) / _DEVIATION
            levels = np.pad(levels, ((0, side - at[0]), (0, side - at[1]), (0, 0))).transpose(2, 0, 1)
        elif sides:
            levels = np.pad(levels, ((0, side - at[0]), (0, side - at[1]), (0, 0)))
        kind = np.uint8 if "uint8" in self._input.type else np.float32
        picture = np.ascontiguousarray(levels.astype(kind))
        return picture[None] if batch else picture, scale


def _session(file: str | Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError.of("a model of your own", "onnx", error) from error
    if not Path(file).is_file():
        raise MissingWeightsError(f"{file} is not there; an ONNX file of a Segment Anything model fits")
    try:
        return onnxruntime.InferenceSession(str(file), providers=onnxruntime.get_available_providers())
    except Exception as error:
        raise WeightsError(f"{file} cannot be read as an ONNX model: {str(error).splitlines()[0]}") from error

"""The node: tensors become pictures, the server fills them, and what it changed comes back into the tensors."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image

from .selfmend_client import DEFAULT_ADDRESS, Client

METHODS = ("auto", "patchmatch", "gpnn", "telea", "navier-stokes", "biharmonic", "singan")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


class SelfmendInpaint:
    """Fills the masked part of images from the rest of each; no model is loaded into ComfyUI."""

    CATEGORY = "image/inpainting"
    DESCRIPTION = "Fill the masked part of an image from the rest of it, by a running 'selfmend serve'."
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "mend"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """What the node takes. There is no token: ComfyUI writes all inputs into the pictures that it saves."""
        return {
            "required": {
                "image": ("IMAGE",),
                "mask": ("MASK", {"tooltip": "1 where the hole is"}),
                "method": (list(METHODS), {"default": "auto", "tooltip": "singan learns from the image: slow"}),
                "seed": ("INT", {"default": 0, "min": 0, "max": 2**31 - 1, "control_after_generate": True}),
                "grow": ("INT", {"default": 0, "min": 0, "max": 100, "tooltip": "pixels added around the mask"}),
                "server": ("STRING", {"default": DEFAULT_ADDRESS, "tooltip": "address of 'selfmend serve'"}),
            }
        }

    def mend(
        self, image: torch.Tensor, mask: torch.Tensor, method: str, seed: int, grow: int, server: str
    ) -> tuple[torch.Tensor]:
        """Fill a batch, image by image, each with the same seed: a batch gives what its images give alone.

        Args:
            image: (B, H, W, C) in [0, 1], C = 1, 3 or 4.
            mask: (B, H, W) or (1, H, W) in [0, 1]; from 0.5 on it is hole.
            method, seed, grow, server: see `INPUT_TYPES`.

        Returns:
            One image tensor like `image`; pixels that the server did not change keep their bits.

        Raises:
            ValueError: shapes that do not fit, or no hole in any mask.
            ServerError: what the server or the way to it refuses.
        """
        holes = _holes(image, mask)
        client = Client(server, token=os.environ.get("SELFMEND_TOKEN"))
        looks = _progress(len(image))
        mended = image.clone()
        for index, hole in enumerate(holes):
            if not hole.any():  # one frame of a film, for example: there is nothing to do for it
                continue
            sent = _bytes(image[index])
            picture = client.fill(
                _png(sent, MODES[sent.shape[2]]), _png(hole.numpy().astype(np.uint8)[..., None] * 255, "L"),
                method=method, seed=seed, grow=grow, progress=lambda job, index=index: looks(index, job),
            )  # fmt: skip
            filled = _array(picture, sent)
            changed = torch.from_numpy((filled != sent).any(axis=2, keepdims=True))
            values = torch.from_numpy(filled).to(image) / 255
            mended[index] = torch.where(changed.to(image.device), values, image[index])
        return (mended,)


def _holes(image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The masks as bool (B, H, W), one for each image."""
    if image.ndim != 4 or image.shape[3] not in MODES:
        raise ValueError(f"the image is {tuple(image.shape)}; (B, H, W, C) with C = 1, 3 or 4 fits")
    mask = mask if mask.ndim == 3 else mask[None]
    if mask.ndim != 3 or mask.shape[1:] != image.shape[1:3] or len(mask) not in (1, len(image)):
        came = "x".join(str(n) for n in mask.shape)
        fits = "x".join(str(n) for n in image.shape[:3])
        hint = "; Load Image gives a mask of 64x64 for a picture that has no transparency"
        raise ValueError(f"the mask is {came}; {fits} fits{hint if mask.shape[-2:] == (64, 64) else ''}")
    holes = (mask >= 0.5).cpu().expand(len(image), -1, -1)
    if not holes.any():
        raise ValueError("the mask is empty; paint white what is to be filled")
    return holes


def _bytes(image: torch.Tensor) -> np.ndarray:
    return (image.detach().float().cpu().clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def _png(array: np.ndarray, mode: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array[..., 0] if mode == "L" else array).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _array(picture: bytes, like: np.ndarray) -> np.ndarray:
    """A picture file as bytes (H, W, C), of the channels of `like`."""
    with Image.open(io.BytesIO(picture)) as opened:
        return np.array(opened.convert(MODES[like.shape[2]])).reshape(like.shape)


def _progress(count: int) -> Callable[[int, Mapping[str, Any]], None]:
    """What moves ComfyUI's progress bar over `count` images, and stops when the user interrupts; nothing outside it."""

    def warn(job: Mapping[str, Any]) -> None:
        if job.get("state") == "done":
            for warning in job.get("warnings") or ():
                logging.warning("Selfmend: %s", warning)

    try:
        from comfy.model_management import throw_exception_if_processing_interrupted
        from comfy.utils import ProgressBar
    except ImportError:
        return lambda index, job: warn(job)
    bar = ProgressBar(100 * count)

    def look(index: int, job: Mapping[str, Any]) -> None:
        throw_exception_if_processing_interrupted()
        bar.update_absolute(round(100 * (index + (job.get("done") or 0))))
        warn(job)

    return look

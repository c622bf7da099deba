"""Clips whose truth is known: a texture that moves by given steps, with a hole that stands still."""

from collections.abc import Iterator

import cv2
import numpy as np

from selfmend.methods.classical import Telea
from selfmend.video.filling import TemporalFill, TemporalOptions
from selfmend.video.frames import MaskedFrame, MendedFrame

SIZE = 64, 96
REACH = 6
STEADY = TemporalOptions().steady


def texture(seed: int, size: tuple[int, int]) -> np.ndarray:
    """uint8 (H, W, 3), smooth at the scale of 2 px, all over the range."""
    noise = np.random.default_rng(seed).uniform(0, 255, (*size, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return np.rint((smooth - 127.5) * 4 + 127.5).clip(0, 255).astype(np.uint8)


def moving(count: int, *, step: int = 3, seed: int = 0) -> list[np.ndarray]:
    """Frames, each `step` px further to the right on a texture."""
    wide = texture(seed, (SIZE[0], SIZE[1] + step * count))
    return [wide[:, step * k : step * k + SIZE[1]] for k in range(count)]


def strokes() -> np.ndarray:
    """bool (H, W): upright bars of 6 px as letters have them."""
    hole = np.zeros(SIZE, bool)
    for left in range(20, 76, 14):
        hole[40:56, left : left + 6] = True
    return hole


def masked(truth: list[np.ndarray], hole: np.ndarray, *, first: int = 0) -> Iterator[MaskedFrame]:
    """The frames from `first` on, with nonsense in the hole."""
    for k, pixels in enumerate(truth[first:], first):
        image = pixels.astype(np.float32) / 255
        yield MaskedFrame(k, np.where(hole[..., None], np.float32("nan"), image), hole)


def filler(*, seed: int = 0, method: object = None) -> TemporalFill:
    """With a short reach, and a smooth fill where nothing is borrowed."""
    return TemporalFill(TemporalOptions(reach=REACH, margin=16), method=method or Telea(), seed=seed)  # type: ignore


def pixels_of(frame: MendedFrame) -> np.ndarray:
    """uint8 (H, W, 3)."""
    return np.rint(frame.image * 255).astype(np.uint8)


def psnr_in(output: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> float:
    """dB, over the hole."""
    return float(10 * np.log10(255**2 / max(1e-9, np.square(output[hole].astype(float) - truth[hole]).mean())))

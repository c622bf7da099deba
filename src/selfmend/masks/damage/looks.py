"""How photos look: tones of old prints, grain of film, blur, JPEG, the dots of printing."""

from __future__ import annotations

import numpy as np

from selfmend.masks.damage.marks import between, chance, rgb, smooth_noise
from selfmend.types import Image


def old_tones(image: Image, rng: np.random.Generator) -> Image:
    """Grey, sepia, or faded colours, with another contrast; or the picture as it is."""
    kind = rng.choice(["colour", "grey", "sepia", "faded"], p=[0.4, 0.25, 0.2, 0.15])
    if kind in ("grey", "sepia"):
        weights = rng.dirichlet([3, 6, 2]).astype(np.float32)
        image = np.repeat((image @ weights)[..., None], 3, 2)
    if kind == "sepia":
        warm = between(rng, 0.2, 1.0)
        dark = rgb(0.12, 0.07, 0.03) * warm
        light = 1 - rgb(0.03, 0.12, 0.28) * warm
        image = dark + image * (light - dark)
    if kind == "faded":
        tint = rng.uniform(0.75, 1.0, 3).astype(np.float32)
        image = np.asarray(between(rng, 0, 0.2) + image * tint * between(rng, 0.6, 0.9), np.float32)
    gamma, gain = between(rng, 0.7, 1.4), between(rng, 0.7, 1.1)
    image = np.asarray((image.clip(0, 1) ** gamma - 0.5) * gain + 0.5 + between(rng, -0.1, 0.1), np.float32)
    return image.clip(0, 1).astype(np.float32)


def film_grain(image: Image, rng: np.random.Generator, *, most: float = 0.04) -> Image:
    """Grain as of film: softer than a pixel, and strongest in the middle tones."""
    height, width = image.shape[:2]
    channels = 1 if chance(rng, 0.7) else 3
    grain = between(rng, 1.0, 2.2)
    noise = np.stack([smooth_noise((height, width), rng, grain=grain) for _ in range(channels)], 2)
    mean = _mean(image)
    strength = between(rng, 0, most) * (0.4 + 2.4 * mean * (1 - mean))
    return (image + strength * noise).clip(0, 1).astype(np.float32)


def blurred(image: Image, sigma: float) -> Image:
    """The picture as a soft lens or scanner gives it; sigma in pixels."""
    import cv2

    return image if sigma < 0.2 else np.asarray(cv2.GaussianBlur(image, (0, 0), sigma))


def noisy(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    """The picture with noise that each value has by itself, of such a deviation; not clipped."""
    return image + sigma * rng.standard_normal(image.shape).astype(np.float32)


def through_jpeg(image: Image, quality: int) -> Image:
    """The picture after JPEG of a quality from 1 to 100, with its blocks."""
    import cv2

    bytes_ = np.rint(image[..., ::-1] * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", bytes_, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return decoded[..., ::-1].astype(np.float32) / np.float32(255)


def halftone(image: Image, rng: np.random.Generator) -> Image:
    """The picture in the dots that it is printed with, black on white or in three inks."""
    height, width = image.shape[:2]
    rows, columns = np.indices((height, width), np.float32)
    pitch, grey = between(rng, 3, 8), chance(rng, 0.6)
    source = np.repeat(_mean(image), 3, 2) if grey else image
    turn = rng.uniform(0, np.pi / 2)
    planes = []
    for k in range(3):
        angle = turn + (0 if grey else k * np.pi / 6)
        u = (np.cos(angle) * columns + np.sin(angle) * rows) * 2 * np.pi / pitch
        v = (np.cos(angle) * rows - np.sin(angle) * columns) * 2 * np.pi / pitch
        screen = 0.5 + 0.25 * (np.cos(u) + np.cos(v))
        planes.append(((source[..., k] - screen) * between(rng, 4, 12) + 0.5).clip(0, 1))
    return np.stack(planes, 2).astype(np.float32)


def scanned(image: Image, rng: np.random.Generator) -> Image:
    """What scanning and keeping does: softness, sharpening, noise, JPEG; each in some of all cases."""
    if chance(rng, 0.5):
        image = blurred(image, between(rng, 0.2, 0.9))
    if chance(rng, 0.2):
        image = image + between(rng, 0.3, 1.2) * (image - blurred(image, between(rng, 0.7, 1.5)))
    if chance(rng, 0.25):
        image = np.repeat(_mean(image), 3, 2)
    if chance(rng, 0.4):
        image = noisy(image, between(rng, 0.003, 0.015), rng)
    image = image.clip(0, 1).astype(np.float32)
    return through_jpeg(image, int(rng.integers(35, 97))) if chance(rng, 0.65) else image


def _mean(image: Image) -> Image:
    """(H, W, 1): of the three channels."""
    return (image[..., :1] + image[..., 1:2] + image[..., 2:3]) / np.float32(3)

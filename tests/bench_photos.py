"""Photos, a benchmark's folder and programs for tests of benchmarks."""

from pathlib import Path

import numpy as np
from PIL import Image as PILImage
from skimage import data

ODD_NAME = '<b>&"'


def draw_photos(folder: Path, count: int = 2) -> Path:
    """Parts of a photo, 64 x 48 px: a.png, one with an odd name, then 2.png, 3.png, ...; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ["a", ODD_NAME, *map(str, range(2, count))]
    for k, name in enumerate(names[:count]):
        PILImage.fromarray(data.chelsea()[80 + 4 * k : 128 + 4 * k, 100:164]).save(folder / f"{name}.png")
    return folder


def draw_masks(folder: Path, names: list[str], size: tuple[int, int] = (64, 48)) -> Path:
    """Masks of one box for these names; size is (width, height). The folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        mask = np.zeros(size[::-1], np.uint8)
        mask[size[1] // 4 : size[1] // 2, size[0] // 4 : size[0] // 2] = 255
        (folder / name).parent.mkdir(exist_ok=True)
        PILImage.fromarray(mask).save(folder / f"{name}.png")
    return folder


def write_program(path: Path, lines: str) -> Path:
    """A shell script; its arguments are what a command's template says."""
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return path

"""A folder of small drawn pictures, for tests of training on folders."""

import numpy as np
from PIL import Image as PILImage


def draw_folder(folder, count=6, size=(20, 26)):
    """`count` pictures 0.png, 1.png, ... of (height, width) with stripes of their own; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, columns = np.mgrid[: size[0], : size[1]]
    for k in range(count):
        wave = [np.sin((rows * (k % 3) + columns * (1 + k % 2) + 2 * c) / 4) for c in range(3)]
        PILImage.fromarray(((np.stack(wave, 2) * 0.4 + 0.5) * 255).astype(np.uint8)).save(folder / f"{k}.png")
    return folder

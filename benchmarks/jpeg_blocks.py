"""JPEG into JPEG: what of a folder's files stays to the bit.

    python benchmarks/jpeg_blocks.py FOLDER [--limit 200] [--seed 0]

Each file is written twice by the code that `selfmend inpaint` writes with: once as it came, which must give the same
bytes, and once with a box of a fiftieth of its area that shows another place of it, as a fill does. Told are the files
whose scans came back byte for byte; pixels farther than one MCU from the box that changed, by Pillow and by OpenCV;
sizes; seconds a megapixel of one core.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from selfmend.image import jpeg, jpeg_blocks


def main() -> None:
    """Write, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=200, help="files, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    files = sorted(f for f in given.folder.rglob("*") if f.suffix.lower() in (".jpg", ".jpeg") and is_jpeg(f))
    files = [files[k] for k in sorted(rng.permutation(len(files))[: given.limit])]
    same, far, ratios, costs, refused = 0, 0, [], [], 0
    for file in files:
        data = file.read_bytes()
        parts = jpeg.parts_of(data)
        before = np.asarray(Image.open(io.BytesIO(data)))
        height, width = before.shape[:2]
        high, wide = max(1, height // 7), max(1, width // 7)
        top, left = rng.integers(0, height - high + 1), rng.integers(0, width - wide + 1)
        after = before.copy()
        down, right = rng.integers(0, height - high + 1), rng.integers(0, width - wide + 1)
        after[top : top + high, left : left + wide] = before[down : down + high, right : right + wide]
        try:
            same += jpeg_blocks.with_pixels(parts, before, before) == parts.scans
            start = time.process_time()
            scans = jpeg_blocks.with_pixels(parts, before, after)
        except (jpeg_blocks.BlocksError, AttributeError) as error:
            refused += 1
            print(f"{file}: {error}")
            continue
        costs.append((time.process_time() - start) / (height * width) * 1e6)
        made = jpeg.with_scans(data, scans, size=(height, width))
        ratios.append(len(made) / len(data))
        near = slice(max(0, top - 16), top + high + 16), slice(max(0, left - 16), left + wide + 16)
        for read in (with_pillow, with_opencv):
            changed = (read(made) != read(data)).reshape(height, width, -1).any(2)
            changed[near] = False
            far += int(changed.sum())
    print(f"{len(files)} files: {same} the same bytes without a change, {refused} refused, {far} far pixels changed")
    print(f"size with the box: {np.median(ratios):.4f} ({min(ratios):.4f} to {max(ratios):.4f})")
    print(f"seconds a megapixel: {np.median(costs):.3f}")


def is_jpeg(file: Path) -> bool:
    """By its first bytes: some PNG files are called .jpg."""
    with open(file, "rb") as opened:
        return opened.read(2) == b"\xff\xd8"


def with_pillow(data: bytes) -> np.ndarray:
    """Its pixels as they are stored."""
    return np.asarray(Image.open(io.BytesIO(data)))


def with_opencv(data: bytes) -> np.ndarray:
    """The same by OpenCV's libjpeg."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)


if __name__ == "__main__":
    main()

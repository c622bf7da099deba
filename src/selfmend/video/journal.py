"""What is mended of a film so far, kept beside the output, so that work that was stopped goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import RunError
from selfmend.files import atomic_path
from selfmend.types import Image, Mask
from selfmend.video.frames import MendedFrame

_SETTINGS, _FRAMES = "settings.json", "frames.jsonl"


class Journal:
    """A folder with the settings of the work, a line a mended frame, and the content of each hole as a PNG."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], *, restart: bool = False) -> None:
        """Open the journal, or begin one.

        Args:
            folder: where it is kept.
            settings: all that the fills depend on, as JSON.
            restart: forget what is there.

        Raises:
            RunError: the folder tells of work with other settings, or is no journal.
        """
        self.folder = folder
        if restart and (folder / _SETTINGS).is_file():
            shutil.rmtree(folder)
        held = json.loads(json.dumps(settings))
        if folder.exists():
            self._check(held)
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / _SETTINGS) as path:
            path.write_text(json.dumps(held, indent=1))
        self._records = self._read()
        with atomic_path(folder / _FRAMES) as path:  # a line that a kill has cut off is gone
            path.write_text("".join(json.dumps(r) + "\n" for r in self._records))

    def __len__(self) -> int:
        """Frames that are done, from the first on without gaps."""
        return len(self._records)

    def save(self, mended: MendedFrame, mask: Mask) -> None:
        """Keep a frame: first its pixels, then the line that says that they are there."""
        box = _box(mask)
        if box is not None:
            crop = _cut(mended.image, box)
            with atomic_path(self._picture(mended.index)) as path:
                PILImage.fromarray(crop).save(path, format="PNG", compress_level=1)
        record = {"index": mended.index, "box": box, "flicker": mended.flicker}
        with open(self.folder / _FRAMES, "a") as file:
            file.write(json.dumps(record) + "\n")
        self._records.append(record)

    def load(self, place: int, image: Image, mask: Mask) -> MendedFrame:
        """A frame that is done, from the frame and its hole.

        Args:
            place: counted from the first frame that was worked on.
            image: (H, W, 3), the frame as it was read.
            mask: (H, W), True = hole.

        Raises:
            RunError: what is kept is not of this frame and hole.
        """
        record = self._records[place]
        box = _box(mask)
        if record["box"] != box:
            raise RunError(f"{self.folder} does not fit the film and its masks any more; --restart begins anew")
        if box is None:
            return MendedFrame(record["index"], image, record["flicker"])
        left, top, right, bottom = box
        try:
            crop = np.array(PILImage.open(self._picture(record["index"])).convert("RGB"))
        except OSError as error:
            raise RunError(f"{self.folder} is damaged; --restart begins anew") from error
        mended, hole = image.copy(), mask[top:bottom, left:right]
        mended[top:bottom, left:right][hole] = crop[hole] / np.float32(255)
        return MendedFrame(record["index"], mended, record["flicker"])

    def remove(self) -> None:
        """Done: the film is written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _check(self, settings: dict[str, Any]) -> None:
        try:
            before = json.loads((self.folder / _SETTINGS).read_text())
        except (OSError, ValueError) as error:
            raise RunError(f"{self.folder} is in the way and tells of no work on a film; move it away") from error
        for name in sorted(before.keys() | settings.keys()):
            if before.get(name) != settings.get(name):
                raise RunError(
                    f"{self.folder} tells of work that was begun with another {name} ({before.get(name)}, now "
                    f"{settings.get(name)}); the same settings go on there, --restart begins anew"
                )

    def _read(self) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = []
        path = self.folder / _FRAMES
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                record = json.loads(line)
            except ValueError:
                break
            if record["box"] is not None and not self._picture(record["index"]).exists():
                break
            records.append(record)
        return records

    def _picture(self, index: int) -> Path:
        return self.folder / f"{index:06d}.png"


def _box(mask: Mask) -> list[int] | None:
    """Left, top, right, bottom of the hole; None where there is none."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def _cut(image: Image, box: list[int]) -> np.ndarray:
    left, top, right, bottom = box
    return np.rint(image[top:bottom, left:right] * np.float32(255)).astype(np.uint8)

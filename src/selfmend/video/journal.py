"""What is mended of a film so far, kept beside the output, so that work that was stopped goes on."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import RunError, SelfmendWarning
from selfmend.files import append_text, atomic_path, has_name, lock, remove_orphans
from selfmend.types import Image, Mask
from selfmend.video.frames import MendedFrame

_SETTINGS, _FRAMES, _LOCK = "settings.json", "frames.jsonl", "lock"
_OWN = re.compile(r"\d{6,}\.png|settings\.json|frames\.jsonl|lock")


@dataclass(frozen=True)
class _Record:
    """A line of the journal.

    Attributes:
        index: number of the frame in the clip.
        box: left, top, right, bottom of its hole; None where it has none.
        flicker: see `MendedFrame`.
        crc: CRC-32 of the picture's file, so that what a disk has damaged is not taken; 0 without a hole.
    """

    index: int
    box: list[int] | None
    flicker: float | None
    crc: int

    @classmethod
    def read(cls, line: str) -> Self | None:
        """The record of a line; None of one that a kill has cut off, or that a disk has damaged."""
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(found, dict) or found.keys() != {"index", "box", "flicker", "crc"}:
            return None
        index, box, flicker, crc = found["index"], found["box"], found["flicker"], found["crc"]
        if type(index) is not int or type(crc) is not int or index < 0:
            return None
        if box is not None and not (isinstance(box, list) and len(box) == 4 and all(type(v) is int for v in box)):
            return None
        if flicker is not None and not (isinstance(flicker, float | int) and 0 <= flicker <= 255):
            return None
        return cls(index, box, flicker, crc)


class Journal:
    """A folder with the settings of the work, a line a mended frame, and the content of each hole as a PNG.

    One process at a time: a lock, which the system gives back however the process ends, is held until `close`. The
    settings are written first and removed first, so that a kill at any moment leaves a folder that either tells of the
    work, or holds nothing but what the next run clears away.

    Attributes:
        folder: where it is kept.
        resumed: how many frames of it were done when it was opened, without those that turned out to be damaged.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], *, restart: bool = False) -> None:
        """Open the journal, or begin one.

        Args:
            folder: where it is kept.
            settings: all that the fills depend on, as JSON.
            restart: forget what is there.

        Raises:
            RunError: another process works with it, it tells of work with other settings, or it is no journal.
        """
        self.folder = folder
        self._check_own()
        self._lock: int | None = _locked(folder)
        try:
            held = json.loads(json.dumps(settings))
            if restart or not (folder / _SETTINGS).exists():
                self._clear()  # without settings: a kill has cut the beginning off, or the end
            else:
                self._check(held)
            with atomic_path(folder / _SETTINGS) as path:
                path.write_text(json.dumps(held, indent=1))
            self._records = self._read()
            self.resumed = len(self._records)
            self._write()
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        """Frames that are done, from the first on without gaps."""
        return len(self._records)

    def save(self, mended: MendedFrame, mask: Mask) -> None:
        """Keep a frame: first its pixels, then the line that says that they are there."""
        box, crc = _box(mask), 0
        if box is not None:
            png = _encoded(_cut(mended, mask, box))
            crc = zlib.crc32(png)
            with atomic_path(self._picture(mended.index)) as path:
                path.write_bytes(png)
        record = _Record(mended.index, box, mended.flicker, crc)
        append_text(self.folder / _FRAMES, json.dumps(asdict(record)) + "\n")
        self._records.append(record)

    def load(self, place: int, index: int, image: Image, mask: Mask) -> MendedFrame | None:
        """A frame that is done, from the frame and its hole.

        Args:
            place: counted from the first frame that was worked on.
            index: number of the frame in the clip.
            image: (H, W, 3), the frame as it was read.
            mask: (H, W), True = hole.

        Returns:
            The mended frame; None where what is kept of it is damaged: then it and all behind it are forgotten, which
            a warning says, and are to be mended again.

        Raises:
            RunError: what is kept is of another frame or hole.
        """
        record = self._records[place]
        box = _box(mask)
        if (record.index, record.box) != (index, box):
            raise RunError(f"{self.folder} does not fit the film and its masks any more; --restart begins anew")
        if box is None:
            return MendedFrame(index, image, record.flicker)
        left, top, right, bottom = box
        png = self._bytes(index)
        if zlib.crc32(png) != record.crc:
            self._forget(place)
            line = f"{self._picture(index)} is damaged; the film is mended again from frame {index} on"
            warnings.warn(line, SelfmendWarning, stacklevel=2)
            return None
        crop = np.asarray(PILImage.open(io.BytesIO(png), formats=("PNG",)))
        mended, hole = image.copy(), mask[top:bottom, left:right]
        mended[top:bottom, left:right][hole] = crop[: bottom - top][hole] / np.float32(255)
        draft = crop[bottom - top :][hole] if len(crop) > bottom - top else None
        return MendedFrame(index, mended, record.flicker, draft)

    def close(self) -> None:
        """Let go of the lock; what is kept stays."""
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def remove(self) -> None:
        """Done: the film is written."""
        self._clear()
        if os.name == "nt":  # where an open file cannot be removed
            self.close()
        with contextlib.suppress(OSError):
            (self.folder / _LOCK).unlink(missing_ok=True)
            self.folder.rmdir()
        self.close()

    def _clear(self) -> None:
        """Remove all but the lock; the settings first, without which nothing else counts."""
        (self.folder / _SETTINGS).unlink(missing_ok=True)
        for name in os.listdir(self.folder):
            if _OWN.fullmatch(name) and name != _LOCK:
                (self.folder / name).unlink(missing_ok=True)
        remove_orphans(self.folder)

    def _check_own(self) -> None:
        """Refuse a folder, or a file, of somebody else's."""
        if not self.folder.is_dir():
            if self.folder.exists():
                raise RunError(f"{self.folder} is in the way and tells of no work on a film; move it away")
            return
        foreign = [name for name in os.listdir(self.folder) if not (_OWN.fullmatch(name) or name.startswith("."))]
        if foreign and not (self.folder / _SETTINGS).exists():
            raise RunError(
                f"{self.folder} is in the way and tells of no work on a film (it holds {foreign[0]}); move it away"
            )

    def _check(self, settings: dict[str, Any]) -> None:
        try:
            before = json.loads((self.folder / _SETTINGS).read_text())
        except (OSError, ValueError, RecursionError):
            before = None
        if not isinstance(before, dict):
            raise RunError(f"{self.folder / _SETTINGS} is damaged; --restart begins anew")
        for name in sorted(before.keys() | settings.keys()):
            if before.get(name) != settings.get(name):
                raise RunError(
                    f"{self.folder} tells of work that was begun with another {name} ({before.get(name)}, now "
                    f"{settings.get(name)}); the same settings go on there, --restart begins anew"
                )

    def _read(self) -> list[_Record]:
        """The records up to the first that is damaged, has no picture, or is not of the frame after the one before."""
        records: list[_Record] = []
        path = self.folder / _FRAMES
        for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
            record = _Record.read(line)
            if record is None or (records and record.index != records[-1].index + 1):
                break
            if record.box is not None and not self._picture(record.index).exists():
                break
            records.append(record)
        return records

    def _write(self) -> None:
        with atomic_path(self.folder / _FRAMES) as path:  # a line that a kill has cut off is gone
            path.write_text("".join(json.dumps(asdict(record)) + "\n" for record in self._records))

    def _forget(self, place: int) -> None:
        del self._records[place:]
        self.resumed = place
        self._write()

    def _bytes(self, index: int) -> bytes:
        try:
            return self._picture(index).read_bytes()
        except OSError:
            return b""

    def _picture(self, index: int) -> Path:
        return self.folder / f"{index:06d}.png"


def _locked(folder: Path) -> int:
    """The descriptor of the folder's lock, which is this process's now; the folder is made where it does not exist.

    Raises:
        RunError: another process has it.
    """
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another process was just done, and removed the folder
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
            if not lock(descriptor):
                os.close(descriptor)
                raise RunError(
                    f"another selfmend is writing this film (it works in {folder}); wait for it, or choose another "
                    "output"
                )
            if has_name(descriptor):
                return descriptor
            os.close(descriptor)


def _box(mask: Mask) -> list[int] | None:
    """Left, top, right, bottom of the hole; None where there is none."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def _cut(mended: MendedFrame, mask: Mask, box: list[int]) -> np.ndarray:
    """What is in the hole's box, uint8; below it the same as it was filled at first, if that is another."""
    left, top, right, bottom = box
    crop = np.rint(mended.image[top:bottom, left:right] * np.float32(255)).astype(np.uint8)
    if mended.draft is None:
        return crop
    first = crop.copy()
    first[mask[top:bottom, left:right]] = mended.draft
    return np.concatenate([crop, first])


def _encoded(crop: np.ndarray) -> bytes:
    target = io.BytesIO()
    PILImage.fromarray(crop).save(target, format="PNG", compress_level=1)
    return target.getvalue()

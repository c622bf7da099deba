"""Downloads that go on where they were interrupted, and end with the published file or none."""

from __future__ import annotations

import contextlib
import hashlib
import os
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from selfmend.errors import WeightsError
from selfmend.interrupts import telling
from selfmend.progress import Progress, ProgressEvent, silent

_TIMEOUT = 60  # seconds without a byte
_BLOCK = 1 << 20  # bytes
_PARTIAL = 206


def download(address: str, target: Path, *, digest: tuple[str, str] | None = None, progress: Progress = silent) -> Path:
    """Fetch a file; what has come of it is kept beside `target` as NAME.part and gone on with the next time.

    Args:
        address: http or https.
        target: where the whole file goes; there only when it is whole and checked.
        digest: name of the hash and the beginning of its hexadecimal value.
        progress: called with each block, `done` of it once the length is known.

    Returns:
        `target`.

    Raises:
        WeightsError: there is no network, the connection ends early, or another file came, which is deleted.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with telling(lambda: _kept(part), lambda: ""):
            _fetch(address, part, progress)
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        kept = f"; {_kept(part)}" if part.exists() else ""
        raise WeightsError(f"cannot download {address}: {why}{kept}; or bring the file by hand: weights add") from error
    if digest is not None:
        with open(part, "rb") as content:
            came = hashlib.file_digest(content, digest[0]).hexdigest()
        if not came.startswith(digest[1]):
            part.unlink()
            raise WeightsError(
                f"{address} gave another file than the published one ({digest[0]} {came}); it is deleted"
            )
    os.replace(part, target)
    return target


def _kept(part: Path) -> str:
    """What has come of a file; "" where nothing has."""
    return f"{part.stat().st_size >> 20} MB are kept and gone on with" if part.exists() else ""


def _fetch(address: str, part: Path, progress: Progress) -> None:
    """Append what is missing; a server that cannot begin in the middle sends all of it."""
    have = part.stat().st_size if part.exists() else 0
    asked = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})
    with contextlib.ExitStack() as stack:
        try:
            answer = stack.enter_context(urllib.request.urlopen(asked, timeout=_TIMEOUT))
        except urllib.error.HTTPError as error:
            if error.code == 416 and have:  # all of it is there
                return
            raise
        if answer.status != _PARTIAL:
            have = 0
        length = answer.headers.get("Content-Length")
        whole = have + int(length) if length and length.isdecimal() else None
        copy = stack.enter_context(open(part, "ab" if have else "wb"))
        while block := answer.read(_BLOCK):
            copy.write(block)
            have += len(block)
            progress(ProgressEvent(stage=part.stem, done=None if not whole else min(1.0, have / whole)))
    if whole is not None and have < whole:
        raise OSError(f"the connection ended after {have} of {whole} bytes")

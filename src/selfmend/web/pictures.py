"""Picture files as answers: a safe name, a type that no browser takes for a page, asked for anew each time."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from fastapi.responses import FileResponse

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
)


def picture_file(path: Path, *, name: str, media_type: str, download: bool = False) -> FileResponse:
    """The file at `path`; a browser may keep it, but asks whether it has changed."""
    headers = {"Content-Disposition": disposition(name, download=download), "Cache-Control": "private, no-cache"}
    return FileResponse(path, media_type=media_type, headers=headers)


def disposition(name: str, *, ending: str | None = None, download: bool = False) -> str:
    """A Content-Disposition whose file name can do no harm: no folders, no control characters, no quotes."""
    base = re.sub(r'[\x00-\x1f\x7f"\\/:*?<>|;\ud800-\udfff]', "_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(
        ". "
    )[-120:]
    if ending is not None:
        base = f"{base.rpartition('.')[0] or base}.{'jpg' if ending == 'jpeg' else ending}"
    base = base or "picture"
    plain = base.encode("ascii", "replace").decode().replace("?", "_")
    kind = "attachment" if download else "inline"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(base, safe='')}"


def media_type_of(path: Path) -> str:
    """The type of a picture file by its first bytes; bytes that nothing is known of are never shown as a page."""
    with open(path, "rb") as file:
        head = file.read(16)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _SIGNATURES if head.startswith(start)), "application/octet-stream")

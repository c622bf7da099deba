"""What a request brings and an answer gives: the form of a job read, pictures converted and named."""

from __future__ import annotations

import io
import json
import re
import tempfile
import threading
import unicodedata
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from fastapi import Request
from fastapi.responses import FileResponse
from PIL import Image as PILImage
from starlette.datastructures import FormData, UploadFile

from selfmend.errors import SelfmendWarning, nearest_name
from selfmend.jobs.job import Limits
from selfmend.jobs.request import check_inputs, first_frame
from selfmend.server.errors import RequestError
from selfmend.tasks import INPUTS

FILES = tuple(INPUTS)
TEXTS = ("task", "settings")
_MAX_TEXT = 2**16
_MAX_SETTINGS = 200


async def read_form(request: Request) -> tuple[str, dict[str, bytes], dict[str, Any], dict[str, str]]:
    """The body of POST /api/jobs: the task, the contents of the files, the settings, and the names of the files.

    Raises:
        RequestError: in one line, what does not fit.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise RequestError(415, "the body is no multipart/form-data; send task, settings and files as its fields")
    try:
        async with request.form(max_files=len(FILES), max_fields=len(TEXTS), max_part_size=_MAX_TEXT) as form:
            texts, uploads = _sorted_fields(form)
            settings = parse_settings(texts.get("settings", "{}"))
            files = {field: await upload.read() for field, upload in uploads.items()}
            names = {field: upload.filename or field for field, upload in uploads.items()}
    except (UnicodeError, LookupError) as error:  # of the charset that the client named
        raise RequestError(422, "the form is in a charset that does not fit; UTF-8 fits") from error
    return texts.get("task", "fill"), files, settings, names


async def read_picture_form(request: Request) -> tuple[bytes, str]:
    """The body of POST /api/preview: the content of the file "image", and its name.

    Raises:
        RequestError: there is no such file.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise RequestError(415, "the body is no multipart/form-data; send the picture as its field image")
    async with request.form(max_files=1, max_fields=0) as form:
        upload = form.get("image")
        if not isinstance(upload, UploadFile):
            raise RequestError(422, "there is no file 'image'; send the picture under that name")
        return await upload.read(), upload.filename or ""


def _sorted_fields(form: FormData) -> tuple[dict[str, str], dict[str, UploadFile]]:
    texts: dict[str, str] = {}
    uploads: dict[str, UploadFile] = {}
    for name, value in form.multi_items():
        if name not in (*FILES, *TEXTS):
            raise RequestError(422, f"unknown field {name[:100]!r}; {nearest_name(name[:100], (*FILES, *TEXTS))}")
        if name in texts or name in uploads:
            raise RequestError(422, f"{name} came twice; once fits")
        if isinstance(value, UploadFile) and name in FILES:
            if value.size or value.filename:  # a form's file input that was left empty has neither
                uploads[name] = value
        elif isinstance(value, str) and name in TEXTS:
            texts[name] = value
        else:
            raise RequestError(422, f"{name} came as {'text; a file' if name in FILES else 'a file; text'} fits")
    return texts, uploads


def parse_settings(text: str) -> dict[str, Any]:
    """The JSON object of a job's settings.

    Raises:
        RequestError: anything else.
    """
    try:
        settings = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RequestError(422, f"settings is no JSON ({error})") from error
    if not isinstance(settings, dict):
        raise RequestError(422, f'settings is {_kind(settings)}; an object such as {{"method": "auto"}} fits')
    if len(settings) > _MAX_SETTINGS:
        raise RequestError(422, f"settings has {len(settings)} entries; at most {_MAX_SETTINGS} fit")
    return settings


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(value), "null")


_AT_ONCE = threading.Lock()  # a large picture takes much memory


def converted(path: Path, format: str, *, quality: int) -> bytes:
    """The picture at `path` as PNG, JPEG or WebP.

    Args:
        path: of a picture.
        format: "png", "jpeg" or "webp".
        quality: of JPEG and WebP, 1 to 100; WebP at 100 is lossless.

    Raises:
        ImageError: what is there is no picture.
    """
    from selfmend.image.files import read_picture, save_picture
    from selfmend.image.formats import convert_for, save_options, to_eight_bit

    kind = format.upper()
    with _AT_ONCE, warnings.catch_warnings():
        warnings.simplefilter("ignore", SelfmendWarning)  # of lost bits or transparency: the format was asked for
        picture: Any = read_picture(path).original
        if kind == "PNG":  # which 16 bits of colour fit into; PIL has no mode for those
            with tempfile.TemporaryDirectory() as folder:
                save_picture(picture, Path(folder) / "picture.png")
                return (Path(folder) / "picture.png").read_bytes()
        held = convert_for(picture if isinstance(picture, PILImage.Image) else to_eight_bit(picture, kind), kind)
        options = {name: value for name, value in save_options(held, kind).items() if name != "qtables"}
        options |= {"quality": quality, "lossless": quality == 100} if kind == "WEBP" else {"quality": quality}
        target = io.BytesIO()
        held.save(target, format=kind, **options)
        return target.getvalue()


def shown(data: bytes, name: str, limits: Limits) -> tuple[bytes, str]:
    """A picture file for browsers that do not know its format, or a film's first frame: as "png" or "jpeg".

    Args:
        data: of the file.
        name: as its owner calls it, for messages.
        limits: that count.

    Raises:
        ImageError: no picture, or beyond a limit.
    """
    if media_type(data[:16]).startswith("video/"):
        frame = np.rint(first_frame(data, name) * 255).astype(np.uint8)
        target = io.BytesIO()
        PILImage.fromarray(frame).save(target, format="JPEG", quality=95)
        return target.getvalue(), "jpeg"
    looked = check_inputs({"image": data}, {"image": name}, limits)["image"]
    kind = "png" if looked.transparent else "jpeg"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"picture{looked.ending}"
        path.write_bytes(data)
        return converted(path, kind, quality=95), kind


_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"\x1aE\xdf\xa3", "video/webm"),  # and Matroska
)


def picture_file(path: Path, *, name: str, media_type: str, download: bool = False) -> FileResponse:
    """The file at `path`; a browser may keep it, but asks whether it has changed."""
    headers = {"Content-Disposition": disposition(name, download=download), "Cache-Control": "private, no-cache"}
    return FileResponse(path, media_type=media_type, headers=headers)


def disposition(name: str, *, ending: str | None = None, download: bool = False) -> str:
    """A Content-Disposition whose file name can do no harm: no folders, no control characters, no quotes."""
    name = unicodedata.normalize("NFC", name)  # macOS sends decomposed names
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
        return media_type(file.read(16))


def media_type(head: bytes) -> str:
    """The same, of the first 16 bytes."""
    if head[4:8] == b"ftyp" and head[8:12] not in (b"heic", b"heix", b"mif1", b"avif", b"msf1"):
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _SIGNATURES if head.startswith(start)), "application/octet-stream")

"""What comes with POST /api/jobs: files and settings, each checked before anything is done with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from selfmend.core.checks import nearest_name
from selfmend.web.errors import Refused

FILES = ("image", "mask", "reference", "picture")
TEXTS = ("kind", "model", "settings")
_MAX_TEXT = 2**16
_MAX_SETTINGS = 200


@dataclass(frozen=True, kw_only=True)
class Order:
    """What somebody wants done.

    Attributes:
        kind: of the job.
        files: content by field.
        names: the files' names as the user had them.
        settings: of the job, the name of the model among them.
    """

    kind: str
    files: dict[str, bytes]
    names: dict[str, str]
    settings: dict[str, Any]


async def read_order(request: Request) -> Order:
    """The body of POST /api/jobs.

    Raises:
        Refused: in one line, what does not fit.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Refused(415, "the body is no multipart/form-data; send kind, settings and files as its fields")
    async with request.form(max_files=len(FILES), max_fields=len(TEXTS), max_part_size=_MAX_TEXT) as form:
        texts, uploads = _sorted_fields(form)
        kind = texts.get("kind", "fill")
        settings = parse_settings(texts.get("settings", "{}"))
        if "model" in texts:
            settings["model"] = texts["model"]
        files, names = {}, {}
        for field, upload in uploads.items():
            files[field] = await upload.read()
            names[field] = upload.filename or field
    return Order(kind=kind, files=files, names=names, settings=settings)


def _sorted_fields(form: FormData) -> tuple[dict[str, str], dict[str, UploadFile]]:
    texts: dict[str, str] = {}
    uploads: dict[str, UploadFile] = {}
    for name, value in form.multi_items():
        if name not in (*FILES, *TEXTS):
            raise Refused(422, f"unknown field {name[:100]!r}; {nearest_name(name[:100], (*FILES, *TEXTS))}")
        if name in texts or name in uploads:
            raise Refused(422, f"{name} came twice; once fits")
        if isinstance(value, UploadFile) and name in FILES:
            if value.size or value.filename:  # a form's file input that was left empty has neither
                uploads[name] = value
        elif isinstance(value, str) and name in TEXTS:
            texts[name] = value
        else:
            raise Refused(422, f"{name} came as {'text; a file' if name in FILES else 'a file; text'} fits")
    return texts, uploads


def parse_settings(text: str) -> dict[str, Any]:
    """The JSON object of a job's settings.

    Raises:
        Refused: anything else.
    """
    try:
        settings = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(422, f"settings is no JSON ({error})") from error
    if not isinstance(settings, dict):
        raise Refused(422, f'settings is {_kind(settings)}; an object such as {{"method": "patchmatch"}} fits')
    if len(settings) > _MAX_SETTINGS:
        raise Refused(422, f"settings has {len(settings)} entries; at most {_MAX_SETTINGS} fit")
    return settings


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(value), "null")

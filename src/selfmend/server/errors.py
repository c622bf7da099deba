"""Every error as one line of JSON, whoever raised it; never a traceback."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import JSONResponse

from selfmend.errors import DiskFullError, OptionError, SelfmendError
from selfmend.jobs.job import Busy, NotAPicture, QueueFull, TooLarge, UnknownJob, UnknownModel

log = logging.getLogger("selfmend.server")
_STATUS: dict[type[SelfmendError], int] = {
    UnknownJob: 404,
    UnknownModel: 404,
    Busy: 409,
    TooLarge: 413,
    NotAPicture: 415,
    OptionError: 422,
    DiskFullError: 507,
    QueueFull: 429,
}
ENDS = "the server is about to end; ask again when it is back"
_RETRY_AFTER = {429: "5", 503: "2"}  # seconds


class RequestError(HTTPException):
    """What the server itself refuses, with its HTTP status."""

    def __init__(self, status: int, line: str, **headers: str) -> None:
        super().__init__(status, line, headers or None)


def error_response(status: int, line: str, *, path: str = "", headers: Any = None) -> JSONResponse:
    """`line` in all the places where clients look for it: "error", and "detail" and "errors" as IOPaint's does."""
    line = " ".join(str(line).split())
    body = {"error": line, "detail": line} | ({"errors": line} if path.startswith("/api/v1/") else {})
    extra = {"Retry-After": _RETRY_AFTER[status]} if status in _RETRY_AFTER else {}
    return JSONResponse(body, status_code=status, headers={**extra, **(headers or {})})


def server_fault(path: str, error: BaseException) -> JSONResponse:
    """A mistake of ours: the client gets an identifier, the log the traceback under it."""
    name = secrets.token_hex(4)
    log.error("fault %s at %s", name, path, exc_info=error)
    return error_response(500, f"a fault in the server; its log tells more under {name}", path=path)


def status_of(error: SelfmendError) -> int:
    """The HTTP status of what Selfmend refuses."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)


def add_error_handlers(app: FastAPI) -> None:
    """Let every error of `app` be answered by `error_response`."""

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, SelfmendError)
        return error_response(status_of(error), str(error), path=request.url.path)

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, StarletteHTTPException)
        path = request.url.path
        line = str(error.detail)
        if error.status_code == 404 and line == "Not Found":
            line = f"there is nothing at {path}"
        if error.status_code == 405:
            line = f"{path} takes {(error.headers or {}).get('Allow', 'no')} requests, not {request.method}"
        return error_response(error.status_code, line, path=path, headers=error.headers)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return error_response(422, validation_line(error.errors()), path=request.url.path)

    app.add_exception_handler(SelfmendError, refused)
    app.add_exception_handler(StarletteHTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)


def validation_line(errors: Any) -> str:
    """What pydantic found, in one line: the first mistake, with its place."""
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path", "header"))
    what = str(first.get("msg", "does not fit"))
    if first.get("type") == "json_invalid":
        return f"the body is no JSON: {(first.get('ctx') or {}).get('error', what)}"
    return f"{where or 'the body'}: {what[:1].lower()}{what[1:]}"

"""The page, and the files that it is made of: held in memory, so that the first page is there at once."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from selfmend.web.errors import Refused
from selfmend.web.guards import same_secret
from selfmend.web.routes_about import set_cookie
from selfmend.web.state import State

PAGE = Path(__file__).parent / "page"
_TYPES = {".js": "text/javascript", ".webp": "image/webp"}  # some systems know others, or none


@dataclass(frozen=True, kw_only=True)
class PageFile:
    """A file of the page.

    Attributes:
        content: all of it.
        media_type: such as text/css.
        tag: of its content, for a browser that asks whether it has changed.
    """

    content: bytes
    media_type: str
    tag: str


def page_files(folder: Path) -> dict[str, PageFile]:
    """All files in a folder and below it, by their paths from there."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            found[path.relative_to(folder).as_posix()] = PageFile(content=content, media_type=kind, tag=tag)
    return found


def add_page(app: FastAPI, state: State) -> None:
    """Serve the page at / and its files under /static; nothing that is not among them can be asked for."""
    files = page_files(PAGE)

    def answer(request: Request, name: str) -> Response:
        file = files.get(name)
        if file is None:
            raise Refused(404, f"the page has no file {name!r}")
        headers = {"Cache-Control": "no-cache", "ETag": file.tag}
        if file.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(file.content, media_type=file.media_type, headers=headers)

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        token = state.access.token
        asked = request.query_params.get("token")
        if asked is not None:  # a link with the token; the address that stays in the browser does not tell it
            response = RedirectResponse("./", status_code=303)
            if token is not None and same_secret(asked, token):
                set_cookie(response, token, secure=request.url.scheme == "https")
            return response
        return answer(request, "index.html")

    @app.get("/static/{name:path}", include_in_schema=False)
    async def page_file(request: Request, name: str) -> Response:
        return answer(request, name)

    @app.get("/favicon.ico", include_in_schema=False)
    async def favicon(request: Request) -> Response:
        return answer(request, "icon.svg")

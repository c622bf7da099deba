"""The page, and the files that it is made of."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from selfmend.web.errors import Refused
from selfmend.web.guards import same_secret
from selfmend.web.routes_about import set_cookie
from selfmend.web.state import State

PAGE = Path(__file__).parent / "page"
_TYPES = {".js": "text/javascript", ".webp": "image/webp"}  # some systems know others, or none


class Files(StaticFiles):
    """Files that a browser keeps and asks after each time: a new version of the page is seen at once."""

    def file_response(self, *arguments: Any, **named: Any) -> Response:
        """As it is there, and nothing used unasked."""
        response = super().file_response(*arguments, **named)
        response.headers["Cache-Control"] = "no-cache"
        return response


def add_page(app: FastAPI, state: State) -> None:
    """Serve the page at / and its files under /static."""
    for ending, kind in _TYPES.items():
        mimetypes.add_type(kind, ending)

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        token = state.access.token
        asked = request.query_params.get("token")
        if asked is not None:  # the link that `selfmend serve` prints; the address that stays tells the token no more
            response = RedirectResponse("./", status_code=303)
            if token is not None and same_secret(asked, token):
                set_cookie(response, token, secure=request.url.scheme == "https")
            return response
        if not (PAGE / "index.html").is_file():
            raise Refused(404, "the page is not part of this installation; the interface for programs is under /api")
        return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    @app.get("/favicon.ico", include_in_schema=False)
    async def favicon() -> Response:
        icon = PAGE / "icon.svg"
        return FileResponse(icon) if icon.is_file() else Response(status_code=204)

    if PAGE.is_dir():
        app.mount("/static", Files(directory=PAGE), name="static")

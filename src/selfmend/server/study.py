"""The page of a study of people (`evaluation.study`), and what it asks the server for."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field

from selfmend.errors import OptionError
from selfmend.evaluation.study import PROTOCOLS, SECONDS, Study
from selfmend.server.errors import RequestError, add_error_handlers
from selfmend.server.security import Access, Guards

_PAGE = Path(__file__).parent / "study_page"
_MOST_BYTES = 1 << 16  # of a request


class Began(BaseModel):
    """Who begins, and with what."""

    model_config = ConfigDict(extra="forbid")
    protocol: str | None = Field(None, description="paired or unpaired; null takes that of which there is less")


class Said(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid")
    number: int
    answer: int = Field(ge=0, le=1)
    shown: float = Field(ge=0, le=1e6, description="milliseconds that the pictures were shown")


def create_study_app(
    study: Study, *, trials: int = 50, protocols: tuple[str, ...] = PROTOCOLS, access: Access | None = None
) -> FastAPI:
    """The application of one study.

    Args:
        study: where answers are kept.
        trials: of each participant at most, without catch trials.
        protocols: that participants get in turn.
        access: who gets in; only this machine by default.
    """
    app = FastAPI(title="A study", docs_url=None, redoc_url=None, openapi_url=None)
    add_error_handlers(app)
    turn = _Turn(protocols)

    @app.get("/")
    def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    @app.post("/api/study")
    def begin(came: Began) -> dict[str, Any]:
        if came.protocol is not None and came.protocol not in protocols:
            raise RequestError(422, f"this study has the protocols {', '.join(protocols)}")
        protocol = came.protocol or turn.next()
        return {"person": study.begin(protocol, trials=trials), "protocol": protocol, "seconds": SECONDS}

    @app.get("/api/study/{person}/next")
    def following(person: str) -> dict[str, Any]:
        trial = _found(lambda: study.next_trial(person))
        if trial is None:
            return {"done": True}
        images = [f"/api/study/picture/{key}" for key in trial.images]
        return {"done": False, "number": trial.number, "count": trial.count, "images": images}

    @app.post("/api/study/{person}/answer")
    def answer(person: str, came: Said) -> dict[str, Any]:
        try:
            _found(lambda: study.answer(person, came.number, came.answer, shown=came.shown))
        except OptionError as error:
            raise RequestError(409, str(error)) from error
        return {}

    @app.get("/api/study/picture/{key}")
    def picture(key: str) -> Response:
        return Response(_found(lambda: study.picture(key)), media_type="image/png")

    app.mount("/static", StaticFiles(directory=_PAGE))
    app.add_middleware(Guards, access=access or Access(), max_bytes=_MOST_BYTES)
    return app


def _found(ask: Any) -> Any:
    """What was asked for.

    Raises:
        RequestError: there is none.
    """
    try:
        return ask()
    except LookupError as error:
        raise RequestError(404, str(error.args[0])) from error


class _Turn:
    """The protocols, one after the other."""

    def __init__(self, protocols: tuple[str, ...]) -> None:
        self._protocols, self._count, self._lock = protocols, 0, threading.Lock()

    def next(self) -> str:
        with self._lock:
            self._count += 1
            return self._protocols[(self._count - 1) % len(self._protocols)]

"""What the server can do and how it is: health, methods, trained models, and the way in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from selfmend._version import __version__
from selfmend.web.catalogue import catalogue
from selfmend.web.errors import Refused
from selfmend.web.guards import COOKIE, same_secret, session_of
from selfmend.web.pictures import picture_file
from selfmend.web.schemas import HealthAnswer, LoginRequest, MethodsAnswer, ModelsAnswer, answers, model_answer
from selfmend.web.state import State

ModelName = Annotated[str, Path(max_length=200, description="of a trained run")]


def about_routes(state: State) -> APIRouter:
    """The routes beside those of jobs."""
    routes = APIRouter(prefix="/api")

    @routes.get("/health", tags=["server"], responses=answers())
    async def health() -> HealthAnswer:
        """Whether the server lives; needs no token."""
        counts = await run_in_threadpool(state.runner.counts)
        return HealthAnswer(version=__version__, queued=counts.get("queued", 0), running=counts.get("running", 0))

    @routes.get("/methods", tags=["server"], responses=answers())
    async def methods() -> MethodsAnswer:
        """The methods that fill one picture with nothing but itself, and their options."""
        return MethodsAnswer(**await run_in_threadpool(catalogue))

    @routes.post("/login", tags=["server"], status_code=204, responses=answers(413, 422, 503), response_class=Response)
    async def login(request: Request, came: LoginRequest) -> Response:
        """Exchange the token for a cookie, since pictures and event streams in a page cannot send headers."""
        token = state.access.token
        if token is not None and not same_secret(came.token, token):
            raise Refused(401, "that is not the token of this server")
        response = Response(status_code=204)
        if token is not None:
            set_cookie(response, token, secure=request.url.scheme == "https")
        return response

    add_models(routes, state)
    return routes


def set_cookie(response: Response, token: str, *, secure: bool) -> None:
    """Let the browser show that it knows the token; no script can read it and no other site can use it."""
    response.set_cookie(COOKIE, session_of(token), httponly=True, samesite="strict", secure=secure, path="/")


def add_models(routes: APIRouter, state: State) -> None:
    """Trained runs."""
    runner = state.runner

    @routes.get("/models", tags=["models"], responses=answers())
    async def models() -> ModelsAnswer:
        """The trained runs in the server's folder of runs."""
        return ModelsAnswer(models=[model_answer(model) for model in await run_in_threadpool(runner.models)])

    @routes.delete("/models/{name}", tags=["models"], status_code=204, responses=answers(404, 409, 422))
    async def remove_model(name: ModelName) -> None:
        """Remove a trained run for good."""
        await run_in_threadpool(runner.remove_model, name)

    @routes.get(
        "/models/{name}/thumbnail",
        tags=["models"],
        response_class=FileResponse,
        responses=answers(404, 422) | {200: {"content": {"image/png": {}}}},
    )
    async def thumbnail(name: ModelName) -> Response:
        """The picture that a run has learned, small."""
        path = await run_in_threadpool(runner.thumbnail, name)
        return picture_file(path, name="thumbnail.png", media_type="image/png")

"""The routes of the server's own interface: what it can do and how it is, jobs, trained models, and the page's files.

The page's files are held in memory, so that the first page is there at once.
"""

from __future__ import annotations

import hashlib
import mimetypes
import pathlib
import time
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Header, Path, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from selfmend._version import __version__
from selfmend.jobs.job import EXAMPLE_ID, Job, public_json
from selfmend.server.catalogue import catalogue, task_catalogue
from selfmend.server.errors import RequestError
from selfmend.server.events import event_response
from selfmend.server.schemas import (
    HealthAnswer,
    JobsAnswer,
    LimitsAnswer,
    LoginRequest,
    MethodsAnswer,
    ModelsAnswer,
    TasksAnswer,
    answers,
    job_body,
    model_answer,
    preview_body,
)
from selfmend.server.security import COOKIE, same_secret, session_of
from selfmend.server.state import State, submitted
from selfmend.server.uploads import (
    FILES,
    converted,
    disposition,
    media_type_of,
    picture_file,
    read_form,
    read_picture_form,
    shown,
)

_PICTURE: dict[str, Any] = {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
ModelName = Annotated[str, Path(max_length=200, description="of a trained run", examples=["balloons"])]


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
        """The methods that fill or enlarge one picture with nothing but itself, and their options."""
        return MethodsAnswer(**await run_in_threadpool(catalogue))

    @routes.get("/tasks", tags=["server"], responses=answers())
    async def tasks() -> TasksAnswer:
        """What a job can do, with the files and settings of each task: what a form for it needs."""
        limits = LimitsAnswer(max_bytes=state.limits.max_bytes, max_pixels=state.limits.max_pixels)
        return TasksAnswer(**await run_in_threadpool(task_catalogue), limits=limits)

    @routes.post(
        "/preview",
        tags=["server"],
        response_class=Response,
        responses=answers(413, 415, 422, 503) | {200: _PICTURE},
        openapi_extra=preview_body(),
    )
    async def preview(request: Request) -> Response:
        """A picture as JPEG, or as PNG where it has transparent parts: for browsers that do not know its format."""
        data, name = await read_picture_form(request)
        made, kind = await run_in_threadpool(shown, data, name, state.limits)
        return Response(made, media_type=f"image/{kind}")

    @routes.post(
        "/login", tags=["server"], status_code=204, responses=answers(413, 422, 429, 503), response_class=Response
    )
    async def login(request: Request, came: LoginRequest) -> Response:
        """Exchange the token for a cookie, since pictures and event streams in a page cannot send headers."""
        token = state.access.token
        address, now = request.client.host if request.client else "", time.monotonic()
        state.attempts.check(address, now)
        if token is not None and not same_secret(came.token, token):
            state.attempts.wrong(address, now)
            raise RequestError(401, "that is not the token of this server")
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


JobId = Annotated[str, Path(description="of the job", max_length=64, examples=[EXAMPLE_ID])]
_EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "revision of the job"},
        "event": {"type": "string", "const": "job"},
        "data": {"type": "string", "contentMediaType": "application/json", "description": "the Job"},
    },
    "required": ["id", "event", "data"],
}


def job_routes(state: State) -> APIRouter:
    """The routes of jobs."""
    routes = APIRouter(prefix="/api/jobs", tags=["jobs"])
    runner = state.runner

    @routes.post("", status_code=201, responses=answers(413, 415, 422, 429, 503, 507), openapi_extra=job_body())
    async def create_job(request: Request, response: Response) -> Job:
        """Put a job into the queue; Location is its address."""
        task, files, settings, names = await read_form(request)
        job = await submitted(runner, task, files, settings, names=names)
        response.headers["Location"] = f"/api/jobs/{job.id}"
        return job

    @routes.get("", responses=answers(422))
    async def list_jobs(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> JobsAnswer:
        """All jobs that are kept, the newest first."""
        return JobsAnswer(jobs=await run_in_threadpool(runner.list, limit))

    @routes.get("/{job_id}", responses=answers(404, 422))
    async def get_job(job_id: JobId) -> Job:
        """A job as it stands."""
        return await run_in_threadpool(runner.get, job_id)

    @routes.delete(
        "/{job_id}",
        status_code=202,
        responses=answers(404, 422) | {202: {"model": Job}, 204: {"description": "a finished job is removed"}},
        response_model=None,
    )
    async def delete_job(job_id: JobId) -> Response:
        """Cancel a job that waits or runs; remove one that has ended, with its files."""
        job = await run_in_threadpool(runner.get, job_id)
        if job.final:
            await run_in_threadpool(runner.remove, job_id)
            return Response(status_code=204)
        cancelled = await run_in_threadpool(runner.cancel, job_id)
        return Response(public_json(cancelled), status_code=202, media_type="application/json")

    add_events(routes, state)
    add_files(routes, state)
    return routes


def add_events(routes: APIRouter, state: State) -> None:
    """GET /api/jobs/{id}/events."""

    @routes.get(
        "/{job_id}/events",
        response_class=EventSourceResponse,
        responses=answers(404, 422)
        | {
            200: {"content": {"text/event-stream": {"schema": _EVENT}}, "description": "one event for each change"},
            204: {"description": "the job has ended, and the listener has seen its end"},
        },
    )
    async def job_events(
        job_id: JobId,
        last_event_id: Annotated[str | None, Header(description="revision that came last", max_length=20)] = None,
    ) -> Response:
        """Server-sent events named `job`, each with the whole Job as its data and its revision as its id."""
        job = await run_in_threadpool(state.runner.get, job_id)
        after = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else -1
        if job.final and job.revision <= after:
            return Response(status_code=204)  # which tells an EventSource to stop coming back
        return event_response(state.streams.changes(state.runner, job_id, after=after))


def add_files(routes: APIRouter, state: State) -> None:
    """The pictures of a job: what came, how it goes, what came out."""
    runner = state.runner

    @routes.get(
        "/{job_id}/results/{index}",
        response_class=FileResponse,
        responses=answers(404, 415, 422) | {200: _PICTURE},
    )
    async def job_result(
        job_id: JobId,
        index: Annotated[int, Path(ge=0, le=10_000, examples=[0])],
        format: Annotated[Literal["png", "jpeg", "webp"] | None, Query(description="instead of the picture's")] = None,
        quality: Annotated[int, Query(ge=1, le=100, description="of JPEG and WebP")] = 95,
        download: Annotated[bool, Query(description="let a browser save it")] = False,
    ) -> Response:
        """A result: as it was made, in the format of the picture that came, or converted."""
        job = await run_in_threadpool(runner.get, job_id)
        path = await run_in_threadpool(runner.result_path, job_id, index)
        result = job.results[index]
        if format is None:
            return picture_file(path, name=result.name, media_type=result.media_type, download=download)
        data = await run_in_threadpool(converted, path, format, quality=quality)
        headers = {"Content-Disposition": disposition(result.name, ending=format, download=download)}
        return Response(data, media_type=f"image/{format}", headers=headers)

    @routes.get("/{job_id}/preview", response_class=FileResponse, responses=answers(404, 422) | {200: _PICTURE})
    async def job_preview(
        job_id: JobId, n: Annotated[int, Query(description="any; makes the address new")] = 0
    ) -> Response:
        """The newest picture of the work, as PNG."""
        path = await run_in_threadpool(runner.preview_path, job_id)
        if path is None:
            raise RequestError(404, "this job has no preview yet")
        return picture_file(path, name="preview.png", media_type="image/png")

    @routes.get("/{job_id}/inputs/{name}", response_class=FileResponse, responses=answers(404, 422) | {200: _PICTURE})
    async def job_input(job_id: JobId, name: Annotated[str, Path(max_length=40, examples=["image"])]) -> Response:
        """A file as it came: image, mask, reference or picture."""
        if name not in FILES:
            raise RequestError(404, f"there is no input {name!r}; these can be: {', '.join(FILES)}")
        path = await run_in_threadpool(runner.input_path, job_id, name)
        return picture_file(path, name=path.name, media_type=await run_in_threadpool(media_type_of, path))


PAGE = pathlib.Path(__file__).parent / "page"
_TYPES = {  # some systems know others, or none
    ".js": "text/javascript", ".webp": "image/webp", ".webmanifest": "application/manifest+json",
}  # fmt: skip


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


def page_files(folder: pathlib.Path) -> dict[str, PageFile]:
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
            raise RequestError(404, f"the page has no file {name!r}")
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

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        return answer(request, "docs.html")

    @app.get("/favicon.ico", include_in_schema=False)
    async def favicon(request: Request) -> Response:
        return answer(request, "icon.svg")

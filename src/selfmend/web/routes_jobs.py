"""/api/jobs: to ask for work, to look at it, to stop it and to fetch what came out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from selfmend.web.convert import converted
from selfmend.web.errors import Refused
from selfmend.web.events import event_stream
from selfmend.web.pictures import disposition, media_type_of, picture_file
from selfmend.web.schemas import JOB_ID, JobAnswer, JobsAnswer, answers, job_answer
from selfmend.web.settings import KINDS
from selfmend.web.state import State
from selfmend.web.uploads import FILES, read_order

JobId = Annotated[str, Path(description="of the job", max_length=64, openapi_examples={"one": {"value": JOB_ID}})]
_FORM = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": list(KINDS), "default": "fill", "description": "what to do"},
        "image": {"type": "string", "format": "binary", "description": "the picture"},
        "mask": {
            "type": "string",
            "format": "binary",
            "description": "white where the hole is; left out, transparent pixels are the hole",
        },
        "reference": {"type": "string", "format": "binary", "description": "another picture of the scene"},
        "picture": {"type": "string", "format": "binary", "description": "painting, composite or edited picture"},
        "model": {"type": "string", "description": "name of a trained run"},
        "settings": {"type": "string", "format": "json", "default": "{}", "description": "a JSON object"},
    },
    "example": {"kind": "fill", "settings": '{"method": "patchmatch", "seed": 0}'},
}
_BODY = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}
_EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "revision of the job"},
        "event": {"type": "string", "const": "job"},
        "data": {"type": "string", "contentMediaType": "application/json", "description": "the Job"},
    },
    "required": ["id", "event", "data"],
}
_PICTURE: dict[str, Any] = {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}


def job_routes(state: State) -> APIRouter:
    """The routes of jobs."""
    routes = APIRouter(prefix="/api/jobs", tags=["jobs"])
    runner = state.runner

    @routes.post("", status_code=201, responses=answers(413, 415, 422, 429, 503), openapi_extra=_BODY)
    async def create_job(request: Request, response: Response) -> JobAnswer:
        """Put a job into the queue; Location is its address."""
        order = await read_order(request)
        job = await run_in_threadpool(runner.submit, order.kind, order.files, order.settings, names=order.names)
        response.headers["Location"] = f"/api/jobs/{job.id}"
        return job_answer(job)

    @routes.get("", responses=answers(422))
    async def list_jobs(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> JobsAnswer:
        """All jobs that are kept, the newest first."""
        return JobsAnswer(jobs=[job_answer(job) for job in await run_in_threadpool(runner.list, limit)])

    @routes.get("/{job_id}", responses=answers(404, 422))
    async def get_job(job_id: JobId) -> JobAnswer:
        """A job as it stands."""
        return job_answer(await run_in_threadpool(runner.get, job_id))

    @routes.delete(
        "/{job_id}",
        status_code=202,
        responses=answers(404, 422) | {202: {"model": JobAnswer}, 204: {"description": "a finished job is removed"}},
        response_model=None,
    )
    async def delete_job(job_id: JobId) -> Response:
        """Cancel a job that waits or runs; remove one that has ended, with its files."""
        job = await run_in_threadpool(runner.get, job_id)
        if job.final:
            await run_in_threadpool(runner.remove, job_id)
            return Response(status_code=204)
        cancelled = await run_in_threadpool(runner.cancel, job_id)
        return Response(job_answer(cancelled).model_dump_json(), status_code=202, media_type="application/json")

    add_events(routes, state)
    add_files(routes, state)
    return routes


def add_events(routes: APIRouter, state: State) -> None:
    """GET /api/jobs/{id}/events."""

    @routes.get(
        "/{job_id}/events",
        response_class=StreamingResponse,
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
        changes = state.streams.changes(state.runner, job_id, after=after)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(event_stream(changes), media_type="text/event-stream", headers=headers)


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
        index: Annotated[int, Path(ge=0, le=10_000)],
        format: Annotated[Literal["png", "jpeg", "webp"] | None, Query(description="instead of the picture's")] = None,
        quality: Annotated[int, Query(ge=1, le=100, description="of JPEG and WebP")] = 95,
        download: Annotated[bool, Query(description="let a browser save it")] = False,
    ) -> Response:
        """A result: as it was made, in the format of the picture that came, or converted."""
        job = await run_in_threadpool(runner.get, job_id)
        if index >= len(job.results):
            raise Refused(404, f"this job has {len(job.results)} results, counted from 0; there is none {index}")
        result = job.results[index]
        path = await run_in_threadpool(runner.result_path, job_id, index)
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
            raise Refused(404, "this job has no preview yet")
        return picture_file(path, name="preview.png", media_type="image/png")

    @routes.get("/{job_id}/inputs/{name}", response_class=FileResponse, responses=answers(404, 422) | {200: _PICTURE})
    async def job_input(job_id: JobId, name: Annotated[str, Path(max_length=40)]) -> Response:
        """A file as it came: image, mask, reference or picture."""
        if name not in FILES:
            raise Refused(404, f"there is no input {name!r}; these can be: {', '.join(FILES)}")
        await run_in_threadpool(runner.get, job_id)
        path = await run_in_threadpool(runner.input_path, job_id, name)
        if path is None or not path.is_file():
            raise Refused(404, f"this job came without {name}")
        return picture_file(path, name=path.name, media_type=await run_in_threadpool(media_type_of, path))

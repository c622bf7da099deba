"""What goes over the wire, as types: the answers in JSON, with an example of each for the OpenAPI page."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from selfmend.jobs.job import Job
from selfmend.jobs.models import ModelInfo

JOB_ID = "q3Zk0yR7c1uXbV5nT8mWsA"


class ErrorAnswer(BaseModel):
    """One line for a person."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"error": "the mask is empty", "detail": "the mask is empty"}}
    )
    error: str
    detail: str
    errors: str | None = None


class ResultAnswer(BaseModel):
    """One file that a job has made."""

    index: int
    url: str
    name: str
    media_type: str
    width: int
    height: int
    bytes: int


class JobAnswer(BaseModel):
    """A job as it stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": JOB_ID, "kind": "fill", "state": "done", "lane": "quick", "place": None, "done": 1.0,
                "stage": "patchmatch", "stage_index": 0, "stage_count": 1, "seconds_left": 0.0, "terms": {},
                "created": 1767225600.0, "started": 1767225600.1, "finished": 1767225600.9, "seconds": 0.8,
                "error": None, "warnings": [], "settings": {"method": "patchmatch", "seed": 0}, "size": [750, 1000],
                "preview": None, "revision": 7,
                "results": [{
                    "index": 0, "url": f"/api/jobs/{JOB_ID}/results/0", "name": "photo-mended.jpg",
                    "media_type": "image/jpeg", "width": 1000, "height": 750, "bytes": 183204,
                }],
            }
        }
    )  # fmt: skip
    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    lane: Literal["quick", "heavy"]
    place: int | None = Field(description="jobs before it in its lane, while it waits")
    done: float | None = Field(description="share of the work, 0 to 1, if known")
    stage: str
    stage_index: int
    stage_count: int
    seconds_left: float | None
    terms: dict[str, float | None] = Field(description="losses and other numbers of the training")
    created: float = Field(description="seconds since 1970")
    started: float | None
    finished: float | None
    seconds: float | None = Field(description="time of the work itself")
    error: str | None
    warnings: list[str]
    settings: dict[str, Any]
    size: tuple[int, int] | None = Field(description="height and width of the picture")
    preview: str | None = Field(description="address of the newest picture of the work; it changes with each")
    results: list[ResultAnswer]
    revision: int = Field(description="grows with each change")


class JobsAnswer(BaseModel):
    """Jobs, the newest first."""

    jobs: list[JobAnswer]


class HealthAnswer(BaseModel):
    """That the server lives, and how busy it is."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "ok", "version": "0.1.0", "queued": 3, "running": 1}}
    )
    status: Literal["ok"] = "ok"
    version: str
    queued: int
    running: int


class OptionAnswer(BaseModel):
    """One setting of a method or a task: what a form needs for its field."""

    name: str
    type: Literal["boolean", "integer", "number", "string", "array", "object"]
    nullable: bool = Field(description="whether null fits too")
    default: Any
    meaning: str
    unit: str
    choices: list[str]
    low: float | None = Field(description="the least number that fits")
    high: float | None = Field(description="the greatest number that fits")
    none: str = Field(description="what null means")
    off: str = Field(description="what false means, for what is true by default")
    source: str = Field(description="where the default comes from")


class MethodAnswer(BaseModel):
    """A method that fills one picture with nothing but itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "telea", "title": "smooth fill by fast marching", "lane": "quick", "learns": False,
                "presets": ["default"], "takes_reference": False,
                "options": [{
                    "name": "radius", "type": "number", "nullable": False, "default": 3.0,
                    "meaning": "neighbourhood of each pixel", "unit": "px", "choices": [], "low": 1, "high": None,
                    "none": "", "off": "", "source": "OpenCV",
                }],
            }
        }
    )  # fmt: skip
    name: str
    title: str
    lane: Literal["quick", "heavy"]
    learns: bool
    presets: list[str]
    takes_reference: bool
    options: list[OptionAnswer]


class MethodsAnswer(BaseModel):
    """All such methods."""

    default: str
    methods: list[MethodAnswer]


class TaskAnswer(BaseModel):
    """A kind of job."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "fill", "title": "Fill the hole of a picture.", "result": "the picture with its hole filled",
                "needs": ["image"], "takes": ["mask", "reference"], "learned": True,
                "options": [{
                    "name": "grow_mask", "type": "integer", "nullable": False, "default": 0,
                    "meaning": "let the hole grow to all sides", "unit": "px", "choices": [], "low": 0, "high": 1000,
                    "none": "", "off": "", "source": "ours",
                }],
            }
        }
    )  # fmt: skip
    name: str
    title: str
    result: str = Field(description="what comes out")
    needs: list[str] = Field(description="files without which there is nothing to do")
    takes: list[str] = Field(description="files that may come too")
    learned: bool = Field(description="whether a model's own picture can take the place of the files that are needed")
    options: list[OptionAnswer]


class TasksAnswer(BaseModel):
    """All kinds of jobs."""

    tasks: list[TaskAnswer]


class ModelAnswer(BaseModel):
    """A trained run."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "balloons", "method": "singan", "kind": "picture", "size": [188, 250], "scales": 8,
                "created": 1767225600.0, "thumbnail": "/api/models/balloons/thumbnail",
                "applications": ["fill", "sample", "retarget", "animate"],
                "default_start_scale": {"sample": 0, "animate": 1}, "error": None,
            }
        }
    )  # fmt: skip
    name: str
    method: str
    kind: Literal["picture", "folder"] = Field(description="what it has learned")
    size: tuple[int, int] | None = Field(description="height and width of the learned picture")
    scales: int
    created: float
    thumbnail: str | None
    applications: list[str] = Field(description="kinds of jobs that can be done with it")
    default_start_scale: dict[str, int]
    error: str | None = Field(description="why it cannot be used, if so")


class ModelsAnswer(BaseModel):
    """All trained runs."""

    models: list[ModelAnswer]


class LoginRequest(BaseModel):
    """The token of the server."""

    model_config = ConfigDict(json_schema_extra={"example": {"token": "a-secret-of-16-or-more"}})
    token: str = Field(max_length=1000)


def job_answer(job: Job) -> JobAnswer:
    """A job for the wire: with the addresses of its pictures."""
    values = {field.name: getattr(job, field.name) for field in dataclasses.fields(job)} | {"seconds": job.seconds}
    previews = values.pop("previews")
    preview = f"/api/jobs/{job.id}/preview?n={previews}" if previews else None
    results = [
        ResultAnswer(**dataclasses.asdict(result), url=f"/api/jobs/{job.id}/results/{result.index}")
        for result in values.pop("results")
    ]
    terms = {name: value if value == value else None for name, value in values.pop("terms").items()}
    return JobAnswer(**values, terms=terms, preview=preview, results=results)


def model_answer(model: ModelInfo) -> ModelAnswer:
    """A trained run for the wire, with the address of its picture."""
    shown = model.kind == "picture" and model.error is None
    thumbnail = f"/api/models/{quote(model.name, safe='')}/thumbnail" if shown else None
    return ModelAnswer(**vars(model), thumbnail=thumbnail)


def answers(*statuses: int, **more: Any) -> dict[int | str, dict[str, Any]]:
    """The error statuses of an operation for OpenAPI; those that every one has are always among them."""
    meanings = {
        400: "something in the request does not fit",
        401: "the token is missing",
        403: "asked under a foreign name or by a page of another site",
        404: "there is no such thing",
        409: "not possible in this state",
        413: "too many bytes or pixels",
        415: "not a picture, or not the expected kind of body",
        422: "a field or setting does not fit",
        429: "the queue is full; try again later",
        500: "a fault in the server, whose log tells more",
        503: "the server is about to end, or too much comes at once; try again",
    }
    return {
        status: {"model": ErrorAnswer, "description": meanings[status]}
        for status in sorted({400, 401, 403, 500, *statuses})
    }

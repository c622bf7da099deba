"""What goes over the wire beside jobs, as types, and the form that asks for a job, for the OpenAPI page."""

from __future__ import annotations

import functools
import operator
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, Json, TypeAdapter, create_model

from selfmend.jobs.job import Job, settings_class
from selfmend.jobs.models import ModelInfo
from selfmend.tasks import INPUTS, TASKS, Task


class ErrorAnswer(BaseModel):
    """One line for a person."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"error": "the mask is empty", "detail": "the mask is empty"}}
    )
    error: str
    detail: str
    errors: str | None = None


class JobsAnswer(BaseModel):
    """Jobs, the newest first."""

    jobs: list[Job]


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
    label: str = Field(description="of its field in a form")
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
    """A method that works on one picture with nothing but itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "telea", "title": "smooth fill by fast marching", "for": "scratches", "speed": "instant",
                "long_presets": [], "everyday": True, "learns": False,
                "presets": ["default"], "takes_reference": False, "fills": True,
                "options": [{
                    "name": "radius", "label": "Radius", "type": "number", "nullable": False, "default": 3.0,
                    "meaning": "neighbourhood of each pixel", "unit": "px", "choices": [], "low": 1, "high": None,
                    "none": "", "off": "", "source": "OpenCV",
                }],
            }
        }
    )  # fmt: skip
    name: str
    title: str
    best_for: str = Field(alias="for", description="what it does best, in a word; empty if nothing is known")
    speed: str = Field(description="of a picture of a megapixel or less, on a CPU; empty if nothing is known")
    long_presets: list[str] = Field(description="presets that take an hour or more")
    everyday: bool = Field(description="whether it is offered first")
    learns: bool
    presets: list[str]
    takes_reference: bool
    fills: bool = Field(description="false of what only enlarges")
    options: list[OptionAnswer]


class MethodsAnswer(BaseModel):
    """All such methods."""

    default: str
    methods: list[MethodAnswer]


class TaskAnswer(BaseModel):
    """What a job can do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "fill", "title": "Fill the hole of a picture.", "result": "the picture with its hole filled",
                "needs": ["image"], "takes": ["mask", "reference"], "learned": True, "trains": False,
                "marks": False, "overlays": True,
                "group": "", "label": "Mend", "action": "Mend", "hint": "Fill the hole of a picture.",
                "methods": ["auto"],
                "options": [{
                    "name": "grow_mask", "label": "Grow the mask", "type": "integer", "nullable": False,
                    "default": 0, "meaning": "let the hole grow to all sides", "unit": "px", "choices": [], "low": 0,
                    "high": 1000, "none": "", "off": "", "source": "ours",
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
    trains: bool = Field(description="whether it learns a picture, and makes a model instead of pictures")
    marks: bool = Field(description="whether the result is a mask of the picture that came")
    overlays: bool = Field(description="whether the result is the picture that came with parts of it changed")
    group: str = Field(description="of a tab that it shares with others; empty where it has its own")
    label: str = Field(description="of a tab or a menu's entry")
    action: str = Field(description="of the button that begins it")
    hint: str = Field(description="what a person has to know before")
    methods: list[str] = Field(description="which can do it, without a model; empty where there is nothing to choose")
    options: list[OptionAnswer]


class LimitsAnswer(BaseModel):
    """What a job may bring."""

    max_bytes: int = Field(description="of all its files")
    max_pixels: int = Field(description="of one picture")


class TasksAnswer(BaseModel):
    """All tasks."""

    limits: LimitsAnswer

    inputs: dict[str, str] = Field(description="what each file is that tasks are given")
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
    applications: list[str] = Field(description="tasks that can be done with it")
    default_start_scale: dict[str, int]
    error: str | None = Field(description="why it cannot be used, if so")


class ModelsAnswer(BaseModel):
    """All trained runs."""

    models: list[ModelAnswer]


class LoginRequest(BaseModel):
    """The token of the server."""

    model_config = ConfigDict(json_schema_extra={"example": {"token": "a-secret-of-16-or-more"}})
    token: str = Field(max_length=1000)


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
        507: "the server's disk is full",
        503: "the server is about to end, or too much comes at once; try again",
    }
    return {
        status: {"model": ErrorAnswer, "description": meanings[status]}
        for status in sorted({400, 401, 403, 500, *statuses})
    }


FORM = "multipart/form-data"
_REF = "#/components/schemas/{model}"


def job_body() -> dict[str, Any]:
    """The request body of POST /api/jobs for OpenAPI; `add_job_forms` puts what it refers to into the description."""
    schema = _job_forms()[1] | {"example": {"task": "fill", "settings": '{"method": "auto", "seed": 0}'}}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def preview_body() -> dict[str, Any]:
    """The request body of POST /api/preview for OpenAPI."""
    image = {"type": "string", "format": "binary", "description": INPUTS["image"]}
    schema = {"type": "object", "properties": {"image": image}, "required": ["image"]}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def add_job_forms(app: FastAPI) -> None:
    """Let the OpenAPI description of an application hold the form and the settings of each task."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        description = plain()
        description["components"]["schemas"] |= _job_forms()[0]
        return description

    app.openapi = described  # type: ignore[method-assign]


def _job_forms() -> tuple[dict[str, Any], dict[str, Any]]:
    """The schemas of the forms and their settings by name, and the schema that is any one of the forms."""
    forms: Any = functools.reduce(operator.or_, (_job_form(task) for task in TASKS.values()))
    one: Any = Annotated[forms, Field(discriminator="task")]
    adapter: TypeAdapter[Any] = TypeAdapter(one)
    schema = adapter.json_schema(ref_template=_REF)
    return schema.pop("$defs"), schema


def _job_form(task: Task) -> Any:
    """The fields of a request for a job: the task, its files, and its settings as JSON."""
    fields: dict[str, Any] = {"task": (Literal[task.name], Field("fill" if task.name == "fill" else ...))}
    for name in (*task.needs, *task.takes):
        needed = name in task.needs and not task.learned
        instead = "; the model's own if it is left out" if task.learned and name in task.needs else ""
        fields[name] = (bytes, Field(... if needed else b"", description=INPUTS[name] + instead))
    settings: Any = settings_class(task)
    fields["settings"] = (Annotated[settings, Json], Field("{}", description=f"a JSON object, {settings.__name__}"))
    return create_model(
        settings.__name__.replace("Settings", "Job"), __config__=ConfigDict(extra="forbid"),
        __doc__=f"{task.title} What comes out: {task.result}.", **fields,
    )  # fmt: skip

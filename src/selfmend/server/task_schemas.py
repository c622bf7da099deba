"""The requests of jobs as OpenAPI describes them: a schema for each task, made from `TASKS`."""

from __future__ import annotations

import typing
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, create_model

from selfmend.tasks import INPUTS, TASKS, Task, option_facts, task_options

_REF = "#/components/schemas/"
_OPTIONS = "options of the method by name; GET /api/methods lists them with their units, and selfmend methods NAME"


def settings_model(task: Task) -> type[BaseModel]:
    """The settings of a task as a pydantic model: names, types, defaults, ranges, meanings with units."""
    hints = typing.get_type_hints(type(task.options))
    fields: dict[str, Any] = {}
    for row in task_options(task.name):
        kind = Literal[row["choices"]] if row["choices"] else hints[row["name"]]
        most = [one for one in (row["high"], row["limit"]) if one is not None]
        fields[row["name"]] = (
            kind,
            Field(row["value"], description=meaning_of(row), ge=row["low"], le=min(most, default=None)),
        )
    fields["options"] = (dict[str, Any], Field({}, description=_OPTIONS))
    config = ConfigDict(extra="forbid", title=f"{_camel(task.name)}Settings")
    return create_model(
        f"{_camel(task.name)}Settings", __doc__=f"Settings of {task.name}.", __config__=config, **fields
    )


def meaning_of(row: dict[str, Any]) -> str:
    """What an option means, with its unit, its range, and what none and off mean."""
    facts = option_facts(row)
    more = [f"{word}: {row[word]}" for word in ("none", "off") if row[word]]
    return "; ".join([row["help"] + (f" ({facts})" if facts else ""), *more])


def job_body() -> dict[str, Any]:
    """The request body of POST /api/jobs: one of the tasks, by the field `kind`."""
    properties = {name: _file(meaning) for name, meaning in INPUTS.items()}
    schema = {
        "type": "object",
        "properties": properties,
        "oneOf": [{"$ref": _REF + _job_name(task)} for task in TASKS.values()],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {task.name: _REF + _job_name(task) for task in TASKS.values()},
        },
        "example": {"kind": "fill", "settings": '{"method": "patchmatch", "seed": 0}'},
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def add_task_schemas(app: FastAPI) -> None:
    """Let the OpenAPI description of an application hold the schemas that `job_body` refers to."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        description = plain()
        schemas = description["components"]["schemas"]
        for task in TASKS.values():
            model = settings_model(task)
            schemas[model.__name__] = model.model_json_schema()
            schemas[_job_name(task)] = _job_schema(task, model.__name__)
        return description

    app.openapi = described  # type: ignore[method-assign]


def _job_schema(task: Task, settings: str) -> dict[str, Any]:
    kind = {"const": task.name, "description": "what to do"} | ({"default": "fill"} if task.name == "fill" else {})
    needed = () if task.learned else task.needs
    properties: dict[str, Any] = {"kind": kind}
    for name in (*task.needs, *task.takes):
        instead = "; a model's own if it is left out" if task.learned and name in task.needs else ""
        properties[name] = _file(INPUTS[name] + instead)
    if any(row["name"] == "model" for row in task_options(task.name)):
        properties["model"] = {"type": "string", "description": "name of a trained run; the same as in settings"}
    properties["settings"] = {
        "type": "string", "format": "json", "default": "{}", "description": f"a JSON object, {settings}",
        "contentMediaType": "application/json", "contentSchema": {"$ref": _REF + settings},
    }  # fmt: skip
    return {
        "title": _job_name(task), "description": f"{task.title} What comes out: {task.result}.", "type": "object",
        "properties": properties, "additionalProperties": False,
        "required": [*([] if task.name == "fill" else ["kind"]), *needed],
    }  # fmt: skip


def _file(meaning: str) -> dict[str, Any]:
    return {"type": "string", "format": "binary", "description": meaning}


def _job_name(task: Task) -> str:
    return f"{_camel(task.name)}Job"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))

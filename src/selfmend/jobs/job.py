"""A job: the one record that goes from the queue's table through a worker into the answer of the server and the page.

Its settings are typed: a class for each task, made from `selfmend.tasks`, checks what comes and describes it in the
OpenAPI schema. Beside it stand the limits of the queue and what it refuses.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    TypeAdapter,
    ValidationError,
    computed_field,
    create_model,
    field_validator,
    model_serializer,
)
from pydantic.dataclasses import dataclass

from selfmend.errors import ImageError, OptionError, SelfmendError, nearest_name
from selfmend.options import describe_range, option
from selfmend.tasks import TASKS, Task, option_facts, task_options
from selfmend.types import Size

EXAMPLE_ID = "q3Zk0yR7c1uXbV5nT8mWsA"
FINAL = ("done", "failed", "cancelled")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """Every limit; `selfmend serve` has an option for each."""

    max_bytes: int = option(50_000_000, "of all files of one job", unit="bytes", low=1)
    max_pixels: int = option(50_000_000, "of one picture, coming or made", unit="px", low=1)
    max_queue: int = option(100, "jobs that wait at once", low=1)
    max_seconds: float = option(4 * 3600.0, "that one job may run", unit="s", low=0)
    max_memory: int = option(
        8_000_000_000, "that one worker may hold; its job fails then, and another takes its place", unit="bytes", low=1
    )
    keep_hours: float = option(24.0, "that a finished job is kept", unit="h", low=0)
    keep_bytes: int = option(2_000_000_000, "of all finished jobs; the oldest ones go first", unit="bytes", low=0)


class UnknownJob(SelfmendError):  # noqa: N818, the word that the HTTP interface uses
    """There is no job of that name, or it has been removed."""


class QueueFull(SelfmendError):  # noqa: N818
    """As many jobs wait as may."""


class UnknownModel(SelfmendError):  # noqa: N818
    """There is no trained run of that name."""


class Busy(SelfmendError):  # noqa: N818
    """Something is needed by a job that is not finished."""


class TooLarge(ImageError):  # noqa: N818
    """A file with more bytes or pixels than may come."""


class NotAPicture(ImageError):  # noqa: N818
    """A file that is empty, damaged, or of no format that is read."""


class Settings(BaseModel):
    """The options of a job's task, with the defaults and the seed that was drawn; GET /api/tasks lists them."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)
    task: ClassVar[str] = ""
    options: dict[str, Any] = Field(
        {}, description="options of the method by name; GET /api/methods lists them, and selfmend methods NAME"
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_values(cls, value: Any, info: Any) -> Any:
        """True is no 1."""
        if isinstance(value, bool) and cls.model_fields[info.field_name].annotation is not bool:
            raise ValueError
        return value

    @model_serializer(mode="wrap")
    def _as_done(self, dump: Any) -> dict[str, Any]:
        """A model brings its own method, so that no other is named."""
        values = dump(self)
        brought = ("method", "preset") if values.get("model") else ()
        return {name: value for name, value in values.items() if name not in brought}

    def __reduce__(self) -> Any:  # to a worker's process, which finds no class that was made here
        return stored_settings, (self.task, self.model_dump())

    def get(self, name: str) -> Any:
        """An option that not every task has, or None."""
        return getattr(self, name, None)


@functools.cache
def settings_class(task: Task) -> type[Settings]:
    """The settings of a task as a class of pydantic: names, types, defaults, ranges, meanings with units."""
    hints = typing.get_type_hints(type(task.options))
    fields: dict[str, Any] = {}
    for row in task_options(task.name):
        kind = Literal[row["choices"]] if row["choices"] else hints[row["name"]]
        fields[row["name"]] = (
            kind,
            Field(row["value"], description=_meaning(row), ge=row["low"], le=_job_range(row)["high"]),
        )
    name = "".join(part.capitalize() for part in task.name.split("-")) + "Settings"
    settings: Any = create_model(
        name, __base__=Settings, __cls_kwargs__={"extra": "forbid"}, __doc__=f"Settings of {task.name}.", **fields
    )
    settings.task = task.name
    return settings


def read_settings(task: Task, given: Mapping[str, Any]) -> Settings:
    """The settings of a task from what a user says.

    Raises:
        OptionError: an unknown name (the nearest known one is named) or a value that does not fit.
    """
    try:
        return settings_class(task).model_validate(dict(given))
    except ValidationError as error:
        raise OptionError(_line(task, error.errors(include_url=False)[0])) from error


def stored_settings(task: str, values: Mapping[str, Any]) -> Settings:
    """Settings that were checked before, perhaps by another version: new options have their defaults."""
    return (settings_class(TASKS[task]) if task in TASKS else Settings).model_construct(**values)


def _line(task: Task, error: Any) -> str:
    """The first thing that pydantic found, as all of Selfmend says it: what came, and what fits."""
    rows = {row["name"]: row for row in task_options(task.name)}
    name, value = str(error["loc"][0]) if error["loc"] else "", error["input"]
    if error["type"] == "extra_forbidden":
        return f"unknown option {name[:80]!r}; {nearest_name(name[:80], [*rows, 'options'])}"
    if name not in rows:
        return f"options is {_short(value)}; an object of names and values fits"
    row = rows[name]
    if row["choices"] and isinstance(value, str):
        return f"unknown {name} {_short(value)}; {nearest_name(value[:80], row['choices'])}"
    if error["type"] in ("greater_than_equal", "less_than_equal"):
        return f"option {name} is {value}; {describe_range(_job_range(row))} fits"
    return f"option {name} is {_short(value)}; a value of type {row['type']} fits"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def _job_range(row: Mapping[str, Any]) -> dict[str, Any]:
    """An option with the greatest number that a job may have."""
    return {**row, "high": min((one for one in (row["high"], row["limit"]) if one is not None), default=None)}


def _meaning(row: dict[str, Any]) -> str:
    """What an option means, with its unit, its range, and what none and off mean."""
    facts = option_facts(row)
    more = [f"{word}: {row[word]}" for word in ("none", "off") if row[word]]
    return "; ".join([row["help"] + (f" ({facts})" if facts else ""), *more])


@dataclass(frozen=True, kw_only=True, config=ConfigDict(use_attribute_docstrings=True))
class Result:
    """One file that a job has made."""

    index: int
    """from 0"""
    url: str
    """its address at the server"""
    name: str
    """for a person who saves it, such as photo-mended.jpg"""
    media_type: str
    """such as image/jpeg"""
    width: int
    """in pixels"""
    height: int
    """in pixels"""
    bytes: int
    """of the file"""

    @property
    def file(self) -> str:
        """Its name in the job's folder of results."""
        return f"{self.index}{PurePath(self.name).suffix}"


@dataclass(frozen=True, kw_only=True, config=ConfigDict(use_attribute_docstrings=True))
class FilledBy:
    """What a method that chooses has filled a part of the hole with."""

    by: str
    """a method"""
    share: float
    """of the hole, 0 to 1"""
    why: str
    """in words"""


def result_url(id: str, index: int) -> str:
    """The address of a result."""
    return f"/api/jobs/{id}/results/{index}"


_EXAMPLE: Any = {
    "id": EXAMPLE_ID, "task": "fill", "state": "done", "queue": "quick", "place": None, "done": 1.0,
    "stage": "patchmatch", "stage_index": 0, "stage_count": 1, "seconds_left": None, "terms": {},
    "created": 1767225600.0, "started": 1767225600.1, "finished": 1767225600.9, "seconds": 0.8, "error": None,
    "warnings": [], "settings": {"method": "auto", "seed": 0}, "size": [750, 1000], "previews": 0,
    "preview": None, "revision": 7,
    "results": [{
        "index": 0, "url": result_url(EXAMPLE_ID, 0), "name": "photo-mended.jpg", "media_type": "image/jpeg",
        "width": 1000, "height": 750, "bytes": 183204,
    }],
    "choices": [{"by": "thin plate", "share": 1.0, "why": "less than 2 pixels deep"}],
}  # fmt: skip


@dataclass(
    frozen=True,
    kw_only=True,
    config=ConfigDict(use_attribute_docstrings=True, json_schema_extra={"example": _EXAMPLE}),
)
class Job:
    """A job as it stands; each change of it makes another record with a greater revision."""

    id: str
    """22 random characters of URL-safe base64"""
    task: str
    """what is to be done, one of GET /api/tasks"""
    state: Literal["queued", "running", "done", "failed", "cancelled"] = "queued"
    """the last three are final"""
    queue: Literal["quick", "heavy"]
    """heavy for what trains; the jobs of a queue are begun in the order in which they came"""
    place: int | None = None
    """jobs before it in its queue while it waits, running ones among them"""
    done: float | None = None
    """share of the work, 0 to 1, if known; it never falls"""
    stage: str = ""
    """what is being done"""
    stage_index: int = 0
    """of the stage, from 0"""
    stage_count: int = 0
    """of the stages, 0 if not known"""
    seconds_left: float | None = None
    """estimated, if it can be"""
    terms: dict[str, float] = Field(default_factory=dict)
    """losses and other numbers of the training, by name"""
    created: float
    """seconds since 1970"""
    started: float | None = None
    """seconds since 1970"""
    finished: float | None = None
    """seconds since 1970"""
    error: str | None = None
    """one line, of a failed job"""
    warnings: tuple[str, ...] = ()
    """lines"""
    settings: SerializeAsAny[Settings]
    """all of them, with the defaults and the seed that was drawn"""
    files: Annotated[dict[str, str], Field(exclude=True)] = Field(default_factory=dict)
    """names in the job's folder of inputs by what they are, such as "image" or "mask"; not told"""
    stem: Annotated[str, Field(exclude=True)] = "picture"
    """of the name that the picture had with its owner; not told"""
    size: Size | None = None
    """height and width of the picture that came, as it is shown"""
    previews: int = 0
    """pictures of the work so far; the newest is kept"""
    results: tuple[Result, ...] = ()
    """of a job that is done"""
    choices: tuple[FilledBy, ...] = ()
    """of a fill that is done, by a method that chooses: what filled which share of the hole, and why"""
    revision: int = 0
    """grows with each change"""

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in FINAL

    @computed_field  # type: ignore[prop-decorator]
    @property
    def seconds(self) -> float | None:
        """from the beginning of the work to its end"""
        return None if self.started is None or self.finished is None else max(0.0, self.finished - self.started)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def preview(self) -> str | None:
        """address of the newest picture of the work; it changes with each"""
        return f"/api/jobs/{self.id}/preview?n={self.previews}" if self.previews else None


_PUBLIC: TypeAdapter[Job] = TypeAdapter(Job)


def public_json(job: Job) -> str:
    """What everybody may know of a job: all but the names of its files."""
    return _PUBLIC.dump_json(job).decode()

"""Pictures of this machine that `selfmend serve PHOTO|FOLDER` shows on the page, and the folder for its results.

Only what the folder holds under a name that it was listed with can be asked for: no path comes from outside.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as Param
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from selfmend.errors import ImageError, RunError
from selfmend.files import atomic_path
from selfmend.image.outputs import numbered
from selfmend.image.picture_files import pictures_at
from selfmend.jobs.job import EXAMPLE_ID
from selfmend.jobs.runner import Runner
from selfmend.server.errors import RequestError
from selfmend.server.schemas import answers
from selfmend.server.uploads import media_type_of, picture_file


@dataclass(frozen=True, kw_only=True)
class SharedFiles:
    """What is shown and where results go.

    Attributes:
        pictures: a picture, or a folder of pictures; None for nothing.
        output: the folder where results are saved; None for nowhere.
    """

    pictures: Path | None = None
    output: Path | None = None

    def listed(self) -> dict[str, Path]:
        """The pictures that are there now, by name; none where the folder is empty or gone."""
        if self.pictures is None:
            return {}
        try:
            return {path.name: path for path in pictures_at(self.pictures)}
        except ImageError:
            return {}

    def save(self, result: Path, name: str) -> str:
        """Copy a result into the output folder, under a name that is free; that name.

        Raises:
            RunError: the folder cannot be written.
        """
        assert self.output is not None
        try:
            self.output.mkdir(parents=True, exist_ok=True)
            (target,) = numbered(self.output / name, free=True)
            with atomic_path(target) as temporary:
                shutil.copyfile(result, temporary)
        except OSError as error:
            raise RunError(f"{self.output} cannot be written: {error.strerror or error}") from error
        return target.name


class SharedFile(BaseModel):
    """A picture of this machine."""

    name: str
    bytes: int


class SharedFilesAnswer(BaseModel):
    """The pictures that the server was started with."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"folder": "album", "open": None, "saves": True, "files": [{"name": "a.jpg", "bytes": 183204}]}
        }
    )
    folder: str = Field(description="its name; empty where the server was started without one")
    open: str | None = Field(description="the picture that it was started with, which the page opens")
    saves: bool = Field(description="whether results can be saved in a folder of this machine")
    files: list[SharedFile]


class SavedAnswer(BaseModel):
    """Where a result was saved."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "a-mended.jpg"}})
    name: str = Field(description="in the output folder")


class SaveRequest(BaseModel):
    """Which result is to be saved."""

    model_config = ConfigDict(json_schema_extra={"example": {"job": EXAMPLE_ID, "index": 0}})
    job: str = Field(max_length=64)
    index: int = Field(0, ge=0, le=10_000)


def shared_routes(shared: SharedFiles, runner: Runner) -> APIRouter:
    """GET /api/files, GET /api/files/{name} and POST /api/saved."""
    routes = APIRouter(prefix="/api", tags=["files"])

    @routes.get("/files", responses=answers())
    async def list_files() -> SharedFilesAnswer:
        """The pictures that the server was started with."""
        listed = await run_in_threadpool(shared.listed)
        single = shared.pictures is not None and not shared.pictures.is_dir()
        return SharedFilesAnswer(
            folder=shared.pictures.name if shared.pictures and not single else "",
            open=next(iter(listed), None) if single else None, saves=shared.output is not None,
            files=[SharedFile(name=name, bytes=path.stat().st_size) for name, path in listed.items()],
        )  # fmt: skip

    @routes.get("/files/{name}", response_class=Response, responses=answers(404, 422))
    async def get_file(name: Annotated[str, Param(max_length=255, examples=["a.jpg"])]) -> Response:
        """One of them, as it is."""
        path = (await run_in_threadpool(shared.listed)).get(name)
        if path is None:
            raise RequestError(
                404, f"there is no picture {name[:100]!r} in the folder that the server was started with"
            )
        return picture_file(path, name=path.name, media_type=await run_in_threadpool(media_type_of, path))

    @routes.post("/saved", status_code=201, responses=answers(404, 409, 422))
    async def save_result(came: SaveRequest) -> SavedAnswer:
        """Save a result in the output folder; nothing there is replaced."""
        if shared.output is None:
            raise RequestError(409, "the server was started without an output folder; download the result instead")
        path = await run_in_threadpool(runner.result_path, came.job, came.index)
        job = await run_in_threadpool(runner.get, came.job)
        return SavedAnswer(name=await run_in_threadpool(shared.save, path, job.results[came.index].name))

    return routes

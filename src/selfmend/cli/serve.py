"""`selfmend serve`: the page, and the interface for programs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet
from selfmend.errors import MissingExtraError, OptionError

_NEEDS = ("fastapi", "uvicorn", "python_multipart")


def serve(
    photos: Annotated[
        Path | None,
        typer.Argument(
            metavar="PHOTO|FOLDER",
            help="A photo that the page opens, or a folder whose photos it lists.",
            show_default=False,
        ),
    ] = None,
    input_folder: Annotated[
        Path | None, typer.Option("--input", metavar="FOLDER", help="The same as FOLDER.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the page's Save puts results.", show_default="no Save, downloads"),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; another than 127.0.0.1 needs --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8418,
    token: Annotated[
        str | None,
        typer.Option(envvar="SELFMEND_TOKEN", help="A secret that clients must show, 16 characters or more."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A further name of this server, as in its address; repeatable."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder for jobs and results.", show_default="the user's data folder")
    ] = None,
    runs: Annotated[Path | None, typer.Option(help="Folder of trained runs.", show_default="DATA/runs")] = None,
    open_page: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Show the page in the browser.", show_default="on a desktop")
    ] = None,
    device: arguments.Device = "auto",
    quick_workers: Annotated[
        int | None, typer.Option(min=1, help="Processes for quick jobs.", show_default="one for two cores")
    ] = None,
    max_mb: Annotated[float, typer.Option(min=0.001, help="Most megabytes of a job's files.")] = 50,
    max_megapixels: Annotated[float, typer.Option(min=0.001, help="Most million pixels of a picture.")] = 50,
    max_queue: Annotated[int, typer.Option(min=1, help="Most jobs that wait.")] = 100,
    max_minutes: Annotated[float, typer.Option(min=0.01, help="Most minutes that a job may run.")] = 240,
    max_worker_gb: Annotated[
        float, typer.Option(min=0.001, help="Most gigabytes of memory of one process that does jobs.")
    ] = 8,
    keep_hours: Annotated[float, typer.Option(min=0, help="How long finished jobs are kept.")] = 24,
    keep_gb: Annotated[float, typer.Option(min=0, help="Most gigabytes of finished jobs; the oldest go first.")] = 2,
    quiet: arguments.Quiet = False,
) -> None:
    """Show a page in which pictures are mended, and answer programs (docs/server.md)."""
    missing = [name for name in _NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(f"the server needs {', '.join(missing)}; pip install 'selfmend[web]'")
    import os
    import sys

    import platformdirs

    from selfmend.image.picture_files import pictures_at
    from selfmend.jobs.job import Limits
    from selfmend.jobs.runner import Runner
    from selfmend.server.security import Access
    from selfmend.server.serving import open_browser
    from selfmend.server.serving import serve as answer
    from selfmend.server.shared_files import SharedFiles

    if photos is not None and input_folder is not None:
        raise OptionError(f"PHOTO|FOLDER is {photos} and --input {input_folder}; one of them fits")
    pictures = photos or input_folder
    if pictures is not None:
        pictures_at(pictures)
    if output is not None and output.exists() and not output.is_dir():
        raise OptionError(f"--output {output} is a file; a folder fits")
    be_quiet(quiet)
    limits = Limits(
        max_bytes=round(max_mb * 1e6), max_pixels=round(max_megapixels * 1e6), max_queue=max_queue,
        max_seconds=max_minutes * 60, max_memory=round(max_worker_gb * 1e9), keep_hours=keep_hours,
        keep_bytes=round(keep_gb * 1e9),
    )  # fmt: skip
    access = Access(host=host, port=port, token=token or None, allowed_hosts=tuple(allow_host or ()))
    folder = data or platformdirs.user_data_path("selfmend", appauthor=False)

    def say(line: str) -> None:
        if not quiet:
            typer.echo(line)
            sys.stdout.flush()

    def show(address: str) -> None:
        if not open_browser(address) and open_page:
            say("there is no desktop here to open the page on")

    os.umask(0o077)  # pictures are private: nobody else reads what is written from here on, nor what workers write
    wanted = (sys.stdout.isatty() or pictures is not None) if open_page is None else open_page
    runner = Runner(folder, runs=runs, limits=limits, quick_workers=quick_workers, device=device)
    shared = SharedFiles(pictures=pictures, output=output)
    answer(runner, access=access, limits=limits, say=say, opened=show if wanted else None, shared=shared)

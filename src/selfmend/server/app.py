"""The application: state, routes, error handlers and guards put together."""

from __future__ import annotations

from fastapi import FastAPI

from selfmend._version import __version__
from selfmend.jobs.job import Limits
from selfmend.jobs.runner import Runner
from selfmend.server.errors import add_error_handlers
from selfmend.server.iopaint import iopaint_routes
from selfmend.server.routes import about_routes, add_page, job_routes
from selfmend.server.schemas import add_job_forms
from selfmend.server.security import Access, Guards
from selfmend.server.shared_files import SharedFiles, shared_routes
from selfmend.server.state import State

_DESCRIPTION = """Fill the missing parts of pictures, and more, over HTTP.

Put a job into the queue with `POST /api/jobs`, listen to `GET /api/jobs/{id}/events`, fetch what came out from
`GET /api/jobs/{id}/results/0`. Every error is one line in the field `error`."""


def create_app(
    runner: Runner, *, access: Access | None = None, limits: Limits | None = None, shared: SharedFiles | None = None
) -> FastAPI:
    """The application of one server.

    Args:
        runner: does the jobs; starting and stopping it is the caller's.
        access: who gets in; only this machine by default.
        limits: how much may come.
        shared: pictures of this machine that the page shows, and where it saves; none by default.
    """
    state = State(runner=runner, access=access or Access(), limits=limits or Limits())
    app = FastAPI(
        title="Selfmend", version=__version__, description=_DESCRIPTION, docs_url=None, redoc_url=None,
        license_info={"name": "Apache-2.0"},
    )  # fmt: skip
    app.state.server = state
    add_error_handlers(app)
    app.include_router(about_routes(state))
    app.include_router(job_routes(state))
    app.include_router(shared_routes(shared or SharedFiles(), runner))
    app.include_router(iopaint_routes(state))
    add_page(app, state)
    add_job_forms(app)
    app.add_middleware(Guards, access=state.access, max_bytes=state.limits.max_bytes)
    return app

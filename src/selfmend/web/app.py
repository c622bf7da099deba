"""The application: routes, guards and one way to say what went wrong, around a runner that does the jobs."""

from __future__ import annotations

from fastapi import FastAPI

from selfmend._version import __version__
from selfmend.web.access import Access
from selfmend.web.errors import add_error_handlers
from selfmend.web.guards import Guards
from selfmend.web.iopaint import iopaint_routes
from selfmend.web.limits import Limits
from selfmend.web.routes_about import about_routes
from selfmend.web.routes_jobs import job_routes
from selfmend.web.routes_page import add_page
from selfmend.web.runner import Runner
from selfmend.web.state import State

_DESCRIPTION = """Fill the missing parts of pictures, and more, over HTTP.

Put a job into the queue with `POST /api/jobs`, listen to `GET /api/jobs/{id}/events`, fetch what came out from
`GET /api/jobs/{id}/results/0`. Every error is one line in the field `error`."""


def create_app(runner: Runner, *, access: Access | None = None, limits: Limits | None = None) -> FastAPI:
    """The application of one server.

    Args:
        runner: does the jobs; starting and stopping it is the caller's.
        access: who gets in; only this machine by default.
        limits: how much may come.
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
    app.include_router(iopaint_routes(state))
    add_page(app, state)
    app.add_middleware(Guards, access=state.access, max_bytes=state.limits.max_bytes)
    return app

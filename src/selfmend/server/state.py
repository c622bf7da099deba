"""What the routes share."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from selfmend.jobs.job import Job, Limits
from selfmend.jobs.runner import Runner
from selfmend.server.events import Streams
from selfmend.server.security import Access, Attempts


@dataclass(kw_only=True)
class State:
    """One server.

    Attributes:
        runner: does the jobs.
        access: who gets in.
        limits: how much may come.
        streams: those who listen to a job.
        attempts: at the token, by address.
        iopaint_model: the method that fills for clients of IOPaint's interface.
    """

    runner: Runner
    access: Access
    limits: Limits
    streams: Streams = field(default_factory=Streams)
    iopaint_model: str = "auto"
    attempts: Attempts = field(default_factory=Attempts)


_SUBMITTING = ThreadPoolExecutor(8, thread_name_prefix="selfmend-submit")
_PATIENCE = 10.0  # seconds for a job that is being put into the queue while the server ends


async def submitted(runner: Runner, *arguments: Any, **named: Any) -> Job:
    """`Runner.submit` in a thread; where the server ends before the client can be told, the job is taken back.

    So a job is either kept and acknowledged, or neither.
    """
    work = _SUBMITTING.submit(runner.submit, *arguments, **named)
    try:
        return await asyncio.wrap_future(work)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):  # it was refused, or had not begun
            runner.remove(work.result(_PATIENCE).id)
        raise

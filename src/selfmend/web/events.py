"""Server-sent events: a job as it changes, for as long as somebody listens."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool

from selfmend.core.checks import SelfmendError
from selfmend.web.job import Job
from selfmend.web.runner import Runner
from selfmend.web.schemas import job_answer

HEARTBEAT = 15.0  # seconds of silence after which proxies begin to close a connection is 30 or more
MOST = 10  # events of a stream in a second; the first ones go out without delay


class Streams:
    """The open streams of a server, so that its end can end them."""

    def __init__(self) -> None:
        self._open: set[asyncio.Event] = set()
        self.ending = False

    def end(self) -> None:
        """Let every stream end; called in the event loop."""
        self.ending = True
        for changed in self._open:
            changed.set()

    async def changes(self, runner: Runner, job_id: str, *, after: int = -1) -> AsyncIterator[Job | None]:
        """The job each time that it has changed, and None where nothing happened for a while; ends with the job.

        Args:
            runner: whose job it is.
            job_id: which.
            after: a revision; only later ones are told.
        """
        changed = asyncio.Event()
        changed.set()
        told = deque([-math.inf] * MOST, MOST)
        loop = asyncio.get_running_loop()
        self._open.add(changed)
        unsubscribe = await run_in_threadpool(runner.subscribe, job_id, _waker(changed))
        try:
            while not self.ending:
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT)
                except TimeoutError:
                    yield None
                    continue
                await asyncio.sleep(max(0, told[0] + 1 - loop.time()))
                changed.clear()
                job = await run_in_threadpool(runner.get, job_id)
                if job.revision > after:
                    after = job.revision
                    told.append(loop.time())
                    yield job
                if job.final:
                    return
        finally:
            self._open.discard(changed)
            unsubscribe()


async def event_stream(changes: AsyncIterator[Job | None]) -> AsyncIterator[str]:
    """Jobs as text/event-stream; a comment line where there is nothing new, which shows who has gone."""
    try:
        async for job in changes:
            if job is None:
                yield ": nothing new\n\n"
            else:
                yield f"id: {job.revision}\nevent: job\ndata: {job_answer(job).model_dump_json()}\n\n"
    except SelfmendError:  # the job was removed meanwhile
        return


def _waker(changed: asyncio.Event) -> Callable[..., None]:
    """Sets `changed` from any thread."""
    loop = asyncio.get_running_loop()

    def wake(*_: Any) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(changed.set)

    return wake

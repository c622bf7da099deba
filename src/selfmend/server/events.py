"""Server-sent events: a job as it changes, for as long as somebody listens."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from selfmend.errors import SelfmendError
from selfmend.jobs.job import Job, public_json
from selfmend.jobs.runner import Runner

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
        listener = _Listener()
        self._open.add(listener.changed)
        told = deque([-math.inf] * MOST, MOST)
        unsubscribe = await run_in_threadpool(runner.subscribe, job_id, listener.tell)
        try:
            listener.take(await run_in_threadpool(runner.get, job_id))
            while not self.ending:
                job = listener.job
                if job.revision > after:
                    await listener.pause(told[0] + 1 - listener.loop.time())
                    job = listener.job  # the newest: what came meanwhile is not told one by one
                    after = job.revision
                    told.append(listener.loop.time())
                    yield job
                if job.final:
                    return
                if not await listener.wait():
                    yield None
                    listener.take(await run_in_threadpool(runner.get, job_id))  # it may have been removed
        finally:
            self._open.discard(listener.changed)
            unsubscribe()


class _Listener:
    """Takes jobs from any thread, and wakes a coroutine."""

    def __init__(self) -> None:
        self.changed, self._ended = asyncio.Event(), asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self._newest: Job | None = None

    @property
    def job(self) -> Job:
        """The newest that is known."""
        assert self._newest is not None
        return self._newest

    def tell(self, job: Job) -> None:
        """Called by the runner."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.take, job)

    async def wait(self) -> bool:
        """Until there is news, or the streams are to end; False where it takes long."""
        try:
            await asyncio.wait_for(self.changed.wait(), HEARTBEAT)
        except TimeoutError:
            return False
        self.changed.clear()
        return True

    async def pause(self, seconds: float) -> None:
        """That long, but no longer than the job: its end is told at once."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), seconds)

    def take(self, job: Job) -> None:
        """Keep a job, if it is newer than what is known: what was asked for may arrive after what was told since."""
        if self._newest is None or job.revision > self._newest.revision:
            self._newest = job
        self.changed.set()
        if job.final:
            self._ended.set()


async def event_stream(changes: AsyncIterator[Job | None]) -> AsyncIterator[str]:
    """Jobs as text/event-stream; a comment line where there is nothing new, which shows who has gone."""
    try:
        async for job in changes:
            if job is None:
                yield ": nothing new\n\n"
            else:
                yield f"id: {job.revision}\nevent: job\ndata: {public_json(job)}\n\n"
    except SelfmendError:  # the job was removed meanwhile
        return

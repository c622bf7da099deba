"""Server-sent events: a job as it changes, for as long as somebody listens."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import AppStatus
from starlette.concurrency import run_in_threadpool

from selfmend.jobs.job import Job, UnknownJob, public_json
from selfmend.jobs.runner import Runner

AppStatus.disable_automatic_graceful_drain()  # one flag for the whole process, never reset: `Streams.end` is ours
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

    async def changes(self, runner: Runner, job_id: str, *, after: int = -1) -> AsyncIterator[Job]:
        """The job each time that it has changed; ends with the job, or when it was removed.

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
                    listener.take(await run_in_threadpool(runner.get, job_id))  # it may have been removed
        except UnknownJob:
            return
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


def event_response(changes: AsyncIterator[Job]) -> EventSourceResponse:
    """Jobs as text/event-stream; a comment line where there is nothing new for a while, which shows who has gone."""

    async def told() -> AsyncIterator[ServerSentEvent]:
        async with contextlib.aclosing(changes):  # type: ignore[type-var]
            async for job in changes:
                yield ServerSentEvent(public_json(job), event="job", id=str(job.revision), sep="\n")

    def silence() -> ServerSentEvent:
        return ServerSentEvent(comment="nothing new", sep="\n")

    return EventSourceResponse(
        told(), ping=HEARTBEAT, ping_message_factory=silence, sep="\n", headers={"Cache-Control": "no-cache"}
    )

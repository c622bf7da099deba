"""What the routes share."""

from __future__ import annotations

from dataclasses import dataclass, field

from selfmend.jobs.job import Limits
from selfmend.jobs.runner import Runner
from selfmend.server.events import Streams
from selfmend.server.security import Access


@dataclass(kw_only=True)
class State:
    """One server.

    Attributes:
        runner: does the jobs.
        access: who gets in.
        limits: how much may come.
        streams: those who listen to a job.
        iopaint_model: the method that fills for clients of IOPaint's interface.
    """

    runner: Runner
    access: Access
    limits: Limits
    streams: Streams = field(default_factory=Streams)
    iopaint_model: str = "auto"

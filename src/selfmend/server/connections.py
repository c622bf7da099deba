"""Connections of clients that are slow, or that only hold them: how long a request may take to come."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEADERS_WITHIN = 10.0  # seconds from the connection, or the first byte of a further request, to the end of its headers
MOST_WAITING = 100  # connections without a whole request; a further one takes the place of the oldest
BODY_WITHIN = 30.0  # seconds, and the time that the body takes at the rate below
BODY_RATE = 10_000.0  # bytes a second


def body_deadline(came: int) -> float:
    """Seconds from a request's headers within which the next piece of its body must be there, `came` bytes into it."""
    return BODY_WITHIN + came / BODY_RATE


class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Uvicorn's protocol, which lets go of clients whose request does not come.

    Half headers from hundreds of connections would otherwise hold all places that there are.
    """

    _waiting: dict[PatientProtocol, asyncio.TimerHandle] = {}  # noqa: RUF012, of all connections, the oldest first

    def connection_made(self, transport: Any) -> None:
        """A client is there, and has said nothing yet."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """A piece of a request."""
        super().data_received(data)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._wait_no_more()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self in self._waiting:
            return  # the time runs from the first byte
        self._waiting[self] = self.loop.call_later(HEADERS_WITHIN, self._let_go)
        if len(self._waiting) > MOST_WAITING:
            next(iter(self._waiting))._let_go()

    def _wait_no_more(self) -> None:
        timer = self._waiting.pop(self, None)
        if timer is not None:
            timer.cancel()

    def _let_go(self) -> None:
        self._wait_no_more()
        if self.transport is not None:
            self.transport.abort()

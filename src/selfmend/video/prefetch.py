"""Threads beside the filling: frames are read and written while others are filled."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")
_END: Any = object()


def ahead(items: Iterable[T], *, depth: int) -> Generator[T, None, None]:
    """The items as they are, made in a thread up to `depth` before they are asked for."""
    source = iter(items)
    pool = ThreadPoolExecutor(1)  # one: the items are made in their order
    waiting: deque[Future[T]] = deque(pool.submit(next, source, _END) for _ in range(depth))
    try:
        while (item := waiting.popleft().result()) is not _END:
            waiting.append(pool.submit(next, source, _END))
            yield item
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        if hasattr(source, "close"):
            source.close()


class BackgroundWriter:
    """Calls a function in a thread, in order; no more than `depth` calls wait."""

    def __init__(self, work: Callable[..., None], *, depth: int) -> None:
        self._work, self._depth = work, depth
        self._pool = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def __call__(self, *arguments: Any) -> None:
        """Put a call in the line; an error of an earlier one is raised here."""
        while len(self._waiting) >= self._depth:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._work, *arguments))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Wait for all calls; after an error, only for the one in progress."""
        try:
            while error is None and self._waiting:
                self._waiting.popleft().result()
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)

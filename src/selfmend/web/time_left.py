"""How long a job still takes."""

from __future__ import annotations

import math

_LEAST_SECONDS, _LEAST_DONE = 1.0, 0.01  # before that, nobody knows
_MEMORY = 10.0  # seconds
_SHARE = 0.3  # of what has passed; the longer it runs, the longer it looks back


class TimeLeft:
    """An estimate from the speed of the last while.

    Work does not go on evenly: scales differ, other jobs come and go. So what has passed counts less and less, the more
    so the longer ago it was; and a job that goes on where it was stopped is not taken for a fast one.
    """

    def __init__(self) -> None:
        self._seconds: float | None = None
        self._done = self._first = self._began = 0.0
        self._passed = self._gained = 0.0

    def tell(self, done: float, seconds: float) -> float | None:
        """Seconds left, or None where nothing can be said yet.

        Args:
            done: fraction of the work in [0, 1].
            seconds: of any clock that does not go back.
        """
        if self._seconds is None:
            self._seconds, self._began, self._done, self._first = seconds, seconds, done, done
            return None
        step, age = max(0.0, seconds - self._seconds), seconds - self._began
        fade = math.exp(-step / max(_MEMORY, _SHARE * age))
        self._passed = self._passed * fade + step
        self._gained = self._gained * fade + max(0.0, done - self._done)
        self._seconds, self._done = seconds, max(self._done, done)
        if done >= 1:
            return 0.0
        if age < _LEAST_SECONDS or self._done - self._first < _LEAST_DONE or self._gained <= 0:
            return None
        return (1 - self._done) * self._passed / self._gained

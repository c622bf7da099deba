"""`progress=True`: a bar in a terminal or a notebook, without a package for it.

The command line has its own, richer one (`cli/progress.py`); here events may come from any script, and the bar must not
be in the way: one line that is written over, on stderr, or one element of a notebook's output.
"""

from __future__ import annotations

import html
import sys
import time
from typing import Any

from selfmend.progress import Progress, ProgressEvent, silent

_WIDTH = 28  # characters
_LEAST = 0.1  # seconds between two drawings, and before the first: steps may be far quicker than eyes


def shown(progress: Progress | bool) -> Progress:
    """What functions for users take as `progress`, as what methods call: True a bar, False nothing."""
    if progress is True:
        return ProgressBar()
    return silent if progress is False else progress


class ProgressBar:
    """A bar that is drawn where it is called from: in a notebook as its output, elsewhere on stderr.

    Events without `done` count the steps of their stage. What is over within a tenth of a second shows nothing.
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._drawn = self._started  # what is over at once needs no bar
        self._line = ""
        self._handle = _notebook_output()

    def __call__(self, event: ProgressEvent) -> None:
        share = event.done if event.done is not None else event.step / max(1, event.steps)
        now = time.monotonic()
        if share < 1 and now - self._drawn < _LEAST:
            return
        self._drawn = now
        self._draw(min(1.0, max(0.0, share)), event.stage, now - self._started)

    def __del__(self) -> None:  # the call that it was made for is over: methods do not all say when they are
        if self._line and not sys.is_finalizing():
            self._write(f"took {time.monotonic() - self._started:.1f} s")
            if self._handle is None:
                sys.stderr.write("\n")

    def _draw(self, share: float, stage: str, seconds: float) -> None:
        left = f", {seconds * (1 - share) / share:.0f} s left" if 0.02 < share < 1 and seconds > 2 else ""
        self._write(f"{share:4.0%} {stage}{left}", share)

    def _write(self, words: str, share: float | None = None) -> None:
        """Replace what is there by a bar with words, or by words alone."""
        if self._handle is not None:
            bar = "" if share is None else f'<progress value="{share:.3f}" max="1" style="width: 20em"></progress> '
            self._handle.update({"text/html": bar + html.escape(words), "text/plain": words}, raw=True)
            self._line = words
            return
        full = 0 if share is None else round(share * _WIDTH)
        line = words if share is None else f"[{'#' * full}{'.' * (_WIDTH - full)}] {words}"[:110]
        sys.stderr.write("\r" + line.ljust(len(self._line)))
        sys.stderr.flush()
        self._line = line


def _notebook_output() -> Any:
    """An element of the notebook's output that can be drawn again, or None outside of notebooks."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):  # IPython in a terminal has no kernel
        return None
    from IPython.display import display

    return display({"text/plain": ""}, raw=True, display_id=True)

"""Where the command line begins: the console script, and `python -m selfmend`.

Ctrl-C ends the command with code 130 from here on, also while the rest is imported, which takes longer than this file.
"""

import os
import signal
import sys
from types import FrameType


def _stop(signum: int, frame: FrameType | None) -> None:
    os._exit(128 + signum)  # nothing is begun: there is nothing to close, and nothing to say


def main() -> None:
    """Run the command of this process; does not return."""
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else it is ignored, as of `command &`
    if is_ours:
        signal.signal(signal.SIGINT, _stop)
    from selfmend.cli import main as run

    try:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        run()
    except KeyboardInterrupt:  # before or after the command's own care for it
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()

"""The environment of a command that is run as a process of its own."""

import os
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def environment(folder):
    """This one, with the tests' helpers within reach, a cache in `folder` and one thread."""
    path = os.pathsep.join([str(TESTS), *sys.path])
    return {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(folder / "cache"), "OMP_NUM_THREADS": "1"}

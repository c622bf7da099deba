"""Every work is killed at each of its file operations, and run again: does any state remain that nothing gets out of?

    python benchmarks/kills.py [inpaint video video-frames batch train server]

Prints for each how many kills there were, how many states stayed stuck, and how many temporary files were left after
the next run. The exit code is 1 where anything was stuck. What an operation is, and what getting out: tests/kills.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import torch

import selfmend.methods.singan
import selfmend.training.loop  # noqa: F401, once, not in each child
from common import commit, machine
from kills import WORKS, kill_everywhere


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", choices=[*WORKS, []], metavar="WORK", help=f"of {', '.join(WORKS)}")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{machine()}, {time.strftime('%Y-%m-%d')}, commit {commit()}")
    stuck, kills = 0, 0
    for name in arguments.works or WORKS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            count = kill_everywhere(WORKS[name], Path(folder) / "work")
        stuck, kills = stuck + len(count.stuck), kills + count.kills
        print(
            f"{name}: {count.kills} kills, {len(count.stuck)} stuck, {len(count.left)} temporary files left, "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        for line in count.stuck + count.left:
            print(f"  {line}")
    print(f"all: {kills} kills, {stuck} stuck")
    sys.exit(bool(stuck))


if __name__ == "__main__":
    main()

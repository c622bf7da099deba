"""Files of all kinds damaged at random, and used: nothing but success or one clear line may come of it.

    python benchmarks/fuzz.py [journal manifest ... pictures kept masks films] --cases 1000 --seed 0

Prints for each kind how many cases there were and every outcome that must not be: another exception than
SelfmendError (with its place), a crash, more than 20 seconds, more than 4 GB. The exit code is 1 where there was any.
How files are damaged and used: tests/damaging.py. `KIND --seed N --cases 1` tries one case again.
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import torch

from common import commit, machine
from damaging import TARGETS, try_cases


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", choices=[*TARGETS, []], metavar="KIND", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--cases", type=int, default=1000, help="of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the first case; the others follow")
    parser.add_argument("--seconds", type=float, default=1e9, help="no new batch of a kind is begun after that")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{machine()}, {time.strftime('%Y-%m-%d')}, commit {commit()}, seed {arguments.seed}", flush=True)
    wrong = cases = 0
    for name in arguments.kinds or TARGETS:
        began, count, found = time.monotonic(), 0, []
        with tempfile.TemporaryDirectory() as folder:
            for first in range(arguments.seed, arguments.seed + arguments.cases, 250):
                if time.monotonic() - began > arguments.seconds:
                    break
                seeds = range(first, min(first + 250, arguments.seed + arguments.cases))
                found += list(try_cases(TARGETS[name], Path(folder) / "work", seeds))
                count += len(seeds)
        told = collections.Counter(outcome for _, _, outcome in found)
        found = [one for one in found if one[2] not in ("success", "refused")]
        cases, wrong = cases + count, wrong + len(found)
        seconds = f"{time.monotonic() - began:.0f} s"
        print(
            f"{name}: {count} cases, {told['success']} went well, {told['refused']} were refused in a line, "
            f"{len(found)} wrong, {seconds}",
            flush=True,
        )
        kinds = collections.Counter(told.partition(": ")[0] for _, _, told in found)
        for start, times in kinds.most_common():
            seed, what, whole = next(one for one in found if one[2].startswith(start))
            print(f"  {times} x {whole}  (seed {seed}: {what[:160]})", flush=True)
    print(f"all: {cases} cases, {wrong} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

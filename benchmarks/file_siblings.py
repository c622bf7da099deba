"""Files drawn at random, mended by the command, and compared by programs that are not ours: is anything lost unsaid?

    python benchmarks/file_siblings.py [JPEG PNG ...] --files 100 --seed 0 [--keep FOLDER] [--only NUMBER]

Each file (tests/sibling_files.py: any combination of layout and of what a file says beside its pixels) goes through
`selfmend inpaint` with a random box or, one in six, `selfmend restore`, into its own format. Then Pillow, OpenCV and
tifffile compare known pixels, frames and pages; exiftool compares every tag; pngcheck and tiffinfo look for new faults;
parts that nobody may change are looked for byte by byte. What is not as it was must be named in a warning. A table a
format (what was lost is listed on standard error): files that kept all, that named what they did not, that
LOST something IN SILENCE, that were refused in one line, that ended in a traceback; the exit code is 1 where there was
silence or a traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from functools import partial
from pathlib import Path
from shutil import which
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from common import commit, machine
from sibling_files import FORMATS, sibling
from sibling_judge import KEPT, NAMED, REFUSED, SILENT, TRACEBACK, WRONGLY, judged, mended

SECONDS = 120


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", choices=[*FORMATS, []], metavar="FORMAT", help=f"of {', '.join(FORMATS)}")
    parser.add_argument("--files", type=int, default=100, help="of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="one number, all that was found of it")
    parser.add_argument("--keep", type=Path, help="folder for the files of which something was lost")
    parser.add_argument("--seconds", type=float, default=1e9, help="no further hundred is begun after that")
    given = parser.parse_args()
    began, wrong = time.monotonic(), False
    warm_up()
    print(f"{machine()}, {time.strftime('%Y-%m-%d')}, commit {commit()}, seed {given.seed}", flush=True)
    heads = [
        "format",
        "files",
        "kept all",
        "named",
        "lost in silence",
        "refused",
        "tracebacks",
        "facts",
        "of them named",
    ]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    for kind in given.formats or FORMATS:
        ends: Counter[str] = Counter()
        facts: Counter[str] = Counter()
        numbers = range(given.files) if given.only is None else [given.only]
        for start in range(0, len(numbers), 100):
            if time.monotonic() - began > given.seconds:
                break
            for number, end, found, counted in tried(kind, given.seed, numbers[start : start + 100], given.keep):
                ends[end] += 1
                facts += counted
                if end in (SILENT, WRONGLY, REFUSED, TRACEBACK) or given.only is not None:
                    print(f"{kind} {number}: {end}: {found}", file=sys.stderr, flush=True)
        refused = f"{ends[REFUSED] + ends[WRONGLY]}"
        row = [kind, sum(ends.values()), ends[KEPT], ends[NAMED], ends[SILENT], refused, ends[TRACEBACK]]
        print("| " + " | ".join(map(str, [*row, facts.total(), facts["named"]])) + " |", flush=True)
        wrong = wrong or bool(ends[SILENT] + ends[TRACEBACK])
    sys.exit(wrong)


def tried(kind: str, seed: int, numbers: Any, keep: Path | None) -> list[tuple[int, str, str, Counter[str]]]:
    """(number, how it ended, what was found, facts by how they ended) of files that are mended and then read."""
    made = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("in", "out", "mask"):
            (Path(scratch) / name).mkdir()
        logged = partial(run, log=Path(scratch) / "said")
        for number in numbers:
            one = sibling(kind, seed, number)
            made.append((number, one, mended(one, number, seed, Path(scratch), logged)))
        tags = {side: read_tags(Path(scratch) / side) for side in ("in", "out")}
        results = []
        for number, one, (code, said, hole) in made:
            name = f"{number}.{one.ending}"
            target = next((Path(scratch) / "out").glob(f"{number}.*"), None)
            end, found, counted = judged(
                one,
                code,
                said,
                hole,
                target,
                tags["in"].get(name, {}),
                tags["out"].get(target.name if target else "", {}),
            )
            if keep is not None and end in (SILENT, WRONGLY, TRACEBACK):
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{kind.replace(' ', '')}-{name}").write_bytes(one.data)
                if target is not None:
                    (keep / f"{kind.replace(' ', '')}-{number}-out{target.suffix}").write_bytes(target.read_bytes())
            text = " ; ".join(found) + f"   [{', '.join(one.says)}]  << {' / '.join(said.splitlines())[:400]}"
            results.append((number, end, text, counted))
        return results


def warm_up() -> None:
    """Import, in this process, all that the forked ones use."""
    import cv2

    cv2.setNumThreads(0)  # threads do not survive a fork
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as silent:
        from selfmend.cli import main as command

        silent.enter_context(contextlib.redirect_stderr(io.StringIO()))
        silent.enter_context(contextlib.redirect_stdout(io.StringIO()))
        for kind in FORMATS:
            one = sibling(kind, 0, 0)
            source = Path(scratch) / f"x.{one.ending}"
            source.write_bytes(one.data)
            target = source.with_name(f"y.{one.ending if one.fits else 'png'}")
            for words in (["inpaint", "-m", "3,3,5,5"], ["restore", "--kind", "dust"]):
                with contextlib.suppress(SystemExit):
                    command([words[0], str(source), *words[1:], "--method", "telea", "-o", str(target), "--overwrite"])


def run(arguments: list[str], log: Path) -> tuple[int, str]:
    """The command in a process of its own, forked: the packages are imported once."""
    from selfmend.cli import main as command

    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        with open(log, "wb") as file:
            os.dup2(file.fileno(), 2)
            os.dup2(file.fileno(), 1)
        code = 70
        try:
            command(arguments)
        except SystemExit as end:
            code = int(end.code or 0) if not isinstance(end.code, str) else 1
        except BaseException:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, log.read_text("utf-8", "replace")


def read_tags(folder: Path) -> dict[str, dict[str, Any]]:
    """What exiftool finds in the files of a folder, by name; nothing where it is not installed."""
    if which("exiftool") is None:
        return {}
    made = subprocess.run(["exiftool", "-j", "-G1:4", "-a", "-u", "-b", str(folder)], capture_output=True).stdout
    listed = json.loads(made.decode("utf-8", "replace") or "[]")
    return {Path(one["SourceFile"]).name: one for one in listed}


if __name__ == "__main__":
    main()

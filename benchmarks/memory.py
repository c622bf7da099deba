"""How much memory a small hole in a large picture takes.

    python benchmarks/memory.py [--side 7000] [--methods telea patchmatch auto]

A PNG of 7000 x 7000 pixels, of few colours and therefore small, with a hole of 100 x 60 in its middle, is mended by the
command line and by a worker of a server, each in a process of its own. Told are the most memory that the process held
at any time, as the system counts it, and the seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from served import circumstances, family, fill, photo, served


def write(folder: Path, side: int) -> tuple[Path, Path]:
    """The picture and its mask."""
    y, x = np.mgrid[:side, :side]
    planes = [x // 350 * 12, y // 350 * 12, (x + y) // 700 * 11]
    Image.fromarray(np.stack([(plane % 256).astype(np.uint8) for plane in planes], -1)).save(folder / "large.png")
    mask = Image.new("L", (side, side))
    mask.paste(255, (side // 2 - 50, side // 2 - 30, side // 2 + 50, side // 2 + 30))
    mask.save(folder / "mask.png")
    return folder / "large.png", folder / "mask.png"


def by_command(image: Path, mask: Path, method: str) -> tuple[float, float]:
    """MB and seconds of `selfmend inpaint`."""
    command = [sys.executable, "-m", "selfmend", "inpaint", str(image), "--mask", str(mask), "--method", method]
    began = time.perf_counter()
    process = subprocess.Popen([*command, "-o", str(image.with_name("out.png")), "--overwrite", "--quiet"])
    megabytes = 0.0
    while process.poll() is None:  # what the system tells after its end is mixed with what this process held
        megabytes = max(megabytes, most(process.pid))
        time.sleep(0.02)
    assert process.returncode == 0
    return megabytes, time.perf_counter() - began


def by_worker(image: Path, mask: Path, method: str) -> tuple[float, float]:
    """MB of the worker that did the job, and seconds."""
    with served() as server, httpx.Client(base_url=server.address, timeout=600) as http:
        fill(http, *photo(64, 48, 8))  # the workers are there
        files = {"image": ("large.png", image.read_bytes()), "mask": ("mask.png", mask.read_bytes())}
        began = time.perf_counter()
        job = http.post("/api/jobs", files=files, data={"settings": f'{{"method": "{method}"}}'}).raise_for_status()
        while (now := http.get(f"/api/jobs/{job.json()['id']}").json())["state"] in ("queued", "running"):
            time.sleep(0.1)
        assert now["state"] == "done", now
        return max(most(pid) for pid in family(server.pid)[1:]), time.perf_counter() - began


def most(pid: int) -> float:
    """MB that a process has held at most."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=7000)
    parser.add_argument("--methods", nargs="+", default=["telea", "patchmatch", "auto"])
    given = parser.parse_args()
    print(circumstances())
    with tempfile.TemporaryDirectory() as folder:
        image, mask = write(Path(folder), given.side)
        print(f"{given.side} x {given.side}, {image.stat().st_size / 1000:.0f} KB")
        for method in given.methods:
            for how, run in (("command", by_command), ("worker", by_worker)):
                megabytes, seconds = run(image, mask, method)
                print(f"{method}, {how}: {megabytes:.0f} MiB, {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()

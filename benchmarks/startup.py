"""What a command costs as a whole process: seconds and memory, beside `python -c "import torch"` in the same run.

    python benchmarks/startup.py [--runs 5] [--photo PHOTO --mask MASK] [--large]

Without a photo, scikit-image's cup of coffee is enlarged to 1000 px, with a hole of 250 x 120. `--large` adds a photo
of 12 megapixels with a hole of 1000 x 360. The processes run in turn, so that a busy machine slows all of them;
medians.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

CALL = "import selfmend; selfmend.inpaint({photo!r}, {mask!r}, method={method!r})"


def measure(command: list[str], environment: dict[str, str] | None = None) -> tuple[float, float]:
    """Seconds, and the peak of memory in MB, of one process."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | (environment or {})
    )
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def draw(folder: Path, size: tuple[int, int], hole: tuple[int, int]) -> tuple[str, str]:
    """A photo of (width, height) as JPEG, and a mask with a hole of (width, height) in its middle."""
    from skimage import data

    photo, mask = folder / f"{size[0]}.jpg", folder / f"{size[0]}-mask.png"
    Image.fromarray(data.coffee()).resize(size, Image.Resampling.LANCZOS).save(photo, quality=92)
    drawn = np.zeros((size[1], size[0]), np.uint8)
    top, left = (size[1] - hole[1]) // 2, (size[0] - hole[0]) // 2
    drawn[top : top + hole[1], left : left + hole[0]] = 255
    Image.fromarray(drawn).save(mask)
    return str(photo), str(mask)


def commands(photo: str, mask: str, folder: Path, large: tuple[str, str] | None) -> dict[str, list[str]]:
    """What is timed, by name."""
    python = sys.executable
    selfmend = [python, "-m", "selfmend"]
    fill = [*selfmend, "inpaint", photo, "--mask", mask, "-o", str(folder / "out.png"), "--overwrite", "--quiet"]
    found = {
        "import torch": [python, "-c", "import torch"],
        "selfmend --help": [*selfmend, "--help"],
        "inpaint telea": [*fill, "--method", "telea"],
        "inpaint patchmatch": [*fill, "--method", "patchmatch"],
        "inpaint (auto)": fill,
        "call telea": [python, "-c", CALL.format(photo=photo, mask=mask, method="telea")],
        "call patchmatch": [python, "-c", CALL.format(photo=photo, mask=mask, method="patchmatch")],
    }
    if large:
        found["inpaint (auto), 12 megapixels"] = [
            *selfmend, "inpaint", large[0], "--mask", large[1], "-o", str(folder / "large.png"), "--overwrite",
            "--quiet",
        ]  # fmt: skip
    return found


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--photo")
    parser.add_argument("--mask")
    parser.add_argument("--large", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        photo, mask = (given.photo, given.mask) if given.photo else draw(folder, (1000, 667), (250, 120))
        large = draw(folder, (4243, 2828), (1000, 360)) if given.large else None
        timed = commands(photo, mask, folder, large)
        for command in timed.values():  # once for the caches of the disk and of the compiler
            measure(command)
        rows: dict[str, list[tuple[float, float]]] = {name: [] for name in timed}
        for _ in range(given.runs):
            for name, command in timed.items():
                rows[name].append(measure(command))
        for name in ("inpaint patchmatch", "inpaint (auto)"):
            rows[f"{name}, first run"] = [
                measure(timed[name], {"NUMBA_CACHE_DIR": str(folder / f"{name}-{k}")}) for k in range(3)
            ]
    torch = statistics.median(seconds for seconds, _ in rows["import torch"])
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, {given.runs} runs, medians")
    print("| process | seconds | x import torch | MB |\n|---|---|---|---|")
    for name, taken in rows.items():
        seconds = statistics.median(one for one, _ in taken)
        print(f"| {name} | {seconds:.2f} | {seconds / torch:.2f} | {max(memory for _, memory in taken):.0f} |")


if __name__ == "__main__":
    main()

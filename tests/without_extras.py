"""What a wheel without extras can do: built, installed into a new environment, and asked for each free command.

    python tests/without_extras.py

Exit code 1, and what went wrong, where a command fails or does not say which extra it needs.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DRAW = """
from pathlib import Path
import numpy as np
from PIL import Image
tiles = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
Image.fromarray(tiles.repeat(8, 0).repeat(8, 1)).save("photo.png")
mask = np.zeros((96, 128), np.uint8)
mask[30:50, 40:80] = 255
Image.fromarray(mask).save("mask.png")
for folder, name in (("photos", "photo.png"), ("masks", "mask.png")):
    Path(folder).mkdir()
    Path(folder, "a.png").write_bytes(Path(name).read_bytes())
"""
WORK = [
    "inpaint photo.png --mask mask.png -o mended.png",
    "inpaint photo.png --mask mask.png --method telea -o telea.png",
    "inpaint photo.png --mask mask.png --method biharmonic -o biharmonic.png",
    "inpaint photo.png --mask mask.png --method gpnn -o gpnn.png",
    "mask box photo.png 5,5,20,20 -o box.png",
    "restore photo.png -o restored.png",
    "expand photo.png --left 8 -o expanded.png",
    "sample photo.png -o sample.png",
    "paint photo.png mask.png -o painted.png",
    "edit photo.png photos/a.png --mask mask.png -o edited.png",
    "harmonize photo.png --mask mask.png -o harmonized.png",
    "animate photo.png --frames 3 -o film.gif",
    "retarget photo.png --size 96x160 -o wide.png",
    "super-resolve photo.png --factor 1.5 -o large.png",
    "batch photos --masks masks -o done --jobs 1",
    "evaluate pair photo.png mended.png --metrics psnr,ssim",
    "methods",
]
REFUSED = {
    "inpaint photo.png --mask mask.png --method singan -o x.png": "selfmend[learn]",
    "train singan photo.png -o run": "selfmend[learn]",
    "train damage-finder photos -o run": "selfmend[learn]",
    "video film.mp4 --subtitles -o clean.mp4": "selfmend[video]",
    "serve": "selfmend[web]",
    "inpaint beach.heic --mask mask.png -o x.png": "selfmend[heic]",
}


def main() -> int:
    """Build, install and try."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", place, str(ROOT)], check=True)
        venv.create(folder / "bare", with_pip=True)
        python = folder / "bare" / "bin" / "python"
        (wheel,) = folder.glob("*.whl")
        quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([python, *quiet, wheel], check=True)
        subprocess.run([python, "-c", DRAW], check=True, cwd=folder)
        (folder / "film.mp4").write_bytes(b"no film")
        (folder / "beach.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
        wrong = [line for line in WORK if not _works(python, line, folder)]
        wrong += [line for line, extra in REFUSED.items() if not _names(python, line, extra, folder)]
    print(f"{len(WORK) + len(REFUSED) - len(wrong)} passed, {len(wrong)} failed")  # noqa: T201
    return bool(wrong)


def _run(python: Path, line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [python, "-m", "selfmend", *line.split()]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def _works(python: Path, line: str, folder: Path) -> bool:
    done = _run(python, line, folder)
    if done.returncode:
        print(f"selfmend {line}: exit code {done.returncode}\n{done.stdout}{done.stderr}")  # noqa: T201
    return not done.returncode


def _names(python: Path, line: str, extra: str, folder: Path) -> bool:
    done = _run(python, line, folder)
    named = done.returncode == 2 and extra in done.stderr and "Traceback" not in done.stderr
    if not named:
        print(f"selfmend {line}: exit code {done.returncode}, {extra} expected\n{done.stderr}")  # noqa: T201
    return named


if __name__ == "__main__":
    sys.exit(main())

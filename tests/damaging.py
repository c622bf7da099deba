"""Files damaged at random and used: for tests and for benchmarks/fuzz.py. Only a clear line may come of it, or success.

A target makes whole files with our own code and uses them as a person would. A case is one of its files damaged by a
seed: bits flipped, cut off, overwritten, or, where the file is text of a known structure, keys removed, types changed,
numbers made huge, negative or not finite, things nested wrongly, files swapped. What may come of it is success or
`SelfmendError` (and what the command line turns into a line: `errors.line_for`).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PILImage

import kept_files
from selfmend.errors import SelfmendError, line_for

SECONDS, BYTES = 20, 4 * 2**30
"""What a case may take at most: of the processor, or six times that by the clock; and of memory."""

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 5, 2**31, 2**64, 10**30, -(10**30), 0.5, 1e308, -1e-308, float("nan"), float("inf"),
    -float("inf"), "", "x", "\ud800", "a\0b", "../..", "9" * 300, [], [[]], [1, 2, 3, 4], {}, {"x": {}},
    [None], "2026-01-01",
)  # fmt: skip


class TooSlow(BaseException):
    """A case took more than `SECONDS`; no Exception, so that nothing catches it."""


@dataclass(frozen=True)
class Target:
    """Files of one kind.

    Attributes:
        name: for the report.
        make: writes whole ones into an empty folder.
        use: does with them what a person would.
        files: those that are damaged, below the folder.
    """

    name: str
    make: Callable[[Path], None]
    use: Callable[[Path], object]
    files: tuple[str, ...]


def damage(folder: Path, target: Target, seed: int) -> str:
    """Damage one of a target's files; in words, what was done."""
    chance = random.Random(f"{target.name} {seed}")
    name = chance.choice(target.files)
    path = folder / name
    if len(target.files) > 1 and chance.random() < 0.04:
        other = chance.choice([one for one in target.files if one != name])
        shutil.copyfile(folder / other, path)
        return f"{name} is {other}"
    data = path.read_bytes()
    structured = _STRUCTURED.get(path.suffix)
    if structured is not None and chance.random() < 0.7:
        made = structured(data, chance, path)
        if made is None:
            return f"{name}: by its structure"
        path.write_bytes(made)
        return f"{name}: {made[:300]!r}"
    how, made = _bytes(data, chance)
    path.write_bytes(made)
    return f"{name}: {how}"


def _bytes(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    made = bytearray(data)
    kind = chance.choice(("bits", "bits", "head", "cut", "zeros", "noise", "twice", "removed", "numbers"))
    at = chance.randrange(len(made)) if made else 0
    length = min(len(made) - at, chance.choice((1, 2, 4, 16, 64, 512)))
    if kind == "bits" and made:
        for _ in range(chance.choice((1, 1, 2, 8, 32))):
            made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    elif kind == "head" and made:
        for _ in range(chance.choice((1, 2, 4))):
            made[chance.randrange(min(64, len(made)))] = chance.randrange(256)
    elif kind == "cut":
        del made[at:]
    elif kind == "zeros":
        made[at : at + length] = bytes(length)
    elif kind == "noise":
        made[at : at + length] = chance.randbytes(length)
    elif kind == "twice":
        made[at:at] = made[at : at + length]
    elif kind == "removed":
        del made[at : at + length]
    elif kind == "numbers":
        made[at : at + 4] = struct.pack(chance.choice("<>") + "I", chance.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1)))
    return f"{kind} at {at}, {length}", bytes(made)


def _changed(value: Any, chance: random.Random) -> Any:
    """A tree with one thing in it changed."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        kept = dict(value)
        what = chance.random()
        if what < 0.12:
            del kept[key]
        elif what < 0.18:
            kept[chance.choice(("x", "$tensor", "$pairs", "$tuple"))] = kept.pop(key)
        else:
            kept[key] = _changed(value[key], chance)
        return kept
    if isinstance(value, list) and value and chance.random() < 0.85:
        kept, at = list(value), chance.randrange(len(value))
        if chance.random() < 0.15:
            del kept[at]
        else:
            kept[at] = _changed(kept[at], chance)
        return kept
    if isinstance(value, int | float) and not isinstance(value, bool) and chance.random() < 0.3:
        return chance.choice((-value, value + 1, value * 10**6, str(value)))
    return chance.choice((*VALUES, [value], {"x": value}))


def _json(data: bytes, chance: random.Random, path: Path) -> bytes:
    return json.dumps(_changed(json.loads(data), chance)).encode()


def _lines(data: bytes, chance: random.Random, path: Path) -> bytes:
    lines = data.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    what = chance.random()
    if what < 0.1:
        del lines[at]
    elif what < 0.2:
        lines.insert(at, chance.choice(lines))
    elif what < 0.3:
        chance.shuffle(lines)
    else:
        lines[at] = _json(lines[at], chance, path) + b"\n"
    return b"".join(lines)


def _header(data: bytes, chance: random.Random, path: Path) -> bytes:
    """A safetensors file whose header is changed, its length with it."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    state = json.loads(header.get("__metadata__", {}).get("state", "null"))
    if state is not None and chance.random() < 0.8:
        header["__metadata__"]["state"] = json.dumps(_changed(state, chance))
    else:
        header = _changed(header, chance)
    made = json.dumps(header).encode()
    return struct.pack("<Q", len(made)) + made + data[8 + length :]


def _rows(data: bytes, chance: random.Random, path: Path) -> None:
    """A value of a row of the queue changed, as SQLite lets anybody do; NaN is null there."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    rows = connection.execute("SELECT * FROM jobs").fetchall()
    row = chance.choice(rows)
    column = chance.choice(row.keys())
    value: Any = chance.choice([one for one in VALUES if not isinstance(one, list | dict)])
    with contextlib.suppress(TypeError, ValueError):
        value = json.dumps(_changed(json.loads(row[column]), chance)) if chance.random() < 0.7 else value
    if isinstance(value, int) and abs(value) > 2**63 - 1:
        value = 2**63 - 1
    if isinstance(value, str):
        value = value.encode("utf-8", "replace").decode()
    with contextlib.suppress(sqlite3.Error), connection:
        connection.execute(f"UPDATE jobs SET {column} = ? WHERE number = ?", (value, row["number"]))
    connection.close()


_STRUCTURED: dict[str, Callable[[bytes, random.Random, Path], bytes | None]] = {
    ".json": _json, ".jsonl": _lines, ".safetensors": _header, ".sqlite": _rows,
}  # fmt: skip


def outcome(target: Target, folder: Path, *, strictly: bool = False) -> str:
    """What came of using damaged files: "success", "refused", or what must not be, with where."""
    import resource

    def late(signum: int, frame: object) -> None:
        raise TooSlow

    for one in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(one, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, 6 * SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target.use(folder)
        told = "success"
    except TooSlow:
        told = f"hang: more than {SECONDS} s"
    except Exception as error:
        told = "refused"
        line = line_for(error)
        if strictly or line is None or "\n" in line.strip():
            frames = [f for f in traceback.extract_tb(error.__traceback__) if "selfmend" in f.filename]
            where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
            told = f"{type(error).__name__} at {where}: {str(error)[:120]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > BYTES:
        told = f"memory: more than {BYTES / 2**30:g} GiB"
    return told


def try_cases(target: Target, folder: Path, seeds: range) -> Iterator[tuple[int, str, str]]:
    """(seed, what was damaged, what came of it) of all cases, in forked children, so that a crash is one case."""
    whole = folder / "whole"
    shutil.rmtree(folder, ignore_errors=True)
    whole.mkdir(parents=True)
    target.make(whole)
    rest = list(seeds)
    while rest:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            code = 1
            try:
                _child(target, folder, rest, writing)
                code = 0
            finally:
                os._exit(code)
        os.close(writing)
        done = 0
        with open(reading) as pipe:
            for line in pipe:
                seed, what, told = json.loads(line)
                if told == "begun":
                    last = what
                    continue
                done += seed >= 0
                yield seed, what, told
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if done < len(rest) and status not in (0, _FULL):
            yield rest[done], last, f"crash: status {status}"
            done += 1
        rest = rest[done:]


_FULL = 75


def _child(target: Target, folder: Path, seeds: list[int], pipe: int) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.dup2(silence, 1)
    case = folder / "case"

    def tell(*what: object) -> None:
        os.write(pipe, (json.dumps(what) + "\n").encode())

    shutil.rmtree(case, ignore_errors=True)
    shutil.copytree(folder / "whole", case)
    if (told := outcome(target, case, strictly=True)) != "success":
        tell(-1, "nothing", f"not even whole files can be used: {told}")
    for seed in seeds:
        shutil.rmtree(case, ignore_errors=True)
        shutil.copytree(folder / "whole", case)
        what = damage(case, target, seed)
        tell(seed, what, "begun")
        told = outcome(target, case)
        tell(seed, what, told)
        if told.startswith("memory"):
            os._exit(_FULL)  # what it took once counts for ever


# The targets.


def _noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8).repeat(4, 0).repeat(4, 1)


def _make_journal(folder: Path) -> None:
    from selfmend.video.frames import MendedFrame
    from selfmend.video.journal import Journal

    image, mask = _frame()
    journal = Journal(folder / "j", {"seed": 1, "part": [0, None], "method": "telea"})
    for index in range(3):
        journal.save(MendedFrame(index, image, None if index == 0 else 1.5), mask if index else mask & False)
    journal.close()


def _frame() -> tuple[np.ndarray, np.ndarray]:
    image = _noise(6, 7, 3).astype(np.float32) / np.float32(255)
    mask = np.zeros(image.shape[:2], bool)
    mask[4:9, 5:12] = True
    return image, mask


def _use_journal(folder: Path) -> None:
    from selfmend.video.journal import Journal

    image, mask = _frame()
    with contextlib.closing(Journal(folder / "j", {"seed": 1, "part": [0, None], "method": "telea"})) as journal:
        for index in range(len(journal)):
            made = journal.load(index, index, image, mask if index else mask & False)
            if made is None:
                return
            assert np.array_equal(made.image, image), "other pixels"
            assert made.flicker is None or np.isfinite(made.flicker)


def _make_manifest(folder: Path) -> None:
    (folder / "in").mkdir()
    for name in ("a.png", "b.jpg"):
        PILImage.fromarray(_noise(6, 7, 3)).save(folder / "in" / name)
    _mend_folder(folder)


def _mend_folder(folder: Path) -> None:
    from selfmend.jobs.folder import mend_folder

    mend_folder(
        folder / "in", folder / "out", masks="4,4,7,6", method="telea", engine=_Inline(),
        resume=(folder / "out" / "manifest.jsonl").exists(),
    )  # fmt: skip


class _Inline:
    def run(self, pictures: Any) -> Iterator[Any]:
        from selfmend.jobs.folder_work import FolderJob

        mend = FolderJob(method="telea").prepare()
        yield from (mend(picture) for picture in pictures)


def _use_manifest(folder: Path) -> None:
    from selfmend.cli.batch import _kept

    _kept(folder / "out")
    _mend_folder(folder)


def _make_run(folder: Path) -> None:
    import selfmend.api as api

    picture = _noise(8, 9, 3)
    api.fit("sliced-wasserstein", picture, preset="tiny").save(folder / "runs" / "a")
    api.fit("singan", picture, preset="tiny").save(folder / "runs" / "b")
    api.fit("singan", picture, preset="tiny").save(folder / "runs" / "whole")


def _use_run(folder: Path) -> None:
    import selfmend.api as api
    from selfmend.jobs.models import check_application, list_models, save_thumbnail

    found = {info.name: info for info in list_models(folder / "runs")}
    assert found["whole"].error is None, "one damaged run hides another"
    for info in found.values():
        with contextlib.suppress(SelfmendError):
            check_application(folder / "runs", info.name, "fill")
        with contextlib.suppress(SelfmendError):
            save_thumbnail(folder / "runs", info.name, folder / "thumbnails")
    for name in ("a", "b"):
        with contextlib.suppress(SelfmendError):
            model = api.load(folder / "runs" / name, device="cpu")
            model.inpaint(mask="4,4,7,6")
        with contextlib.suppress(SelfmendError):
            api.load(folder / "runs" / name, device="cpu").sample(size=(20, 22))


def _make_training(folder: Path) -> None:
    with contextlib.suppress(InterruptedError):
        _train(folder, stop=True)


def _train(folder: Path, *, stop: bool = False) -> None:
    import selfmend.api as api

    def progress(event: Any) -> None:
        if stop and event.stage_index == 1:
            raise InterruptedError

    api.fit("singan", _noise(8, 9, 3), preset="tiny", folder=folder / "run", device="cpu", progress=progress)


def _make_queue(folder: Path) -> None:
    import io
    from dataclasses import replace

    from selfmend.jobs.job import Result
    from selfmend.jobs.runner import Runner

    files = {}
    for name, mode in (("image", "RGB"), ("mask", "L")):
        target = io.BytesIO()
        PILImage.fromarray(_noise(6, 7, 3)).convert(mode).save(target, "PNG")
        files[name] = target.getvalue()
    runner = Runner(folder / "data", device="cpu", clock=lambda: 1e9)
    store = runner._store
    for k in range(4):
        runner.submit("fill", files, {"method": "telea", "seed": k})
    job = store.take("quick", 1e9)
    assert job is not None
    result = Result(index=0, url="/x", name="a-mended.png", media_type="image/png", width=3, height=2, bytes=9)
    store.finish(replace(job, state="done", results=(result,), warnings=("w",)), 1e9, size=5)
    store.take("quick", 1e9)
    store.close()


def _use_queue(folder: Path) -> None:
    from selfmend.jobs.job import public_json
    from selfmend.jobs.runner import Runner

    runner = Runner(folder / "data", device="cpu", clock=lambda: 1e9)
    try:
        runner._store.recover(1e9)
        runner.counts()
        jobs = runner.list()
        for job in jobs:
            public_json(runner.get(job.id))
            with contextlib.suppress(SelfmendError):
                runner.result_path(job.id, 0)
            with contextlib.suppress(SelfmendError):
                runner.input_path(job.id, "image")
        runner._dispatcher._clean()
        job = runner._store.take("quick", 1e9)
        if job is not None:
            import pickle

            pickle.loads(pickle.dumps(job))  # as it goes to a worker
            runner._store.put_back(job.id)
        for job in jobs:
            with contextlib.suppress(SelfmendError):
                runner.remove(job.id)
    finally:
        runner._store.close()


_CONFIG = """
seed = 5
method = "telea"
quiet = true
grow = 2
set = ["radius=5"]

[inpaint]
samples = 2
output = "out.png"

[mask.text]
sensitivity = 0.4
"""


def _make_config(folder: Path) -> None:
    (folder / "selfmend.toml").write_text(_CONFIG)


def _use_config(folder: Path) -> None:
    from selfmend.cli import COMMANDS, _load
    from selfmend.cli.config import defaults

    os.chdir(folder)
    for name in ("inpaint", "mask", "video"):
        with contextlib.suppress(SelfmendError):
            defaults(name, _load(name), COMMANDS)


def _make_pictures(folder: Path) -> None:
    image = PILImage.fromarray(_noise(9, 11, 3))
    exif = PILImage.Exif()
    exif[0x010E], exif[0x0112] = "a photo", 6
    image.save(folder / "a.jpg", exif=exif, quality=90, comment=b"hello", dpi=(300, 300))
    image.save(folder / "progressive.jpg", progressive=True)
    image.convert("CMYK").save(folder / "cmyk.jpg")
    image.save(folder / "a.png", exif=exif, dpi=(72, 72))
    image.convert("P").save(folder / "palette.png", transparency=3)
    PILImage.fromarray(_noise(9, 11).astype(np.uint16) * 257).save(folder / "deep.png")
    image.convert("1").save(folder / "bits.png")
    image.save(folder / "a.webp", lossless=True, exif=exif)
    image.save(folder / "a.tif", compression="tiff_lzw", exif=exif)
    image.convert("L").save(folder / "grey.tif")
    image.convert("P").save(folder / "a.gif", save_all=True, append_images=[image.convert("L").convert("P")])
    image.save(folder / "a.bmp")
    image.save(folder / "a.ppm")
    image.save(folder / "a.tga")
    image.save(folder / "a.jp2")


_PICTURES = (
    "a.jpg", "progressive.jpg", "cmyk.jpg", "a.png", "palette.png", "deep.png", "bits.png", "a.webp", "a.tif",
    "grey.tif", "a.gif", "a.bmp", "a.ppm", "a.tga", "a.jp2",
)  # fmt: skip


_KEPT = {  # the cells of docs/files.md of those formats whose files say little above
    f"{kind} {what}.{kept_files.FORMATS[kind]}".replace(" ", "-"): (what, kind)
    for what, kind in kept_files.CELLS
    if kind in ("AVIF", "HEIC", "TGA", "JPEG 2000", "BMP", "PPM") and (kind != "HEIC" or find_spec("pillow_heif"))
}


def _make_kept(folder: Path) -> None:
    for name, cell in _KEPT.items():
        (folder / name).write_bytes(kept_files.file_of(*cell)[0])


def _damaged(folder: Path) -> list[Path]:
    """Those files that are not whole any more; all where all are."""
    files, whole = sorted(folder.iterdir()), folder.parent / "whole"
    return [path for path in files if path.read_bytes() != (whole / path.name).read_bytes()] or files


def _use_pictures(folder: Path) -> None:
    import selfmend.api as api
    from selfmend.image.files import save_picture

    for path in _damaged(folder):
        made = api.inpaint(path, "5,6,9,8", method="telea")
        save_picture(made, folder / f"out{path.suffix}")


def _make_masks(folder: Path) -> None:
    mask = np.zeros((36, 44), np.uint8)
    mask[8:20, 9:30] = 255
    PILImage.fromarray(mask).save(folder / "m.png")
    PILImage.fromarray(mask).convert("1").save(folder / "m.tif")
    PILImage.fromarray(mask).save(folder / "m.jpg")
    shown = PILImage.fromarray(_noise(9, 11, 3)).convert("RGBA")
    shown.putalpha(PILImage.fromarray(255 - mask))
    shown.save(folder / "m.webp", lossless=True)
    shown.convert("P").save(folder / "m.gif")


def _use_masks(folder: Path) -> None:
    import selfmend.api as api

    for path in _damaged(folder):
        api.inpaint(_noise(9, 11, 3), path, method="telea")


def _make_films(folder: Path) -> None:
    from video_clips import write_film

    write_film(folder / "a.mp4", frames=5, audio=True)
    write_film(folder / "a.mkv", frames=4, codec="ffv1")
    write_film(folder / "a.avi", frames=4, codec="mjpeg", pixel_format="yuvj420p")
    write_film(folder / "a.ts", frames=4)


def _use_films(folder: Path) -> None:
    import selfmend.api as api

    for path in _damaged(folder):
        api.mend_video(path, folder / f"out{path.suffix}", mask="20,20,9,7", method="telea")


TARGETS = {
    target.name: target
    for target in (
        Target("journal", _make_journal, _use_journal, ("j/settings.json", "j/frames.jsonl", "j/000001.png")),
        Target("manifest", _make_manifest, _use_manifest, ("out/manifest.jsonl",)),
        Target(
            "runs", _make_run, _use_run,
            ("runs/a/run.json", "runs/a/weights.safetensors", "runs/b/run.json", "runs/b/weights.safetensors"),
        ),
        Target("training", _make_training, _train, ("run/run.json", "run/training/stage-000.safetensors")),
        Target("queue", _make_queue, _use_queue, ("data/jobs.sqlite",)),
        Target("config", _make_config, _use_config, ("selfmend.toml",)),
        Target("pictures", _make_pictures, _use_pictures, _PICTURES),
        Target("kept", _make_kept, _use_pictures, tuple(_KEPT)),
        Target("masks", _make_masks, _use_masks, ("m.png", "m.tif", "m.jpg", "m.webp", "m.gif")),
        Target("films", _make_films, _use_films, ("a.mp4", "a.mkv", "a.avi", "a.ts")),
    )
}  # fmt: skip
OWN = ("journal", "manifest", "runs", "training", "queue", "config")

"""The house: words of the field, a light front door; `lint-imports` holds the rooms, ruff the size of functions."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import selfmend
from facts import mentions

SOURCE = Path(selfmend.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide the room"
            yield node.module or ""


RETIRED = {
    "Hand": "WorkerHandle", "Order": "JobRequest", "Refused": "RequestError", "Made": "JobOutput",
    "Place": "WorkerContext", "Entrant": "Entry", "Contest": "BenchmarkRun", "Lesson": "GuidedData",
    "Redrawn": "RedrawResult", "Behind": "BackgroundWriter", "Still": "StoredFrame", "Watcher": "Listener",
    "Borrowed": "Propagated", "lane": "queue", "lanes": "queues", "lane_of": "queue_of", "hand": "worker",
    "hands": "workers", "Setup": "WorkerContext", "JobAnswer": "Job", "job_answer": "Job",
}  # fmt: skip
"""Words of the first plan that no one in the field uses, and what is said now."""


@pytest.mark.parametrize("file", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_retired_words_stay_retired(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        names = {getattr(node, name, None) for name in ("id", "attr", "name", "arg")} & RETIRED.keys()
        assert not names, f"{names}: say {[RETIRED[name] for name in names]}"


@pytest.mark.parametrize("room", ["jobs", "server"])
def test_a_job_has_a_task_and_a_queue_in_all_that_is_said_of_it(room: str) -> None:
    for file in sorted(path for path in (SOURCE / room).rglob("*") if path.suffix in (".py", ".js", ".html")):
        text = file.read_text()
        if file.name == "queue.py":
            text = text.replace("`kind` is `task` now, `lane` is `queue`", "").replace('old["kind"]', "")
            text = text.replace('old["lane"]', "").replace('("kind", "lane", "progress", "paths")', "")
        said = re.findall(r"\blanes?\b|\bkinds? of jobs?\b|job\.kind\b", text)
        assert not said, f"{file.name}: say queue and task instead of {said}"


def test_every_public_name_is_there_after_every_module_was_imported() -> None:
    code = """
import importlib, pkgutil, selfmend
for module in pkgutil.walk_packages(selfmend.__path__, "selfmend."):
    if "__main__" not in module.name and module.name != "selfmend.jobs.ray":
        importlib.import_module(module.name)
for _ in range(2):
    for name in selfmend.__all__:
        value = getattr(selfmend, name)
        assert name == "__version__" or callable(value), (name, value)
assert "patchmatch" in selfmend.list_methods()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_every_module_says_what_it_is(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text()))


def test_front_door_is_sorted_and_complete() -> None:
    assert selfmend.__all__ == sorted(selfmend.__all__)
    for name in selfmend.__all__:
        assert getattr(selfmend, name) is not None
    with pytest.raises(AttributeError, match=mentions("'inpiant'")):
        selfmend.inpiant  # noqa: B018


@pytest.mark.parametrize("code", ["import selfmend", "from selfmend.cli import app"])
def test_front_door_loads_nothing_heavy(code: str) -> None:
    heavy = "torch", "numba", "cv2", "skimage", "scipy", "lightning_fabric"
    check = f"{code}; import sys; print([m for m in {heavy!r} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True).stdout.strip() == "[]"


def test_nothing_imports_torchvision() -> None:
    for file in FILES:
        assert not any(m.split(".")[0] == "torchvision" for m in imports(ast.parse(file.read_text())))

"""The plan of the house: imports run downwards only, rooms stay small, and the front door loads nothing heavy."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import selfmend

SOURCE = Path(selfmend.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
ROOMS = [
    "_version",
    "errors",
    "types",
    "options",
    "progress",
    "seeding",
    "files",
    "processes",
    "image",
    "masks",
    "registration",
    "hole_init",
    "exemplar",
    "nn",
    "training",
    "metrics",
    "methods",
    "video",
    "api",
    "evaluation",
    "jobs",
    "server",
    "cli",
]
KNOWS_NOTHING_OF = {
    "training": {"hole_init", "exemplar", "nn"},
    "nn": {"hole_init", "exemplar", "training", "methods"},
}
MAX_FUNCTION = 50
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide the room"
            yield node.module or ""


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "selfmend" and len(parts) > 1 else None


@pytest.mark.parametrize("file", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_run_downwards(file: Path) -> None:
    here = room(".".join(["selfmend", *file.relative_to(SOURCE).with_suffix("").parts]))
    if here not in ROOMS:
        assert here in {"__init__", "__main__", "_version"}, f"{here} is not in the plan of docs/architecture.md"
        return
    for module in imports(ast.parse(file.read_text())):
        there = room(module)
        if there is None or there == "_version":
            continue
        assert there in ROOMS, f"{file.name} imports {module}, which is in no room"
        assert ROOMS.index(there) <= ROOMS.index(here), f"{here} must not import {module}: data flows downwards"
        assert there not in KNOWS_NOTHING_OF.get(here, ()), f"{here} must know nothing of {there}"


@pytest.mark.parametrize("file", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_functions_stay_short(file: Path) -> None:
    text = file.read_text()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, FUNCTIONS):
            # a command's signature is its table of options; what it does is short
            limit = MAX_FUNCTION if file.parent.name != "cli" else MAX_FUNCTION + 2 * len(node.args.args)
            assert own_lines(node) <= limit, f"{node.name} has {own_lines(node)} lines"


def own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring and without the functions inside it, such as a stage's step."""
    lines = (function.end_lineno or 0) - function.lineno + 1 - len((ast.get_docstring(function) or "").splitlines())
    return lines - sum(
        n.end_lineno - n.lineno + 1 for n in ast.walk(function) if isinstance(n, FUNCTIONS) and n != function
    )


@pytest.mark.parametrize("file", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_every_module_says_what_it_is(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text()))


def test_front_door_is_sorted_and_complete() -> None:
    assert selfmend.__all__ == sorted(selfmend.__all__)
    for name in selfmend.__all__:
        assert getattr(selfmend, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'inpiant'"):
        selfmend.inpiant  # noqa: B018


@pytest.mark.parametrize("code", ["import selfmend", "from selfmend.cli import app"])
def test_front_door_loads_nothing_heavy(code: str) -> None:
    heavy = "torch", "numba", "cv2", "skimage", "scipy", "lightning_fabric"
    check = f"{code}; import sys; print([m for m in {heavy!r} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True).stdout.strip() == "[]"


def test_nothing_imports_torchvision() -> None:
    for file in FILES:
        assert not any(m.split(".")[0] == "torchvision" for m in imports(ast.parse(file.read_text())))

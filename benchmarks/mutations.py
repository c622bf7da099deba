"""Whether the tests would notice: small faults are put into a copy of the package, and the related tests are run.

    python benchmarks/mutations.py [PART ...] [--count 60] [--seed 0] [--minutes 10] [--line FILE:LINE]

A fault is one changed operator, comparison, number, truth value, condition or dropped statement. Each is tried in a
process of its own, on a copy: the checkout is not touched. What is printed for each: killed, survived or timeout (which
counts as killed), the place, and what was changed. docs/testing.md says what is known of the survivors.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = {
    "nn": (["nn"], ["tests/nn", "tests/recipes"]),
    "training": (["training"], ["tests/training", "tests/recipes/test_learning_rates.py"]),
    "patches": (["patches"], ["tests/patches"]),
}
"""Part to the folders of the package and the tests that answer for them, the quickest first."""

SLOW = "not killed and not processes"  # names of tests that start processes of their own
HEAVY = ("torch", "numpy", "scipy.linalg", "cv2", "numba", "lightning_fabric", "skimage.feature", "torchmetrics")
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """A file with one fault."""

    part: str
    file: Path  # below the package
    line: int
    was: str
    now: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.was}  ->  {self.now}"


def mutants(part: str, package: Path) -> Iterator[Mutant]:
    """All mutants of a part's files, in order."""
    for folder in PARTS[part][0]:
        for path in sorted((package / folder).glob("*.py")):
            tree = ast.parse(path.read_text())
            for place, (node, kind) in enumerate(_places(tree)):
                changed = copy.deepcopy(tree)
                other, _ = list(_places(changed))[place]
                was = _short(node)
                _change(other, kind)
                now = "pass" if kind == "drop" else _short(other)
                yield Mutant(part, path.relative_to(package), node.lineno, was, now, ast.unparse(changed))


def _short(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"{type(node).__name__.lower()} {ast.unparse(node.test)}"
    return " ".join(ast.unparse(node).split())[:90]


def _places(tree: ast.AST) -> list[tuple[ast.AST, str]]:
    """Where something can be changed, and how; not in annotations, decorators, messages and what only types need."""
    found: list[tuple[ast.AST, str]] = []

    def walk(node: ast.AST) -> None:
        if isinstance(node, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom | ast.JoinedStr):
            return
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in SWAPS:
            found.append((node, "operator"))
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            found.append((node, "comparison"))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
            found.append((node, "unary"))
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
            found.append((node, "constant"))
        elif isinstance(node, ast.If | ast.While):
            found.append((node, "condition"))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            found.append((node, "drop"))
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params", "type_comment"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    walk(child)

    walk(tree)
    return found


def _change(node: ast.AST, kind: str) -> None:
    if kind == "operator":
        node.op = SWAPS[type(node.op)]()  # type: ignore[attr-defined]
    elif kind == "comparison":
        node.ops[0] = SWAPS[type(node.ops[0])]()  # type: ignore[attr-defined]
    elif kind == "unary":  # twice is not at all
        node.operand = ast.UnaryOp(node.op, node.operand)  # type: ignore[attr-defined]
    elif kind == "constant":
        value = node.value  # type: ignore[attr-defined]
        node.value = not value if isinstance(value, bool) else value + 1  # type: ignore[attr-defined]
    elif kind == "condition":
        node.test = ast.Constant(value=False)  # type: ignore[attr-defined]
    else:
        node.value = ast.Constant(value=None)  # type: ignore[attr-defined]


def related(mutant: Mutant) -> list[str]:
    """The tests that answer for a file: those of its name first."""
    tests = [ROOT / test for test in PARTS[mutant.part][1]]
    files = [f for test in tests for f in (sorted(test.rglob("test_*.py")) if test.is_dir() else [test])]
    stem = mutant.file.stem
    return [str(f) for f in sorted(files, key=lambda f: stem not in f.stem)]


def _run(tests: list[str], package: Path, log: Path) -> None:
    """In a child: the tests on the copy; the exit status is pytest's."""
    import pytest

    os.environ["PYTHONPATH"] = str(package.parent)
    os.environ["NUMBA_CACHE_DIR"] = str(package.parent / "numba")  # empty: what is there does not know its callees
    sys.path.insert(0, str(package.parent))
    sys.dont_write_bytecode = True
    os.chdir(ROOT)
    with log.open("w") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        code = pytest.main(["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-k", SLOW, *tests])
    os._exit(int(code))


def verdict(tests: list[str], package: Path, *, seconds: float) -> tuple[str, float]:
    """killed, survived or timeout, and how long that took."""
    began = time.monotonic()
    shutil.rmtree(package.parent / "numba", ignore_errors=True)
    process = multiprocessing.get_context("fork").Process(target=_run, args=(tests, package, package.parent / "log"))
    process.start()
    process.join(seconds)
    late = process.is_alive()
    if late:
        process.kill()
        process.join()
    word = "timeout" if late else "survived" if process.exitcode == 0 else "killed"
    return word, time.monotonic() - began


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--count", type=int, default=60, help="mutants at most, evenly from the parts")
    parser.add_argument("--seed", type=int, default=0, help="of their choice")
    parser.add_argument("--minutes", type=float, default=10.0, help="no new mutant is begun after that")
    parser.add_argument("--line", default="", help="all mutants of FILE:LINE, below the package, instead of a sample")
    arguments = parser.parse_args()
    parts, began = arguments.parts or list(PARTS), time.monotonic()
    for module in HEAVY:  # once, not in every child
        importlib.import_module(module)
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "selfmend"
        ignore = shutil.ignore_patterns("__pycache__", "page")
        shutil.copytree(ROOT / "src/selfmend", package, ignore=ignore)
        everything = {part: list(mutants(part, package)) for part in parts}
        if arguments.line:
            chosen = [m for ms in everything.values() for m in ms if f"{m.file}:{m.line}" == arguments.line]
        else:
            choice = random.Random(arguments.seed)
            shuffled = [choice.sample(ms, len(ms)) for ms in everything.values()]
            each = -(-arguments.count // len(parts))
            chosen = [m for row in zip(*(s[:each] for s in shuffled), strict=False) for m in row][: arguments.count]
        print({part: len(ms) for part, ms in everything.items()}, "mutants;", len(chosen), "chosen", flush=True)
        longest = {}
        for part in {m.part for m in chosen}:
            whole = next(m for m in everything[part])
            word, seconds = verdict(related(whole), package, seconds=600)
            if word != "survived":
                sys.exit(f"{part}: the tests fail without a fault:\n{(package.parent / 'log').read_text()}")
            longest[part] = 20 + 4 * seconds
        counts = {part: {"killed": 0, "timeout": 0, "survived": 0} for part in parts}
        for mutant in chosen:
            if time.monotonic() - began > 60 * arguments.minutes:
                break
            path, own = package / mutant.file, (package / mutant.file).read_text()
            path.write_text(mutant.text)
            word, seconds = verdict(related(mutant), package, seconds=longest[mutant.part])
            path.write_text(own)
            counts[mutant.part][word] += 1
            print(f"{word:9}{seconds:6.1f} s  {mutant}", flush=True)
    for part, found in counts.items():
        total = sum(found.values())
        print(f"{part}: {total - found['survived']} of {total} noticed")


if __name__ == "__main__":
    main()

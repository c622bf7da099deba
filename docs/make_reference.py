"""Writes docs/reference.md: every task and every method with their options, from where they are declared.

python docs/make_reference.py
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from selfmend.methods.base import Configured
from selfmend.methods.registry import ENLARGERS, METHODS, any_class, method_info
from selfmend.options import describe_options
from selfmend.tasks import INPUTS, TASKS, Task, option_facts, task_options

TARGET = Path(__file__).with_name("reference.md")
_HEAD = """# Reference
Every task and every method with their options. `make reference` (`python docs/make_reference.py`) makes this page from
`src/selfmend/tasks.py` and the methods' own configs; change those, not this page.

## Tasks
A task is a command (`selfmend COMMAND --help`), a function of the Python interface, and a task of the server's jobs
([server.md](server.md)), which takes the options below as `settings`. A value that does not fit is refused in one line.
"""
_METHODS = """## Methods
Options of a method are given as `--set NAME=VALUE`, as keyword arguments, or as `options` in a job's settings.
`selfmend methods NAME --preset PRESET` prints the same with a preset's values; [methods.md](methods.md) says how the
methods work.
"""


def reference() -> str:
    """The whole page."""
    parts = [_HEAD, *(_task(task) for task in TASKS.values()), _METHODS]
    parts += [_method(any_class(name)) for name in (*METHODS, *ENLARGERS)]
    return "\n".join(parts)


def _task(task: Task) -> str:
    files = [f"`{name}` ({INPUTS[name]})" for name in task.needs]
    if task.learned:
        files = [f"{', '.join(files)} or a model's own"]
    files += [f"optional `{name}` ({INPUTS[name]})" for name in task.takes]
    lines = [
        f"### {task.name}", task.title, "", f"- Command: `selfmend {task.command}`.",
        f"- Given: {', '.join(files) or 'a model alone'}.", f"- Result: {task.result}.",
    ]  # fmt: skip
    return "\n".join([*lines, "", *_table(task_options(task.name)), ""])


def _method(kind: type[Configured]) -> str:
    plain = type(next(iter(kind.presets.values())))()
    rows, title = describe_options(plain), method_info(kind.name).title
    lines = [f"### {kind.name}", f"{title[:1].upper()}{title[1:]}. Source: {kind.source}.", ""]
    for preset, config in kind.presets.items():
        values = {row["name"]: row["value"] for row in describe_options(config)}
        changed = [
            f"`{row['name']}={_said(values[row['name']])}`" for row in rows if values[row["name"]] != row["value"]
        ]
        lines.append(f"- Preset `{preset}`: {', '.join(changed) or 'the defaults'}.")
    return "\n".join([*lines, "", *_table(rows), ""])


def _table(rows: Iterable[dict[str, Any]]) -> list[str]:
    """One line an option."""
    lines = ["| option | type | default | unit, range | meaning | source |", "|---|---|---|---|---|---|"]
    for row in rows:
        kind = row["type"].replace(" | None", " or none")
        meaning = "; ".join([row["help"], *(f"{word}: {row[word]}" for word in ("none", "off") if row[word])])
        if row["choices"]:
            meaning += f" ({', '.join(choice or 'empty' for choice in row['choices'])})"
        cells = [f"`{row['name']}`", kind, f"`{_said(row['value'])}`", option_facts(row), meaning, row["source"]]
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return lines if len(lines) > 2 else ["It has no options."]


def _said(value: Any) -> str:
    """A default as the command line takes it."""
    if isinstance(value, tuple):
        return ",".join(_said(one) for one in value)
    words = {None: "none", True: "true", False: "false", "": '""'}
    return words[value] if value is None or isinstance(value, bool) or value == "" else str(value)


if __name__ == "__main__":
    TARGET.write_text(reference())

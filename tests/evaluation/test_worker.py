"""Programs that are started for a case: what they get, what they cost, and how they fail."""

import time

import pytest

from bench_photos import write_program
from facts import mentions
from selfmend.evaluation.entries import command_entry
from selfmend.evaluation.workers import CaseError, Task, run_command


@pytest.fixture
def task(tmp_path):
    (tmp_path / "in {mask} put.png").write_text("content")
    return Task(
        case="a", image=tmp_path / "in {mask} put.png", mask=tmp_path / "mask.png",
        output=tmp_path / "new" / "out.png",
    )  # fmt: skip


def entry(tmp_path, lines, *, template="{image} {mask} {output}", timeout=None):
    return command_entry(f"x={write_program(tmp_path / 'tool', lines)} {template}", timeout=timeout)


def test_a_program_gets_paths_as_single_words_and_no_shell(tmp_path, task) -> None:
    tool = entry(tmp_path, 'cp "$1" "$3"; printf "%s|" "$@" > "$3.words"', template="{image} {mask} {output} a;b $X")
    cost = run_command(tool, task)
    assert task.output.read_text() == "content"
    words = (task.output.parent / "out.png.words").read_text()
    assert words == f"{task.image}|{task.mask}|{task.output}|a;b|$X|"
    assert 0 < cost.seconds < 30


def test_the_cost_is_that_of_the_program(tmp_path, task) -> None:
    waiting = run_command(entry(tmp_path, 'sleep 0.3; cp "$1" "$3"'), task)
    assert waiting.seconds > 0.3 > waiting.cpu
    busy = run_command(entry(tmp_path, 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; cp "$1" "$3"'), task)
    assert busy.cpu > 2 * waiting.cpu


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("echo one >&2; echo 'two  words' >&2; echo >&2; exit 3", "^exit code 3: two  words$"),
        ("exit 1", "^exit code 1: it said nothing$"),
        ("kill -9 $$", "^exit code -9: it said nothing$"),
        ("echo done", "^exit code 0, but it wrote no picture$"),
    ],
)
def test_what_goes_wrong_is_said(tmp_path, task, lines, message) -> None:
    with pytest.raises(CaseError, match=message):
        run_command(entry(tmp_path, lines), task)


def test_what_cannot_be_started_is_said(tmp_path, task) -> None:
    tool = entry(tmp_path, "exit 0")
    (tmp_path / "tool").unlink()
    with pytest.raises(CaseError, match=mentions("tool")):
        run_command(tool, task)


def test_a_program_that_takes_too_long_is_ended_with_all_it_started(tmp_path, task) -> None:
    tool = entry(tmp_path, '(sleep 1; touch "$3") & sleep 30', timeout=0.2)
    started = time.monotonic()
    with pytest.raises(CaseError, match=mentions("0.2")):
        run_command(tool, task)
    assert time.monotonic() - started < 10
    time.sleep(1.2)
    assert not task.output.exists()

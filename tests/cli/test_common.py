"""What all commands share: usage, warnings, the machine's troubles."""

import errno
import warnings

import pytest
import typer

from facts import mentions
from selfmend.cli.common import parse_settings, run_command
from selfmend.errors import OptionError, SelfmendWarning


def outcome_of(function, capsys):
    """Exit code, standard output and error of a program that only calls `function`."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(function)
    code = run_command(app, [])
    return (code, *capsys.readouterr())


def test_usage_errors_name_what_is_near(refused):
    assert refused("inpain").startswith("no command 'inpain'; did you mean 'inpaint'?")
    assert refused("demo", "--qiet").startswith("No such option: --qiet (Possible options: --quiet)")


def test_no_arguments_show_the_help(run):
    done = run()
    assert done.code == 2
    assert "Usage: selfmend" in done.out + done.err
    assert "error" not in done.err
    assert run("--help").code == run("inpaint", "--help").code == 0
    assert run("--version").out.startswith("selfmend ")


def test_warnings_are_one_line_each_and_shown_once(capsys):
    def warn():
        for _ in range(3):
            warnings.warn("of two\nlines", SelfmendWarning, stacklevel=1)
        warnings.warn("for developers", UserWarning, stacklevel=1)

    before = warnings.showwarning
    assert outcome_of(warn, capsys) == (0, "", "warning: of two lines\n")
    assert warnings.showwarning is before, "the process's own way to show warnings comes back"


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.png"), 2, "error: a.png: No space left on device\n"),
        (OSError(errno.EROFS, "Read-only file system"), 2, "error: Read-only file system\n"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 2, "error: not enough memory"),
        (OptionError("a name\nof two lines"), 2, "error: a name of two lines\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_troubles_end_with_one_line(capsys, error, code, line):
    def fail():
        raise error

    found, out, err = outcome_of(fail, capsys)
    assert (found, out) == (code, "")
    assert err.startswith(line)
    assert err.count("\n") == (1 if line else 0)


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), OSError("odd"), KeyError("x"), AssertionError()])
def test_errors_of_the_program_are_not_hidden(capsys, error):
    def fail():
        raise error

    with pytest.raises(type(error)):
        outcome_of(fail, capsys)


def test_settings():
    assert parse_settings(["a=1", "max-size = 3", "path=x=y", "empty="]) == {
        "a": "1", "max_size": "3", "path": "x=y", "empty": "",
    }  # fmt: skip
    for text in ("a", "=1", ""):
        with pytest.raises(OptionError, match=mentions("--set", "radius=5")):
            parse_settings([text])
    with pytest.raises(OptionError, match=mentions("--save-model", "x")):
        parse_settings(["save_model=x"])

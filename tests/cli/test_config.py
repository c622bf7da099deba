"""`selfmend.toml`: what it may say, who wins, and what is said of a mistake in it."""

from collections import Counter
from pathlib import Path

import pytest
import typer

from selfmend.cli import COMMANDS, app
from selfmend.cli.config import SHARED


@pytest.fixture
def folder(folder, monkeypatch):
    """The other tests' folder, with the files read that stand in it and in the user's folder."""
    monkeypatch.delenv("SELFMEND_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    (folder / "config" / "selfmend").mkdir(parents=True)
    return folder


def configure(text, path="selfmend.toml"):
    Path(path).write_text(text)


def test_the_command_line_wins_then_the_folder_then_the_user(run, folder):
    command = ("inpaint", "photo.png", "-m", "mask.png")
    configure('method = "biharmonic"\nseed = 3\n', "config/selfmend/selfmend.toml")
    assert '"method": "biharmonic", "seed": 3' in run(*command, "--json").out
    configure('[inpaint]\nmethod = "telea"\njson = true\nset = {radius = 5}\n')
    assert '"method": "telea", "seed": 3' in run(*command).out
    assert '"config": {"radius": 5.0}' in run(*command).out
    assert '"seed": 4' in run(*command, "--seed", "4").out
    assert run("--no-config", *command, "--method", "navier-stokes").out.startswith("photo-mended-")


def test_a_variable_names_the_file_or_none(run, refused, folder, monkeypatch):
    command = ("inpaint", "photo.png", "-m", "mask.png", "--method", "telea")
    configure("[inpaint]\nquiet = true\n")
    configure("[inpaint]\njson = true\n", "other.toml")
    assert run(*command).out == ""
    monkeypatch.setenv("SELFMEND_CONFIG", "other.toml")
    assert run(*command).out.startswith('{"outputs"')
    monkeypatch.setenv("SELFMEND_CONFIG", "none")
    assert run(*command).out.startswith("photo-mended-")
    monkeypatch.setenv("SELFMEND_CONFIG", "no.toml")
    assert refused(*command) == "SELFMEND_CONFIG names no.toml, which is no file; a selfmend.toml fits, or none"


def test_a_section_in_a_section_and_names_with_underscores(run, folder):
    configure("[mask]\nno_overlay = true\n[mask.random]\nkind = 'box'\n[inpaint]\nsamples = 2\n")
    assert run("mask", "random", "photo.png").out.startswith("photo-mask.png  (box, ")
    assert run("mask", "box", "photo.png", "1,2,3,4").out.startswith("photo-mask-2.png  (1 box, ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[inpaint", "selfmend.toml cannot be read: "),
        ("[inpiant]\nseed = 1", "selfmend.toml: inpiant is no command or option of several commands; did you mean"),
        ("sede = 1", "selfmend.toml: sede is no command or option of several commands; did you mean 'seed'?"),
        ("[inpaint]\nmethot = 'telea'", "selfmend.toml: methot is no option of inpaint; did you mean 'method'?"),
        ("[inpaint]\nmethod = 'tela'", "selfmend.toml: unknown method 'tela'; did you mean 'telea'?"),
        ("[inpaint]\nsamples = 0", "selfmend.toml: --samples is 0; at least 1 fits"),
        ("[inpaint]\nseed = 'x'", "selfmend.toml: seed is 'x'; "),
        ("[inpaint]\nquiet = 1", "selfmend.toml: quiet is 1; true or false fits"),
        ("[inpaint]\nseed = true", "selfmend.toml: seed is True; one value fits"),
        ("[inpaint]\nset = 'radius=5'", "selfmend.toml: set is 'radius=5'; a list fits"),
        ("[inpaint]\nhelp = true", "selfmend.toml: help is no option of inpaint; "),
    ],
)
def test_a_mistake_is_one_line(refused, folder, text, message):
    configure(text)
    assert refused("inpaint", "photo.png", "-m", "mask.png").startswith(message)


def test_what_may_stand_above_all_sections_is_what_several_commands_have():
    group = typer.main.get_command(app)
    counts = Counter()
    for name in COMMANDS:
        _, found, _ = group.resolve_command(typer.Context(group), [name])
        every = list(getattr(found, "commands", {}).values()) or [found]
        names = {max(p.opts, key=len)[2:] for one in every for p in one.params if p.param_type_name == "option"}
        counts.update(names - {"help"})
    several = {name for name, count in counts.items() if count > 2}
    assert several <= set(SHARED), several - set(SHARED)
    assert all(counts[name] for name in SHARED)

"""`selfmend serve`: what it refuses, and what it hands on."""

import importlib.util
import inspect
import subprocess
import sys

import pytest

from selfmend.cli.serve import serve
from selfmend.jobs.job import Limits


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--host", "0.0.0.0"], "--host 0.0.0.0 lets other machines in; add --token"),
        (["--token", "short"], "the token has 5 characters; at least 16 fit"),
        (["--port", "70000"], "Invalid value for '--port'"),
        (["--max-queue", "0"], "--max-queue"),
    ],
)
def test_mistakes_are_one_line(refused, arguments, line, tmp_path):
    assert line in refused("serve", "--data", tmp_path / "data", *arguments)
    assert not (tmp_path / "data").exists()


def test_the_extra_is_named_where_it_is_missing(refused, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "fastapi" else find(name))
    assert refused("serve") == "the server needs fastapi; pip install 'selfmend[web]'"


def test_the_defaults_are_those_of_the_limits(run, monkeypatch, tmp_path):
    came = {}
    monkeypatch.setattr("selfmend.server.serving.serve", lambda runner, **named: came.update(named, runner=runner))
    assert run("serve", "--data", tmp_path, "--runs", tmp_path / "mine").code == 0
    assert came["limits"] == came["runner"].limits == Limits()
    assert came["runner"].runs == tmp_path / "mine"
    assert inspect.signature(serve).parameters["port"].default == came["access"].port


def test_the_token_may_come_from_the_environment(run, monkeypatch, tmp_path):
    came = {}
    monkeypatch.setattr("selfmend.server.serving.serve", lambda runner, **named: came.update(named))
    monkeypatch.setenv("SELFMEND_TOKEN", "from-the-environment")
    assert run("serve", "--data", tmp_path, "--host", "0.0.0.0", "--allow-host", "photos.lan").code == 0
    assert came["access"].token == "from-the-environment"
    assert came["access"].allowed_hosts == ("photos.lan",)


def test_the_command_line_loads_no_server():
    code = "from selfmend.cli import app; import sys; print([m for m in ('fastapi', 'uvicorn') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"

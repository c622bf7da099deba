"""The Docker files, as far as they can be tried without Docker: what they name is there, and what they start works."""

import fnmatch
import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import install
from selfmend.cli import app
from selfmend.cli.common import run_command
from selfmend.server.security import DEFAULT_PORT

ROOT = install.HERE.parent
FOLDER = install.HERE / "docker"


def instructions(stage=-1):
    """(name, what follows) of each instruction of a stage; what stands before the first FROM is left out."""
    text = re.sub(r"^\s*#.*\n", "", (FOLDER / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    stages = []
    for line in filter(str.strip, text.splitlines()):
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            stages.append([])
        if stages:
            stages[-1].append((name, rest.strip()))
    return stages[stage]


def values(name, stage=-1):
    return [rest for one, rest in instructions(stage) if one == name]


def ignored(path):
    """Whether the context leaves a path out: the last line that fits decides."""
    out = False
    for line in (FOLDER / "Dockerfile.dockerignore").read_text().split():
        pattern = line.removeprefix("!").replace("**/", "*")
        if any(fnmatch.fnmatch(str(part), pattern) for part in [path, *path.parents][:-1]):
            out = not line.startswith("!")
    return out


def test_what_is_copied_is_there_and_in_the_context():
    sources = [Path(word) for rest in values("COPY", 0) for word in shlex.split(rest)[:-1]]
    assert Path("src") in sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert not ignored(source), source
    assert ignored(Path(".git"))
    assert ignored(Path("tests/conftest.py"))
    assert ignored(Path("src/selfmend/web/__pycache__/app.pyc"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {Path(project["readme"]), *map(Path, project["license-files"])} <= set(sources)


def test_the_extras_exist():
    text = (FOLDER / "Dockerfile").read_text()
    assert re.search(r"pip install .* \"\.\[\$EXTRAS\]\"", text)
    slim, full = re.findall(r"EXTRAS=([\w,]+)", text)[::-1]
    assert slim == "web"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {"web", *full.split(",")} <= extras.keys()
    for service in compose()["services"].values():
        (asked,) = re.findall(r"\$\{EXTRAS:-([\w,]+)\}", service["build"]["args"]["EXTRAS"])
        assert set(asked.split(",")) <= extras.keys()


def test_the_image_is_slim_and_not_roots():
    assert all("slim" in rest for rest in re.findall(r"^ARG PYTHON=(.*)$", (FOLDER / "Dockerfile").read_text(), re.M))
    (user,) = values("USER")
    assert user.split(":")[0] not in ("0", "root")
    assert values("VOLUME") == ["/data"]
    after = [name for name, _ in instructions()]
    assert after.index("USER") > max(place for place, name in enumerate(after) if name == "RUN")


def test_one_port_everywhere():
    entry = json.loads(values("ENTRYPOINT")[0])
    assert entry[entry.index("--port") + 1] == str(DEFAULT_PORT)
    assert values("EXPOSE") == [str(DEFAULT_PORT)]
    assert f"http://127.0.0.1:{DEFAULT_PORT}/api/health" in values("HEALTHCHECK")[0]
    for service in compose()["services"].values():
        assert service["ports"] == [f"127.0.0.1:{DEFAULT_PORT}:{DEFAULT_PORT}"]


def test_without_a_token_it_ends_in_one_line(monkeypatch, capsys):
    monkeypatch.delenv("SELFMEND_TOKEN", raising=False)
    entry = json.loads(values("ENTRYPOINT")[0])
    assert entry[0] == "selfmend"
    assert run_command(app, entry[1:]) == 2
    assert re.fullmatch(r"error: --host 0\.0\.0\.0 lets other machines in; add --token .*\n", capsys.readouterr().err)


@pytest.mark.parametrize("alive", [True, False])
def test_the_health_check(server, alive):
    words = json.loads(values("HEALTHCHECK")[0].partition("CMD ")[2])
    assert words[0] == "python"
    address = server.address if alive else "http://127.0.0.1:1"
    code = words[2].replace(f"http://127.0.0.1:{DEFAULT_PORT}", address)
    assert code != words[2]
    assert (subprocess.run([sys.executable, "-S", "-c", code], stderr=subprocess.DEVNULL).returncode == 0) == alive


def compose():
    return yaml.safe_load((FOLDER / "compose.yaml").read_text())


@pytest.mark.parametrize("name", ["selfmend", "selfmend-gpu"])
def test_compose(name):
    service = compose()["services"][name]
    build = service["build"]
    assert (FOLDER / build["context"] / build["dockerfile"]).resolve() == FOLDER / "Dockerfile"
    arguments = re.findall(r"^ARG (\w+)", (FOLDER / "Dockerfile").read_text(), re.M)
    assert set(build.get("args", {})) <= set(arguments)
    assert service["environment"]["SELFMEND_TOKEN"].startswith("${SELFMEND_TOKEN:?")
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["mem_limit"]
    assert [volume.split(":") for volume in service["volumes"]] == [[*compose()["volumes"], *values("VOLUME")]]
    assert service.get("profiles", []) == (["gpu"] if name == "selfmend-gpu" else [])

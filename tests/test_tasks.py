"""The tasks: declared once, and found wherever a person or a program meets them."""

import importlib.util
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Annotated

import numpy as np
import pytest
import typer
from fastapi.testclient import TestClient
from PIL import Image as PILImage

import selfmend.api
import selfmend.cli
from facts import mentions
from fake_runner import FakeRunner
from selfmend.cli.common import option_of, run_command
from selfmend.errors import OptionError
from selfmend.jobs.job import Job, stored_settings
from selfmend.jobs.request import check_settings
from selfmend.jobs.work import JobOutput, do
from selfmend.jobs.worker import WorkerContext
from selfmend.methods.registry import DEFAULT_ENLARGING_METHOD, DEFAULT_GENERATIVE_METHOD, DEFAULT_METHOD, method_names
from selfmend.options import option
from selfmend.progress import silent
from selfmend.server.app import create_app
from selfmend.tasks import INPUTS, TASKS, Task, task_options

ROOT = Path(__file__).parent.parent
COUNTS = {"seed", "samples", "start_scale", "factor", "frames", "alpha", "beta", "sensitivity"}
"""Numbers that have no unit: counts, indices, factors and shares."""


@dataclass(frozen=True, kw_only=True)
class Blur:
    """Options of a task that only this test knows."""

    radius: float = option(2.0, "how far a pixel is spread", unit="px", source="ours", low=0, high=99, limit=20)
    passes: int | None = option(None, "how often", low=1, none="once")
    edge: str = option("mirror", "what lies outside", choices=("mirror", "zero"), label="What lies outside")
    linear: bool = option(True, "in linear light", off="in the file's own levels")


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Task:
    """A task that is declared like the others."""
    task = Task(
        name="soft-blur", command="soft-blur", title="Blur a picture.", result="the picture, blurred", options=Blur(),
        does="toy_tasks:blur", needs=("image",), takes=("mask",),
    )  # fmt: skip
    monkeypatch.setitem(TASKS, task.name, task)
    return task


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """docs/make_reference.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(toy: Task, tmp_path: Path) -> TestClient:
    runner = FakeRunner(tmp_path)
    return TestClient(create_app(runner, limits=runner.limits), base_url="http://localhost:8418")


def test_the_server_checks_a_new_task(toy) -> None:
    settings = check_settings("soft-blur", {"radius": 3}, files=["image"], models=())
    assert settings.model_dump() == {"radius": 3.0, "passes": None, "edge": "mirror", "linear": True, "options": {}}
    for given, message in (
        ({"radius": -1}, "option radius is -1; 0 to 20 fits"),
        ({"radius": 21}, "option radius is 21; 0 to 20 fits"),
        ({"edge": "miror"}, "unknown edge 'miror'; did you mean 'mirror'"),
        ({"radios": 1}, "unknown option 'radios'; did you mean 'radius'"),
    ):
        with pytest.raises(OptionError, match=message):
            check_settings("soft-blur", given, files=["image"], models=())
    with pytest.raises(OptionError, match=mentions("soft-blur", "'image'")):
        check_settings("soft-blur", {}, files=["mask"], models=())


def test_a_worker_does_what_a_new_task_names(toy, monkeypatch, tmp_path) -> None:
    def blur(job):
        made = np.full((4, 6, 3), job.settings.radius, np.uint8)
        return JobOutput(results=[made], suffix="-blurred", ending=".png")

    monkeypatch.setitem(sys.modules, "toy_tasks", SimpleNamespace(blur=blur))
    settings = stored_settings("soft-blur", {"radius": 51.0})
    job = Job(id="a", task="soft-blur", queue="quick", created=1.0, settings=settings, stem="photo")
    (result,), _ = do(job, WorkerContext(jobs=tmp_path, runs=tmp_path, device="cpu"), silent)
    assert (result.name, result.width, result.height) == ("photo-blurred.png", 6, 4)
    assert np.asarray(PILImage.open(tmp_path / "a" / "results" / result.file)).max() == 51


def test_the_openapi_schema_has_a_new_task_typed(client) -> None:
    description = client.get("/openapi.json").json()
    parts = description["components"]["schemas"]
    settings = parts["SoftBlurSettings"]
    radius, passes, edge = (settings["properties"][name] for name in ("radius", "passes", "edge"))
    assert (radius["type"], radius["default"], radius["minimum"], radius["maximum"]) == ("number", 2.0, 0, 20)
    assert radius["description"] == "how far a pixel is spread (px, 0 to 99, at most 20 in a job of the server)"
    assert passes["anyOf"] == [{"minimum": 1, "type": "integer"}, {"type": "null"}]
    assert edge["enum"] == ["mirror", "zero"]
    assert settings["additionalProperties"] is False
    body = description["paths"]["/api/jobs"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert body["discriminator"]["mapping"]["soft-blur"] == "#/components/schemas/SoftBlurJob"
    job = parts["SoftBlurJob"]
    assert job["required"] == ["task", "image"]
    assert set(job["properties"]) == {"task", "image", "mask", "settings"}
    assert job["properties"]["settings"]["contentSchema"] == {"$ref": "#/components/schemas/SoftBlurSettings"}


def test_every_reference_of_the_openapi_schema_leads_somewhere(client) -> None:
    description = client.get("/openapi.json").json()

    def references(value):
        if isinstance(value, dict):
            yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            yield from (ref for one in value.values() for ref in references(one))
        elif isinstance(value, list):
            yield from (ref for one in value for ref in references(one))

    body = description["paths"]["/api/jobs"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    found = {*references(description), *body["discriminator"]["mapping"].values()}
    assert len(found) > 2 * len(TASKS)
    for ref in found:
        assert ref.removeprefix("#/components/schemas/") in description["components"]["schemas"], ref


def test_the_page_is_told_of_a_new_task(client) -> None:
    tasks = {task["name"]: task for task in client.get("/api/tasks").json()["tasks"]}
    assert set(tasks) == set(TASKS)
    blur = tasks["soft-blur"]
    assert (blur["title"], blur["needs"], blur["takes"]) == ("Blur a picture.", ["image"], ["mask"])
    assert (blur["label"], blur["action"], blur["hint"]) == ("Soft blur", "Soft blur", "Blur a picture.")
    assert (blur["methods"], blur["trains"]) == ([], False)
    assert tasks["super-resolve"]["methods"] == ["deep-image-prior", "gpnn", "singan", "sliced-wasserstein", "zssr"]
    options = {one["name"]: one for one in blur["options"]}
    assert options["radius"] == {
        "name": "radius", "label": "Radius", "type": "number", "nullable": False, "default": 2.0,
        "meaning": "how far a pixel is spread", "unit": "px", "choices": [], "low": 0, "high": 20,
        "none": "", "off": "", "source": "ours",
    }  # fmt: skip
    assert (options["passes"]["type"], options["passes"]["nullable"]) == ("integer", True)
    assert options["edge"]["choices"] == ["mirror", "zero"]
    assert options["edge"]["label"] == "What lies outside"
    assert (options["linear"]["type"], options["linear"]["off"]) == ("boolean", "in the file's own levels")


def test_the_reference_has_a_new_task(toy, maker) -> None:
    page = maker.reference()
    assert "### soft-blur\nBlur a picture.\n" in page
    assert "- Given: `image` (the picture), optional `mask`" in page
    assert "| `radius` | float | `2.0` | px, 0 to 99, at most 20 in a job of the server | how far a pixel is" in page
    assert "| `passes` | int or none | `none` | at least 1 | how often; none: once |" in page


def test_the_reference_is_up_to_date(maker) -> None:
    assert (ROOT / "docs" / "reference.md").read_text() == maker.reference(), (
        "make reference, and commit what it writes"
    )


def test_the_command_line_has_an_option_of_a_new_task(toy, capsys) -> None:
    app = typer.Typer(cls=None, add_completion=False)

    @app.command()
    def soft_blur(
        radius: Annotated[float, option_of("soft-blur", "radius", more="Slow above 50.")] = Blur.radius,
        edge: Annotated[str, option_of("soft-blur", "edge")] = Blur.edge,
        gamma: Annotated[bool, option_of("soft-blur", "linear", "--gamma", off=True)] = not Blur.linear,
    ) -> None:
        typer.echo(f"{radius} {edge} {gamma}")

    radius, edge, gamma = typer.main.get_command(app).params[:3]
    assert (radius.help, radius.default) == ("How far a pixel is spread (px, 0 to 99). Slow above 50.", 2.0)
    assert (edge.help, edge.default) == ("What lies outside (mirror, zero).", "mirror")
    assert (gamma.help, gamma.default) == ("In the file's own levels.", False)
    app(["--radius", "30", "--gamma"], standalone_mode=False)  # the limit is the server's alone
    assert capsys.readouterr().out == "30.0 mirror True\n"
    for given, message in (
        (["--radius", "100"], "--radius is 100.0; 0 to 99 fits"),
        (["--radius", "nan"], "--radius is nan; 0 to 99 fits"),
        (["--edge", "miror"], "unknown --edge 'miror'; did you mean 'mirror'"),
    ):
        with pytest.raises(OptionError, match=message):
            app(given, standalone_mode=False)
    with pytest.raises(OptionError, match=mentions("'sigma'")):
        option_of("soft-blur", "sigma")


def test_the_command_line_has_a_new_task(toy, monkeypatch, tmp_path, capsys) -> None:
    """Nothing is written for it by hand: its files and options, and the function of the Python interface."""
    given = {}

    def blur(**more):
        given.update(more)
        return PILImage.open(more["image"])

    monkeypatch.setattr(selfmend.api, "soft_blur", blur, raising=False)
    monkeypatch.chdir(tmp_path)
    PILImage.new("RGB", (6, 4), "red").save("photo.png")
    command = ["soft-blur", "photo.png", "-m", "0,0,2,2", "--radius", "30", "--passes", "2", "--no-linear"]
    assert run_command(selfmend.cli.app, [*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outputs"] == ["photo-soft-blur.png"]
    assert PILImage.open("photo-soft-blur.png").size == (6, 4)
    assert (given["image"], given["mask"], given["device"]) == (Path("photo.png"), "0,0,2,2", "auto")
    assert [given[name] for name in ("radius", "passes", "edge", "linear")] == [30.0, 2, "mirror", False]
    assert run_command(selfmend.cli.app, ["soft-blur", "photo.png", "-o", "photo.png"]) == 2
    assert run_command(selfmend.cli.app, ["soft-blur", "photo.png", "--radius", "100"]) == 2
    assert "--radius is 100.0; 0 to 99 fits" in capsys.readouterr().err
    assert run_command(selfmend.cli.app, ["--help"]) == 0
    assert "Blur a picture." in capsys.readouterr().out


FLAGS = {"grow_mask": "grow", "align": "no_align", "masked": "unmasked", "grain": "no_grain"}
"""Options whose parameters have other names on the command line."""

OTHERWISE = {"format", "height", "width", "model", "name"}
"""What the command line says by the names of files, by --size, or by RUN."""


@pytest.mark.parametrize(
    "task", [task for task in TASKS.values() if task.name not in ("train", "find", "video")], ids=lambda task: task.name
)
def test_commands_take_help_and_defaults_from_the_tasks(task: Task) -> None:
    """Of `train`, whose options are those of folders too, the method is an argument; `find` has a command a kind, which
    tests/cli/test_mask_found.py looks at; that of `video` has more ways to say where the holes are.
    """
    command = typer.main.get_command(selfmend.cli.app)
    _, found, _ = command.resolve_command(typer.Context(command), [task.command])
    parameters = {parameter.name: parameter for parameter in found.params}
    for row in task_options(task.name):
        name = row["name"]
        if name in OTHERWISE:
            continue
        parameter = parameters[FLAGS.get(name, name)]
        said = row["off"] or row["help"]
        assert parameter.help.startswith(said[:1].upper() + said[1:]), name
        if parameter.default is not None and not parameter.required:
            assert parameter.default == (not row["value"] if row["off"] else row["value"]), name


@pytest.mark.parametrize("name", TASKS)
def test_every_option_says_what_it_is(name: str) -> None:
    rows = task_options(name)
    assert rows
    for row in rows:
        assert len(row["help"]) > 5, row["name"]
        assert row["source"], row["name"]
        kind = row["type"].removesuffix(" | None")
        assert (kind == row["type"]) == (not row["none"]), f"{row['name']}: what none means, where it may be none"
        if kind in ("int", "float"):
            assert row["unit"] or row["name"] in COUNTS, row["name"]
            assert row["low"] is not None, row["name"]
        if kind == "bool":
            assert bool(row["off"]) == row["value"], f"{row['name']}: what off means, where it is on"


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_task_is_whole(task: Task) -> None:
    assert {*task.needs, *task.takes} <= set(INPUTS)
    module, _, function = task.does.partition(":")
    assert callable(getattr(importlib.import_module(module), function))
    if hasattr(task.options, "method"):
        assert task.options.method in method_names()


def test_the_methods_that_are_taken_where_none_is_named_are_the_registrys() -> None:
    assert TASKS["fill"].options.method == DEFAULT_METHOD
    for name in ("sample", "retarget"):
        assert TASKS[name].options.method == DEFAULT_GENERATIVE_METHOD
    assert TASKS["super-resolve"].options.method == DEFAULT_ENLARGING_METHOD

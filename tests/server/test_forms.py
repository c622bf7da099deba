"""The form of each task with whatever may come in it: a job or one clear line, never a fault of the server."""

import json
import tempfile
from pathlib import Path

import hypothesis
import pytest
from fastapi.testclient import TestClient
from hypothesis import strategies as st

from fake_runner import png
from selfmend.jobs.job import Limits
from selfmend.jobs.runner import Runner
from selfmend.server.app import create_app
from selfmend.tasks import INPUTS, TASKS, Task, task_options
from video_clips import write_film

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20), st.lists(st.integers(), max_size=3), st.dictionaries(st.text(max_size=5), st.none()),
)  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Over the real queue, whose workers are never started."""
    runner = Runner(tmp_path_factory.mktemp("server"), limits=Limits(max_queue=10_000))
    app = create_app(runner, limits=runner.limits)
    yield TestClient(app, base_url="http://localhost:8418", raise_server_exceptions=False)
    runner.stop()


def film() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_film(Path(folder) / "clip.mp4", frames=2).read_bytes()


FILM = film()


def file_of(name: str) -> tuple[str, bytes]:
    return ("clip.mp4", FILM) if name == "clip" else (f"{name}.png", png())


def fitting(row: dict) -> st.SearchStrategy:
    """Values of an option that fit, with both ends of its range."""
    kind = row["type"].removesuffix(" | None")
    low = row["low"] or 0
    high = min(one for one in (row["high"], row["limit"], low + 100) if one is not None)
    if row["choices"]:
        made = st.sampled_from(row["choices"])
    elif kind == "bool":
        made = st.booleans()
    elif kind == "int":
        made = st.integers(low, high)
    elif kind == "float":
        made = st.floats(low, high)
    else:
        made = st.just(row["value"])
    return made if kind == row["type"] else st.none() | made


def settings_of(task: Task, values) -> st.SearchStrategy:
    """Some of the options of a task."""
    return st.fixed_dictionaries({}, optional={row["name"]: values(row) for row in task_options(task.name)})


def posted(client: TestClient, task: Task, settings: dict, files: list[str]):
    fields = {"task": (None, task.name), "settings": (None, json.dumps(settings))}
    answer = client.post("/api/jobs", files=fields | {name: file_of(name) for name in files})
    if answer.status_code == 201:
        assert answer.json()["task"] == task.name
    else:
        assert 400 <= answer.status_code < 500, answer.text
        assert "\n" not in answer.json()["error"]
        assert "pydantic" not in answer.json()["error"]
    return answer


FEW = hypothesis.settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
@FEW
@hypothesis.given(data=st.data())
def test_whatever_comes_is_a_job_or_one_line(client, task, data) -> None:
    settings = data.draw(
        settings_of(task, lambda row: fitting(row) | ODD) | st.dictionaries(st.text(), ODD, max_size=3)
    )
    if data.draw(st.booleans()):
        settings["options"] = data.draw(ODD)
    posted(client, task, settings, data.draw(st.lists(st.sampled_from(list(INPUTS)), unique=True)))


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
@FEW
@hypothesis.given(data=st.data())
def test_what_fits_is_a_job_with_these_settings(client, task, data) -> None:
    settings = data.draw(settings_of(task, fitting))
    if task.name == "retarget":
        settings["height"] = data.draw(st.integers(1, 100))
    apart = {"harmonize": ["start_scale"], "paint": ["quantized"], "video": ["find"]}  # a model's; instead of a mask
    for name in apart.get(task.name, []):
        settings.pop(name, None)
    files = [*task.needs, *(name for name in task.takes if name != "reference")]
    answer = posted(client, task, settings, files)
    assert answer.status_code == 201, answer.text
    told = answer.json()["settings"]
    assert all(told[name] == value for name, value in settings.items() if value is not None)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_each_number_out_of_range_is_said_with_the_range(client, task) -> None:
    for row in task_options(task.name):
        for value in (None if row["low"] is None else row["low"] - 1, row["limit"] and row["limit"] + 1):
            if value is not None:
                line = posted(client, task, {row["name"]: value}, []).json()["error"]
                assert line.startswith(f"option {row['name']} is {value}; "), line
                assert line.endswith(" fits"), line

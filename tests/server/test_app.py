"""The HTTP interface over a runner without processes."""

import io
import json

import httpx
import pytest
from PIL import Image as PILImage

from fake_runner import png


def order(client, *, files=None, **fields):
    return client.post("/api/jobs", files=files or {"image": ("photo.png", png())}, data=fields)


def test_a_job_comes_and_goes(client, runner):
    answer = order(client, task="fill", settings=json.dumps({"seed": 3}))
    assert answer.status_code == 201
    job = answer.json()
    assert answer.headers["location"] == f"/api/jobs/{job['id']}"
    assert job["state"] == "done"
    assert job["settings"]["seed"] == 3
    assert not {"files", "stem"} & job.keys()  # how they are called on the server's disk
    assert runner.orders[job["id"]] == ({"image": png()}, {"image": "photo.png"})
    assert client.get("/api/jobs").json()["jobs"] == [client.get(f"/api/jobs/{job['id']}").json()] == [job]
    picture = client.get(job["results"][0]["url"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert PILImage.open(io.BytesIO(picture.content)).getexif()[271] == "a camera"
    assert client.delete(f"/api/jobs/{job['id']}").status_code == 204
    assert client.get(f"/api/jobs/{job['id']}").status_code == 404


@pytest.mark.parametrize(("format", "kind"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_a_result_in_another_format_keeps_its_metadata(client, format, kind):
    url = order(client).json()["results"][0]["url"]
    answer = client.get(url, params={"format": format, "download": 1})
    picture = PILImage.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size, picture.getexif()[271]) == (kind, (6, 4), "a camera")
    ending = "jpg" if format == "jpeg" else format
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="photo-mended.{ending}"')


def test_a_job_that_waits_is_cancelled(client, runner):
    runner.finishes = False
    job = order(client).json()
    assert job["state"] == "queued"
    answer = client.delete(f"/api/jobs/{job['id']}")
    assert answer.status_code == 202
    assert answer.json()["state"] == "cancelled"


def test_what_came_is_given_back(client):
    job = order(client).json()
    answer = client.get(f"/api/jobs/{job['id']}/inputs/image")
    assert (answer.content, answer.headers["content-type"]) == (png(), "image/png")
    assert client.get(f"/api/jobs/{job['id']}/inputs/mask").status_code == 404


@pytest.mark.parametrize(
    ("fields", "files", "status", "line"),
    [
        ({"task": "fly"}, None, 422, "unknown task 'fly'"),
        ({"settings": "{"}, None, 422, "settings is no JSON"),
        ({"settings": "[1]"}, None, 422, "settings is a list"),
        ({"settings": '{"seed": NaN}'}, None, 422, "NaN is no number"),
        ({"settings": "[" * 50_000}, None, 422, "settings is no JSON"),
        ({"settings": '{"colour": 1}'}, None, 422, "unknown option 'colour'"),
        ({"imge": "x"}, None, 422, "unknown field 'imge'; did you mean 'image'?"),
        ({"mask": "x"}, None, 422, "mask came as text; a file fits"),
        ({}, {"image": ("a.png", b"hello")}, 415, "the image (a.png) is not a picture"),
        ({}, {"image": ("a.png", b"")}, 415, "the image (a.png) is empty"),
        (
            {},
            {"image": ("a.png", png((101, 100)))},
            413,
            "has 101 x 100 pixels; at most 0.01 million fit",
        ),
        ({}, {"settings": ("a.json", b"{}")}, 422, "settings came as a file; text fits"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(client, fields, files, status, line):
    answer = order(client, files=files, **fields)
    assert answer.status_code == status
    assert line in answer.json()["error"]
    assert answer.json()["error"] == answer.json()["detail"]
    assert "\n" not in answer.json()["error"]


def test_a_full_queue_asks_for_patience(client, runner):
    runner.finishes, runner.room = False, 1
    assert order(client).status_code == 201
    answer = order(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")


def test_health_and_methods(client, runner):
    runner.finishes = False
    order(client)
    health = client.get("/api/health").json()
    assert (health["status"], health["queued"], health["running"]) == ("ok", 1, 0)
    answer = client.get("/api/methods").json()
    methods = {method["name"]: method for method in answer["methods"]}
    assert answer["default"] == "auto"
    assert (methods["patchmatch"]["learns"], methods["singan"]["learns"]) == (False, True)
    assert "context-encoder" not in methods  # which needs a trained run
    assert {o["name"] for o in methods["telea"]["options"]} == {"radius"}


def test_events_tell_each_change_and_end_with_the_job(client, runner):
    job = order(client).json()
    with client.stream("GET", f"/api/jobs/{job['id']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        text = "".join(stream.iter_text())
    assert text == f"id: 1\nevent: job\ndata: {json.dumps(job, separators=(',', ':'))}\n\n"
    again = client.get(f"/api/jobs/{job['id']}/events", headers={"Last-Event-ID": "1"})
    assert again.status_code == 204


def test_errors_of_ours_tell_no_more_than_their_name_in_the_log(client, runner, monkeypatch, caplog):
    def broken(limit):
        raise RuntimeError("secret")

    monkeypatch.setattr(runner, "list", broken)
    answer = client.get("/api/jobs")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    name = answer.json()["error"].rpartition(" ")[2]
    assert f"fault {name} at /api/jobs" in caplog.text
    assert "RuntimeError: secret" in caplog.text


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"]
)
def test_files_outside_the_page_are_not_served(client, path):
    request = httpx.Request("GET", "http://localhost:8418/")
    request.url = httpx.URL("http://localhost:8418", raw_path=path.encode())
    answer = client.send(request)
    assert answer.status_code == 404
    assert "create_app" not in answer.text


def test_the_page_and_its_files_are_asked_after_each_time(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
    kinds = {
        "js/main.js": "text/javascript",
        "style.css": "text/css",
        "icon.svg": "image/svg+xml",
        "demo.webp": "image/webp",
    }
    for name, kind in kinds.items():
        answer = client.get(f"/static/{name}")
        assert answer.headers["content-type"].partition(";")[0] == kind
        assert answer.headers["cache-control"] == "no-cache"
        again = client.get(f"/static/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_what_is_not_there_and_what_is_not_allowed(client):
    assert client.get("/api/nothing").json()["error"] == "there is nothing at /api/nothing"
    answer = client.put("/api/jobs")
    assert answer.status_code == 405
    assert "PUT" in answer.json()["error"]
    assert client.get("/api/jobs?limit=x").status_code == 422


def test_every_operation_is_described_with_examples(client):
    description = client.get("/openapi.json").json()

    def example(schema):
        """Whether a schema, or what it is made of, has an example."""
        name = schema.get("$ref", schema.get("items", {}).get("$ref", "")).rpartition("/")[2]
        whole = description["components"]["schemas"][name] if name else schema
        inner = whole.get("properties", {}).values()
        return "example" in whole or any("items" in one and example(one["items"]) for one in inner)

    operations = [one for path in description["paths"].values() for one in path.values()]
    assert len(operations) > 20
    for one in operations:
        assert {"summary", "description"} <= set(one)
        assert {"400", "401", "403", "500"} <= set(one["responses"])
        for parameter in one.get("parameters", ()):
            assert parameter["in"] != "path" or parameter.get("example") or parameter["schema"].get("examples")
        bodies = [one.get("requestBody", {}), *one["responses"].values()]
        for body in bodies:
            for kind, content in body.get("content", {}).items():
                if kind != "application/json" or content["schema"].get("items") == {"type": "string"}:
                    continue
                assert example(content["schema"]), (one["operationId"], content)

"""Who gets in, from where, and with how much."""

import asyncio
import json
import threading
import types
from typing import ClassVar

import pytest
from fastapi.testclient import TestClient

from facts import mentions
from fake_runner import png
from selfmend.errors import OptionError
from selfmend.jobs.job import Limits
from selfmend.server.app import create_app
from selfmend.server.security import COOKIE, Access, Guards
from selfmend.server.state import submitted

TOKEN = "a-secret-of-many-letters"


def client_of(runner, *, max_bytes=10**6, **access):
    app = create_app(runner, access=Access(**access), limits=Limits(max_bytes=max_bytes))
    return TestClient(app, base_url="http://localhost:8418", raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("host", "bound", "status"),
    [
        ("localhost:8418", "127.0.0.1", 200),
        ("127.0.0.1:8418", "127.0.0.1", 200),
        ("[::1]:8418", "127.0.0.1", 200),
        ("LOCALHOST.", "127.0.0.1", 200),
        ("evil.example", "127.0.0.1", 403),
        ("localhost.evil.example", "127.0.0.1", 403),
        ("localhost:80@evil.example", "127.0.0.1", 403),
        ("192.168.1.7", "127.0.0.1", 403),
        ("", "127.0.0.1", 403),
        ("[", "127.0.0.1", 403),
        ("photos.lan", "127.0.0.1", 200),
        ("192.168.1.7:8418", "0.0.0.0", 200),
        ("evil.example", "0.0.0.0", 403),
        ("192.168.1.7", "192.168.1.7", 200),
        ("192.168.1.8", "192.168.1.7", 403),
    ],
)
def test_only_known_names_are_answered(runner, host, bound, status):
    token = None if bound == "127.0.0.1" else TOKEN
    client = client_of(runner, host=bound, token=token, allowed_hosts=("photos.lan",))
    assert client.get("/api/health", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": "http://localhost:8418"}, 201),
        ({"Origin": "http://localhost:8418", "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "http://localhost:9999"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "localhost:8418"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_pages_of_other_sites_change_nothing(runner, headers, status):
    answer = client_of(runner).post("/api/jobs", files={"image": ("a.png", png())}, headers=headers)
    assert answer.status_code == status
    assert len(runner.jobs) == (status == 201)
    assert "access-control-allow-origin" not in answer.headers


def test_without_the_token_there_is_only_the_way_in(runner):
    client = client_of(runner, token=TOKEN)
    assert client.get("/api/health").status_code == 200
    for path in ("/api/jobs", "/api/v1/model", "/openapi.json", "/api/nothing"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert client.post("/api/jobs", files={"image": ("a.png", png())}, params={"token": TOKEN}).status_code == 401
    assert runner.jobs == {}


@pytest.mark.parametrize("wrong", ["", "x", TOKEN[:-1], TOKEN + "x", "ü" * 20])
def test_the_token_opens_in_each_of_its_places(runner, wrong):
    client = client_of(runner, token=TOKEN)
    for token, status in ((TOKEN, 200), (wrong, 401)):
        header = f"Bearer {token}".encode()
        assert client.get("/api/jobs", headers={"Authorization": header}).status_code == status
        assert client.get("/api/jobs", params={"token": token}).status_code == status
        login = client.post("/api/login", json={"token": token})
        assert login.status_code == (204 if status == 200 else 401)
        assert client.get("/api/jobs").status_code == status
        client.cookies.clear()


def test_the_cookie_is_for_this_server_alone_and_is_not_the_token(runner):
    client = client_of(runner, token=TOKEN)
    header = client.post("/api/login", json={"token": TOKEN}).headers["set-cookie"]
    assert header.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(header.split("; "))
    assert TOKEN not in header


def test_the_printed_link_logs_in_and_hides_the_token(runner):
    client = client_of(runner, token=TOKEN)
    answer = client.get("/", params={"token": TOKEN}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    assert client.get("/api/jobs").status_code == 200
    client.cookies.clear()
    client.get("/", params={"token": "wrong"}, follow_redirects=False)
    assert client.get("/api/jobs").status_code == 401


def test_too_much_is_refused_while_it_comes(runner):
    client = client_of(runner, max_bytes=1000)
    answer = client.post("/api/v1/inpaint", content=b"x" * 150_000)
    assert answer.status_code == 413
    assert "--max-mb" in answer.json()["error"]

    def pieces():
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        for _ in range(150):
            yield b"x" * 1000

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    for path in ("/api/v1/inpaint", "/api/login", "/api/jobs", "/api/v1/gen-info"):
        answer = client.post(path, content=pieces(), headers=headers)
        assert answer.status_code == 413
    assert runner.jobs == {}


def test_bodies_are_bounded_together_until_they_have_been_dealt_with():
    """Five requests of the largest size: the fifth is refused while the others are read, and not while they wait."""
    reading, waiting, statuses = asyncio.Event(), asyncio.Event(), []

    async def app(scope, receive, send):
        while (await receive()).get("more_body"):
            await reading.wait()
        await asyncio.wait({asyncio.create_task(receive())}, timeout=0.01)  # has the client gone?
        await waiting.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    guards = Guards(app, access=Access(), max_bytes=1000)

    async def ask():
        pieces = [{"body": b"x" * guards.max_body, "more_body": True}, {"body": b""}]

        async def receive():
            return {"type": "http.request", **pieces.pop(0)} if pieces else await asyncio.Event().wait()

        async def send(message):
            statuses.append(message.get("status", "body"))

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"host", b"localhost")]}
        await guards(scope, receive, send)

    async def talk():
        first = [asyncio.create_task(ask()) for _ in range(4)]
        await asyncio.sleep(0.01)
        await ask()
        assert statuses == [503, "body"]
        reading.set()
        await asyncio.sleep(0.05)
        second = [asyncio.create_task(ask()) for _ in range(4)]
        await asyncio.sleep(0.05)
        waiting.set()
        await asyncio.gather(*first, *second)
        assert statuses[2:] == [200] * 8

    asyncio.run(asyncio.wait_for(talk(), 10))


def test_every_answer_tells_the_browser_to_be_careful(runner):
    client = client_of(runner, token=TOKEN)
    for answer in (
        client.get("/api/health"),
        client.get("/api/jobs"),
        client.get("/api/nothing", headers={"Host": "x"}),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"].startswith("default-src 'self'; img-src 'self' blob: data:;")
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "photos.lan"])
def test_other_machines_need_a_token(host):
    with pytest.raises(OptionError, match=f"--host {host} lets other machines in; add --token"):
        Access(host=host)
    with pytest.raises(OptionError, match=mentions("token", "5", "16")):
        Access(host=host, token="short")
    assert Access(host=host, token=TOKEN).token == TOKEN


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_none(host):
    assert Access(host=host).token is None


def test_a_request_that_the_end_of_the_server_cuts_off_is_told_so_and_its_job_is_taken_back():
    asked, go_on, told = threading.Event(), threading.Event(), []

    class Slow:
        removed: ClassVar[list] = []

        def submit(self, *arguments):
            asked.set()
            go_on.wait(20)
            return types.SimpleNamespace(id="a")

        def remove(self, id):
            self.removed.append(id)

    async def app(scope, receive, send):
        await submitted(Slow(), "fill")

    async def send(message):
        told.append(message)

    async def ended():
        scope = {"type": "http", "path": "/api/jobs", "method": "POST", "headers": [(b"host", b"localhost")]}
        task = asyncio.create_task(Guards(app, access=Access(), max_bytes=100)(scope, None, send))
        await asyncio.to_thread(asked.wait, 20)
        go_on.set()
        task.cancel()
        await task

    asyncio.run(ended())
    assert told[0]["status"] == 503
    assert json.loads(told[1]["body"])["error"].startswith("the server is about to end")
    assert Slow.removed == ["a"]

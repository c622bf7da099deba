"""Clients that are slow, that guess, or that ask in unusual ways: none of them keeps the others out."""

import asyncio
import contextlib
import dataclasses
import socket
import stat
import sys
import threading
import time

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient

from selfmend.errors import SelfmendError
from selfmend.jobs.job import Limits
from selfmend.jobs.queue import Store
from selfmend.jobs.request import check_settings
from selfmend.server import connections
from selfmend.server.app import create_app
from selfmend.server.security import Access, Attempts
from selfmend.tasks import TASKS

TOKEN = "a-secret-of-many-letters"


@pytest.fixture
def port(runner):
    """A server whose process is this one."""
    config = uvicorn.Config(
        create_app(runner, limits=runner.limits), http=connections.PatientProtocol, lifespan="off", log_config=None,
        limit_concurrency=300,
    )  # fmt: skip
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    listening.close()


def half_headers(port, count):
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for one in held:
        one.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    return held


@pytest.mark.parametrize("rest", [b"", b"ZZ\r\nno length\r\n"])
def test_a_client_that_goes_away_in_the_middle_is_no_fault_of_the_server(port, caplog, rest):
    head = b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n3\r\n--b\r\n")
        time.sleep(0.3)
        one.sendall(rest)
    time.sleep(0.3)
    assert httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=5).status_code == 200
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_half_headers_do_not_lock_others_out(port):
    held = half_headers(port, 400)
    try:
        for _ in range(5):
            assert httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=5).status_code == 200
    finally:
        for one in held:
            one.close()


def test_headers_that_do_not_end_are_let_go_also_on_a_connection_that_was_used(port, monkeypatch):
    monkeypatch.setattr(connections, "HEADERS_WITHIN", 0.3)
    (fresh,) = half_headers(port, 1)
    used = socket.create_connection(("127.0.0.1", port))
    used.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while not answer.endswith(b"}"):  # it may come in pieces
        answer += used.recv(1000)
    assert answer.startswith(b"HTTP/1.1 200")
    used.sendall(b"GET /api/health HTTP/1.1\r\nHost: loc")
    began = time.monotonic()
    for one in (fresh, used):
        one.settimeout(3)
        with contextlib.suppress(ConnectionResetError):
            assert one.recv(100) == b""
        one.close()
    assert time.monotonic() - began < 2


def test_a_body_that_does_not_come_is_refused(runner, monkeypatch):
    monkeypatch.setattr(connections, "BODY_WITHIN", 0.2)
    app = create_app(runner, limits=runner.limits)
    sent = []

    async def receive():
        await asyncio.sleep(30)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/login", "raw_path": b"/api/login", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"9")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 5))
    assert sent[0]["status"] == 408


def test_wrong_tokens_are_counted_by_address(runner):
    app = create_app(runner, access=Access(token=TOKEN), limits=Limits())
    client = TestClient(app, base_url="http://localhost:8418")
    statuses = [client.post("/api/login", json={"token": "x" * 20}).status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    refused = client.post("/api/login", json={"token": TOKEN})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    other = TestClient(app, base_url="http://localhost:8418", client=("10.0.0.9", 5))
    assert other.post("/api/login", json={"token": TOKEN}).status_code == 204


def test_wrong_tokens_are_forgotten():
    attempts = Attempts(most=2, seconds=10)
    attempts.wrong("a", 0.0)
    attempts.wrong("a", 5.0)
    with pytest.raises(Exception, match="too many"):
        attempts.check("a", 9.0)
    attempts.check("a", 11.0)
    attempts.check("b", 9.0)


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/jobs", "/static/page.css", "/api/nothing"])
def test_head_is_get_without_a_body(port, path):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        got, asked = client.get(path), client.head(path)
    assert asked.status_code == got.status_code
    assert asked.content == b""
    assert asked.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("value", [1e308, -1e308, 5e-324, int("9" * 400), -int("9" * 400)])
def test_huge_numbers_are_the_clients_mistake(task, value):
    for name in (*(field.name for field in dataclasses.fields(TASKS[task].options)), "seed"):
        with contextlib.suppress(SelfmendError):
            check_settings(task, {name: value}, files=list(TASKS[task].needs), models=())


@pytest.mark.parametrize("charset", ["punycode", "idna", "utf-16", "zlib", "none", "undefined", "unicode_escape"])
def test_odd_charsets_are_the_clients_mistake(client, charset):
    body = b'--x\r\nContent-Disposition: form-data; name="settings"\r\n\r\n{\xff\xfe-\xe4}\r\n--x--\r\n'
    for path, kind in (("/api/jobs", "multipart/form-data; boundary=x"), ("/api/login", "application/json")):
        answer = client.post(path, content=body, headers={"Content-Type": f"{kind}; charset={charset}"})
        assert 400 <= answer.status_code < 500


@pytest.mark.skipif(sys.platform == "win32", reason="which has no such permissions")
def test_nobody_else_reads_the_folder_of_jobs(tmp_path):
    Store(tmp_path / "data").close()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data", tmp_path / "data" / "jobs")] == [
        0o700
    ] * 2

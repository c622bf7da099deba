"""The client of the plug-ins against a running server, and against what is none."""

import http.server
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

import selfmend_client
from facts import mentions
from mending_server import TOKEN, MendingRunner, Server, pixels, png, until
from selfmend.jobs.job import Limits
from selfmend.server.security import DEFAULT_PORT
from selfmend_client import (
    AccessError,
    BackgroundFill,
    BusyError,
    Client,
    JobError,
    NoServerError,
    ServerError,
    describe,
)


def test_a_hole_is_filled_and_nothing_stays_on_the_server(client, server, photo, hole):
    seen = []
    mended = pixels(client.fill(png(photo), png(hole), method="telea", seed=3, progress=seen.append))
    assert mended.shape == photo.shape
    assert (mended != photo).any(axis=2)[hole > 0].any()
    assert (mended == photo)[hole == 0].all()
    assert seen[-1]["state"] == "done"
    assert {name: seen[-1]["settings"][name] for name in ("method", "seed")} == {"method": "telea", "seed": 3}
    assert server.runner.jobs == {}


def test_settings_arrive_and_what_is_not_said_is_not_sent(client, server, photo, hole):
    seen = []
    client.fill(png(photo), png(hole), grow=2, progress=seen.append, name='a "b"\n.png')
    assert server.runner.settings[-1] == {"grow_mask": 2}
    (files, names) = server.runner.orders[seen[-1]["id"]]
    assert files == {"image": png(photo), "mask": png(hole)}
    assert names["mask"] == "mask.png"


def test_methods_are_those_of_the_server(client):
    answer = client.methods()
    assert answer["default"] in [method["name"] for method in answer["methods"]]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_progress_raises_stops_the_job(client, server, photo, hole, error):
    def stop(job):
        raise error

    with pytest.raises(error):
        client.fill(png(photo), png(hole), method="waits", progress=stop)
    assert server.runner.stopped()


def test_the_time_is_up(client, server, photo, hole):
    with pytest.raises(JobError, match=mentions("0.05")):
        client.fill(png(photo), png(hole), method="waits", timeout=0.05)
    assert server.runner.stopped()


def test_a_job_that_fails_says_why(client, server, photo, hole):
    with pytest.raises(JobError, match=r"^the mask covers"):
        client.fill(png(photo), png(np.full_like(hole, 255)))
    assert server.runner.jobs == {}
    with pytest.raises(ServerError, match=mentions("method", "'nonsense'")):
        client.fill(png(photo), png(hole), method="nonsense")
    with pytest.raises(ServerError, match=mentions("'colour'")):
        client.fill(png(photo), png(hole), options={"colour": 3})


def test_a_job_that_somebody_else_cancels(client, server, photo, hole):
    def cancelled(job):
        server.runner.change(job["id"], state="cancelled")

    with pytest.raises(JobError, match=mentions("cancelled")):
        client.fill(png(photo), png(hole), method="waits", progress=cancelled)


def test_tokens(tmp_path, photo, hole):
    with Server(MendingRunner(tmp_path), token=TOKEN) as server:
        assert pixels(Client(server.address, token=f" {TOKEN}\n").fill(png(photo), png(hole))).shape == photo.shape
        with pytest.raises(AccessError, match=mentions("server", "//127.0.0.1")):
            Client(server.address).methods()
        with pytest.raises(AccessError, match=mentions("token", "server")):
            Client(server.address, token="another of many letters").methods()


def test_a_full_queue(tmp_path, photo, hole):
    with (
        Server(MendingRunner(tmp_path, room=0)) as server,
        pytest.raises(BusyError, match=mentions("0")),
    ):
        Client(server.address).fill(png(photo), png(hole))


def test_pictures_that_the_server_refuses(tmp_path, photo, hole):
    with Server(MendingRunner(tmp_path, limits=Limits(max_pixels=1000))) as server:
        with pytest.raises(ServerError, match="pixels"):
            Client(server.address).fill(png(photo), png(hole))
        with pytest.raises(ServerError, match="picture"):
            Client(server.address).fill(b"no picture", png(hole))


def test_a_picture_of_too_many_bytes(client, hole):
    with pytest.raises(ServerError, match=mentions("MB")):
        client.fill(bytes(70 * 2**20), png(hole))


def test_a_server_that_comes_back_goes_on(tmp_path, photo, hole):
    """Between two looks the server is stopped and started anew at the same port."""
    runner = MendingRunner(tmp_path)
    with Server(runner) as server:
        fill = BackgroundFill(Client(server.address), png(photo), png(hole), method="waits")
        fill.start()
        until(lambda: fill.job)
    (job,) = runner.jobs
    runner.finish(job)
    with Server(runner, port=int(server.address.rsplit(":", 1)[1])):
        fill.join(20)
    assert fill.error is None
    assert pixels(fill.result).shape == (4, 6, 3)


def test_a_server_that_does_not_come_back(tmp_path, photo, hole):
    with Server(MendingRunner(tmp_path)) as server:
        client = Client(server.address, patience=0.2)
        fill = BackgroundFill(client, png(photo), png(hole), method="waits")
        fill.start()
        until(lambda: fill.job)
    fill.join(20)
    assert isinstance(fill.error, NoServerError)


def test_a_fill_in_the_background_is_stopped(client, server, photo, hole):
    fill = BackgroundFill(client, png(photo), png(hole), method="waits")
    fill.start()
    until(lambda: fill.job)
    fill.stop()
    fill.join(20)
    assert (fill.result, fill.error) == (None, None)
    assert server.runner.stopped()


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ({"state": "queued", "place": 3}, "3 before it"),
        ({"state": "queued", "place": 0}, "waits"),
        ({"state": "running", "stage": "scale 3", "seconds_left": 20.4}, "scale 3, 20 s left"),
        ({"state": "running", "stage": "", "seconds_left": None}, "at work"),
    ],
)
def test_a_progress_bar_has_words(job, words):
    assert describe(job) == words


def test_nobody_answers():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        with pytest.raises(
            NoServerError, match=rf"^no Selfmend server answers at http://127\.0\.0\.1:{port} \(.*selfmend serve"
        ):
            Client(f"127.0.0.1:{port}").methods()


@pytest.mark.parametrize("address", ["", "ftp://x", "http://", "http://a:b", "http://a?b=c", "http://a:0"])
def test_addresses_that_are_none(address):
    with pytest.raises(NoServerError, match=mentions("address")):
        Client(address)


def test_the_address_is_that_of_the_server():
    assert Client().address == f"http://127.0.0.1:{DEFAULT_PORT}"
    assert Client(" 127.0.0.1:8/ ").address == "http://127.0.0.1:8"


class Stranger(http.server.BaseHTTPRequestHandler):
    """A server of something else."""

    def do_GET(self):
        code, body, headers = self.server.answer
        self.server.asked.append(self.headers.get("Authorization"))
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def stranger():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    server.asked = []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("answer", [(200, b"<html>", {}), (200, b"[1]", {}), (404, b"<html>", {}), (500, b"[]", {})])
def test_something_else_answers(stranger, answer):
    stranger.answer = answer
    with pytest.raises(NoServerError, match=mentions("//127.0.0.1")):
        Client(f"127.0.0.1:{stranger.server_port}").methods()


def test_the_token_does_not_follow_a_redirect(stranger):
    stranger.answer = (302, b"", {"Location": f"http://localhost:{stranger.server_port}/else"})
    with pytest.raises(NoServerError, match="is no Selfmend server"):
        Client(f"127.0.0.1:{stranger.server_port}", token=TOKEN).methods()
    assert stranger.asked == [f"Bearer {TOKEN}"]


def test_a_proxy_is_not_asked_for_this_machine(client, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert Client(client.address).methods()["methods"]


def test_a_plug_in_needs_nothing_but_python():
    """GIMP's Python has no packages."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import selfmend_client"
    folder = selfmend_client.__file__.rsplit("/", 1)[0]
    subprocess.run([sys.executable, "-I", "-S", "-c", code, folder], check=True)


def test_pictures_of_other_kinds_come_back_as_they_are(client, photo, hole):
    alpha = np.dstack([photo, np.full(photo.shape[:2], 77, np.uint8)])
    for kind in (alpha, photo[..., 0]):
        mended = pixels(client.fill(png(kind), png(hole), method="telea"))
        assert mended.shape == kind.shape
        assert (mended == kind)[hole == 0].all()

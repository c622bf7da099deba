"""`selfmend serve` as a process: it answers at once, works, and ends in order."""

import contextlib
import io
import json
import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from PIL import Image as PILImage

from fake_runner import png
from processes import environment
from selfmend.errors import OptionError
from selfmend.server import serving
from selfmend.server.security import Access


@pytest.fixture
def process(tmp_path):
    command = [sys.executable, "-m", "selfmend", "serve", "--port", "0", "--data", str(tmp_path / "data"), "--no-open"]
    with subprocess.Popen(
        command, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        yield running
        running.kill()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_server_fills_streams_and_ends(process, end, tmp_path):
    address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
    with httpx.Client(base_url=address, timeout=120) as client:
        assert client.get("/api/health").json()["status"] == "ok"
        mask = io.BytesIO()
        hole = PILImage.new("L", (48, 40))
        hole.paste(255, (10, 10, 20, 20))
        hole.save(mask, "PNG")
        files = {"image": ("photo.jpg", png((48, 40), kind="JPEG")), "mask": ("mask.png", mask.getvalue())}
        job = client.post("/api/jobs", files=files, data={"settings": '{"method": "telea"}'}).json()
        with client.stream("GET", f"/api/jobs/{job['id']}/events") as stream:
            told = [json.loads(line[5:]) for line in stream.iter_lines() if line.startswith("data:")]
        assert told[-1]["state"] == "done"
        picture = client.get(told[-1]["results"][0]["url"])
        assert PILImage.open(io.BytesIO(picture.content)).size == (48, 40)
        assert 'filename="photo-mended.jpg"' in picture.headers["content-disposition"]
        data = tmp_path / "data"
        modes = {path.stat().st_mode & 0o777 for path in data.rglob("*") if path.is_file()}
        assert modes == {0o600}, "other users of the machine read nothing"
        assert data.stat().st_mode & 0o777 == 0o700
        slow = {"settings": '{"method": "sliced-wasserstein"}'}
        waiting = client.post("/api/jobs", files=files, data=slow).json()
        with client.stream("GET", f"/api/jobs/{waiting['id']}/events") as stream:
            lines = stream.iter_lines()
            next(lines)
            said = time.monotonic()
            process.send_signal(end)
            with contextlib.suppress(httpx.TransportError):
                list(lines)
            assert time.monotonic() - said < 2.5, "an open stream ends at once, and holds the end of the server not up"
            assert process.wait(timeout=20) == 0
    assert "jobs go on at the next start: 1 that" in process.stdout.read()
    assert "Traceback" not in process.stderr.read()


def test_a_port_in_use_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OptionError, match=rf"port {port} of 127.0.0.1 is in use.*choose another --port"):
            serving.listen(Access(port=port))


@pytest.mark.parametrize("host", ["no.such.name.invalid", "203.0.113.9"])
def test_an_address_that_is_not_here_is_one_line(host):
    with pytest.raises(OptionError, match=f"{host}.*"):
        serving.listen(Access(host=host, token="x" * 16, port=0))


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", r"http://127\.0\.0\.1:\d+/"), ("0.0.0.0", r"http://127\.0\.0\.1:\d+/")]
)
def test_the_address_is_one_that_can_be_opened(host, address):
    access = Access(host=host, token="x" * 16, port=0)
    with serving.listen(access) as listening:
        assert re.fullmatch(address, serving.address_of(access, listening))


def test_small_answers_are_not_held_back():
    with serving.listen(Access(port=0)) as listening:
        assert listening.proto == socket.IPPROTO_TCP  # asyncio's condition for TCP_NODELAY


def test_the_last_words_say_what_goes_on():
    assert serving._farewell(0, 0) == "ended"
    assert serving._farewell(1, 2).endswith("1 that ran is back in the queue, 2 that waited stay there")


def test_a_browser_is_opened_on_a_desktop_only(monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not serving.open_browser("http://x/")
    monkeypatch.setenv("DISPLAY", ":0")
    assert serving.open_browser("http://x/")
    monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")
    assert not serving.open_browser("http://x/")


def test_nothing_heavy_is_loaded_before_the_server_answers():
    heavy = "torch", "numba", "cv2", "skimage", "scipy"
    code = f"import selfmend.server.serving, sys; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""A download goes on where it stopped, and ends with the published file or none."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selfmend.errors import MissingWeightsError, WeightsError
from selfmend.nn.download import download

CONTENT = bytes(range(256)) * 9000
DIGEST = ("md5", hashlib.md5(CONTENT).hexdigest())


class Server(http.server.ThreadingHTTPServer):
    """Sends CONTENT, up to `stop` bytes of it; knows ranges unless told otherwise."""

    stop = len(CONTENT)
    ranges = True
    asked: list[Any]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.server.ranges else 0
        if first >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if asked and self.server.ranges else 200)
        self.send_header("Content-Length", str(len(CONTENT) - first))
        self.end_headers()
        self.wfile.write(CONTENT[first : self.server.stop])

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as found:
        found.asked = []
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/file"


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_is_gone_on_with(ranges: bool, server: Server, tmp_path: Path) -> None:
    server.ranges, server.stop = ranges, 1_500_000
    target = tmp_path / "new/file"
    with pytest.raises(WeightsError, match=r"1500000 of 2304000.*1 MB are kept"):
        download(address(server), target, digest=DIGEST)
    assert not target.exists()
    server.stop = len(CONTENT)
    shares: list[float] = []
    download(address(server), target, digest=DIGEST, progress=lambda event: shares.append(event.done or 0))
    assert target.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=1500000-"]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert [p.name for p in target.parent.iterdir()] == ["file"]


def test_a_whole_part_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT)
    assert download(address(server), tmp_path / "file", digest=DIGEST).read_bytes() == CONTENT


def test_another_file_is_deleted(server: Server, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="another file than the published one"):
        download(address(server), tmp_path / "file", digest=("md5", "0" * 32))
    assert not list(tmp_path.iterdir())


def test_without_a_network_one_line_says_so(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot download http://127.0.0.1:9/file: .*weights add") as caught:
        download("http://127.0.0.1:9/file", tmp_path / "file")
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, MissingWeightsError)


def test_a_stopped_download_says_what_is_kept(server: Server, tmp_path: Path) -> None:
    def stop(event: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        download(address(server), tmp_path / "net.pth", progress=stop)
    assert stopped.value.__notes__ == ["stopped; 1 MB are kept and gone on with"]
    assert download(address(server), tmp_path / "net.pth", digest=DIGEST).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={1 << 20}-"]

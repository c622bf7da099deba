"""Published weights: the places where they are looked up, the download, and what is refused."""

import hashlib
import http.server
import threading
from pathlib import Path

import pytest
import torch
from torch import nn

from facts import mentions
from selfmend.errors import WeightsError
from selfmend.nn import weights as pretrained
from selfmend.nn.weights import WeightsFile, find_weights, load_pretrained

CONTENT = b"what was published"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
FILE = WeightsFile(name="net-1234.pth", origin="it is at https://somewhere/net-1234.pth", sha256=DIGEST[:8])


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The folder of the environment variable, empty, and the cache folder, not there yet."""
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path / "own"))
    monkeypatch.setattr(pretrained.platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    (tmp_path / "own").mkdir()
    return tmp_path / "own", tmp_path / "cache" / "selfmend" / "weights"


@pytest.fixture
def server(tmp_path: Path):
    """Serves a folder over HTTP: the folder and its address."""
    root = tmp_path / "served"
    root.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(root))

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield root, f"http://127.0.0.1:{running.server_port}/net.pth"
        running.shutdown()


def test_a_path_comes_before_the_variable_and_that_before_the_cache(folders, tmp_path) -> None:
    own, cache = folders
    cache.mkdir(parents=True)
    (cache / FILE.name).write_bytes(CONTENT)
    assert find_weights(FILE) == cache / FILE.name
    (own / FILE.name).write_bytes(CONTENT)
    assert find_weights(FILE) == own / FILE.name
    other = tmp_path / "renamed.pth"
    other.write_bytes(CONTENT)
    assert find_weights(FILE, path=other) == other
    assert find_weights(FILE, path=cache) == cache / FILE.name


def test_what_is_missing_is_told_with_its_place_and_its_address(folders, tmp_path, monkeypatch) -> None:
    _, cache = folders
    with pytest.raises(WeightsError, match=mentions("net-1234.pth")) as told:
        find_weights(FILE)
    assert f"{cache} or the folder that SELFMEND_WEIGHTS names, or pass its path; it is at https://" in str(told.value)
    assert "\n" not in str(told.value)
    with pytest.raises(WeightsError, match=mentions("elsewhere/net-1234.pth")):
        find_weights(FILE, path=tmp_path / "elsewhere")
    monkeypatch.delenv("SELFMEND_WEIGHTS")
    with pytest.raises(WeightsError, match=mentions("net-1234.pth", "SELFMEND_WEIGHTS")):
        find_weights(FILE)


def test_another_content_is_refused(folders) -> None:
    (folders[0] / FILE.name).write_bytes(CONTENT + b"!")
    with pytest.raises(
        WeightsError, match=rf"is not the published net-1234\.pth: SHA-256 .*, the published one has {DIGEST[:8]}"
    ):
        find_weights(FILE)


def test_nothing_is_downloaded_unasked_and_whole_or_not_at_all(folders, server, tmp_path) -> None:
    root, address = server
    file = WeightsFile(name="net.pth", origin=f"it is at {address}", address=address, sha256=DIGEST[:8])
    (root / "net.pth").write_bytes(CONTENT)
    with pytest.raises(WeightsError, match="are missing"):
        find_weights(file)
    found = find_weights(file, download=True)
    assert found == folders[0] / "net.pth"
    assert found.read_bytes() == CONTENT
    (root / "net.pth").unlink()
    assert find_weights(file, download=True) == found  # it is there: the address is not asked
    with pytest.raises(WeightsError, match=mentions("net.pth", "File not found")):
        find_weights(file, path=tmp_path / "new", download=True)
    (root / "net.pth").write_bytes(CONTENT[:-1])
    with pytest.raises(WeightsError, match=mentions("net.pth", "SHA-256")):
        find_weights(file, path=tmp_path / "new", download=True)
    assert list((tmp_path / "new").iterdir()) == []


def test_an_address_that_nobody_answers(folders) -> None:
    file = WeightsFile(name="net.pth", origin="", address="http://127.0.0.1:9/net.pth")
    with pytest.raises(WeightsError, match=mentions("download", "//127.0.0.1", "9/net.pth", "file")):
        find_weights(file, download=True)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)


def test_a_network_takes_its_own_keys_and_leaves_the_rest(tmp_path) -> None:
    state = {f"layer.{name}": torch.rand(shape) for name, shape in (("weight", (3, 2)), ("bias", (3,)))}
    state |= {f"norm.{name}": torch.rand(3) for name in ("weight", "bias", "running_mean", "running_var")}
    torch.save(state | {"head.weight": torch.rand(9)}, tmp_path / "a.pth")
    file = WeightsFile(name="a.pth", origin="it is at X")
    net = Small()
    load_pretrained(net, file, path=tmp_path)
    assert all(torch.equal(net.state_dict()[key], value) for key, value in state.items())

    del state["layer.bias"]
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=mentions("a.pth", "'layer.bias'", "file")):
        load_pretrained(net, file, path=tmp_path)
    torch.save(state | {"layer.bias": torch.rand(4)}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=mentions("'layer.bias'", "(4,)", "file", "(3,)")):
        load_pretrained(net, file, path=tmp_path)


@pytest.mark.parametrize("content", [b"", b"text", Small()], ids=["empty", "text", "code"])
def test_what_is_no_state_dict_is_refused_and_no_code_in_it_runs(content, tmp_path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(WeightsError, match=mentions("a.pth", "PyTorch")):
        load_pretrained(Small(), WeightsFile(name="a.pth", origin=""), path=path)


def test_a_list_is_no_state_dict(tmp_path) -> None:
    torch.save([torch.rand(2)], tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=mentions("PyTorch")):
        load_pretrained(Small(), WeightsFile(name="a.pth", origin=""), path=tmp_path)

"""Pictures of the server's machine: listed, opened, and results saved beside nobody's files."""

import pytest
from fastapi.testclient import TestClient

from encoded import photo
from facts import mentions
from selfmend.errors import OptionError
from selfmend.server.app import create_app
from selfmend.server.shared_files import SharedFiles


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "album"
    made.mkdir()
    (made / "a.png").write_bytes(photo(6, 8))
    (made / "notes.txt").write_text("secret")
    (tmp_path / "outside.png").write_bytes(photo(6, 8))
    return made


def client_of(runner, **shared):
    return TestClient(create_app(runner, shared=SharedFiles(**shared)), base_url="http://localhost:8418")


def test_only_what_is_listed_is_given(runner, folder) -> None:
    client = client_of(runner, pictures=folder)
    told = client.get("/api/files").json()
    assert (told["folder"], told["open"], told["saves"]) == ("album", None, False)
    assert [file["name"] for file in told["files"]] == ["a.png"]
    assert client.get("/api/files/a.png").content == (folder / "a.png").read_bytes()
    for name in ("notes.txt", "..%2Foutside.png", "%2Fetc%2Fpasswd", "b.png"):
        assert client.get(f"/api/files/{name}").status_code == 404
    assert client.post("/api/saved", json={"job": "a"}).status_code == 409


def test_one_photo_is_to_be_opened(runner, folder) -> None:
    told = client_of(runner, pictures=folder / "a.png").get("/api/files").json()
    assert (told["folder"], told["open"]) == ("", "a.png")
    assert client_of(runner).get("/api/files").json() == {"folder": "", "open": None, "saves": False, "files": []}


def test_saving_replaces_nothing(tmp_path) -> None:
    (tmp_path / "result.png").write_bytes(b"new")
    shared = SharedFiles(output=tmp_path / "out")
    names = [shared.save(tmp_path / "result.png", "a-mended.png") for _ in range(2)]
    assert len(set(names)) == 2
    assert names[0] == "a-mended.png"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)


def test_mistakes_are_one_line(tmp_path, folder) -> None:
    from selfmend.cli.serve import serve

    with pytest.raises(OptionError, match=mentions("album", "--input")):
        serve(photos=folder, input_folder=folder)
    with pytest.raises(OptionError, match=mentions("a.png", "folder")):
        serve(photos=folder, output=folder / "a.png")

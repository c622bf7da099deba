"""The command that puts a plug-in where its program looks for it."""

import os
import sys

import pytest

import install


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "GIMP"


def test_gimp(home, capsys):
    for version in ("2.10", "3.0", "3.10", "3.2", "3.x"):
        (home / version).mkdir(parents=True)
    assert install.main(["gimp"]) == 0
    folder = home / "3.10/plug-ins/selfmend"
    assert capsys.readouterr().out == f"installed in {folder}\n"
    assert sorted(file.name for file in folder.iterdir()) == ["selfmend.py", "selfmend_client.py"]
    assert os.access(folder / "selfmend.py", os.X_OK)
    (folder / "old.py").touch()
    assert install.main(["gimp"]) == 0
    assert not (folder / "old.py").exists()


def test_another_folder(tmp_path):
    assert install.main(["gimp", str(tmp_path)]) == 0
    assert (tmp_path / "selfmend/selfmend_client.py").read_text() == (install.HERE / "selfmend_client.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["gimp"], "no GIMP 3 in {home}; start GIMP once, or name the plug-ins folder of its Preferences > Folders"),
        (["comfyui"], "name the folder that ComfyUI is in"),
        (["comfyui", "{home}"], "{home} has no folder custom_nodes; name the folder that ComfyUI is in"),
    ],
)
def test_mistakes_are_one_line(home, capsys, arguments, line):
    assert install.main([argument.format(home=home) for argument in arguments]) == 2
    assert capsys.readouterr().err == f"error: {line.format(home=home)}\n"


def test_what_is_not_ours_stays(tmp_path, capsys):
    (tmp_path / "selfmend").mkdir()
    (tmp_path / "selfmend/mine.py").touch()
    assert install.main(["gimp", str(tmp_path)]) == 2
    assert "is there already and is not ours; move it away first" in capsys.readouterr().err
    assert (tmp_path / "selfmend/mine.py").exists()

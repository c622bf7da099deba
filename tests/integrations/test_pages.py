"""The integrations' own pages: what they link to and name is there, and the example runs."""

import re

import pytest

import install
from mending_server import png

PAGES = sorted(install.HERE.rglob("README.md"))
ROOT = install.HERE.parent


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_links_and_files(page):
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (page.parent / target).exists(), target
    for path in re.findall(r"(?:integrations|tests|docs)/[\w/.-]+\w", text):
        assert (ROOT / path).exists(), path


def test_every_integration_has_a_page_and_is_listed():
    folders = {page.parent.name for page in PAGES} - {"integrations"}
    assert folders == {"comfyui", "docker", "gimp"}
    listed = (install.HERE / "README.md").read_text()
    assert all(f"]({name}/README.md)" in listed for name in folders)


def test_the_example_runs(server, photo, hole, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").write_bytes(png(photo))
    (tmp_path / "mask.png").write_bytes(png(hole))
    (code,) = re.findall(r"^```python\n(.*?)^```", (install.HERE / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    exec(code.replace("http://127.0.0.1:8418", server.address), {})
    assert (tmp_path / "mended.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out.endswith("done 1.0\n")

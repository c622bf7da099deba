"""The documentation: every command and every Python block is run, every path and picture that is named exists."""

import contextlib
import doctest
import importlib
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from processes import environment
from selfmend.cli import app
from selfmend.cli.common import run_command
from selfmend.methods.registry import METHODS
from selfmend.tasks import TASKS
from subtitles import written
from video_clips import write_subtitled

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
DOCUMENTED = "http://127.0.0.1:8418"  # where the pages' server is; the tests' is elsewhere
OURSELVES = {"make test"}  # this is what runs


def blocks(language: str) -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        found += [(page.name, body) for kind, body in BLOCK.findall(page.read_text()) if kind == language]
    return found


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the pages speak of: a real photo, small, so that SinGAN trains in seconds."""
    from skimage import data

    folder = tmp_path_factory.mktemp("workshop")
    photo = PILImage.fromarray(data.chelsea()).resize((72, 48))
    photo.save(folder / "photo.jpg")
    near = PILImage.fromarray(data.chelsea()[6:294, 12:444])  # the same cat from a little nearer
    near.resize((72, 48)).save(folder / "near.jpg", quality=95)
    mask = PILImage.new("L", photo.size)
    mask.paste(255, (30, 16, 44, 28))
    mask.save(folder / "mask.png")
    cutout = photo.convert("RGBA")
    cutout.putalpha(PILImage.fromarray(255 - np.asarray(mask)))
    cutout.save(folder / "cutout.png")
    for name, picture in (("photos/one.jpg", photo), ("photos/more/two.jpg", near.resize((72, 48)))):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(folder / name)
        (folder / name.replace("photos", "masks")).parent.mkdir(parents=True, exist_ok=True)
        mask.save((folder / name.replace("photos", "masks")).with_suffix(".png"))
    edited = photo.copy()
    edited.paste(photo.crop((2, 2, 18, 14)), (30, 16))
    edited.save(folder / "edited.png")
    edited.save(folder / "composite.png")
    face = data.astronaut()[40:200, 150:300].copy()  # of Eileen Collins, by NASA
    (folder / "faces").mkdir()
    for name in ("face.jpg", *(f"faces/{number}.jpg" for number in ("one", "two", "three", "four"))):
        PILImage.fromarray(face).save(folder / name)
    face[50:75, 30:120] = 10
    PILImage.fromarray(face).save(folder / "barred.jpg", quality=90)
    subtitled, _ = written(np.ascontiguousarray(data.chelsea()[::2, ::2]), "Who is there?", letter=16)
    PILImage.fromarray(np.rint(subtitled * 255).astype(np.uint8)).save(folder / "subtitled.png")
    photo.quantize(5).resize((60, 50)).save(folder / "painting.png")
    write_subtitled(folder / "clip.mp4", frames=6)
    (folder / "clip-masks").mkdir()
    for number in range(6):
        PILImage.fromarray(np.uint8(255) * (np.indices((120, 200))[0] // 10 == number)).save(
            folder / "clip-masks" / f"{number}.png"
        )
    selfmend.fit("singan", folder / "photo.jpg", preset="tiny", folder=folder / "singan-run")
    return folder


@pytest.fixture(scope="module")
def begin_page(workshop: Path) -> Callable[[str], None]:
    """Every page is read in a folder of its own: what commands of another page wrote is removed; runs stay."""
    given, pages = set(workshop.iterdir()), [""]

    def begin(page: str) -> None:
        if page != pages[-1]:
            pages.append(page)
            for path in set(workshop.iterdir()) - given:
                path.unlink() if path.is_file() else None

    return begin


@contextlib.contextmanager
def serving(arguments: list[str], folder: Path) -> Iterator[str]:
    """A server as a page starts one, but on a free port and with its data in `folder`; its address."""
    data = tempfile.mkdtemp(dir=folder)  # two servers cannot share one
    command = [sys.executable, "-m", "selfmend", "serve", *arguments, "--port", "0", "--data", data]
    process = subprocess.Popen(
        [*command, "--no-open"], cwd=folder, env=environment(folder), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield re.findall(r"http://[^/]+", process.stdout.readline())[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def server(workshop: Path) -> Iterator[str]:
    """The server that the pages' other commands talk to."""
    with serving([], workshop) as address:
        yield address


def fetched(words: list[str], server: str, folder: Path) -> None:
    """`curl [-F NAME=@FILE]... URL`, which is not on every machine, asked by Python instead."""
    address, files = words[-1].replace(DOCUMENTED, server), {}
    for flag, field in zip(words[1:-1:2], words[2:-1:2], strict=True):
        assert flag == "-F", f"no test knows curl {flag}"
        name, _, file = field.partition("=@")
        files[name] = (file, (folder / file).read_bytes())
    answer = httpx.post(address, files=files, timeout=120) if files else httpx.get(address, timeout=120)
    assert answer.is_success, answer.text


@pytest.mark.parametrize(("page", "body"), blocks("sh"), ids=lambda v: v.splitlines()[0][:40])
def test_commands_run(
    page: str,
    body: str,
    workshop: Path,
    begin_page: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    """In this process: starting Python and torch anew for each line would take most of the time of all tests."""
    begin_page(page)
    monkeypatch.setenv("XDG_CACHE_HOME", str(workshop / "cache"))  # two test runs at once must not meet there
    for line in body.splitlines():
        if not line.strip() or line in OURSELVES:
            continue
        words, folder = shlex.split(line, comments=True), workshop
        if words[0] == "make":
            folder, words = ROOT, ["selfmend", *make_recipe(words[1]), "-o", str(workshop / "demo")]
        if words[:2] == ["selfmend", "serve"]:
            with serving(words[2:], workshop) as address:
                assert httpx.get(f"{address}/api/health").json()["status"] == "ok"
            continue
        if words[0] == "curl":
            fetched(words, request.getfixturevalue("server"), workshop)
            continue
        assert words[0] == "selfmend", f"{page} has a command that no test knows how to run: {line}"
        monkeypatch.chdir(folder)
        code = run_command(app, words[1:])
        assert code == 0, f"{page}: {line}\n{capfd.readouterr().err}"


def make_recipe(target: str) -> list[str]:
    """The arguments of selfmend in the Makefile's recipe: what is tested must not depend on a .venv beside it."""
    recipe = re.search(rf"^{target}:.*\n\t\$\(BIN\)/selfmend (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe, f"make {target} runs no selfmend command"
    return shlex.split(recipe.group(1))


@pytest.mark.parametrize(("page", "body"), blocks("python"), ids=lambda v: v.splitlines()[0][:40])
def test_python_runs(
    page: str, body: str, workshop: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    shutil.rmtree(workshop / "another-run", ignore_errors=True)
    if DOCUMENTED in body:
        body = body.replace(DOCUMENTED, request.getfixturevalue("server"))
    monkeypatch.chdir(workshop)
    monkeypatch.setattr("selfmend.methods.registry.METHODS", dict(METHODS))  # an example may add one
    tasks = dict(TASKS)
    try:
        exec(compile(body, page, "exec"), {"__name__": "example"})
    finally:
        TASKS.clear()
        TASKS.update(tasks)


@pytest.mark.parametrize("file", sorted((ROOT / "src").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_examples_run(file: Path) -> None:
    if ">>>" not in file.read_text():
        return
    module = importlib.import_module(".".join(file.relative_to(ROOT / "src").with_suffix("").parts))
    assert doctest.testmod(module).failed == 0


def test_readme_says_where_things_are() -> None:
    table = (ROOT / "README.md").read_text().split("## Where is ...?")[1]
    paths = re.findall(r"\| `([^`]+)` \|", table)
    assert len(paths) > 8
    for path in paths:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_api_page_has_every_public_name() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    shown = set(re.findall(r"^\.\. auto\w+:: (?:selfmend\.)?(\w+)$", page, re.MULTILINE))
    assert shown == set(selfmend.__all__) - {"__version__"}


def test_every_page_is_in_the_sites_navigation() -> None:
    docs = ROOT / "docs"
    listed = {Path("index")}
    for page in (ROOT / "docs").rglob("*.md"):
        for tree in re.findall(r"^```\{toctree\}\n(?::.*\n)*\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            listed |= {(page.parent / name).resolve().relative_to(docs) for name in tree.split()}
    pages = (page for kind in ("*.md", "*.ipynb") for page in docs.rglob(kind))
    assert listed == {page.relative_to(docs).with_suffix("") for page in pages}


@pytest.mark.parametrize("file", sorted((ROOT / "docs/notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_are_kept_without_outputs(file: Path) -> None:
    """`make docs` runs them in a kernel; here, that they can be, and that no picture swells the repository."""
    notebook = json.loads(file.read_text())
    assert notebook["nbformat"] == 4
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    for cell in code:
        assert not cell["outputs"]
        assert cell["execution_count"] is None
        compile("".join(cell["source"]), file.name, "exec")


def test_the_pictures_of_the_pages_are_those_of_their_script() -> None:
    script = (ROOT / "docs" / "make_pictures.py").read_text()
    names = re.findall(r'^    "([\w-]+)": \w+,$', re.sub(r", (?=\")", ",\n    ", script), re.MULTILINE)
    starting = re.findall(r'"([\w-]+)": \(\d', script)
    kept = {path.stem for path in (ROOT / "docs/images/tutorials").iterdir()}
    assert kept == {*names, *(f"start-{name}" for name in starting)}


def test_licence_is_named_once_and_for_all() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()[:200]


def test_the_figures_are_what_their_script_draws(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "docs" / "make_figures.py", tmp_path], check=True)
    drawn = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    kept = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").glob("figure-*.png")}
    assert drawn.keys() == kept.keys()
    assert all(abs(drawn[name] - size) < 0.2 * size for name, size in kept.items())

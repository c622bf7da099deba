"""What a release script, the conda recipe and the workflow file say, as far as it can be tried without a release."""

import importlib.util
import re
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import selfmend

ROOT = Path(__file__).parents[2]
URL = "https://example.org/someone/selfmend"


@pytest.fixture(scope="module")
def release():
    spec = importlib.util.spec_from_file_location("release_script", ROOT / "release" / "release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_links_of_a_released_readme_need_no_files_beside_it(release):
    readme = release.with_absolute_links((ROOT / "README.md").read_text(), URL, "v1.2.3")
    targets = re.findall(r"\]\(([^)]+)\)", readme)
    assert len(targets) > 10
    assert all(target.startswith("https://") for target in targets), targets
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", readme)
    assert pictures
    for target in pictures:
        assert target.startswith(f"{URL}/raw/v1.2.3/")
        assert (ROOT / target.removeprefix(f"{URL}/raw/v1.2.3/")).exists()


def test_addresses_become_the_projects(release):
    said = tomllib.loads(release.with_addresses((ROOT / "pyproject.toml").read_text(), URL))["project"]
    assert said["urls"]["Issues"] == f"{URL}/issues"
    assert all(address.startswith(URL) for address in said["urls"].values())
    assert said["scripts"] == {"selfmend": "selfmend.__main__:main"}


def test_a_version_is_released_when_it_has_a_date(release):
    assert release.released_on("## 1.0.0 (2027-01-31)\n- x", "1.0.0") == "2027-01-31"
    assert release.released_on("## 1.0.0 (unreleased)\n- x", "1.0.0") is None
    assert release.project_version() == selfmend.__version__


def test_what_is_missing_is_named(release, tmp_path):
    sdist, wheel = tmp_path / "selfmend-9.tar.gz", tmp_path / "selfmend-9.whl"
    with tarfile.open(sdist, "w:gz") as archive:
        for name in release.IN_SDIST[1:]:
            archive.add(ROOT / name, f"selfmend-9/{name}")
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in release.IN_WHEEL:
            archive.write(ROOT / "src" / name, name)
    assert release.missing([sdist, wheel], "9") == [f"{release.IN_SDIST[0]} in the sdist"]


def test_the_conda_recipe_asks_for_what_the_package_needs(project):
    recipe = yaml.safe_load((ROOT / "release" / "conda" / "recipe.yaml").read_text())
    assert recipe["context"]["version"] == selfmend.__version__
    called = {"opencv-python-headless": "py-opencv", "torch": "pytorch"}
    needed = {re.sub(r"[<>=].*", "", one) for one in project["dependencies"]}
    asked = dict(one.split(" ", 1) for one in recipe["requirements"]["run"])
    assert {called.get(name, name) for name in needed} == asked.keys() - {"python"}
    for one in project["dependencies"]:
        name, least = re.match(r"([\w-]+)>=([\d.]+)", one).groups()
        assert asked[called.get(name, name)].startswith(f">={least}")
    assert asked["python"] == project["requires-python"]


def test_the_workflow_runs_what_ci_runs_on_three_systems(project):
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    machines = workflow["jobs"]["check"]["strategy"]["matrix"]["include"]
    assert {one["os"].split("-")[0] for one in machines} == {"ubuntu", "macos", "windows"}
    assert any(step.get("run") == "bash .ci/run" for step in workflow["jobs"]["check"]["steps"])
    named = {line.rsplit(" ", 1)[1] for line in project["classifiers"] if re.search(r":: 3\.\d+$", line)}
    assert {one["python"] for one in machines} <= named

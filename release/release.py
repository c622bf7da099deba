"""Builds what a release is: sdist and wheel, with links that work on a package index, checked and tried.

    python release/release.py --url https://HOST/OWNER/selfmend [-o dist]     # needs the group `release`
    python release/release.py --url ... --rehearse                            # before the changelog has a date

Nothing is uploaded and no tag is set: the last lines say how. What is committed is built, in a copy; the README of the
copy has absolute links (a package index shows it without the files beside it), its pyproject.toml the addresses.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IN_SDIST = (
    "docs/index.md",
    "docs/conf.py",
    "tests/test_docs.py",
    "benchmarks/common.py",
    "integrations/install.py",
    "CHANGELOG.md",
)
IN_WHEEL = (
    "selfmend/py.typed", "selfmend/server/page/index.html", "selfmend/masks/weights/damage-finder.npz",
    "selfmend/masks/weights/mark-finder.npz",
)  # fmt: skip
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def with_absolute_links(text: str, url: str, tag: str) -> str:
    """Markdown whose relative links lead to a code host: pages to `URL/blob/TAG/`, pictures to `URL/raw/TAG/`."""

    def absolute(match: re.Match[str]) -> str:
        picture, words, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        return f"{picture}[{words}]({url}/{'raw' if picture else 'blob'}/{tag}/{target})"

    return _LINK.sub(absolute, text)


def with_addresses(pyproject: str, url: str) -> str:
    """pyproject.toml with the project's addresses, which differ from one host to another."""
    lines = "\n".join(f'{name} = "{url}{path}"' for name, path in ADDRESSES.items())
    return pyproject.replace("[project.scripts]", f"[project.urls]\n{lines}\n\n[project.scripts]", 1)


ADDRESSES = {
    "Homepage": "", "Documentation": "/tree/main/docs", "Source": "", "Issues": "/issues",
    "Changelog": "/blob/main/CHANGELOG.md",
}  # fmt: skip


def released_on(changelog: str, version: str) -> str | None:
    """The date of a version in the changelog, None where it has none yet."""
    found = re.search(rf"^## {re.escape(version)} \((\d{{4}}-\d\d-\d\d)\)$", changelog, re.MULTILINE)
    return found[1] if found else None


def project_version() -> str:
    """The version, as it is written in the one place for it."""
    found = re.search(r'"(.+)"$', (ROOT / "src/selfmend/_version.py").read_text().strip())
    assert found
    return found[1]


def built(url: str, version: str, out: Path, *, isolated: bool = True) -> list[Path]:
    """Sdist and wheel of what is committed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "selfmend"
        copy.mkdir()
        archive = Path(folder) / "committed.tar"
        run("git", "-C", str(ROOT), "archive", "-o", str(archive), "HEAD")
        with tarfile.open(archive) as committed:
            committed.extractall(copy, filter="data")
        readme, pyproject = copy / "README.md", copy / "pyproject.toml"
        readme.write_text(with_absolute_links(readme.read_text(), url, f"v{version}"))
        pyproject.write_text(with_addresses(pyproject.read_text(), url))
        run(sys.executable, "-m", "build", *([] if isolated else ["--no-isolation"]), "--outdir", str(out), str(copy))
    return sorted(out.glob(f"selfmend-{version}*"))


def missing(files: list[Path], version: str) -> list[str]:
    """What should be in the sdist or the wheel, and is not."""
    lacking = []
    for file in files:
        if file.name.endswith(".tar.gz"):
            with tarfile.open(file) as sdist:
                names = set(sdist.getnames())
            lacking += [f"{name} in the sdist" for name in IN_SDIST if f"selfmend-{version}/{name}" not in names]
        else:
            with zipfile.ZipFile(file) as wheel:
                names = set(wheel.namelist())
            lacking += [f"{name} in the wheel" for name in IN_WHEEL if name not in names]
    return lacking


def tried(wheel: Path) -> None:
    """A photo mended by the wheel alone, in a new environment, as `pipx run` does it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "venv"
        venv.create(place, with_pip=True)
        commands = place / ("Scripts" if sys.platform == "win32" else "bin")
        run(str(commands / "python"), "-m", "pip", "install", "--quiet", str(wheel))
        run(str(commands / "selfmend"), "demo", "-o", str(Path(folder) / "demo"))


def run(*command: str) -> None:
    subprocess.run(command, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="where the source lies, such as https://HOST/OWNER/selfmend")
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "dist")
    parser.add_argument(
        "--rehearse", action="store_true", help="without a date in the changelog, and with open changes"
    )
    given = parser.parse_args()
    url, version = given.url.rstrip("/"), project_version()
    if not given.rehearse:
        if released_on((ROOT / "CHANGELOG.md").read_text(), version) is None:
            return refused(f"CHANGELOG.md has no line '## {version} (YYYY-MM-DD)'; date it, or --rehearse")
        if subprocess.run(["git", "-C", ROOT, "status", "--porcelain"], capture_output=True, check=True).stdout:
            return refused("there are changes that are not committed; commit them, or --rehearse")
    if given.out.is_dir() and any(given.out.iterdir()):
        return refused(f"{given.out} holds files; remove them, or choose another -o")
    files = built(url, version, given.out)
    run(sys.executable, "-m", "twine", "check", "--strict", *map(str, files))
    if lacking := missing(files, version):
        return refused(f"missing: {', '.join(lacking)}")
    tried(next(file for file in files if file.suffix == ".whl"))
    print(*files, f"git tag v{version} && git push --tags", f"twine upload {given.out}/*", sep="\n")
    return 0


def refused(line: str) -> int:
    print(f"error: {line}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())

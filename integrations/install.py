"""Puts a plug-in and the client that it needs where its program looks for plug-ins.

python integrations/install.py gimp [PLUG-INS FOLDER]
python integrations/install.py comfyui COMFYUI FOLDER
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


class InstallError(Exception):
    """What cannot be installed; the message is one line for a person."""


def gimp_folder() -> Path:
    """The plug-ins folder of the newest GIMP 3 that this user has started.

    Raises:
        InstallError: there is none.
    """
    if sys.platform == "win32":
        settings = Path(os.environ.get("APPDATA", ""), "GIMP")
    elif sys.platform == "darwin":
        settings = Path.home() / "Library/Application Support/GIMP"
    else:
        settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "GIMP")
    versions = [folder for folder in settings.glob("3.*") if folder.name[2:].isdecimal()]
    if not versions:
        raise InstallError(
            f"no GIMP 3 in {settings}; start GIMP once, or name the plug-ins folder of its Preferences > Folders"
        )
    return max(versions, key=lambda folder: int(folder.name[2:])) / "plug-ins"


def comfyui_folder(comfyui: Path) -> Path:
    """Where ComfyUI, whose folder is given, looks for nodes.

    Raises:
        InstallError: it is not ComfyUI's folder.
    """
    if not (comfyui / "custom_nodes").is_dir():
        raise InstallError(f"{comfyui} has no folder custom_nodes; name the folder that ComfyUI is in")
    return comfyui / "custom_nodes"


def install(plug_in: str, folder: Path) -> Path:
    """Copy the plug-in "gimp" or "comfyui" and the client into `folder`/selfmend; what was there is replaced.

    Returns:
        That folder.

    Raises:
        InstallError: something else has that name.
    """
    source, target = HERE / plug_in / "selfmend", folder / "selfmend"
    if target.exists() and not (target / "selfmend_client.py").is_file():
        raise InstallError(f"{target} is there already and is not ours; move it away first")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "selfmend_client.py", target)
    for file in target.glob("selfmend.py"):
        file.chmod(0o755)  # GIMP passes over files that cannot be run
    return target


def main(arguments: list[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plug_in", choices=["gimp", "comfyui"])
    parser.add_argument("folder", nargs="?", type=Path)
    chosen = parser.parse_args(arguments)
    try:
        if chosen.plug_in == "gimp":
            folder = chosen.folder or gimp_folder()
        elif chosen.folder is None:
            raise InstallError("name the folder that ComfyUI is in")
        else:
            folder = comfyui_folder(chosen.folder)
        print(f"installed in {install(chosen.plug_in, folder)}")
    except (InstallError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

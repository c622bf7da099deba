"""What was meant: one line for those who type a word of another tool, or give a command what another one takes."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

from selfmend.errors import OptionError, nearest_name
from selfmend.files import exists

OTHER_WORDS = {
    "fill": "inpaint", "remove": "inpaint", "erase": "inpaint", "heal": "inpaint", "mend": "inpaint",
    "repair": "inpaint", "upscale": "super-resolve", "enlarge": "super-resolve",
    "resize": "retarget", "generate": "sample", "film": "video", "movie": "video", "folder": "batch",
    "server": "serve", "web": "serve", "ui": "serve", "fit": "train", "learn": "train", "benchmark": "bench",
    "compare": "bench", "metrics": "evaluate", "harmonise": "harmonize", "list": "methods",
}  # fmt: skip
"""What people type who know other tools, and the command that does it."""

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".heic", ".avif", ".ppm", ".jp2")
_FILMS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")

_ONE_PICTURE = "{path} is a folder of pictures and no run; {name} takes one picture, or a RUN of `selfmend train`"
_A_FILM = "{path} is a film; to fill its subtitles: selfmend video {path} --subtitles"
_INSTEAD = {
    "inpaint": {"film": _A_FILM, "folder": "{path} is a folder; for all pictures in it: selfmend batch {path}"},
    "sample": {"film": _A_FILM, "pictures": _ONE_PICTURE},
    "retarget": {"film": _A_FILM, "pictures": _ONE_PICTURE},
    "super-resolve": {"film": _A_FILM, "folder": "{path} is a folder; {name} takes one picture"},
    "batch": {"film": _A_FILM, "picture": "{path} is a picture; to fill it: selfmend inpaint {path} --mask MASK"},
    **{name: {"film": _A_FILM, "pictures": _ONE_PICTURE} for name in ("paint", "animate")},
}
"""By command and by what its first argument is: what to say instead of trying."""


class Command(TyperCommand):
    """A command that answers what was meant for another one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments.

        Raises:
            OptionError: they are those of another command.
        """
        try:
            rest = super().parse_args(ctx, args)
        except Exception as error:
            extra = re.fullmatch(r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)", getattr(error, "message", ""))
            if extra and self.name == "inpaint" and extra[1].lower().endswith(_PICTURES):
                raise OptionError(f"inpaint takes one picture; the mask has a name: --mask {extra[1]}") from error
            raise
        first = next((one.name for one in self.params if one.param_type_name == "argument"), None)
        value = ctx.params.get(first)
        if isinstance(value, Path):
            for kind in _kinds(value):
                if kind in _INSTEAD.get(self.name or "", {}):
                    raise OptionError(_INSTEAD[self.name or ""][kind].format(path=value, name=self.name))
        return rest


def meant(name: str, rest: list[str], commands: Collection[str]) -> str:
    """What to tell somebody whose first word is no command."""
    ending = "." + name.lower().rpartition(".")[2] if "." in name else ""
    if ending in _PICTURES:
        mask = next((one for one in rest if one.lower().endswith(_PICTURES)), "MASK.png")
        command = f"selfmend inpaint {name} --mask {mask}"
        return f"{name} is a picture, not a command; to fill what is white in a mask: {command}"
    if ending in _FILMS:
        return f"{name} is a film, not a command; to fill its subtitles: selfmend video {name} --subtitles"
    if name.lower() in OTHER_WORDS:
        return f"no command {name!r}; did you mean: selfmend {OTHER_WORDS[name.lower()]}"
    return f"no command {name!r}; {nearest_name(name, commands)}"


def _kinds(path: Path) -> list[str]:
    """What is at a path: film, picture, folder, and whether a folder holds pictures and no run; [] for nothing."""
    if not exists(path):
        return []
    if path.is_dir():
        names = [one.name.lower() for one in path.iterdir()]
        held = "run.json" not in names and any(name.endswith(_PICTURES) for name in names)
        return ["folder", *(["pictures"] if held else [])]
    return [kind for kind, endings in (("film", _FILMS), ("picture", _PICTURES)) if path.suffix.lower() in endings]

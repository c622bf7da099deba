"""The options that several commands share, so that they mean and say the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Mask = Annotated[
    str | None,
    typer.Option(
        "--mask",
        "-m",
        metavar="MASK",
        help="Where the hole is: a picture FILE that is white there, 'alpha' for the transparent pixels, a colour "
        "'#RRGGBB' (in quotes), or a box x,y,w,h. Left out, transparency is the hole.",
    ),
]
Method = Annotated[str | None, typer.Option(help="See `selfmend methods`.", show_default="patchmatch")]
Preset = Annotated[str | None, typer.Option(help="Named settings; see `selfmend methods NAME`.")]
Seed = Annotated[int | None, typer.Option(help="Same seed, same result.", show_default="0")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One option; repeatable.")]
InvertMask = Annotated[bool, typer.Option("--invert-mask", help="In the mask, black is the hole.")]
Grow = Annotated[int, typer.Option(help="Let the hole grow by so many pixels: soft edges, JPEG halos.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object about the result.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Allow the output to replace an input.")]
SaveModel = Annotated[Path | None, typer.Option(help="Keep what was learned in this folder.")]
Source = Annotated[
    Path,
    typer.Argument(
        metavar="RUN|IMAGE", help="What `selfmend train` wrote, or a picture to start from.", show_default=False
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Picture file, or a folder. Default: a name beside the source.", show_default=False
    ),
]
GenerativeMethod = Annotated[
    str | None, typer.Option("--method", help="For an IMAGE; see `selfmend methods`.", show_default="gpnn")
]
Size = Annotated[str | None, typer.Option(metavar="HxW", help="Height and width of the result, in pixels.")]
ScaleHeight = Annotated[float | None, typer.Option(help="Instead of --size: so many times as high.")]
ScaleWidth = Annotated[float | None, typer.Option(help="Instead of --size: so many times as wide.")]
StartScale = Annotated[
    str | None,
    typer.Option(
        metavar="N|all",
        help="Scale from which all is drawn anew, 0 = the coarsest: the higher, the more like the picture. 'all' "
        "writes one sheet with every scale, to choose from.",
    ),
]
Below = Annotated[
    str | None,
    typer.Option(
        metavar="image|reconstruction",
        help="What enters at the start scale: the shrunken picture, or what the scales below make of it without "
        "chance.",
        show_default="image",
    ),
]
Model = Annotated[Path | None, typer.Option(help="Fill with a RUN that `selfmend train` wrote.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="What `selfmend train singan IMAGE -o RUN` wrote.")]
EntryScale = Annotated[
    str | None,
    typer.Option(
        "--start-scale",
        metavar="N|all",
        help="Scale at which the picture enters, 1 = the second coarsest: the higher, the more of it stays. 'all' "
        "writes one sheet with every scale, to choose from. Default: chosen for the purpose.",
        show_default=False,
    ),
]

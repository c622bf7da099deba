"""`selfmend mask`: draw the masks that `selfmend inpaint` fills."""

from __future__ import annotations

import typer

from selfmend.cli import mask_drawn, mask_faces, mask_text

app = typer.Typer(help="Draw masks: white where the hole is.", no_args_is_help=True)
app.command("text")(mask_text.text)
app.command("eyes")(mask_faces.eyes)
app.command("bars")(mask_faces.bars)
app.command("color")(mask_drawn.color)
app.command("box")(mask_drawn.box)
app.command("random")(mask_drawn.random)
app.command("difference")(mask_drawn.difference)

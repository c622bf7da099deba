"""The command line. Thin: each command reads its arguments, calls the Python interface and shows what happened.

Nothing heavy is imported before a command runs: `selfmend --help` loads no torch.
"""

from __future__ import annotations

import sys

import typer

from selfmend.cli import (
    ablation,
    animate,
    batch,
    bench,
    demo,
    edit,
    evaluate,
    harmonize,
    import_,
    inpaint,
    mask,
    methods,
    paint,
    retarget,
    sample,
    serve,
    super_resolve,
    train,
    video,
)
from selfmend.cli.common import run_command, version_callback

app = typer.Typer(
    name="selfmend",
    help="Fill the missing parts of pictures, with models that learn from the picture itself.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=version_callback, is_eager=True, help="Print the version."
    ),
) -> None:
    """Fill the missing parts of pictures, with models that learn from the picture itself."""


app.command("inpaint")(inpaint.inpaint)
app.command("batch")(batch.batch)
app.command("video")(video.video)
app.command("train")(train.train)
app.command("bench")(bench.bench)
app.command("ablation")(ablation.ablation)
app.command("import")(import_.import_)
app.command("sample")(sample.sample)
app.command("retarget")(retarget.retarget)
app.command("super-resolve")(super_resolve.super_resolve)
app.command("paint")(paint.paint)
app.command("harmonize")(harmonize.harmonize)
app.command("edit")(edit.edit)
app.command("animate")(animate.animate)
app.command("serve")(serve.serve)
app.command("methods")(methods.methods)
app.command("demo")(demo.demo)
app.add_typer(mask.app, name="mask")
app.add_typer(evaluate.app, name="evaluate")


def main(arguments: list[str] | None = None) -> None:
    """The console script: a user's mistake ends with one line and exit code 2, Ctrl-C with 130."""
    sys.exit(run_command(app, arguments))

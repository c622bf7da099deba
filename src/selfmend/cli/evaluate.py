"""`selfmend evaluate`: metrics of pictures and samples."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, print_json, print_table
from selfmend.cli.progress import terminal_progress
from selfmend.errors import MissingExtraError, OptionError, check_known
from selfmend.evaluation.pair_scores import StoppedScoresError, score_mended
from selfmend.evaluation.sample_scores import fit_parameters, score_enlarged, score_samples
from selfmend.interrupts import telling
from selfmend.progress import Progress

_HEADINGS = {
    "copied-side": "copied side px",
    "copied-large": "copied >32 px",
}
_DIGITS = {"copied-side": 1, "copied-large": 3, "seams": 2, "rmse": 2, "psnr": 2, "niqe": 2}
_HOLE = "-hole"
_MOST = 5  # columns of numbers, as wide as a terminal; --json has all


def print_scores(rows: list[dict[str, Any]], mean: dict[str, float | None]) -> None:
    """A row a picture, and their mean."""
    last = [{"file": f"mean of {len(rows)}", **mean}] if len(rows) > 1 else []
    _print_rows([*rows, *last], list(mean))


def print_comparison(found: dict[str, Any], *, hole: bool) -> None:
    """A row a metric: of whole pictures and of their holes; of several pictures the mean and its 95 % interval.

    Above it, of several pictures, a row a picture with the first scores, of the holes where these were measured.

    Args:
        found: what `evaluation.pair_scores.score_mended` gives.
        hole: whether holes were measured.
    """
    mean, interval, count = found["mean"], found["interval"], len(found["pictures"])
    if count > 1:
        _print_rows(found["pictures"], [name for name in mean if name.endswith(_HOLE) == hole][:_MOST])
    metrics = list(dict.fromkeys(name.removesuffix(_HOLE) for name in mean))
    body = []
    for metric in metrics:
        row = [metric]
        for name in (metric, metric + _HOLE)[: 1 + hole]:
            row.append(_number(metric, mean.get(name)))
            if count > 1:
                ends = interval.get(name)
                row.append("-" if ends is None else " to ".join(_number(metric, end) for end in ends))
        body.append(row)
    beside = ["95 %"] if count > 1 else []
    header = [f"mean of {count}" if count > 1 else "metric", "whole", *beside]
    print_table(header + (["hole", *beside] if hole else []), body, numbers=True)


def _print_rows(rows: list[dict[str, Any]], names: list[str]) -> None:
    """Some of the scores; files with their folders only where their names are equal."""
    files = [row["file"] for row in rows]
    short = [Path(file).name for file in files]
    shown = short if len(set(short)) == len(set(files)) else files
    body = [[file, *(_number(name, row[name]) for name in names)] for file, row in zip(shown, rows, strict=True)]
    print_table(["picture", *(_HEADINGS.get(name, name) for name in names)], body, numbers=True)


def _number(name: str, value: float | None) -> str:
    return "-" if value is None else f"{value:.{_DIGITS.get(name.removesuffix(_HOLE), 4)}f}"


class PairUnlessNamed(TyperGroup):
    """`evaluate TRUTH OUTPUT` is `evaluate pair TRUTH OUTPUT`, and `evaluate --paper NAME` is `evaluate paper NAME`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `pair` before what is neither a command nor meant to be one."""
        if args and args[0] == "--paper":
            args = ["paper", *args[1:]]
        elif args and args[0].startswith("--paper="):
            args = ["paper", args[0].removeprefix("--paper="), *args[1:]]
        first = args[0] if args else "--help"
        slip = not Path(first).exists() and difflib.get_close_matches(first, self.commands, cutoff=0.7)
        if first not in self.commands and first != "--help" and not slip:
            args = ["pair", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    add_completion=False,
    help="Measure pictures: `selfmend evaluate TRUTH OUTPUT` and the commands below.",
    no_args_is_help=True,
    cls=PairUnlessNamed,
)

Weights = Annotated[
    Path | None,
    typer.Option(
        help="Folder with the published weights, or one file of them (.pth Inception, .npz NIQE).",
        show_default="SELFMEND_WEIGHTS, then the cache folder",
    ),
]
Download = Annotated[bool, typer.Option("--download", help="Fetch weights that are missing (104 MB).")]


@app.command("samples")
def samples(
    real: Annotated[Path, typer.Argument(metavar="REAL", help="The picture that was learned from.")],
    fakes: Annotated[list[Path], typer.Argument(metavar="FAKES...", help="Generated pictures, or folders of them.")],
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Which, with commas between: sifid, sifid-192, niqe, copying, seams, diversity.",
            show_default="all that can be had",
        ),
    ] = None,
    weights: Weights = None,
    download: Download = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Compare generated pictures with the one picture that they were learned from.

    sifid: distance of Inception's statistics, lower is better. niqe: naturalness, lower is better. copied: the size of
    the regions taken over as a whole. seams: edges that their sources lack, 0 to 255. diversity: of all the samples.
    """

    be_quiet(quiet)
    asked = _names(metrics)
    with terminal_progress(quiet=quiet or as_json) as progress:
        score = partial(score_samples, real, fakes, metrics=asked, weights=weights, download=download)
        found, stop = _scored(score, progress)
    if as_json:
        print_json(found)
    else:
        if len(found["mean"]) > 0:
            print_scores(found["samples"], found["mean"])
        if found["diversity"] is not None:
            typer.echo(f"diversity of {found['compared']} samples: {found['diversity']:.4f}")
    _go_on(stop)


@app.command("super-resolution")
def super_resolution(
    truths: Annotated[Path, typer.Argument(metavar="TRUTHS", help="The originals: a folder, or one picture.")],
    outputs: Annotated[Path, typer.Argument(metavar="OUTPUTS", help="What was made: a folder of equal names, or one.")],
    weights: Weights = None,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Compare enlarged pictures with the originals, paired by name: rmse (0 to 255), psnr (dB), ssim, niqe.

    In colour, with nothing cut off at the borders. niqe looks at the outputs alone.
    """

    be_quiet(quiet)
    with terminal_progress(quiet=quiet or as_json) as progress:
        found, stop = _scored(partial(score_enlarged, truths, outputs, weights=weights), progress)
    if as_json:
        print_json(found)
    else:
        print_scores(found["pictures"], found["mean"])
    _go_on(stop)


@app.command("pair")
def pair(
    truths: Annotated[Path, typer.Argument(metavar="TRUTH", help="The original, or a folder of them.")],
    outputs: Annotated[Path, typer.Argument(metavar="OUTPUT", help="What was made of it; a folder: of equal names.")],
    mask: Annotated[
        str | None,
        typer.Option(
            "--mask",
            "-m",
            metavar="MASK",
            help="Also measure the hole alone. As in inpaint, or a folder with a mask of each name.",
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Which, with commas between: psnr, ssim, mae, rmse, lpips-alex, lpips-squeeze, edges, asvs, dn, fid.",
            show_default="all that can be had",
        ),
    ] = None,
    lpips: Annotated[
        str | None, typer.Option(metavar="alex|squeeze", help="LPIPS on this backbone, which must be had then.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Folder with the published weights.", show_default="SELFMEND_WEIGHTS, then the cache folder"),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch those that are missing (alex: 244 MB, squeeze: 5 MB, fid: 91 MB).")
    ] = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Compare mended pictures with the originals, paired by name; `pair` can be left out.

    psnr (dB), ssim, mae, rmse (0 to 255), LPIPS; edges: precision and recall of Canny's; asvs, dn: how much the fill
    draws the eye, under two models of saliency; fid: of whole folders. With --mask each also of the hole alone: known
    pixels are equal and flatter every number.
    """
    be_quiet(quiet)
    asked = _names(metrics)
    with terminal_progress(quiet=quiet or as_json) as progress:
        score = partial(
            score_mended, truths, outputs, mask=mask, metrics=asked, backbone=lpips, weights=weights, download=download
        )
        found, stop = _scored(score, progress)
    if as_json:
        print_json(found)
    else:
        print_comparison(found, hole=mask is not None)
        if found["fid"] is not None:
            typer.echo(f"fid of {len(found['pictures'])} pictures: {found['fid']:.3f}")
    _go_on(stop)


def _scored(
    score: Callable[..., dict[str, Any]], progress: Progress
) -> tuple[dict[str, Any], StoppedScoresError | None]:
    """The scores, or those of what was done when the work was stopped, and what stopped it."""
    try:
        return score(progress=progress), None
    except StoppedScoresError as stop:
        return stop.found, stop


def _go_on(stop: StoppedScoresError | None) -> None:
    """After the scores of what was done are shown, end as a command that was stopped."""
    if stop is not None:
        raise stop


@app.command("paper")
def paper(
    name: Annotated[str, typer.Argument(metavar="PAPER", help="000, 001, 002, 003 or 004.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="Folder for tables and pictures.")],
    photos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PHOTOS...", help="Photos or folders of them; 004: a folder of faces.",
            show_default="three of scikit-image's",
        ),
    ] = None,
    masks: Annotated[
        Path | None, typer.Option(metavar="DIR", help="000 to 002: holes, paired by name.", show_default="drawn")
    ] = None,
    references: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="000: pictures of the same scenes, by name.", show_default="the photo, moved"
        ),
    ] = None,
    run: Annotated[
        list[str] | None, typer.Option(metavar="METHOD=RUN", help="002: what was trained on a folder; repeatable.")
    ] = None,
    preset: Annotated[
        list[str] | None, typer.Option(metavar="METHOD=PRESET", help="Of a method; repeatable.")
    ] = None,
    size: Annotated[int, typer.Option(help="Longest side in pixels; smaller photos stay as they are.")] = 250,
    seeds: Annotated[int, typer.Option(help="004: trainings of each value.")] = 3,
    held_back: Annotated[
        int | None, typer.Option(metavar="N", help="004: measure on the last N pictures.", show_default="100")
    ] = None,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:  # fmt: skip
    """Compute the tables of a paper with all their columns; `evaluate --paper 003` is the same.

    A column whose weights are not on this machine says which file to bring. What the paper prints stands beside, as
    published: its pictures are others. OUT gets tables.md, tables.json, the pictures and sheets of them; with 004, what
    was stopped goes on there.
    """
    from dataclasses import asdict

    from selfmend.evaluation.paper_tables import as_markdown, run_ablation_paper, run_paper
    from selfmend.image.outputs import check_replaced

    be_quiet(quiet)
    presets = _pairs(preset, "--preset", "singan=tiny")
    if name != "004":
        check_replaced(output / "tables.md", overwrite=overwrite)

    def kept() -> str:
        if name == "004":
            return f"what is done is kept in {output}, and the same command goes on from there"
        made = len(list(output.glob("*.png")))
        pictures = "1 picture is" if made == 1 else f"{made} pictures are"
        return f"{pictures} in {output}; the tables come when all are done" if made else ""

    with terminal_progress(quiet=quiet or as_json) as progress, telling(kept):
        if name == "004":
            if photos is None or len(photos) != 1:
                raise OptionError(
                    "004 trains DMFN: one folder of faces fits, selfmend evaluate --paper 004 FACES -o OUT"
                )
            found = run_ablation_paper(
                photos[0], output, seeds=seeds, held_back=held_back, preset=presets.get("dmfn"), device=device,
                progress=progress,
            )  # fmt: skip
        else:
            found = run_paper(
                name, output, photos=photos or (), masks=masks, references=references, presets=presets,
                runs=_pairs(run, "--run", "edgeconnect=RUN"), size=size, seed=seed or 0, device=device,
                progress=progress,
            )  # fmt: skip
    if as_json:
        print_json({"output": output, "tables": [asdict(table) for table in found]})
    elif not quiet:
        typer.echo("\n\n".join(as_markdown(table) for table in found))
        typer.echo(f"\n{output / 'tables.md'}")


def _pairs(given: list[str] | None, option: str, example: str) -> dict[str, str]:
    """NAME=VALUE options as a dict."""
    found = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise OptionError(f"{option} {text} is not NAME=VALUE, such as {example}")
        found[name.strip()] = value.strip()
    return found


@app.command("study")
def study(
    reals: Annotated[Path | None, typer.Argument(metavar="REALS", help="Folder of photos.")] = None,
    fakes: Annotated[
        Path | None,
        typer.Argument(metavar="FAKES", help="Folder of what was made of them: NAME-1.png, NAME/1.png of NAME.png."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="STUDY", help="File for the answers; one that is there goes on.")
    ] = Path("study.sqlite"),
    protocol: Annotated[
        str | None, typer.Option(metavar="paired|unpaired", help="The one.", show_default="both, in turn")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Of each person at most, without catch trials.")] = 50,
    host: Annotated[str, typer.Option(help="Address; another than 127.0.0.1 needs --token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8419,
    token: Annotated[
        str | None, typer.Option(envvar="SELFMEND_TOKEN", help="A secret of 16 characters or more, in the page's URL.")
    ] = None,
    open_page: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Show the page in the browser.", show_default="on a desktop")
    ] = None,
) -> None:
    """Ask people which pictures are real, by the two protocols of SinGAN's paper, on a page of this machine.

    paired: a photo and a made picture side by side for a second. unpaired: one picture for a second. No name, order or
    size of a file tells which is which; catch trials find out who does not look. `evaluate study-results` counts.
    """
    from selfmend.evaluation.study import PROTOCOLS, Study, pair_fakes

    if (reals is None) != (fakes is None):
        raise OptionError("a study needs the real and the made pictures: selfmend evaluate study REALS FAKES")
    if protocol is not None:
        check_known("protocol", protocol, PROTOCOLS)
    pairs = None if reals is None or fakes is None else pair_fakes(reals, fakes)
    kept = Study(output, pairs)
    try:
        from selfmend.server.security import Access
        from selfmend.server.serving import open_browser, serve_app
        from selfmend.server.study import create_study_app
    except ImportError as error:
        raise MissingExtraError.of("a study", "web", error) from error
    access = Access(host=host, port=port, token=token)
    app = create_study_app(kept, trials=trials, protocols=(protocol,) if protocol else PROTOCOLS, access=access)
    opened = None if open_page is False else open_browser
    try:
        serve_app(app, access=access, say=typer.echo, opened=opened)
    finally:
        kept.close()


@app.command("study-results")
def study_results(
    file: Annotated[Path, typer.Argument(metavar="STUDY", help="File of the answers.")],
    weights: Weights = None,
    as_json: arguments.Json = False,
) -> None:
    """Count the answers of a study: confusion (50 % is as good as guessing) with its interval, and its correlation
    with SIFID where Inception's weights are here.
    """
    from dataclasses import asdict

    from selfmend.evaluation.study import Study, sifid_of_pairs

    if not file.is_file():
        raise OptionError(f"{file} is not there; selfmend evaluate study REALS FAKES -o {file} makes it")
    kept = Study(file)
    try:
        sifid, lacking = sifid_of_pairs(kept.pairs.values(), weights)
        found = kept.results(sifid)
    finally:
        kept.close()
    if as_json:
        print_json({"results": [asdict(one) for one in found], "sifid": sifid, "lacking": lacking})
        return
    body = [[one.protocol, str(one.people), str(one.left_out), str(one.answers), _percent(one.confusion),
             "-" if one.interval is None else " to ".join(map(_percent, one.interval)), _percent(one.fakes_taken),
             _percent(one.reals_taken), "-" if one.correlation is None else f"{one.correlation:.2f}"]
            for one in found]  # fmt: skip
    head = ["protocol", "people", "left out", "answers", "confusion", "95 %", "fakes taken", "reals taken", "r SIFID"]
    print_table(head, body, numbers=True)
    if lacking:
        typer.echo(f"SIFID: {lacking}")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


@app.command("fit-niqe")
def fit_niqe(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Sharp, undamaged photos; some hundred are good.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.npz", help="Where the parameters go.")],
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Learn from photos what niqe takes for natural.

    Put the file into the folder that SELFMEND_WEIGHTS names, as niqe_pris_params.npz, or pass it with --weights.
    """

    be_quiet(quiet)
    with terminal_progress(quiet=quiet) as progress:
        count = fit_parameters(folder, output, overwrite=overwrite, progress=progress)
    if not quiet:
        typer.echo(f"{output}  (from {count} photos)")


def _names(metrics: str | None) -> list[str] | None:
    """The metrics that were named."""
    return None if metrics is None else [name.strip() for name in metrics.split(",")]

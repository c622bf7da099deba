"""The tasks: what Selfmend does, each declared once, with what it is given, its options and what comes out.

The command line takes names, defaults, ranges and help from here, the server its checks and its OpenAPI schema, the
page its forms, and docs/reference.md its tables. A new option is a field in a class below; a new task is such a class
and an entry in `TASKS`. Costs nothing to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from selfmend.errors import check_known
from selfmend.masks.finders import FINDERS, OTHER_KINDS
from selfmend.options import describe_options, describe_range, option

FORMATS = ("", "png", "jpeg", "webp", "tiff")
"""Of pictures that a job writes; empty: as the picture came."""

INPUTS = {
    "image": "the picture",
    "mask": "white where the hole is; left out, transparent pixels are the hole",
    "reference": "another picture of the scene",
    "clip": "the film",
    "picture": "painting, composite or edited picture",
    "example": "the picture before the edit, or another one whose patches are taken",
}
"""The files that tasks are given, and what each one is."""

_PAPER = "SinGAN (ICCV 2019), Sec. 4"
_CODE = "code of SinGAN"
_OURS = "ours"
_MODEL = "name of a trained run"
_OWN_METHOD = _MODEL + ", which brings its own method"
_SIDE = "as learned, or as the picture is"


def _preset() -> Any:
    return option(None, "named settings of the method", source=_OURS, none="its first")


def _model(help: str = _OWN_METHOD) -> Any:
    return option(None, help, source=_OURS, none="the method works on the picture itself")


def _own_patches() -> Any:
    return option(None, _MODEL, source=_PAPER, none="the picture's own patches, nothing learned")


def _seed() -> Any:
    none = "a job draws one, else 0 or the run's own"
    return option(
        None, "the same seed gives the same result, byte for byte", source=_OURS, low=0, high=2**63 - 1, none=none
    )


def _grow() -> Any:
    return option(
        0, "let the hole grow to all sides: soft edges, JPEG halos", unit="px", source=_OURS, low=0, limit=1000,
        label="Grow the mask",
    )  # fmt: skip


def _sensitivity() -> Any:
    help = "how little is enough: more finds more, and more that is none"
    return option(0.5, help, source="docs/damage.md", low=0, high=1)


def _region() -> Any:
    help = "the box in which it is looked for: left, top, width, height in pixels, x,y,w,h"
    return option(None, help, source=_OURS, none="everywhere")


def _invert(what: str = "hole") -> Any:
    return option(False, f"in the mask, black is the {what}", source=_OURS)


def _side(what: str) -> Any:
    return option(None, f"{what} of the result", unit="px", source=_OURS, low=1, none=_SIDE)


def _drawn_from() -> Any:
    help = "scale from which all is drawn anew, 0 = the coarsest: the higher, the more like the picture"
    return option(None, help, source=_PAPER, low=0, none="the method's own")


def _entry() -> Any:
    help = "scale at which the picture enters, 1 = the second coarsest: the higher, the more of it stays"
    return option(None, help, source=_PAPER, low=0, none="chosen for the purpose")


def _noise() -> Any:
    help = "without a model: noise that what enters is drowned in; the more, the more is invented"
    return option(None, help, unit="of [-1, 1]", source="docs/results-generation.md", low=0, high=3, none="chosen")


def _format() -> Any:
    return option("", "format of the results; empty: as the picture came", source=_OURS, choices=FORMATS)


@dataclass(frozen=True, kw_only=True)
class Fill:
    """Options of a fill."""

    method: str = option("auto", "a method that fills holes", source="docs/results-auto.md")
    preset: str | None = _preset()
    model: str | None = _model()
    seed: int | None = _seed()
    samples: int = option(1, "number of fills", source=_OURS, low=1, limit=16, label="Different fills")
    grow_mask: int = _grow()
    invert_mask: bool = _invert()
    align: bool = option(
        True, "lay the reference onto the picture first", source="docs/references.md",
        off="take the reference as it lies, whether it fits or not", label="Align the reference",
    )  # fmt: skip
    format: str = _format()


@dataclass(frozen=True, kw_only=True)
class Find:
    """Options of what looks for damage and other things to mend."""

    kind: str = option(
        "damage", "what is looked for", source=_OURS, choices=(*FINDERS, *OTHER_KINDS), label="What"
    )  # fmt: skip
    at: str | None = option(
        None, "points on the object, or of the colour, x,y in pixels, with spaces between", source=_OURS,
        none="of the other kinds", label="Where",
    )  # fmt: skip
    sensitivity: float = _sensitivity()
    region: str | None = _region()
    grow: int = option(
        0, "let what is found grow to all sides", unit="px", source=_OURS, low=0, limit=1000, label="Grow the mask"
    )


@dataclass(frozen=True, kw_only=True)
class Restore:
    """Options of finding damage and filling it."""

    kind: str = option("damage", "what is looked for", source=_OURS, choices=tuple(FINDERS), label="What")
    sensitivity: float = _sensitivity()
    region: str | None = _region()
    grow: int = option(
        1, "let what is found grow to all sides before it is filled", unit="px", source=_OURS, low=0, limit=1000,
        label="Grow the mask",
    )  # fmt: skip
    grain: bool = option(True, "give what is filled the grain of the rest", source=_OURS, off="leave it smooth")
    method: str = option("auto", "a method that fills holes", source="docs/results-auto.md")
    preset: str | None = _preset()
    seed: int | None = _seed()
    format: str = _format()


def _added(where: str) -> Any:
    return option(0, f"pixels that are added {where}", unit="px", source=_OURS, low=0, limit=4000)


@dataclass(frozen=True, kw_only=True)
class Expand:
    """Options of making a canvas larger."""

    left: int = _added("on the left")
    right: int = _added("on the right")
    top: int = _added("on top")
    bottom: int = _added("at the bottom")
    aspect: str | None = option(
        None, "width to height of the result, such as 16:9; what is lacking is added on both sides", source=_OURS,
        none="as it comes",
    )  # fmt: skip
    method: str = option("patchmatch", "a method that fills holes", source=_OURS)
    preset: str | None = _preset()
    seed: int | None = _seed()
    format: str = _format()


@dataclass(frozen=True, kw_only=True)
class Train:
    """Options of a training with one picture."""

    method: str = option("sliced-wasserstein", "a method that learns", source="docs/results-generation.md")
    preset: str | None = _preset()
    name: str | None = option(None, "name of the run", source=_OURS, none="after the picture")
    seed: int | None = _seed()
    grow_mask: int = _grow()
    invert_mask: bool = _invert()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Options of samples."""

    method: str = option("patch-diffusion", "a method that makes new pictures", source="docs/results-generation.md")
    preset: str | None = _preset()
    model: str | None = _model()
    seed: int | None = _seed()
    samples: int = option(1, "number of new pictures", source=_OURS, low=1, limit=16, label="How many")
    variety: str = option(
        "", "how far new pictures go from the picture, by patch-diffusion; empty: normal",
        source="docs/results-generation.md", choices=("", "low", "normal", "high"),
    )  # fmt: skip
    height: int | None = _side("height")
    width: int | None = _side("width")
    start_scale: int | None = _drawn_from()
    format: str = _format()


@dataclass(frozen=True, kw_only=True)
class Retarget:
    """Options of another shape; height or width must be given."""

    method: str = option("patch-diffusion", "a method that makes new pictures", source="docs/results-generation.md")
    preset: str | None = _preset()
    model: str | None = _model()
    seed: int | None = _seed()
    height: int | None = _side("height")
    width: int | None = _side("width")
    start_scale: int | None = _drawn_from()
    format: str = _format()


@dataclass(frozen=True, kw_only=True)
class SuperResolve:
    """Options of an enlargement."""

    method: str = option("gpnn", "a method that enlarges", source="docs/results-generation.md")
    preset: str | None = _preset()
    model: str | None = _model(_MODEL + " that learned to enlarge")
    seed: int | None = _seed()
    factor: float = option(2.0, "how many times as high and wide", source=_OURS, low=1.01, limit=16)
    format: str = _format()


@dataclass(frozen=True, kw_only=True)
class Harmonize:
    """Options of harmonising."""

    model: str | None = _own_patches()
    seed: int | None = _seed()
    start_scale: int | None = _entry()
    invert_mask: bool = _invert("object")
    format: str = _format()


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Options of an edit."""

    model: str | None = _own_patches()
    seed: int | None = _seed()
    start_scale: int | None = _entry()
    noise: float | None = _noise()
    invert_mask: bool = _invert("edited part")
    masked: bool = option(
        True, "keep what was not edited", source=_CODE, off="draw everything anew, not only what was edited",
        label="Only what was edited",
    )  # fmt: skip
    format: str = _format()


@dataclass(frozen=True, kw_only=True)
class Paint:
    """Options of a painting that becomes a picture."""

    model: str | None = _own_patches()
    seed: int | None = _seed()
    start_scale: int | None = _entry()
    noise: float | None = _noise()
    quantized: bool = option(
        False,
        "with a model: train the start scale anew on flat colours, and snap the painting to these: for paintings "
        "whose colours are not the picture's",
        source=_CODE,
        label="Learn these colours",
    )
    format: str = _format()


@dataclass(frozen=True, kw_only=True)
class Animate:
    """Options of a film in which a picture moves."""

    model: str | None = _own_patches()
    seed: int | None = _seed()
    start_scale: int | None = option(
        None, "the coarsest scale that moves: the lower, the larger the things that do", source=_PAPER, low=0,
        none="chosen for the purpose",
    )  # fmt: skip
    noise: float | None = _noise()
    frames: int = option(100, "number of frames", source=_CODE, low=1, limit=600)
    fps: float = option(
        10.0, "speed of the film", unit="frames a second", source=_CODE, low=0.1, high=1000, label="Speed"
    )
    alpha: float = option(
        0.1, "pull back to the picture; 1 stands still", source=_CODE, low=0, high=1, label="Pull back"
    )
    beta: float = option(0.9, "smoothness of the movement", source=_CODE, low=0, high=1, label="Smoothness")
    loop: bool = option(False, "let the last frame lead back to the first", source=_OURS)
    format: str = option("gif", "format of the film", source=_CODE, choices=("gif", "webp", "mp4"))


FILM_KINDS = ("", "text", "scratches", "dust", "stamp", "watermark")
"""What is looked for in each frame of a film; empty: nothing, the hole is what is marked."""


@dataclass(frozen=True, kw_only=True)
class Video:
    """Options of mending a film."""

    find: str = option(
        "", "what is looked for in each frame, and mended; empty: what is marked, in all frames",
        source=_OURS, choices=FILM_KINDS, label="Find in each frame",
    )  # fmt: skip
    sensitivity: float = _sensitivity()
    grow_mask: int = _grow()
    method: str = option("patchmatch", "a method that fills holes", source="docs/results-auto.md")
    preset: str | None = _preset()
    steady: str = option(
        "temporal", "look at near frames too, or fill each alone", source=_OURS, choices=("temporal", "none"),
    )  # fmt: skip
    seed: int | None = _seed()


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something that Selfmend does.

    Attributes:
        name: of the task, and what a job of the server names.
        command: of the command line, and with underscores of the Python interface.
        title: one sentence.
        result: what comes out.
        options: with the defaults.
        does: "module:function" of what a worker calls for such a job.
        needs: of `INPUTS`, without which there is nothing to do.
        takes: of `INPUTS`, which may come too.
        learned: whether the run's own picture can take the place of the file "image".
        trains: whether it is a training, for which the method must learn.
        marks: whether the result is a mask of the open picture, which the page marks on it.
        overlays: whether the result is the open picture with parts of it changed, which the page lays over it.
        methods: abilities (`methods_that`) of which a method for it has one; empty: each method that fills can do it.
        group: of the page's tab that it shares with others; empty: it has one of its own.
        label: of the page's tab, one word; empty: the name.
        action: what the page's button says; empty: the label.
        hint: what the page says above the form; empty: the title.
    """

    name: str
    command: str
    title: str
    result: str
    options: Any
    does: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    learned: bool = False
    trains: bool = False
    marks: bool = False
    overlays: bool = False
    methods: tuple[str, ...] = ()
    group: str = ""
    label: str = ""
    action: str = ""
    hint: str = ""

    @property
    def drawn(self) -> str:
        """The file that the result is a new version of, and is called after."""
        return next(name for name in ("clip", "picture", *self.needs) if name in self.needs)


_WORK = "selfmend.jobs.work"

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            name="fill", command="inpaint", title="Fill the hole of a picture.",
            result="the picture with its hole filled, one for each sample; known pixels are equal to the bit",
            options=Fill(), does=f"{_WORK}:fill", needs=("image",), takes=("mask", "reference"), learned=True,
            overlays=True, label="Mend",
        ),
        Task(
            name="find", command="mask", title="Find damage and other things to mend.",
            result="a mask, white where it was found; black all over, with a warning, where there is nothing",
            options=Find(), does=f"{_WORK}:find", needs=("image",), marks=True,
            group="Old photos", label="Find", action="Find it",
            hint="Looks for damage in the open picture, and marks it: correct that with the brush, and press Mend.",
        ),
        Task(
            name="restore", command="restore", title="Find the damage of an old photo, and fill it.",
            result="the photo without what was found; what was not filled is equal to the bit",
            options=Restore(), does=f"{_WORK}:restore", needs=("image",), overlays=True,
            group="Old photos", label="Restore", action="Restore it",
            hint="Looks for scratches, cracks, dust, stains and torn parts, and fills them from the photo itself.",
        ),
        Task(
            name="expand", command="expand", title="More of the scene around a picture.",
            result="the picture in a larger one; its own part is equal to the bit",
            options=Expand(), does=f"{_WORK}:expand", needs=("image",),
            group="New pictures", label="Expand", action="Expand it",
            hint="Say how many pixels to add at each side, or another shape. What is new continues the picture near "
            "it, and repeats it farther out.",
        ),
        Task(
            name="train", command="train", title="Learn a picture.", result="a run, for the tasks that take a model",
            options=Train(), does=f"{_WORK}:train", needs=("image",), takes=("mask",), trains=True,
            methods=("learns",), group="New pictures", label="Learn", action="Learn this picture",
            hint="A network learns the open picture; with what it has learned, the next tabs make pictures. What is "
            "marked is left out of the learning. It takes a minute or some, by the recipe of the paper hours.",
        ),
        Task(
            name="sample", command="sample", title="New pictures that look like one.", result="new pictures",
            options=Sample(), does=f"{_WORK}:sample", needs=("image",), learned=True,
            methods=("generates",), group="New pictures", label="Sample", action="Make samples",
            hint="New pictures of any size, like the open picture or like one that was learned.",
        ),
        Task(
            name="retarget", command="retarget", title="The same picture in another shape.",
            result="a picture of the new height and width", options=Retarget(), does=f"{_WORK}:retarget",
            needs=("image",), learned=True, methods=("generates",),
            group="New pictures", label="Reshape", action="Reshape it",
            hint="The same things in the same order, in another shape: say a new height, width, or both.",
        ),
        Task(
            name="super-resolve", command="super-resolve", title="The same picture with more pixels.",
            result="a picture factor times as high and wide", options=SuperResolve(), does=f"{_WORK}:super_resolve",
            needs=("image",), learned=True, methods=("enlarges", "learns"),
            group="New pictures", label="Enlarge", action="Enlarge it",
            hint="The open picture with more pixels, sharp by its own patterns.",
        ),
        Task(
            name="harmonize", command="harmonize", title="Make a pasted object fit.",
            result="the composite; outside the mask and its soft border it is equal to the bit",
            options=Harmonize(), does=f"{_WORK}:harmonize", needs=("picture", "mask"), takes=("example",),
            overlays=True, group="Objects", label="Harmonise",
            hint="Open a picture with something pasted in, and mark what was pasted: it takes on the look of "
            "the rest.",
        ),
        Task(
            name="edit", command="edit", title="Mend the seams of an edited picture.",
            result="the edited picture, mended", options=Edit(), does=f"{_WORK}:edit", needs=("picture",),
            takes=("mask", "example"), overlays=True, group="Objects", label="Edit", action="Mend the edit",
            hint="Open a picture after you moved or copied parts of it: its seams are mended. Mark where, or give the "
            "picture as it was before, and the difference is found.",
        ),
        Task(
            name="paint", command="paint", title="A picture out of a painting of a few flat colours.",
            result="a picture like the other one", options=Paint(), does=f"{_WORK}:paint", needs=("image", "picture"),
            learned=True, group="New pictures", label="Paint", action="Make it a picture",
            hint="Paint a few flat colours: they become a picture like the open one, or like one that was learned.",
        ),
        Task(
            name="animate", command="animate", title="A film in which a picture moves.", result="a film",
            options=Animate(), does=f"{_WORK}:animate", needs=("image",), learned=True,
            group="New pictures", label="Animate",
            action="Make a film", hint="The open picture, or one that was learned, begins to move.",
        ),
        Task(
            name="video", command="video", title="Fill the holes of a film's frames.",
            result="the film, mended; sound, size, rate and all that is known stay as they are",
            options=Video(), does=f"{_WORK}:video", needs=("clip",), takes=("mask",), label="Film",
            action="Mend the film",
            hint="Open a film: its first frame is shown. Mark there what should go from all frames, or have text or "
            "marks found in each.",
        ),
    )
}  # fmt: skip
"""All tasks by name."""


def task_options(name: str) -> list[dict[str, Any]]:
    """One row an option of a task, as `describe_options` gives them.

    Raises:
        OptionError: an unknown task; the nearest known one is named.
    """
    check_known("task", name, TASKS)
    return describe_options(TASKS[name].options)


def task_option(task: str, name: str) -> dict[str, Any]:
    """The row of one option.

    Raises:
        OptionError: an unknown task or option; the nearest known one is named.
    """
    rows = {row["name"]: row for row in task_options(task)}
    return rows[check_known("option", name, rows)]


def option_facts(row: dict[str, Any], *, limits: bool = True) -> str:
    """Unit and range of an option in words, "px, at least 0"; with `limits`, what a job of the server may have."""
    limit = f"at most {row['limit']} in a job of the server" if limits and row["limit"] is not None else ""
    return ", ".join(fact for fact in (row["unit"], describe_range(row), limit) if fact)

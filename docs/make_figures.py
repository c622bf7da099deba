"""The three figures of science.md: patch matching and voting, SinGAN's pyramid, the pipeline.

    python docs/make_figures.py [OUT]

The picture is scikit-image's coffee; what the figures show of it is computed, not drawn by hand: the fill and its
field are those of PatchMatch, the pyramid is SinGAN's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from selfmend.image.pyramid import plan_pyramid
from selfmend.image.resize import resize
from selfmend.patches.inpaint import inpaint

INK, RED, BLUE, GREY, PAPER, YELLOW = "#1c1c1c", "#c8321e", "#1e5ac8", "#8a8a8a", "#ffffff", "#ffe14d"
FONT = ImageFont.load_default(17)
SMALL = ImageFont.load_default(14)


def photo(side: int) -> np.ndarray:
    """The picture, float32 (H, W, 3) in [0, 1], with this long side."""
    from skimage import data

    image = data.coffee().astype(np.float32) / 255
    share = side / max(image.shape[:2])
    return resize(image, (round(image.shape[0] * share), round(image.shape[1] * share))).clip(0, 1)


def drawn(image: np.ndarray, times: int = 1) -> Image.Image:
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8))
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)


def arrow(draw: ImageDraw.ImageDraw, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    draw.line([start, end], colour, 3)
    along = np.subtract(end, start) / np.hypot(*np.subtract(end, start))
    across = np.array([-along[1], along[0]])
    tip = [tuple(np.array(end) - 11 * along + side * 6 * across) for side in (-1, 1)]
    draw.polygon([end, *tip], colour)


def text(draw: ImageDraw.ImageDraw, place: tuple[float, float], words: str, colour: str = INK, **how: object) -> None:
    draw.multiline_text(place, words, colour, font=how.pop("font", FONT), align="center", anchor="ma", **how)


def matching() -> Image.Image:
    """A patch on the hole's border, the nearest one in the picture, and the votes of all patches over one pixel."""
    image, times = photo(150), 4
    hole = np.zeros(image.shape[:2], bool)
    hole[62:84, 92:130] = True
    filled = inpaint(image, hole, seed=0)
    row, column, half = 80, 96, 3  # a patch at the hole's corner
    nearest = _nearest(filled, hole, row, column, half)
    canvas = Image.new("RGB", (1290, 500), PAPER)
    for x, shown in ((20, np.where(hole[..., None], 1.0, image)), (670, filled)):
        canvas.paste(drawn(shown.astype(np.float32), times), (x, 50))
    draw = ImageDraw.Draw(canvas)

    def box(x: int, y: int, at: tuple[int, int], colour: str) -> tuple[float, float]:
        top, left = y + (at[0] - half) * times, x + (at[1] - half) * times
        side = (2 * half + 1) * times
        draw.rectangle([left, top, left + side, top + side], outline=colour, width=3)
        return left + side / 2, top + side / 2

    arrow(draw, box(20, 50, nearest, BLUE), box(20, 50, (row, column), YELLOW), BLUE)
    for shift in (-3, 0, 3):
        box(670, 50, (73 + shift, 110 - shift), YELLOW)
    pixel = 670 + 110 * times, 50 + 73 * times
    draw.ellipse([pixel[0] - 5, pixel[1] - 5, pixel[0] + 9, pixel[1] + 9], fill=BLUE)
    text(draw, (320, 14), "match: for each patch of the hole (yellow) the nearest of the picture (blue)")
    text(draw, (970, 14), "vote: a pixel (blue) is the mean of what all patches over it say")
    text(draw, (645, 462), "both in turn, at each scale, from the coarsest to the finest", GREY)
    return canvas


def _nearest(image: np.ndarray, hole: np.ndarray, row: int, column: int, half: int) -> tuple[int, int]:
    """Where the patch lies that is most like the one at a place, without a hole."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (2 * half + 1, 2 * half + 1), (0, 1))
    holes = np.lib.stride_tricks.sliding_window_view(hole, (2 * half + 1, 2 * half + 1)).any((2, 3))
    cost = np.square(windows - windows[row - half, column - half]).sum((2, 3, 4))
    cost[holes] = np.inf
    y, x = np.unravel_index(int(cost.argmin()), cost.shape)
    return int(y) + half, int(x) + half


def pyramid() -> Image.Image:
    """The scales of SinGAN: a generator and a critic at each, the sample is enlarged from one to the next."""
    image = photo(250)
    plan = plan_pyramid((image.shape[0], image.shape[1]))
    levels = [0, 3, 6, len(plan.sizes) - 1]
    canvas = Image.new("RGB", (1290, 370), PAPER)
    draw = ImageDraw.Draw(canvas)
    places = [(80, 250), (270, 200), (540, 130), (930, 30)]
    for k, (level, (x, y)) in enumerate(zip(levels, places, strict=True)):
        height, width = plan.sizes[level]
        shown = drawn(resize(image, (height, width)).clip(0, 1))
        shown = shown.resize((round(width * 1.25), round(height * 1.25)), Image.Resampling.LANCZOS)
        canvas.paste(shown, (x, y))
        draw.rectangle([x, y, x + shown.width, y + shown.height], outline=INK)
        below = y + shown.height + 12
        text(draw, (x + shown.width / 2, below), f"scale {level}: {height} x {width}", font=SMALL)
        text(draw, (x + shown.width / 2, below + 24), f"generator {level}, critic {level}", RED, font=SMALL)
        text(draw, (x + shown.width / 2, below + 48), "noise" if k == 0 else "+ noise", BLUE, font=SMALL)
        if k + 1 < len(places):
            after = places[k + 1]
            arrow(draw, (x + shown.width + 8, y + shown.height / 2), (after[0] - 10, y + shown.height / 2), GREY)
            text(draw, ((x + shown.width + after[0]) / 2, y + shown.height / 2 - 26), "enlarge", GREY, font=SMALL)
    text(draw, (520, 20), "Each generator learns one scale of one picture; its critic sees patches of 11 x 11 pixels.")
    return canvas


def pipeline() -> Image.Image:
    """What a picture goes through."""
    canvas = Image.new("RGB", (1290, 230), PAPER)
    draw = ImageDraw.Draw(canvas)
    steps = [
        ("read", "image/files.py\nany kind, mode, depth"), ("mask", "masks/reading.py\nwhite, alpha, box, found"),
        ("method", "methods/\narrays in, arrays out"), ("paste back", "image/picture.py\nthe hole's pixels alone"),
        ("write", "image/rewriting.py\ninto a copy of the file"),
    ]  # fmt: skip
    for k, (name, where) in enumerate(steps):
        x = 20 + 255 * k
        draw.rounded_rectangle([x, 60, x + 225, 160], 10, outline=INK, width=2)
        text(draw, (x + 112, 72), name, RED)
        text(draw, (x + 112, 102), where, font=SMALL)
        if k:
            arrow(draw, (x - 30, 110), (x - 4, 110), INK)
    text(draw, (645, 18), "pipeline.py: command line, Python, folders, server and films call it and nothing else")
    text(
        draw,
        (645, 185),
        "in between: float32 (H, W, C) in [0, 1], and bool (H, W), True = hole",
        GREY,
    )
    return canvas


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "images")
    for make in (matching, pyramid, pipeline):
        make().quantize(256, Image.Quantize.MAXCOVERAGE).save(out / f"figure-{make.__name__}.png", optimize=True)


if __name__ == "__main__":
    main()

"""Date stamps and watermarks drawn over a picture, with exact masks: what the finders learn from and are measured on.

A camera's date stamp is light: digits that are exposed onto the film, or written over the pixels, with a glow around
them. A watermark is a layer of one colour and one opacity: text or shapes, once or tiled over the picture. Everything
that can vary (words, fonts, seven segments and dots, colours, opacity, place, angle, glow, outline, shadow) is drawn
from a generator of random numbers.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from selfmend.types import Image, Mask, Size, size_of

MARKS = ("stamp", "watermark")
"""What marks are told apart into."""

Layer = np.ndarray
"""float32 (h, w) in [0, 1]: how much of each pixel is covered."""

_TRIES = 6  # for a mark that can be seen where it is
_VISIBLE = {
    "stamp": 0.1,
    "watermark": 0.04,
}  # mean change of a mark's pixels, in [0, 1]: nobody puts on what nobody sees
SEEN = 4 / 255  # change of a channel from which on a pixel belongs to a mark
_SUPER = 3  # letters are drawn so much larger, then reduced: soft borders at any size


@dataclass(frozen=True)
class Mark:
    """A picture with a mark.

    Attributes:
        image: (H, W, 3) in [0, 1], with the mark.
        mask: bool (H, W), every pixel that the mark has visibly changed or lies on.
        opacity: float32 (H, W) in [0, 1], of a watermark; of a stamp, how much of a pixel is light.
        kind: for tables: what the mark is like.
    """

    image: Image
    mask: Mask
    opacity: np.ndarray
    kind: str


# ---------------------------------------------------------------- letters

_SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc", "7": "abc",
    "8": "abcdefg", "9": "abcdfg", "-": "g", " ": "", "A": "abcefg", "P": "abefg", "M": "abcef",
}  # fmt: skip
"""Segments a to g of a seven-segment digit, clockwise from the top, g in the middle."""

_DOTS = {
    "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010204081f", "3": "1f02040201110e", "4": "02060a121f0202",
    "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808", "8": "0e11110e11110e", "9": "0e11110f01020c",
    "-": "0000001f000000", "/": "00010204081000", ".": "00000000000c0c", ":": "000c0c000c0c00", "'": "0c040800000000",
    " ": "00000000000000",
}  # fmt: skip
"""Digits of five by seven dots: a byte a row, the highest of five bits on the left."""


def seven_segments(text: str, height: int, random: np.random.Generator) -> Layer:
    """Digits of seven segments, `height` pixels high."""
    tall = height * _SUPER
    wide = tall * random.uniform(0.45, 0.65)
    thick = tall * random.uniform(0.09, 0.18)
    gap = thick * random.uniform(0, 0.35)
    slant = random.uniform(0, 0.2) if random.random() < 0.5 else 0.0
    pointed = random.random() < 0.6
    space = wide * random.uniform(0.25, 0.5)
    advance = [wide + space if c in _SEGMENTS else (thick + space if c in ".:'" else 0.7 * wide + space) for c in text]
    canvas = PILImage.new("L", (round(sum(advance) + slant * tall + 2 * thick), round(tall)), 0)
    draw = ImageDraw.Draw(canvas)
    half = thick / 2

    def bar(x0: float, y0: float, x1: float, y1: float) -> None:
        length = math.hypot(x1 - x0, y1 - y0)
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        tip = half if pointed else 0.0
        along = [(gap, 0.0), (gap + tip, half), (length - gap - tip, half), (length - gap, 0.0)]
        along += [(length - gap - tip, -half), (gap + tip, -half)]
        points = [(x0 + dx * a - dy * b, y0 + dy * a + dx * b) for a, b in along]
        draw.polygon([(x + slant * (tall - y), y) for x, y in points], fill=255)

    left = thick
    for character, step in zip(text, advance, strict=True):
        right, top, middle, bottom = left + wide - thick, half, tall / 2, tall - half
        lines = {
            "a": (left, top, right, top), "b": (right, top, right, middle), "c": (right, middle, right, bottom),
            "d": (left, bottom, right, bottom), "e": (left, middle, left, bottom), "f": (left, top, left, middle),
            "g": (left, middle, right, middle),
        }  # fmt: skip
        for segment in _SEGMENTS.get(character, ""):
            bar(*lines[segment])
        if character == "/":
            bar(left, bottom, left + 0.6 * wide, top)
        marks = {".": (bottom,), ":": (tall * 0.3, tall * 0.7), "'": (tall * 0.12,)}.get(character, ())
        for y in marks:
            x = left + slant * (tall - y)
            draw.rectangle((x - half, y - half, x + half, y + half * (2 if character == "'" else 1)), fill=255)
        left += step
    return _reduced(canvas)


def dots(text: str, height: int, random: np.random.Generator) -> Layer:
    """Digits of five by seven dots, `height` pixels high."""
    cell = max(2.0, height * _SUPER / 7)
    size = cell * random.uniform(0.75, 1.1)
    round_dots = random.random() < 0.5
    canvas = PILImage.new("L", (round(len(text) * 6 * cell + cell), round(7 * cell)), 0)
    draw = ImageDraw.Draw(canvas)
    shape = draw.ellipse if round_dots else draw.rectangle
    for k, character in enumerate(text):
        rows = bytes.fromhex(_DOTS.get(character, _DOTS["-"]))
        for y, row in enumerate(rows):
            for x in range(5):
                if row >> (4 - x) & 1:
                    left, top = (k * 6 + x) * cell, y * cell
                    shape((left, top, left + size, top + size), fill=255)
    return _reduced(canvas)


def hershey(text: str, height: int, random: np.random.Generator) -> Layer:
    """Text in one of OpenCV's stroke fonts."""
    import cv2

    faces = (
        cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX,
        cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    )  # fmt: skip
    face = faces[random.integers(len(faces))] | (cv2.FONT_ITALIC if random.random() < 0.2 else 0)
    tall = height * _SUPER
    thick = max(1, round(tall * random.uniform(0.06, 0.16)))
    scale = cv2.getFontScaleFromHeight(face, tall, thick)
    plain = text.encode("ascii", "replace").decode()
    (width, above), below = cv2.getTextSize(plain, face, scale, thick)
    canvas = np.zeros((above + below + 2 * thick, width + 2 * thick), np.uint8)
    cv2.putText(canvas, plain, (thick, above + thick), face, scale, 255, thick, cv2.LINE_AA)
    return _reduced(PILImage.fromarray(canvas))


def printed(text: str, height: int, random: np.random.Generator, fonts: Sequence[Path] = ()) -> Layer:
    """Text in one of the font files, or in the one that Pillow brings; capitals about `height` pixels high.

    Widened or narrowed, slanted, thickened, spaced: one file then stands for many fonts.
    """
    tall = height * _SUPER
    size = max(8, round(tall * 1.35))
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont
    font = (
        ImageFont.truetype(str(fonts[int(random.integers(len(fonts)))]), size)
        if fonts
        else ImageFont.load_default(size)
    )
    stroke = round(tall * random.uniform(0, 0.07)) if random.random() < 0.4 else 0
    spacing = random.uniform(0, 0.35) * tall if random.random() < 0.25 else 0.0
    lengths = [font.getlength(c) + spacing for c in text] if spacing else [font.getlength(text)]
    width = round(sum(lengths) + 2 * stroke + tall)
    canvas = PILImage.new("L", (max(1, width), round(2.2 * size)), 0)
    draw = ImageDraw.Draw(canvas)
    x = tall / 2
    for piece, length in zip(text if spacing else [text], lengths, strict=True):
        draw.text((x, 1.4 * size), piece, fill=255, font=font, anchor="ls", stroke_width=stroke)
        x += length
    stretch = random.uniform(0.75, 1.35) if random.random() < 0.4 else 1.0
    slant = random.uniform(0.1, 0.3) if random.random() < 0.2 else 0.0
    if stretch != 1 or slant:
        wide = round(canvas.width * stretch + slant * canvas.height)
        shear = (1 / stretch, slant / stretch, -slant * canvas.height / stretch, 0, 1, 0)
        canvas = canvas.transform((wide, canvas.height), PILImage.Transform.AFFINE, shear, PILImage.Resampling.BILINEAR)
    return _reduced(canvas)


def _reduced(canvas: PILImage.Image) -> Layer:
    """What is drawn on the canvas, without the empty border, at its own size."""
    box = canvas.getbbox()
    if box is None:
        return np.zeros((1, 1), np.float32)
    canvas = canvas.crop(box)
    size = max(1, round(canvas.width / _SUPER)), max(1, round(canvas.height / _SUPER))
    return np.asarray(canvas.resize(size, PILImage.Resampling.BOX), np.float32) / 255


def turned(layer: Layer, degrees: float) -> Layer:
    """The layer turned against the clock, on a canvas that holds all of it."""
    if degrees % 90 == 0:
        return np.rot90(layer, round(degrees / 90))
    canvas = PILImage.fromarray(layer)
    return np.asarray(canvas.rotate(degrees, PILImage.Resampling.BICUBIC, expand=True)).clip(0, 1)


def placed(layer: Layer, size: Size, top: int, left: int) -> Layer:
    """The layer on an empty one of `size`; what stands over is cut off."""
    whole = np.zeros(size, np.float32)
    height, width = layer.shape
    rows = slice(max(0, top), min(size[0], top + height))
    columns = slice(max(0, left), min(size[1], left + width))
    if rows.start < rows.stop and columns.start < columns.stop:
        whole[rows, columns] = layer[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return whole


# ---------------------------------------------------------------- words

_WORDS = (
    "SAMPLE", "Sample", "PREVIEW", "Preview", "proof", "PROOF", "COPYRIGHT", "Copyright", "Photo", "photo", "studio",
    "STUDIO", "images", "Stock", "stock", "gallery", "Gallery", "DRAFT", "Draft", "CONFIDENTIAL", "do not copy",
    "DO NOT COPY", "Demo", "DEMO", "TRIAL", "trial", "watermark", "Watermark", "Media", "Visual", "Creative", "Art",
)  # fmt: skip
_SYLLABLES = (
    "ba", "bel", "bo", "ca", "cor", "da", "del", "di", "do", "fa", "fer", "ga", "ger", "ha", "hol", "ja", "ka",
    "kel", "la", "lin", "lo", "ma", "mar", "mi", "mo", "na", "ner", "no", "pa", "pe", "ra", "ri", "ro", "sa", "sen",
    "so", "ta", "ten", "ti", "to", "va", "ve", "vin", "wa", "wes", "zo",
)  # fmt: skip


def name(random: np.random.Generator) -> str:
    """A name that means nothing."""
    word = "".join(random.choice(_SYLLABLES, random.integers(2, 4)))
    return (word, word.capitalize(), word.upper())[random.integers(3)]


def words(random: np.random.Generator) -> str:
    """What a watermark says."""
    year = str(random.integers(1990, 2030))
    first, second = name(random), name(random)
    return (
        str(random.choice(_WORDS)), first, f"{first} {second}", f"© {first}", f"© {year} {first} {second}",
        f"www.{first.lower()}.com", f"{first.lower()}.net", f"{first} {random.choice(_WORDS)}", f"@{first.lower()}",
        f"{random.choice(_WORDS)} {random.choice(_WORDS)}", f"#{random.integers(1000, 10**7)}", first[:2].upper(),
        f"{first} {second} {random.choice(_WORDS)}",
    )[random.integers(13)]  # fmt: skip


def date(random: np.random.Generator) -> str:
    """What a date stamp says."""
    day = datetime.date(1970, 1, 1) + datetime.timedelta(days=int(random.integers(7000, 22000)))
    clock = f"{random.integers(24)}:{random.integers(60):02d}"
    y, yy, m, d = day.year, f"{day.year % 100:02d}", day.month, day.day
    months = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
    return (
        f"'{yy} {m} {d}", f"'{yy} {m:2d} {d:2d}", f"{m} {d} '{yy}", f"{d} {m} '{yy}", f"{d:02d}.{m:02d}.{y}",
        f"{d:02d}.{m:02d}.{yy}", f"{y}/{m:02d}/{d:02d}", f"{m:02d}/{d:02d}/{y}", f"{y}-{m:02d}-{d:02d}",
        f"{y}/{m:02d}/{d:02d} {clock}", f"{d:02d}/{m:02d}/{y} {clock}", f"{d} {clock}", f"{y}. {m}.{d}",
        f"{months[m - 1]} {d} {y}", f"{d} {months[m - 1]} '{yy}", f"{m:02d}-{d:02d}-{yy}", f"{y} {m:2d} {d:2d}",
        f"{y}-{m:02d}-{d:02d} {clock}:{random.integers(60):02d}", f"{m}/{d}/{yy}", f"{yy} {m} {d}",
    )[random.integers(20)]  # fmt: skip


# ---------------------------------------------------------------- stamps

_STAMP_COLOURS = {
    "orange": (1.0, 0.5, 0.1), "red-orange": (1.0, 0.33, 0.12), "yellow": (1.0, 0.85, 0.2), "red": (0.95, 0.12, 0.1),
    "white": (1.0, 1.0, 1.0), "green": (0.3, 0.95, 0.35), "blue": (0.35, 0.6, 1.0), "amber": (1.0, 0.7, 0.3),
}  # fmt: skip
_STAMP_SHARES = (0.25, 0.1, 0.18, 0.13, 0.2, 0.05, 0.04, 0.05)


def _visible(kind: str, image: Image, draw: Callable[[], Mark]) -> Mark:
    """The first of a few marks that can be seen where it lies, or the last one."""
    for _ in range(_TRIES):
        mark = draw()
        core = mark.opacity >= 0.5 * mark.opacity.max()
        if float(np.abs(mark.image - image).max(2)[core].mean()) >= _VISIBLE[kind]:
            break
    return mark


def draw_stamp(image: Image, random: np.random.Generator, *, fonts: Sequence[Path] = ()) -> Mark:
    """A camera's date stamp on a picture, (H, W, 3) in [0, 1].

    Args:
        image: the picture.
        random: draws all that varies.
        fonts: TrueType or OpenType files; Pillow's own font and OpenCV's strokes by default.
    """
    return _visible("stamp", image, lambda: _any_stamp(image, random, fonts))


def _any_stamp(image: Image, random: np.random.Generator, fonts: Sequence[Path]) -> Mark:
    size = size_of(image)
    tall = max(9, round(min(size) * random.uniform(0.03, 0.085)))
    style = ("segments", "printed", "dots", "hershey")[random.choice(4, p=(0.4, 0.35, 0.15, 0.1))]
    text = date(random)
    draw: dict[str, Callable[[], Layer]] = {
        "segments": lambda: seven_segments(_numeric(text), tall, random),
        "dots": lambda: dots(_numeric(text), tall, random),
        "hershey": lambda: hershey(text, tall, random),
        "printed": lambda: printed(text, tall, random, fonts),
    }
    letters = draw[style]()
    letters = turned(letters, float(random.choice((0, 90, 270, 180), p=(0.7, 0.13, 0.13, 0.04))))
    layer = placed(letters, size, *_stamp_place(letters.shape, size, tall, random))
    colour_name = str(random.choice(list(_STAMP_COLOURS), p=_STAMP_SHARES))
    colour = np.array(_STAMP_COLOURS[colour_name], np.float32)
    colour = (colour + random.normal(0, 0.04, 3)).clip(0, 1).astype(np.float32)
    marked, light = _exposed(image, layer, colour, tall, random)
    changed = (np.abs(marked - image).max(2) >= SEEN) | (layer >= 0.25)
    return Mark(marked, changed, light, f"{style}, {colour_name}")


def _numeric(text: str) -> str:
    """Without letters, which digits of segments cannot show."""
    return "".join("-" if c.isalpha() else c for c in text)


def _stamp_place(stamp: tuple[int, ...], size: Size, tall: int, random: np.random.Generator) -> tuple[int, int]:
    """Top and left: mostly in the lower right corner, else in another, else anywhere."""
    free = [max(0, have - need) for have, need in zip(size, stamp, strict=True)]
    if random.random() < 0.12:
        return int(random.integers(free[0] + 1)), int(random.integers(free[1] + 1))
    margin = [min(room, round(tall * random.uniform(0.3, 3))) for room in free]
    corner = random.choice(4, p=(0.52, 0.22, 0.13, 0.13))
    return (
        free[0] - margin[0] if corner in (0, 1) else margin[0],
        free[1] - margin[1] if corner in (0, 2) else margin[1],
    )


def _exposed(
    image: Image, layer: Layer, colour: np.ndarray, tall: int, random: np.random.Generator
) -> tuple[Image, np.ndarray]:
    """The picture with the letters as light of that colour, and how much of each pixel is light."""
    import cv2

    soft = random.uniform(0, 0.05) * tall if random.random() < 0.6 else 0.0
    core = cv2.GaussianBlur(layer, (0, 0), soft) if soft > 0.3 else layer
    core = core * np.float32(random.uniform(0.75, 1))
    result, outlined = image, np.zeros_like(core)
    if random.random() < 0.15:  # the dark outline or shadow of letters that are written over pixels
        reach = max(1, round(0.08 * tall))
        outlined = cv2.dilate(layer, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
        if random.random() < 0.5:
            outlined = np.roll(layer, (reach, reach), (0, 1))
        result = result * (1 - outlined[..., None] * np.float32(random.uniform(0.6, 1)))
    halo = np.zeros_like(core)
    if random.random() < 0.65:
        wide = tall * random.uniform(0.08, 0.4)
        halo = cv2.GaussianBlur(layer, (0, 0), wide) * np.float32(random.uniform(0.25, 0.9))
        tint = (colour * np.array([1, *random.uniform(0.4, 1, 2)])).astype(np.float32)
        result = 1 - (1 - result) * (1 - halo[..., None] * tint)
    if random.random() < 0.35:  # light that adds to that of the scene
        lit = 1 - (1 - result) * (1 - core[..., None] * colour)
    else:
        centre = colour
        if random.random() < 0.25:  # overexposed
            centre = (colour + (1 - colour) * np.float32(random.uniform(0.2, 0.7))).astype(np.float32)
        lit = result * (1 - core[..., None]) + core[..., None] * centre
    return lit.astype(np.float32).clip(0, 1), np.maximum.reduce([core, halo, outlined])


# ---------------------------------------------------------------- watermarks


def draw_watermark(
    image: Image,
    random: np.random.Generator,
    *,
    fonts: Sequence[Path] = (),
    opacity: tuple[float, float] = (0.15, 0.7),
) -> Mark:
    """A half-transparent mark on a picture, (H, W, 3) in [0, 1]: text or a logo, straight, slanted or tiled.

    Args:
        image: the picture.
        random: draws all that varies.
        fonts: TrueType or OpenType files; Pillow's own font and OpenCV's strokes by default.
        opacity: of the mark, from and to.
    """
    return _visible("watermark", image, lambda: _any_watermark(image, random, fonts, opacity))


def _any_watermark(
    image: Image, random: np.random.Generator, fonts: Sequence[Path], opacity: tuple[float, float]
) -> Mark:
    size = size_of(image)
    layout = ("straight", "slanted", "tiled", "logo")[random.choice(4, p=(0.35, 0.25, 0.22, 0.18))]
    layer = _watermark_layer(layout, size, random, fonts)
    alpha = np.float32(random.uniform(*opacity))
    colour = _watermark_colour(random)
    opaque = layer * alpha
    marked = _blended(image, opaque, colour)
    if random.random() < 0.12 and layout != "tiled":  # engraved: the same layer beside it, in the opposite
        shift = max(1, round(min(size) * 0.004))
        beside = (np.roll(layer, (shift, shift), (0, 1)) - layer).clip(0, 1) * alpha
        marked = _blended(marked, beside, 1 - colour)
        opaque = np.maximum(opaque, beside)
    return Mark(marked, opaque >= max(0.02, 0.25 * float(alpha)), opaque, layout)


def _blended(image: Image, opacity: np.ndarray, colour: np.ndarray) -> Image:
    blended: Image = image * (1 - opacity[..., None]) + opacity[..., None] * colour.astype(np.float32)
    return blended


def _watermark_colour(random: np.random.Generator) -> np.ndarray:
    kind = random.choice(4, p=(0.33, 0.28, 0.24, 0.15))
    if kind == 0:
        return np.full(3, random.uniform(0.9, 1))
    if kind == 1:
        return np.full(3, random.uniform(0, 0.1))
    if kind == 2:
        return np.full(3, random.uniform(0.3, 0.8))
    return random.uniform(0, 1, 3)


def _watermark_text(tall: int, random: np.random.Generator, fonts: Sequence[Path], said: str | None = None) -> Layer:
    """A line or two, solid or as its outline."""
    import cv2

    said = words(random) if said is None else said
    lines = [said] if random.random() < 0.8 else [said, words(random)]
    drawn = [
        hershey(one, tall, random) if random.random() < 0.12 else printed(one, tall, random, fonts) for one in lines
    ]
    layer = _stacked(drawn, round(tall * random.uniform(0.3, 0.8)))
    if tall >= 14 and random.random() < 0.15:
        thick = max(1, round(0.05 * tall))
        inner = cv2.erode(layer, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * thick + 1,) * 2))
        layer = (layer - inner).clip(0, 1)
    return layer


def _stacked(layers: Sequence[Layer], gap: int) -> Layer:
    """One under the other, centred."""
    width = max(layer.shape[1] for layer in layers)
    rows: list[np.ndarray] = []
    for layer in layers:
        spare = width - layer.shape[1]
        rows += [np.pad(layer, ((0, gap), (spare // 2, spare - spare // 2)))]
    return np.concatenate(rows)[: -gap or None]


def _fitted(layer: Layer, size: Size, share: float) -> Layer:
    """Reduced, if need be, so that it takes no more than a share of the picture's sides."""
    scale = min(share * size[0] / layer.shape[0], share * size[1] / layer.shape[1], 1.0)
    if scale >= 1:
        return layer
    wanted = max(1, round(layer.shape[1] * scale)), max(1, round(layer.shape[0] * scale))
    return np.asarray(PILImage.fromarray(layer).resize(wanted, PILImage.Resampling.BOX, reducing_gap=2.0))


def _watermark_layer(layout: str, size: Size, random: np.random.Generator, fonts: Sequence[Path]) -> Layer:
    least = min(size)
    if layout == "tiled":
        return _tiled(size, random, fonts)
    if layout == "logo":
        mark = logo(round(least * random.uniform(0.08, 0.4)), random)
        if random.random() < 0.5:
            text = _watermark_text(max(9, round(least * random.uniform(0.03, 0.1))), random, fonts)
            mark = _stacked([mark, text], round(0.02 * least))
        mark = _fitted(mark, size, 0.9)
        if random.random() < 0.3:
            mark = turned(mark, random.uniform(-30, 30))
    else:
        tall = max(9, round(least * np.exp(random.uniform(np.log(0.045), np.log(0.3)))))
        mark = _fitted(_watermark_text(tall, random, fonts), size, random.uniform(0.6, 1.05))
        if layout == "slanted":
            mark = _fitted(turned(mark, float(random.uniform(8, 70) * random.choice((-1, 1)))), size, 1.1)
        elif random.random() < 0.05:
            mark = turned(mark, float(random.choice((90, 270))))
    free = [max(1, have - need) for have, need in zip(size, mark.shape, strict=True)]
    if random.random() < 0.35:  # in the middle
        return placed(mark, size, (size[0] - mark.shape[0]) // 2, (size[1] - mark.shape[1]) // 2)
    return placed(mark, size, int(random.integers(free[0])), int(random.integers(free[1])))


def _tiled(size: Size, random: np.random.Generator, fonts: Sequence[Path]) -> Layer:
    """The same words or sign over and over, in rows that are shifted by each other, turned as a whole."""
    least = min(size)
    tall = max(9, round(least * random.uniform(0.03, 0.1)))
    if random.random() < 0.8:
        mark = printed(words(random), tall, random, fonts)
    else:
        mark = logo(round(tall * random.uniform(1.5, 4)), random)
    mark = _fitted(mark, size, 0.6)
    between = [round(mark.shape[0] * random.uniform(0.8, 5)), round(mark.shape[1] * random.uniform(0.15, 1))]
    cell = np.pad(mark, ((0, between[0]), (0, between[1])))
    side = math.ceil(math.hypot(*size)) + 2 * max(cell.shape)
    row = np.tile(cell, (1, side // cell.shape[1] + 2))
    shift = round(cell.shape[1] * random.choice((0, 0.5, 0.33)))
    rows = [np.roll(row, k * shift, 1)[:, :side] for k in range(side // cell.shape[0] + 1)]
    layer = np.concatenate(rows)
    if random.random() < 0.8:
        degrees = float(random.uniform(10, 60) * random.choice((-1, 1)))
        layer = np.asarray(PILImage.fromarray(layer).rotate(degrees, PILImage.Resampling.BICUBIC)).clip(0, 1)
    top, left = ((have - need) // 2 for have, need in zip(layer.shape, size, strict=True))
    return layer[top : top + size[0], left : left + size[1]]


def logo(side: int, random: np.random.Generator) -> Layer:
    """A sign of simple shapes in a square of `side` pixels: rings, bars, stars, a camera, a letter in a circle."""
    side = max(12, side)
    full = side * _SUPER
    canvas = PILImage.new("L", (full, full), 0)
    draw = ImageDraw.Draw(canvas)
    line = max(2, round(full * random.uniform(0.03, 0.12)))
    kind = random.integers(8)
    box = (line, line, full - line, full - line)
    if kind == 0:
        draw.ellipse(box, outline=255, width=line)
        inset = round(full * random.uniform(0.2, 0.35))
        draw.ellipse((inset, inset, full - inset, full - inset), fill=255)
    elif kind == 1:
        draw.rounded_rectangle(box, full // 6, outline=255, width=line)
        draw.line((line, full - line, full // 2, full // 3, full - line, full - line), fill=255, width=line)
    elif kind == 2:
        points, inner = int(random.integers(4, 9)), random.uniform(0.35, 0.7)
        draw.polygon(_star(points, full, inner), fill=255)
    elif kind == 3:  # a camera
        draw.rounded_rectangle((0, full // 4, full, full - line), full // 10, fill=255)
        draw.rectangle((full // 3, full // 8, 2 * full // 3, full // 4), fill=255)
        draw.ellipse((full * 0.3, full * 0.35, full * 0.7, full * 0.78), fill=0)
        draw.ellipse((full * 0.38, full * 0.43, full * 0.62, full * 0.7), fill=255)
    elif kind == 4:
        draw.ellipse(box, outline=255, width=line)
        font = ImageFont.load_default(round(full * 0.55))
        draw.text(
            (full / 2, full / 2), name(random)[0].upper(), fill=255, font=font, anchor="mm", stroke_width=line // 3
        )
    elif kind == 5:
        draw.ellipse((0, 0, full, full), fill=255)
        font = ImageFont.load_default(round(full * 0.5))
        draw.text(
            (full / 2, full / 2), name(random)[:2].upper(), fill=0, font=font, anchor="mm", stroke_width=line // 4
        )
    elif kind == 6:
        for k in range(int(random.integers(2, 5))):
            edge = min(k * 1.6 * line, 0.4 * full)
            start, end = sorted(random.uniform(0, 360, 2))
            draw.arc((edge, edge, full - edge, full - edge), start, end, 255, line)
        draw.regular_polygon((full / 2, full / 2, full * 0.2), int(random.integers(3, 7)), fill=255)
    else:
        draw.line((0, 0, full, full), fill=255, width=line)
        draw.line((full, 0, 0, full), fill=255, width=line)
        if random.random() < 0.5:
            draw.rectangle((0, 0, full - 1, full - 1), outline=255, width=line)
    return _reduced(canvas)


def _star(points: int, full: int, inner: float) -> list[tuple[float, float]]:
    angles = np.arange(2 * points) * math.pi / points - math.pi / 2
    radius = np.where(np.arange(2 * points) % 2, inner, 1.0) * full / 2
    return [(full / 2 + r * math.cos(a), full / 2 + r * math.sin(a)) for a, r in zip(angles, radius, strict=True)]

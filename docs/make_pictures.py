"""The pictures of the start page and the tutorials: docs/images/tutorials/*.jpg, damaged and mended as the pages say.

    python docs/make_pictures.py [NAME...]

scikit-image ships the photos: a photographer (Lav Varshney, CC0), a cup of coffee (Rachel Michetti, CC0),
Eileen Collins (NASA), a rocket (SpaceX, CC0), Chelsea the cat (Stéfan van der Walt, CC0). The damage is drawn here, by
none of the code that the finders have learned from. Nothing is chosen among seeds.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont
from skimage import data

import selfmend

TARGET = Path(__file__).parent / "images" / "tutorials"
GAP, WIDTH = 8, 980  # pixels: between two pictures, and of a strip of them
Pictures = list[Image.Image]


def aged(photo: np.ndarray) -> Image.Image:
    """A photo of 512 x 512 after eighty years: sepia, scratches, dust, a lost corner."""
    random = np.random.default_rng(5)
    grey = Image.fromarray(photo).convert("L")
    noise = random.normal(0, 5, (grey.height, grey.width))
    grain = Image.fromarray((np.asarray(grey) * 0.8 + 30 + noise).clip(0, 255).astype(np.uint8))
    tones = [
        [round(low + (high - low) * k / 255) for k in range(256)] for low, high in ((28, 246), (20, 230), (12, 198))
    ]
    whole = Image.merge("RGB", [grain.point(tone) for tone in tones])
    light = Image.new("L", whole.size, 0)
    draw = ImageDraw.Draw(light)
    for start, end, wide in (
        ((40, 0), (75, 511), 2),
        ((300, 0), (330, 511), 2),
        ((0, 130), (511, 96), 3),
        ((380, 200), (511, 330), 1),
    ):
        steps = np.linspace(0, 1, 40)
        wander = np.cumsum(random.normal(0, 1.2, (40, 2)), axis=0)
        points = np.outer(1 - steps, start) + np.outer(steps, end) + wander
        draw.line([tuple(point) for point in points], fill=255, width=wide)
    for _ in range(70):
        x, y, r = random.uniform(0, 512), random.uniform(0, 512), random.uniform(0.8, 2.6)
        draw.ellipse((x - r, y - r * 0.8, x + r, y + r * 0.8), fill=255)
    draw.polygon([(511, 0), (511, 74), (480, 50), (462, 28), (436, 0)], fill=255)
    light = light.filter(ImageFilter.GaussianBlur(0.6))
    return Image.composite(Image.new("RGB", whole.size, (238, 232, 216)), whole, light)


def text(picture: Image.Image, words: str, place: tuple[int, int], size: int, *, angle: float = 0) -> Image.Image:
    """Where words lie on a picture, "L"."""
    layer = Image.new("L", picture.size, 0)
    ImageDraw.Draw(layer).text(place, words, fill=255, font=ImageFont.load_default(size), anchor="mm")
    return layer.rotate(angle, Image.Resampling.BICUBIC, center=place) if angle else layer


def restored() -> Pictures:
    worn = aged(data.astronaut())
    return [worn, selfmend.restore(worn)]


def found() -> Pictures:
    worn = aged(data.camera())
    mask = selfmend.find_mask(worn)
    return [worn, marked(worn, mask), selfmend.restore(worn)]


def marked(picture: Image.Image, mask: np.ndarray) -> Image.Image:
    """The picture in grey, and in red what a mask has."""
    grey = ImageEnhance.Contrast(picture.convert("L").convert("RGB")).enhance(0.6)
    return Image.composite(Image.new("RGB", picture.size, (225, 40, 30)), grey, Image.fromarray(np.uint8(mask) * 255))


def too_large() -> Pictures:
    """What does not work: who fills half of the picture."""
    photo = Image.fromarray(data.camera()).convert("RGB")
    mask = Image.new("L", photo.size, 0)
    ImageDraw.Draw(mask).polygon(
        [
            (150, 75),
            (205, 40),
            (270, 70),
            (345, 130),
            (345, 215),
            (330, 300),
            (418, 512),
            (0, 512),
            (0, 180),
            (60, 115),
        ],
        fill=255,
    )
    return [photo, marked(photo, np.asarray(mask) > 0), selfmend.inpaint(photo, mask)]


def object_removed() -> Pictures:
    photo = Image.fromarray(data.rocket())
    mask = Image.new("L", photo.size, 0)
    ImageDraw.Draw(mask).polygon(
        [(441, 95), (452, 95), (454, 180), (462, 250), (484, 385), (424, 385), (438, 250), (440, 180)], fill=255
    )
    return [photo, marked(photo, np.asarray(mask) > 0), selfmend.inpaint(photo, mask)]


def stamp_removed() -> Pictures:
    photo = Image.fromarray(data.coffee())
    glow = text(photo, "'98  7 24", (490, 360), 34)
    soft = ImageChops.lighter(glow, glow.filter(ImageFilter.GaussianBlur(2)))
    stamped = Image.composite(Image.new("RGB", photo.size, (255, 150, 40)), photo, soft)
    mask = selfmend.find_mask(stamped, "stamp")
    return [stamped, marked(stamped, mask), selfmend.inpaint(stamped, mask)]


def watermark_removed() -> Pictures:
    photo = Image.fromarray(data.chelsea())
    mark = text(photo, "SAMPLE PHOTO", (225, 170), 52, angle=24).point(lambda v: v * 0.45)
    marked_photo = Image.composite(Image.new("RGB", photo.size, "white"), photo, mark)
    painted = text(photo, "SAMPLE PHOTO", (225, 170), 52, angle=24).point(lambda v: 255 if v > 3 else 0)
    painted = painted.filter(ImageFilter.MaxFilter(9))
    shown = marked(marked_photo, np.asarray(painted) > 0)
    return [marked_photo, shown, selfmend.remove_watermark(marked_photo, painted, colour="#ffffff")]


def subtitle_removed() -> Pictures:
    photo = Image.fromarray(data.astronaut()).crop((0, 60, 512, 400))
    words, place = "We have lift-off.", (256, 300)
    letters = text(photo, words, place, 30)
    edge = letters.filter(ImageFilter.MaxFilter(5))
    frame = Image.composite(Image.new("RGB", photo.size, "black"), photo, edge)
    frame = Image.composite(Image.new("RGB", photo.size, "white"), frame, letters)
    mask = selfmend.find_mask(frame, "text")
    return [frame, marked(frame, mask), selfmend.inpaint(frame, mask)]


def many() -> Pictures:
    photos = [Image.fromarray(data.chelsea()), Image.fromarray(data.coffee()), Image.fromarray(data.rocket())]
    box = (0.05, 0.8, 0.4, 0.93)
    done = []
    for photo in photos:
        photo = photo.resize((320, 220))
        hole = Image.new("L", photo.size, 0)
        ImageDraw.Draw(hole).rectangle(
            [round(side * at) for side, at in zip((320, 220) * 2, box, strict=True)], fill=255
        )
        lettered = Image.composite(Image.new("RGB", photo.size, (70, 90, 200)), photo, hole)
        lettered = Image.composite(
            Image.new("RGB", photo.size, "white"), lettered, text(photo, "MY SHOP", (72, 190), 22)
        )
        done += [lettered, selfmend.inpaint(lettered, hole)]
    return done


def new_pictures() -> Pictures:
    photo = (
        Image.fromarray(data.hubble_deep_field())
        .crop((360, 420, 860, 820))
        .resize((320, 256), Image.Resampling.LANCZOS)
    )
    return [photo, *selfmend.sample(photo, samples=2, seed=1)]


def trained() -> Pictures:
    """What the preset `tiny` learns of sixteen parts of one face: no more than what the tutorial says."""
    portrait = Image.fromarray(data.astronaut())
    with tempfile.TemporaryDirectory() as folder:
        for k in range(16):
            left, top = 150 + k % 4 * 4, 30 + k // 4 * 4
            portrait.crop((left, top, left + 140, top + 140)).save(Path(folder) / f"{k}.png")
        model = selfmend.fit("dmfn", folder, preset="tiny", masks="center")
    face = portrait.crop((158, 38, 298, 178))
    mask = np.zeros((140, 140), bool)
    mask[35:105, 35:105] = True
    filled = model.inpaint(face, mask)
    assert isinstance(filled, Image.Image)
    return [face, marked(face, mask), filled]


ALL: dict[str, Callable[[], Pictures]] = {
    "restored": restored, "found": found, "too-large": too_large, "object-removed": object_removed,
    "stamp-removed": stamp_removed, "watermark-removed": watermark_removed, "subtitle-removed": subtitle_removed,
    "many": many, "new-pictures": new_pictures,
    "trained": trained,
}  # fmt: skip


def strip(pictures: Pictures, columns: int = 3) -> Image.Image:
    """Pictures of one size side by side, WIDTH pixels wide."""
    columns = min(columns, len(pictures))
    wide = (WIDTH - GAP * (columns - 1)) // columns
    high = round(wide * pictures[0].height / pictures[0].width)
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (WIDTH, rows * high + (rows - 1) * GAP), "white")
    for k, picture in enumerate(pictures):
        place = (k % columns * (wide + GAP), k // columns * (high + GAP))
        sheet.paste(picture.convert("RGB").resize((wide, high), Image.Resampling.LANCZOS), place)
    return sheet


START = {"restored": (0, 30), "object-removed": (60, 0), "subtitle-removed": (0, 20), "stamp-removed": (0, 0)}
"""Of which there is a pair on the start page, and where the parts of 3 : 2 begin that it shows."""


def pair(pictures: Pictures, corner: tuple[int, int]) -> Image.Image:
    """Before and after, the same part of 3 : 2 of both."""
    left, top = corner
    wide = min(pictures[0].width - left, (pictures[0].height - top) * 3 // 2)
    return strip([one.crop((left, top, left + wide, top + wide * 2 // 3)) for one in (pictures[0], pictures[-1])])


def main(names: list[str]) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in names or ALL:
        pictures = ALL[name]()
        strip(pictures, 2 if name == "many" else 3).save(TARGET / f"{name}.jpg", quality=84, optimize=True)
        if name in START:
            pair(pictures, START[name]).save(TARGET / f"start-{name}.jpg", quality=84, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])

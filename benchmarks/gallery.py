"""The pictures of docs/gallery.md: every application on photos that scikit-image ships, good results and bad.

python benchmarks/gallery.py                                  # all of them
python benchmarks/gallery.py --only paint-good --method singan --preset paper
python benchmarks/gallery.py --set max_size=96 --set steps=100    # a quick look

Each is made twice: with the photo's own patches, and by generators that have learned the photo. What is trained is kept
in benchmarks/out/gallery, so that the second call only draws. Which results are called good was
decided by looking at them: after a change of the training, look again.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from skimage import data

import selfmend
from selfmend.files import atomic_path
from selfmend.image.animation import save_frames
from selfmend.image.draw import contact_sheet, paint_hole
from selfmend.image.picture import to_picture
from selfmend.masks.text import find_text
from subtitles import Subtitle, burn

ROOT = Path(__file__).parent.parent
LONGEST = 250  # pixels; as in the paper
MOST_BYTES = 100_000  # of a picture in the docs
PATCHES, LEARNED = "its patches", "learned"
BY_ALL = (("patch-diffusion", None), ("gpnn", None), ("gpdm", None), ("sliced-wasserstein", None), ("singan", "fast"))
Sheet = list[tuple[str, Image.Image]]


def photo(name: str) -> Image.Image:
    """A photo of scikit-image, at most LONGEST pixels long; all of them are in the public domain or CC0."""
    picture = Image.fromarray({"hubble": data.hubble_deep_field}.get(name, getattr(data, name, None))())
    if name == "hubble":
        picture = picture.crop((360, 420, 860, 820))
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return picture


class Workshop:
    """The models, trained when they are first asked for."""

    def __init__(self, method: str, preset: str | None, settings: dict[str, str], folder: Path) -> None:
        self.method, self.preset, self.settings, self.folder = method, preset, settings, folder
        self.learned = functools.cache(self._learned)

    def _learned(self, name: str, padding: str = "zero") -> selfmend.Model:
        options = {**self.settings, "padding": padding}
        started = time.perf_counter()
        model = selfmend.fit(
            self.method, photo(name), preset=self.preset, folder=self.place(name, options), device="cpu", **options
        )
        print(f"{name} ({padding}): {time.perf_counter() - started:.0f} s", flush=True)
        return model

    def place(self, name: str, options: dict[str, str]) -> Path:
        """The run folder for a picture and options."""
        key = hashlib.sha256(repr((self.method, self.preset, sorted(options.items()))).encode()).hexdigest()[:8]
        return self.folder / f"{name}-{self.method}-{key}"


def sampled(workshop: Workshop, name: str) -> Sheet:
    samples = selfmend.sample(photo(name), samples=3, seed=1)
    learned = workshop.learned(name).sample(samples=3, seed=1)
    rows = [*((PATCHES, one) for one in samples), *((LEARNED, one) for one in learned)]
    return [("photo", photo(name)), *rows[:3], ("photo", photo(name)), *rows[3:]]


def sampled_by_all(name: str) -> Sheet:
    """The same photo by every method that makes new pictures; the captions have the seconds of the processor."""
    sheet = [("photo", photo(name))]
    for method, preset in BY_ALL:
        started = time.process_time()
        made = selfmend.sample(photo(name), method=method, preset=preset, seed=1)
        spent = time.process_time() - started
        sheet.append((f"{method}, {spent:.0f} s", made))
        print(f"{method} {preset or ''}: {spent:.1f} s of the processor", flush=True)
    return sheet


def retargeted(workshop: Workshop, name: str) -> Sheet:
    size = photo(name).height, photo(name).width * 3 // 2
    learned = workshop.learned(name).retarget(size, seed=1)
    return [("photo", photo(name)), (PATCHES, selfmend.retarget(photo(name), size, seed=1)), (LEARNED, learned)]


def enlarged(name: str, box: tuple[int, int, int, int]) -> Sheet:
    large = photo(name).crop(box)
    small = large.resize((large.width // 3, large.height // 3), Image.Resampling.BICUBIC)
    return [
        ("bicubic", small.resize(large.size, Image.Resampling.BICUBIC)),
        ("super-resolved", selfmend.super_resolve(small, 3)),
        ("truth", large),
    ]


def painting_of_space(sky: tuple[int, int, int], *suns: tuple[int, int, int]) -> Image.Image:
    """A sky with a spiral of discs, as one makes it with a mouse."""
    painting = Image.new("RGB", (LONGEST, LONGEST * 4 // 5), sky)
    draw = ImageDraw.Draw(painting)
    places = [(40, 50, 16), (120, 30, 8), (200, 60, 22), (90, 110, 12), (160, 130, 7), (50, 160, 9), (210, 160, 12)]
    for k, (x, y, radius) in enumerate(places):
        draw.ellipse((x - radius, y - radius * 2 // 3, x + radius, y + radius * 2 // 3), fill=suns[k % len(suns)])
    return painting


def painting_of_a_cat() -> Image.Image:
    """A cat's face of a few shapes."""
    painting = Image.new("RGB", (LONGEST, LONGEST * 2 // 3), (170, 120, 85))
    draw = ImageDraw.Draw(painting)
    for x in (80, 165):
        draw.polygon([(x - 35, 60), (x, 5), (x + 30, 60)], fill=(120, 80, 60))
        draw.ellipse((x - 18, 62, x + 18, 92), fill=(150, 160, 110))
        draw.ellipse((x - 5, 64, x + 5, 90), fill=(20, 15, 12))
    draw.polygon([(110, 115), (138, 115), (124, 132)], fill=(200, 120, 110))
    return painting


def painted(workshop: Workshop, name: str, painting: Image.Image, *, quantized: bool = False) -> Sheet:
    model = workshop.learned(name)
    sheet = [("photo", photo(name)), ("painting", painting), (PATCHES, selfmend.paint(painting, photo(name), seed=1))]
    sheet.append((LEARNED, model.paint(painting, seed=1)))
    return [*sheet, ("learned, quantised", model.paint(painting, quantized=True, seed=1))] if quantized else sheet


def pasted(name: str, thing: Image.Image, shape: Image.Image, at: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """A photo with a thing pasted onto it, and the mask."""
    composite, mask = photo(name).convert("RGB"), Image.new("L", photo(name).size)
    composite.paste(thing, at, shape)
    mask.paste(255, at, shape)
    return composite, mask


def disc(size: tuple[int, int]) -> Image.Image:
    shape = Image.new("L", size)
    ImageDraw.Draw(shape).ellipse((0, 0, size[0] - 1, size[1] - 1), fill=255)
    return shape


def harmonized(workshop: Workshop, name: str, thing: Image.Image, at: tuple[int, int]) -> Sheet:
    composite, mask = pasted(name, thing, disc(thing.size), at)
    learned = workshop.learned(name).harmonize(composite, mask, seed=1)
    return [("pasted", composite), (PATCHES, selfmend.harmonize(composite, mask, seed=1)), (LEARNED, learned)]


def edited(workshop: Workshop, name: str, box: tuple[int, int, int, int], to: tuple[int, int]) -> Sheet:
    thing = photo(name).crop(box)
    composite, mask = pasted(name, thing, Image.new("L", thing.size, 255), to)
    learned = workshop.learned(name).edit(composite, mask, seed=1)
    mended = selfmend.edit(composite, mask, picture=photo(name), seed=1)
    return [("photo", photo(name)), ("edited", composite), (PATCHES, mended), (LEARNED, learned)]


def animated(name: str) -> list[Image.Image]:
    film = selfmend.animate(photo(name), frames=20, loop=True, seed=1)
    for frame in film:
        frame.thumbnail((160, 160), Image.Resampling.LANCZOS)
    return film


def unsubtitled(name: str) -> Sheet:
    """A photo with a subtitle, what is found of it, and what patches of the photo make of that."""
    burnt, _ = burn(np.asarray(photo(name)), Subtitle(("Where did you", "leave the spoon?"), "Aileron", 0.1))
    image = to_picture(burnt).image
    mask = find_text(image)
    shown = Image.blend(Image.fromarray(burnt), paint_hole(image, mask), 0.6)
    mended = selfmend.inpaint(Image.fromarray(burnt), mask)
    return [("subtitled", Image.fromarray(burnt)), ("found", shown), ("mended", mended)]


def green_moon() -> Image.Image:
    moon = Image.fromarray(data.moon()).crop((120, 120, 380, 380)).resize((56, 56)).filter(ImageFilter.SHARPEN)
    return Image.merge("RGB", (moon.point(lambda v: v // 2), moon, moon.point(lambda v: v // 2)))


def cup() -> Image.Image:
    return photo("coffee").crop((60, 20, 180, 130)).resize((80, 74))


WARM, BLUE, WHITE = (225, 170, 110), (110, 140, 215), (240, 240, 235)
SHEETS: dict[str, Callable[[Workshop], Sheet]] = {
    "sample-good": lambda w: sampled(w, "hubble"),
    "methods": lambda _: sampled_by_all("hubble"),
    "sample-bad": lambda w: sampled(w, "chelsea"),
    "retarget-good": lambda w: retargeted(w, "hubble"),
    "retarget-bad": lambda w: retargeted(w, "chelsea"),
    "super-resolve-good": lambda _: enlarged("chelsea", (30, 0, 246, 165)),
    "super-resolve-bad": lambda _: enlarged("page", (40, 0, 232, 120)),
    "paint-good": lambda w: painted(w, "hubble", painting_of_space((12, 10, 14), WARM, BLUE, WHITE)),
    "paint-quantized": lambda w: painted(
        w, "hubble", painting_of_space((40, 110, 60), (250, 80, 60), (250, 240, 60)), quantized=True
    ),
    "paint-bad": lambda w: painted(w, "chelsea", painting_of_a_cat()),
    "harmonize-good": lambda w: harmonized(w, "hubble", green_moon(), (150, 60)),
    "harmonize-bad": lambda w: harmonized(w, "chelsea", cup(), (20, 80)),
    "mask-text": lambda _: unsubtitled("coffee"),
    "edit-good": lambda w: edited(w, "hubble", (168, 8, 216, 48), (62, 96)),
    "edit-bad": lambda w: edited(w, "chelsea", (80, 50, 130, 90), (120, 5)),
}
FILMS: dict[str, Callable[[Workshop], list[Image.Image]]] = {
    "animate-good": lambda _: animated("hubble"),
    "animate-bad": lambda _: animated("chelsea"),
}


def save_small(sheet: Sheet, path: Path) -> None:
    """A JPEG of at most MOST_BYTES."""
    captions, pictures = zip(*sheet, strict=True)
    picture = contact_sheet([p.convert("RGB") for p in pictures], captions, columns=min(4, len(pictures)))
    for quality in (88, 80, 70, 60, 50, 40):
        held = io.BytesIO()
        picture.save(held, "JPEG", quality=quality, optimize=True)
        if held.tell() <= MOST_BYTES:
            break
    with atomic_path(path) as temporary:
        temporary.write_bytes(held.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", default="sliced-wasserstein", help="or singan")
    parser.add_argument("--preset", help="of the method")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of the training")
    parser.add_argument("--only", action="append", choices=[*SHEETS, *FILMS], help="one picture; repeatable")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images/gallery")
    parser.add_argument("--runs", type=Path, default=ROOT / "benchmarks/out/gallery", help="what was trained")
    args = parser.parse_args()
    workshop = Workshop(args.method, args.preset, dict(pair.split("=", 1) for pair in args.set), args.runs)
    args.output.mkdir(parents=True, exist_ok=True)
    for name in args.only or [*SHEETS, *FILMS]:
        path = args.output / f"{name}.{'jpg' if name in SHEETS else 'webp'}"
        if name in SHEETS:
            save_small(SHEETS[name](workshop), path)
        else:
            save_frames(FILMS[name](workshop), path, fps=10)
        print(f"{path}  ({path.stat().st_size / 1000:.0f} kB)", flush=True)


if __name__ == "__main__":
    main()

"""Trains the network that finds date stamps and watermarks; about an hour on one core, resumable.

    python benchmarks/train_mark_finder.py PHOTOS [PHOTOS ...] [--fonts FOLDER] [--run RUN] [--weights OUT.npz]

Each step draws marks of `selfmend.masks.marks` over crops of photos; a third of the crops stays without, and some of
these get what must not be taken for a mark: text that belongs to the scene, lights. `--fonts` adds font files to
those that Pillow and OpenCV bring. The run is written each 200 steps, and goes on from there when the command is
repeated.
"""

from __future__ import annotations

import argparse
import io
import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image as PILImage
from torch.utils.data import DataLoader, IterableDataset

from selfmend.files import atomic_path
from selfmend.masks import marks
from selfmend.masks.mark_network import network_input
from selfmend.nn.mark_finder import MarkFinder, folded
from selfmend.seeding import make_rng

SIDE, BATCH = 192, 6
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


def read(file: Path) -> np.ndarray:
    picture = PILImage.open(file).convert("RGB")
    picture.thumbnail((900, 900))
    return np.asarray(picture)


def crop(photo: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A square of the photo, at a random size, float32 in [0, 1], with another look."""
    least = min(photo.shape[:2])
    side = int(min(least, SIDE * math.exp(random.uniform(0, math.log(max(1.01, least / SIDE))))))
    top, left = (int(random.integers(have - side + 1)) for have in photo.shape[:2])
    part = photo[top : top + side, left : left + side]
    if side != SIDE:
        part = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC)
    image = part.astype(np.float32) / 255
    if random.random() < 0.5:
        image = image[:, ::-1]
    if random.random() < 0.1:
        image = np.rot90(image, int(random.integers(1, 4)))
    image = np.ascontiguousarray(image)
    if random.random() < 0.25:
        grey = image.mean(2, keepdims=True)
        image = grey + (image - grey) * np.float32(random.uniform(0, 1.3))
    if random.random() < 0.05:
        image = image.mean(2, keepdims=True) * np.array([1, 0.88, 0.7], np.float32)
    if random.random() < 0.3:
        image = image.clip(0, 1) ** np.float32(random.uniform(0.6, 1.6))
    if random.random() < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.4, 1.5))
    if random.random() < 0.2:
        image = image + random.normal(0, random.uniform(0.005, 0.04), image.shape).astype(np.float32)
    return image.clip(0, 1)


def plain(random: np.random.Generator) -> np.ndarray:
    """A soft background of a few colours."""
    cells = random.uniform(0, 1, (*random.integers(1, 7, 2), 3)).astype(np.float32)
    image = cv2.resize(
        cells, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC if random.random() < 0.6 else cv2.INTER_NEAREST
    )
    return (image + random.normal(0, random.uniform(0, 0.05), image.shape).astype(np.float32)).clip(0, 1)


def no_mark(image: np.ndarray, random: np.random.Generator, fonts: list[Path]) -> np.ndarray:
    """Text on a board of the scene, seen from aside, or lights: no marks."""
    if random.random() < 0.35:
        tint = random.uniform(0.3, 1, 3).astype(np.float32)
        tint[0] = 1
        for _ in range(random.integers(1, 9)):
            spot = np.zeros((SIDE, SIDE), np.float32)
            cv2.circle(spot, tuple(int(v) for v in random.integers(0, SIDE, 2)), int(random.integers(1, 8)), 1, -1)
            spot = cv2.GaussianBlur(spot, (0, 0), random.uniform(0.5, 4))
            image = 1 - (1 - image) * (1 - spot[..., None] * tint)
        return image
    tall = int(random.integers(8, 40))
    text = marks.printed(marks.words(random), tall, random, fonts)
    margin = round(tall * random.uniform(0.2, 1))
    text = np.pad(text, margin)
    height, width = text.shape
    scale = min(1.0, 0.9 * SIDE / max(height, width))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    at = random.uniform(0, SIDE - scale * np.array([width, height])).astype(np.float32)
    there = corners * scale + at + random.uniform(-0.25, 0.25, (4, 2)).astype(np.float32) * scale * height
    warp = cv2.getPerspectiveTransform(corners, there.astype(np.float32))
    letters = cv2.warpPerspective(text, warp, (SIDE, SIDE))[..., None]
    board = cv2.warpPerspective(np.ones_like(text), warp, (SIDE, SIDE))[..., None]
    shade = cv2.resize(random.uniform(0.5, 1, (3, 3)).astype(np.float32), (SIDE, SIDE))[..., None]
    paint = random.uniform(0, 1, (2, 3)).astype(np.float32)
    if abs(paint[0] - paint[1]).max() < 0.3:
        paint[0] = 1 - paint[1]
    image = image * (1 - board) + board * shade * paint[1]
    return image * (1 - letters) + letters * shade * paint[0]


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    held = io.BytesIO()
    PILImage.fromarray((image.clip(0, 1) * 255 + 0.5).astype(np.uint8)).save(held, "JPEG", quality=quality)
    return np.asarray(PILImage.open(held), np.float32) / 255


def example(photos: list[np.ndarray], fonts: list[Path], random: np.random.Generator) -> tuple[np.ndarray, ...]:
    """(6, S, S) input, (2, S, S) truth, (2, S, S) weights."""
    image = plain(random) if random.random() < 0.06 else crop(photos[random.integers(len(photos))], random)
    if random.random() < 0.16:
        image = no_mark(image, random, fonts)
    truth, weight = np.zeros((2, SIDE, SIDE), np.float32), np.ones((2, SIDE, SIDE), np.float32)
    drawn = random.choice(4, p=(0.3, 0.24, 0.43, 0.03))
    kept = fonts if random.random() < 0.8 else []
    if drawn in (2, 3):
        mark = marks.draw_watermark(image, random, fonts=kept, opacity=(0.2, 0.75))
        hidden = abs(mark.image - image).max(2) < 3 / 255
        truth[1], weight[1] = mark.mask, 1 - 0.7 * (hidden & mark.mask)
        image = mark.image
    if drawn in (1, 3):
        mark = marks.draw_stamp(image, random, fonts=kept)
        truth[0], image = mark.mask, mark.image
        weight[1] *= 1 - mark.mask if drawn == 3 else 1
    if random.random() < 0.1:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.3, 0.8))
    if random.random() < 0.6:
        image = jpeg(image, int(random.integers(55, 98)))
    return network_input(image.clip(0, 1)), truth, weight


class Examples(IterableDataset):
    def __init__(self, photos: list[np.ndarray], fonts: list[Path], seed: int, first: int) -> None:
        self.photos, self.fonts, self.seed, self.first = photos, fonts, seed, first

    def __iter__(self):
        cv2.setNumThreads(1)
        step = self.first
        while True:
            made = [example(self.photos, self.fonts, make_rng(self.seed, step, k)) for k in range(BATCH)]
            yield tuple(torch.from_numpy(np.stack(part)) for part in zip(*made, strict=True))
            step += 1


def loss_of(logits: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Cross entropy of all pixels, and Dice of the crops that have a mark: others would ask for nothing at all."""
    cross = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth, weight, pos_weight=torch.tensor(3.0))
    p = torch.sigmoid(logits) * weight
    both, sums = (p * truth).sum((2, 3)), (p + truth * weight).sum((2, 3))
    dice = 1 - (2 * both + 1) / (sums + 1)
    marked = (truth.sum((2, 3)) > 0).float()
    return 3 * cross + (dice * marked).sum() / marked.sum().clamp(min=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="+", help="folders")
    parser.add_argument("--fonts", type=Path)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", type=Path, default=Path("mark-finder.pt"))
    parser.add_argument("--weights", type=Path, default=Path("mark_finder.npz"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    files = sorted(f for folder in args.photos for f in folder.rglob("*") if f.suffix.lower() in ENDINGS)
    photos = [photo for photo in map(read, files) if min(photo.shape[:2]) >= SIDE]
    fonts = sorted(f for f in args.fonts.rglob("*") if f.suffix.lower() in (".ttf", ".otf")) if args.fonts else []
    print(f"{len(photos)} photos, {len(fonts)} font files", flush=True)
    net = MarkFinder().to(memory_format=torch.channels_last)
    torch.nn.init.constant_(net.answer.bias, -3.0)
    mean = MarkFinder()
    mean.load_state_dict(net.state_dict())
    optimizer = torch.optim.AdamW(net.parameters(), args.rate, weight_decay=1e-3)
    first = 0
    if args.run.exists():
        state = torch.load(args.run, weights_only=True)
        net.load_state_dict(state["net"])
        mean.load_state_dict(state["mean"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    batches = iter(
        DataLoader(Examples(photos, fonts, args.seed, first), batch_size=None, num_workers=1, prefetch_factor=4)
    )
    total, began = 0.0, time.time()
    for step in range(first, args.steps):
        rate = args.rate * min(1, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / args.steps)) + 1e-5
        for group in optimizer.param_groups:
            group["lr"] = rate
        image, truth, weight = next(batches)
        net.train()
        loss = loss_of(net(image.contiguous(memory_format=torch.channels_last)), truth, weight)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            keep = min(0.995, (step + 1) / (step + 50))
            for a, b in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
                if a.is_floating_point():
                    a.lerp_(b, 1 - keep)
                else:
                    a.copy_(b)
        total += loss.item()
        if (step + 1) % 100 == 0:
            print(
                f"step {step + 1}: loss {total / 100:.4f}, {(time.time() - began) / (step + 1 - first):.2f} s/step",
                flush=True,
            )
            total = 0.0
        if (step + 1) % 200 == 0 or step + 1 == args.steps:
            state = {
                "net": net.state_dict(),
                "mean": mean.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step + 1,
            }
            with atomic_path(args.run) as temporary:
                torch.save(state, temporary)
            with atomic_path(args.weights) as temporary, temporary.open("wb") as file:
                np.savez_compressed(file, **{name: array.astype(np.float16) for name, array in folded(mean).items()})


if __name__ == "__main__":
    main()

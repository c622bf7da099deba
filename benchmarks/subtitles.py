"""Subtitles with known masks: what `text_masks.py` burns into pictures and clips."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
FONTS = {  # name here to file; "" is the one that Pillow brings
    "Aileron": "",
    "Sans Bold": "DejaVuSans-Bold.ttf",
    "Sans Condensed": "DejaVuSansCondensed.ttf",
    "Serif": "DejaVuSerif.ttf",
    "Serif Bold Italic": "DejaVuSerif-BoldItalic.ttf",
}
SENTENCES = (
    "Where did you leave the keys?",
    "I told you: nobody lives here.",
    "Wait for me at the harbour!",
    "No.",
    "Seven, eight, nine ... ten.",
    "She knows more than she says,",
    "and that is what worries me.",
    "They will be back by 11:30 tomorrow",
    "- Are you sure?",
    "- Quite sure, Mr. Wilkins.",
)
WHITE, YELLOW, CYAN = (255, 255, 255), (255, 230, 40), (120, 240, 255)


@dataclass(frozen=True)
class Subtitle:
    """What is written and how: sizes are shares of the picture's height, the outline one of the letters' size."""

    lines: tuple[str, ...]
    font: str
    size: float
    outline: float = 0.09
    colour: tuple[int, int, int] = WHITE


def known_fonts() -> list[str]:
    """Those that are on this machine."""
    return [name for name, file in FONTS.items() if not file or (DEJAVU / file).exists()]


def layers(subtitle: Subtitle, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Opacity of the whole and of the letters alone, float32 (H, W) in [0, 1], and where the whole is seen, bool.

    A tenth of the lower edge stays free. Lines that are too long lose words.
    """
    height, width = size
    letter = max(8, round(subtitle.size * height))
    file = FONTS[subtitle.font]
    font = ImageFont.truetype(str(DEJAVU / file), letter) if file else ImageFont.load_default(size=letter)
    outline = max(1, round(subtitle.outline * letter))
    lines = [shortened(line, font, width - 6 * outline) for line in subtitle.lines]
    whole, letters = Image.new("L", (width, height)), Image.new("L", (width, height))
    bottom = height * 0.93
    for k, line in enumerate(reversed(lines)):
        place = (width / 2, round(bottom - k * letter * 1.25))
        ImageDraw.Draw(whole).text(place, line, fill=255, font=font, anchor="ms", stroke_width=outline)
        ImageDraw.Draw(letters).text(place, line, fill=255, font=font, anchor="ms")
    shares = [np.asarray(layer, np.float32) / 255 for layer in (whole, letters)]
    return shares[0], shares[1], shares[0] > 0


def shortened(line: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """As many words as fit."""
    while " " in line and font.getlength(line) > width:
        line = line.rsplit(" ", 1)[0]
    return line


def burn(picture: np.ndarray, subtitle: Subtitle) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (H, W, 3) with the subtitle, and its mask, bool (H, W): all pixels that the subtitle has changed at all."""
    whole, letters, mask = layers(subtitle, picture.shape[:2])
    outlined = picture * (1 - whole[..., None])
    burnt = outlined * (1 - letters[..., None]) + letters[..., None] * np.array(subtitle.colour, np.float32)
    return burnt.round().astype(np.uint8), mask


def read_clip(path: Path) -> tuple[list[np.ndarray], float]:
    """All frames, uint8 (H, W, 3), and how many there are a second."""
    with av.open(str(path)) as clip:
        rate = float(clip.streams.video[0].average_rate)
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)], rate


def write_clip(frames: list[np.ndarray], path: Path, *, quality: int, rate: int = 24) -> None:
    """H.264 in 4:2:0 with the x264 quality `quality` (crf: 18 is good, 28 is poor)."""
    with av.open(str(path), "w") as clip:
        stream = clip.add_stream("libx264", rate=rate, options={"crf": str(quality)})
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "yuv420p"
        for frame in frames:
            clip.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        clip.mux(stream.encode(None))

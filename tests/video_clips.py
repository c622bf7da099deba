"""Small films for tests: a square that moves over tiles, with a sine as sound."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from subtitles import textured, written


def frame_pixels(index: int, *, height: int = 48, width: int = 64) -> np.ndarray:
    """uint8 (height, width, 3): coloured tiles, and a square that moves 2 pixels a frame."""
    generator = np.random.default_rng(7)
    tiles = generator.integers(40, 200, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    pixels = tiles.repeat(8, 0).repeat(8, 1)[:height, :width].copy()
    left = 2 * index % (width - 10)
    pixels[5:15, left : left + 10] = (250, 230, 20)
    return pixels


def write_film(
    path: Path,
    *,
    frames: int = 12,
    size: tuple[int, int] = (48, 64),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    pts: list[int] | None = None,
    time_base: Fraction = Fraction(1, 12800),
    rate: int = 25,
    audio: bool = False,
    options: dict[str, str] | None = None,
    draw: Callable[[int], np.ndarray] | None = None,
    **of_stream: object,
) -> Path:
    """Write a film; `pts` are the frames' times in `time_base`, by default those of a constant `rate`.

    `draw` gives other frames, uint8 (height, width, 3), by their number.
    """
    step = int(1 / (rate * time_base))
    times = [k * step for k in range(frames)] if pts is None else pts
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=rate, options=options or {"g": "6", "crf": "10"})
        stream.height, stream.width = size
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = time_base
        for name, value in of_stream.items():
            setattr(stream.codec_context, name, value)
        sound = film.add_stream("aac", rate=8000, layout="mono") if audio else None
        for k, time in enumerate(times):
            pixels = draw(k) if draw else frame_pixels(k, height=size[0], width=size[1])
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = time, time_base
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
        if sound is not None:
            _write_sine(film, sound, seconds=float(times[-1] * time_base) + 1 / rate)
    return path


def write_subtitled(path: Path, *, frames: int = 10, words: str = "Who goes there?", clean: bool = False) -> Path:
    """A film of 120 x 200 whose background moves by 3 pixels a frame, with a subtitle in all but the first two."""
    wide = textured((120, 400))

    def draw(k: int) -> np.ndarray:
        background = np.ascontiguousarray(wide[:, 3 * k : 3 * k + 200])
        if k < 2 or clean:
            return background
        image, _ = written(background, words, letter=16)
        return np.rint(image * 255).astype(np.uint8)

    return write_film(path, frames=frames, size=(120, 200), draw=draw, audio=True)


def _write_sine(film: av.container.OutputContainer, stream: av.AudioStream, *, seconds: float) -> None:
    phase = np.arange(int(seconds * 8000)) * 2 * np.pi * 440 / 8000
    for start in range(0, len(phase), 1024):
        samples = (np.sin(phase[start : start + 1024]) * 8000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, start, Fraction(1, 8000)
        film.mux(stream.encode(frame))
    film.mux(stream.encode())


def copy_damaged(source: Path, target: Path, *, broken: set[int]) -> Path:
    """The film with the bytes of some packets (numbers in the order of the file) replaced by noise."""
    generator = np.random.default_rng(3)
    with av.open(str(source)) as film, av.open(str(target), "w") as copy:
        stream = copy.add_stream_from_template(film.streams.video[0], opaque=True)
        for number, packet in enumerate(film.demux(video=0)):
            if packet.dts is None:
                continue
            if number in broken:
                data = bytearray(bytes(packet))
                data[5:] = generator.integers(0, 256, len(data) - 5, dtype=np.uint8).tobytes()
                noise = av.Packet(bytes(data))
                noise.pts, noise.dts, noise.time_base = packet.pts, packet.dts, packet.time_base
                noise.is_keyframe = packet.is_keyframe
                packet = noise
            packet.stream = stream
            copy.mux(packet)
    return target

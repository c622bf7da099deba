"""Small films that say something beside their pictures, and how FFmpeg alone reads it: for a table of docs/video.md."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = (48, 64)
TOP_FIRST, BOTTOM_FIRST = 2, 3  # FFmpeg's numbers
DATE = "2020-01-02T03:04:05.000000Z"
LAST = 0.4  # seconds, of a film of 25 frames a second
SCREEN = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
LIT = {
    "libx265": {"x265-params": f"log-level=error:repeat-headers=1:master-display={SCREEN}:max-cll=1000,400"},
    "libx264": {"x264-params": f"mastering-display={SCREEN}:cll=1000,400"},
    "libsvtav1": {
        "svtav1-params": "mastering-display=G(0.265,0.69)B(0.15,0.06)R(0.68,0.32)WP(0.3127,0.329)L(1000,0.005):"
        "content-light=1000,400"
    },
}
COLUMNS = {  # of the table: ending, encoder, pixels, pixels with transparency, pixels of more bits
    "H.264 .mp4": (".mp4", "libx264", "yuv420p", None, "yuv420p10le"),
    "HEVC .mp4": (".mp4", "libx265", "yuv420p", None, "yuv420p10le"),
    "AV1 .mp4": (".mp4", "libsvtav1", "yuv420p", None, "yuv420p10le"),
    "ProRes .mov": (".mov", "prores_ks", "yuv422p10le", "yuva444p10le", "yuv422p10le"),
    "PNG .mov": (".mov", "png", "rgb24", "rgba", "rgb48be"),
    "QT RLE .mov": (".mov", "qtrle", "rgb24", "argb", None),
    "FFV1 .mkv": (".mkv", "ffv1", "yuv420p", "bgra", "gray16le"),
    "VP9 .webm": (".webm", "libvpx-vp9", "yuv420p", "yuva420p", None),
    "VP8 .webm": (".webm", "libvpx", "yuv420p", "yuva420p", None),
    "MPEG-2 .mpg": (".mpg", "mpeg2video", "yuv420p", None, None),
    "MPEG-1 .mpg": (".mpg", "mpeg1video", "yuv420p", None, None),
    "MPEG-4 .avi": (".avi", "mpeg4", "yuv420p", None, None),
    "H.264 .ts": (".ts", "libx264", "yuv420p", None, "yuv420p10le"),
}
SHOWN = {  # what of a film says that it has what a row is about
    "transparency": bool,
    "more than 8 bits": lambda value: value > 8,
    "field order": lambda value: value == (True, BOTTOM_FIRST),
    "HDR10 light": lambda value: len(value) == 2,
    "chapters": lambda value: len(value) == 2,
    "title": lambda value: value == "The tiles",
    "date": lambda value: value == DATE,
    "name of a track": lambda value: value == "Tiles",
    "language of a track": lambda value: value == "deu",
    "length of the last frame": lambda value: value == LAST,
    "shape of a pixel": lambda value: value == Fraction(4, 3),
}
QUICK = {
    "libx264": {"crf": "10"},
    "libx265": {"x265-params": "log-level=error"},
    "libvpx": {"b": "1M", "auto-alt-ref": "0"},
    "libsvtav1": {"preset": "10"},
}


def film_of(column: str, what: str, folder: Path) -> Path | None:  # noqa: C901, one line a row
    """A film of the table's column that was asked to have what a row is about; None where its codec cannot."""
    ending, codec, plain, alpha, deep = COLUMNS[column]
    options, pixel_format = dict(QUICK.get(codec, {})), plain
    if what == "transparency":
        pixel_format = alpha
    elif what == "more than 8 bits":
        pixel_format = deep
    elif what == "HDR10 light":
        pixel_format, options = deep if codec in LIT else None, options | LIT.get(codec, {})
    if pixel_format is None:
        return None
    if what == "length of the last frame" and codec in ("libx264", "libx265"):
        options |= {"bf": "0"} if codec == "libx264" else {"x265-params": "log-level=error:bframes=0"}
    fields = what == "field order"
    if fields:
        options |= {"flags": "+ildct+ilme"} if codec in ("libx264", "mpeg2video", "mpeg4", "prores_ks") else {}
        if codec == "libx264":
            options["x264-params"] = "bff=1"
    path = folder / f"in{ending}"
    kind = "vob" if codec == "mpeg2video" else None
    with av.open(str(path), "w", format=kind) as film:
        stream = film.add_stream(codec, rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        (stream.height, stream.width), stream.pix_fmt = SIZE, pixel_format
        if fields:
            stream.codec_context.field_order = BOTTOM_FIRST
        if what == "transparency" and codec.startswith("libvpx"):
            stream.metadata["alpha_mode"] = "1"
        if what == "shape of a pixel":
            stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        if what in ("name of a track", "language of a track"):
            stream.metadata.update(title="Tiles", language="deu")
            if ending in (".mp4", ".mov"):
                stream.metadata["handler_name"] = "Tiles"
        if what in ("title", "date"):
            film.metadata.update(title="The tiles", creation_time=DATE)
        if what == "chapters":
            one = {"id": 1, "start": 0, "end": 80, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}}
            film.set_chapters([one, {**one, "id": 2, "start": 80, "end": 200, "metadata": {"title": "Two"}}])
        for k in range(5):
            frame = _frame(k).reformat(format=pixel_format)
            frame.pts, frame.time_base = k, Fraction(1, 25)
            for packet in stream.encode(_in_fields(frame) if fields else frame):
                _mux(film, packet, what, k)
        for packet in stream.encode():
            _mux(film, packet, what, 4)
    return path


def _mux(film: av.container.OutputContainer, packet: av.Packet, what: str, k: int) -> None:
    if what == "length of the last frame" and packet.pts == 4:
        packet.duration = 10
    film.mux(packet)


def _frame(k: int) -> av.VideoFrame:
    pixels = np.empty((*SIZE, 4), np.uint8)
    pixels[..., 0] = 60 + 20 * k
    pixels[..., 1] = 3 * np.arange(SIZE[0])[:, None]
    pixels[..., 2] = 90
    pixels[..., 3] = np.where(np.arange(SIZE[1]) < 40, 255, 30)
    return av.VideoFrame.from_ndarray(pixels, format="rgba")


def _in_fields(frame: av.VideoFrame) -> av.VideoFrame:
    graph = av.filter.Graph()
    came = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(frame.time_base)
    )
    fields, gone = graph.add("setfield", "bff"), graph.add("buffersink")
    came.link_to(fields)
    fields.link_to(gone)
    graph.configure()
    graph.push(frame)
    made = graph.pull()
    assert isinstance(made, av.VideoFrame)
    return made


def read(path: Path, what: str) -> object:  # noqa: C901, one line a row
    """What FFmpeg says of a row of the table."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        if what == "codec and pixels":
            return stream.codec_context.codec.canonical_name, stream.codec_context.pix_fmt
        if what == "times of frames":
            times = sorted(p.pts * p.time_base for p in film.demux(stream) if p.size)
            return [round(float(t - times[0]), 3) for t in times]
        if what == "shape of a pixel":
            return stream.sample_aspect_ratio
        if what == "chapters":
            return [(round(float(c["start"] * c["time_base"]), 3), c["metadata"]) for c in film.chapters()]
        if what == "title":
            return film.metadata.get("title")
        if what == "date":
            return film.metadata.get("creation_time")
        if what == "name of a track":
            return stream.metadata.get("title") or stream.metadata.get("name") or stream.metadata.get("handler_name")
        if what == "language of a track":
            return stream.metadata.get("language")
        if what == "length of the last frame":
            last = max((p for p in film.demux(stream) if p.size), key=lambda p: p.pts)
            if stream.duration and "mp4" in film.format.name:  # its packets know the order of decoding only
                return round(float((stream.start_time + stream.duration - last.pts) * stream.time_base), 2)
            return round(float(last.duration * last.time_base), 2)
        frame = _first(film, stream)
        if what == "field order":
            return frame.interlaced_frame, stream.codec_context.field_order
        if what == "HDR10 light":
            return {d.type.name: bytes(d) for d in frame.side_data if d.type.name.startswith(("MASTERING", "CONTENT"))}
        if what == "more than 8 bits":
            return max(part.bits for part in frame.format.components)
        assert what == "transparency"
        opacity = frame.reformat(format="rgba").to_ndarray()[:, [10, 60], 3].astype(int)
        return bool(np.abs(opacity - [255, 30]).max() < 4)


def _first(film: av.container.InputContainer, stream: av.VideoStream) -> av.VideoFrame:
    name = stream.codec_context.codec.canonical_name
    if name not in ("vp8", "vp9"):
        return next(film.decode(stream))
    decoder = av.CodecContext.create({"vp8": "libvpx", "vp9": "libvpx-vp9"}[name], "r")
    for packet in film.demux(stream):
        for frame in decoder.decode(packet):
            return frame
    raise AssertionError("no frame")

"""A result in another format, with its metadata."""

from __future__ import annotations

import io
import tempfile
import threading
import warnings
from pathlib import Path
from typing import Any

from PIL import Image as PILImage

from selfmend.core.checks import SelfmendWarning

_AT_ONCE = threading.Lock()  # a large picture takes much memory


def converted(path: Path, format: str, *, quality: int) -> bytes:
    """The picture at `path` as PNG, JPEG or WebP.

    Args:
        path: of a picture.
        format: "png", "jpeg" or "webp".
        quality: of JPEG and WebP, 1 to 100; WebP at 100 is lossless.

    Raises:
        ImageError: what is there is no picture.
    """
    from selfmend.image.formats import convert_for, save_options, to_eight_bit
    from selfmend.image.io import read_picture, save_picture

    kind = format.upper()
    with _AT_ONCE, warnings.catch_warnings():
        warnings.simplefilter("ignore", SelfmendWarning)  # of lost bits or transparency: the format was asked for
        picture: Any = read_picture(path).original
        if kind == "PNG":  # which 16 bits of colour fit into; PIL has no mode for those
            with tempfile.TemporaryDirectory() as folder:
                save_picture(picture, Path(folder) / "picture.png")
                return (Path(folder) / "picture.png").read_bytes()
        held = convert_for(picture if isinstance(picture, PILImage.Image) else to_eight_bit(picture, kind), kind)
        options = {name: value for name, value in save_options(held, kind).items() if name != "qtables"}
        options |= {"quality": quality, "lossless": quality == 100} if kind == "WEBP" else {"quality": quality}
        target = io.BytesIO()
        held.save(target, format=kind, **options)
        return target.getvalue()

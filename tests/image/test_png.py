"""The pixels of PNG files as they are packed: read back by PIL, which knows nothing of how."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PILImage
from skimage import data

from selfmend.image import png
from selfmend.parallel import limit_threads, thread_count


def file_of(samples, depth, colour, packed):
    head = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, colour, 0, 0, 0)
    return png.joined([(b"IHDR", head), (b"IDAT", packed), (b"IEND", b"")])


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 40), width=st.integers(1, 40), colour=st.sampled_from([0, 2, 4, 6]),
    seed=st.integers(0, 9), filters=st.booleans(), block=st.sampled_from([1, 50, 1000, 2**18]),
)  # fmt: skip
def test_what_is_packed_is_read_back(height, width, colour, seed, filters, block):
    """In blocks of a row or less, and of the whole picture."""
    random = np.random.default_rng(seed)
    samples = random.integers(0, 256, (height, width, png.CHANNELS[colour]), np.uint8)
    samples[:, : width // 2] //= 64  # some of it repeats
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(png, "_BLOCK", block)
        packed = png.packed(samples, 8, filters=filters)
    read = np.asarray(PILImage.open(io.BytesIO(file_of(samples, 8, colour, packed))))
    assert np.array_equal(read.reshape(samples.shape), samples)


@pytest.mark.parametrize(("depth", "most"), [(1, 1), (2, 3), (4, 15), (16, 65535)])
def test_other_depths(depth, most):
    samples = np.random.default_rng(0).integers(0, most + 1, (37, 53, 1)).astype(np.uint16)
    packed = png.packed(samples, depth, filters=depth >= 8)
    read = np.asarray(PILImage.open(io.BytesIO(file_of(samples, depth, 0, packed)))).astype(int)
    scale = 255 // most if 1 < most < 256 else 1
    assert np.array_equal(read, samples[..., 0].astype(int) * scale)


def test_photos_are_as_small_as_in_one_go_and_equal_with_any_number_of_threads():
    photo = np.concatenate([data.astronaut(), data.astronaut()[:, ::-1]])
    threads = thread_count()
    try:
        limit_threads(1)
        alone = png.packed(photo, 8, filters=True)
        limit_threads(3)
        assert png.packed(photo, 8, filters=True) == alone
    finally:
        limit_threads(threads)
    in_one_go = zlib.compress(zlib.decompress(alone), 6)
    assert len(alone) < 1.02 * len(in_one_go)
    assert len(alone) < 0.72 * len(zlib.compress(photo.tobytes(), 6))  # the filters are chosen well

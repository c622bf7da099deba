"""Values that survive a PNG."""

import numpy as np

from selfmend.video.frames import whole_bytes


def test_whole_bytes_are_the_floats_of_a_png():
    image = np.linspace(-0.1, 1.1, 4001, dtype=np.float32)
    held = whole_bytes(image)
    assert np.array_equal(held, np.rint(held * 255).astype(np.uint8).astype(np.float32) / np.float32(255))
    assert float(np.abs(held - image.clip(0, 1)).max()) <= 0.5 / 255 + 1e-6

"""Values that survive a PNG."""

import torch

from selfmend.video.frames import whole_bytes


def test_whole_bytes_are_the_floats_of_a_png():
    image = torch.linspace(-0.1, 1.1, 4001)
    held = whole_bytes(image)
    assert torch.equal(held, (held * 255).round().to(torch.uint8).float() / 255)
    assert float((held - image.clamp(0, 1)).abs().max()) <= 0.5 / 255 + 1e-6

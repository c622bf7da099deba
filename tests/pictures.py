"""Small pictures with holes for tests."""

import torch


def picture(height: int = 37, width: int = 53) -> tuple[torch.Tensor, torch.Tensor]:
    """(1, 3, height, width) of random 4-pixel tiles, and a mask of one box."""
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, height // 4 + 1, width // 4 + 1, generator=generator)
    image = torch.nn.functional.interpolate(image, scale_factor=4)[..., :height, :width].contiguous()
    mask = torch.zeros(1, 1, height, width, dtype=torch.bool)
    mask[..., 10:20, 12:25] = True
    return image, mask

"""Pictures whose sources are known: noise, where every patch is like no other, and mosaics of it."""

import torch


def noise(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """(1, 3, height, width) of random bytes."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (1, 3, height, width), generator=generator).float() / 255


def halves_swapped(image: torch.Tensor) -> torch.Tensor:
    """The right half, then the left half."""
    return image.roll(image.shape[-1] // 2, -1)

"""Pictures of one scene from two places: a texture, and what a homography makes of it."""

import cv2
import numpy as np
import torch

from selfmend.image.resize import resize

TURN = np.array([[1.03, 0.02, 6.3], [-0.03, 0.98, -4.6], [1e-4, -5e-5, 1]])
"""A small change of the camera's place, from the picture to the reference."""


def scene(height: int = 120, width: int = 160, channels: int = 3, seed: int = 0, margin: int = 60) -> torch.Tensor:
    """(1, C, height + 2 margin, width + 2 margin) in [0, 1] with structure at several scales, like nothing else."""
    generator = torch.Generator().manual_seed(seed)
    size = height + 2 * margin, width + 2 * margin
    image = torch.zeros(1, channels, *size)
    for cell, weight in ((48, 0.4), (12, 0.35), (4, 0.25)):
        cells = torch.rand(1, channels, size[0] // cell + 1, size[1] // cell + 1, generator=generator)
        image += weight * resize(cells, size).clamp(0, 1)
    return image.clamp(0, 1)


def seen_from(image: torch.Tensor, homography: np.ndarray, *, margin: int = 60) -> torch.Tensor:
    """The middle of a scene, as a camera sees it that `homography` moves the picture's points to."""
    height, width = image.shape[2] - 2 * margin, image.shape[3] - 2 * margin
    shift = np.array([[1, 0, -margin], [0, 1, -margin], [0, 0, 1.0]])
    values = np.ascontiguousarray(image[0].permute(1, 2, 0).numpy())
    moved = cv2.warpPerspective(values, homography @ shift, (width, height), flags=cv2.INTER_CUBIC)
    return torch.from_numpy(moved.reshape(height, width, -1)).permute(2, 0, 1)[None].clamp(0, 1).contiguous()


def middle_hole(image: torch.Tensor, share: float = 0.25) -> torch.Tensor:
    """A box of `share` of each side in the middle."""
    height, width = image.shape[2:]
    mask = torch.zeros(1, 1, height, width, dtype=torch.bool)
    high, wide = round(height * share), round(width * share)
    top, left = (height - high) // 2, (width - wide) // 2
    mask[..., top : top + high, left : left + wide] = True
    return mask


def psnr_in(output: torch.Tensor, truth: torch.Tensor, mask: torch.Tensor) -> float:
    """Over a mask, in dB."""
    where = mask.expand_as(truth)
    return float(-10 * torch.log10(((output - truth)[where] ** 2).mean()))

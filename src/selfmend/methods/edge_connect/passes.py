"""What EdgeConnect's two generators are shown. Pictures and edges are (N, C, H, W) in [0, 1], the mask 0 and 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def draw_edges(edge_generator: nn.Module, grey: Tensor, edges: Tensor, mask: Tensor) -> Tensor:
    """Soft edges everywhere, (N, 1, H, W), from what is known of a picture and of its edges."""
    known = 1 - mask
    return edge_generator(torch.cat([grey * known + mask, edges * known, mask], 1))


def merge(inside: Tensor, outside: Tensor, mask: Tensor) -> Tensor:
    """`inside` in the hole, `outside` elsewhere."""
    return inside * mask + outside * (1 - mask)


def paint(inpaint_generator: nn.Module, image: Tensor, edges: Tensor, mask: Tensor) -> Tensor:
    """A picture (N, 3, H, W) from what is known of it and all edges."""
    return inpaint_generator(torch.cat([image * (1 - mask) + mask, edges], 1))

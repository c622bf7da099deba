"""What a training will take of memory, known before it begins."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn


def state_bytes(networks: Mapping[str, nn.Module]) -> dict[str, int]:
    """Bytes of all networks' weights (buffers too), of their gradients, and of Adam's two means."""
    parameters = sum(p.numel() * p.element_size() for net in networks.values() for p in net.parameters())
    buffers = sum(b.numel() * b.element_size() for net in networks.values() for b in net.buffers())
    return {"weights": parameters + buffers, "gradients": parameters, "adam": 2 * parameters}


def activation_bytes(networks: Mapping[str, nn.Module], forward: Callable[[], object]) -> int:
    """Bytes of what the layers give during one pass, counted on the meta device: nothing is computed.

    Args:
        networks: on the meta device.
        forward: makes the pass, on meta tensors.
    """
    total = 0

    def count(module: nn.Module, inputs: object, output: object) -> None:
        nonlocal total
        if isinstance(output, torch.Tensor):
            total += output.numel() * output.element_size()

    leaves = [m for net in networks.values() for m in net.modules() if not any(True for _ in m.children())]
    handles = [leaf.register_forward_hook(count) for leaf in leaves]
    try:
        forward()
    finally:
        for handle in handles:
            handle.remove()
    return total


def on_meta(thing: Any, networks: Callable[[Any], Mapping[str, nn.Module]]) -> Any:
    """A copy of a thing whose networks (found by `networks`) have shapes only."""
    copied = copy.deepcopy(thing)
    for net in networks(copied).values():
        net.to("meta")
    return copied

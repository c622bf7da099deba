"""Fresh weights of convolutional networks, drawn from an explicit generator."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from selfmend.layers.channelwise_fc import ChannelwiseLinear

_POWER_ITERATIONS = 15  # as torch does at construction
_DRAWN = nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.BatchNorm2d | ChannelwiseLinear


@torch.no_grad()
def initialize(net: nn.Module, *, generator: torch.Generator) -> None:
    """Draw fresh weights: convolutions and linear layers N(0, 0.02), normalisation N(1, 0.02), all biases 0.

    What the codes of SinGAN, the Context Encoder, EdgeConnect and DMFN do.

    Args:
        net: a generator or a discriminator, changed in place.
        generator: a CPU generator; the same one gives the same weights on every device.
    """
    for module in net.modules():
        if not isinstance(module, _DRAWN):
            continue
        drawn = torch.randn(module.weight.shape, generator=generator) * 0.02
        _set_weight(module, drawn + (1.0 if isinstance(module, nn.BatchNorm2d) else 0.0), generator)
        if module.bias is not None:
            module.bias.zero_()


def _set_weight(module: nn.Module, weight: torch.Tensor, generator: torch.Generator) -> None:
    """Write a weight; under spectral norm, also fresh singular vectors, which construction drew from global state."""
    if not is_parametrized(module, "weight"):
        module.get_parameter("weight").copy_(weight)
        return
    norm = module.get_submodule("parametrizations.weight.0")
    module.get_parameter("parametrizations.weight.original").copy_(weight)
    matrix = norm._reshape_weight_to_matrix(weight)  # type: ignore[operator]
    v = torch.randn(matrix.shape[1], generator=generator)
    for _ in range(_POWER_ITERATIONS):
        u = nn.functional.normalize(matrix @ v, dim=0)
        v = nn.functional.normalize(matrix.mT @ u, dim=0)
    norm.get_buffer("_u").copy_(u)
    norm.get_buffer("_v").copy_(v)

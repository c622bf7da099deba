"""Small networks' checkpoints in the layout of the authors' codes, old spectral norm and wrappers included."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from selfmend.nn.layers import initialize


def old_spectral_norm(net: nn.Module) -> nn.Module:
    """Replace the new form of spectral norm by the old one, in place, keeping weights and singular vectors."""
    for module in list(net.modules()):
        if not hasattr(module, "parametrizations"):
            continue
        norm = module.parametrizations.weight[0]
        weight = module.parametrizations.weight.original.detach().clone()
        u, v = norm._u.clone(), norm._v.clone()
        nn.utils.parametrize.remove_parametrizations(module, "weight", leave_parametrized=False)
        nn.utils.spectral_norm(module)
        with torch.no_grad():
            module.weight_orig.copy_(weight)
            module.weight_u.copy_(u)
            module.weight_v.copy_(v)
    return net


def drawn(net: nn.Module, seed: int = 0) -> nn.Module:
    """The network with weights large enough for its output to depend on the input."""
    initialize(net, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(4)
    return net.eval()


def save(state: Mapping[str, Tensor], path: Path, *, wrapper: str = "", parallel: bool = False) -> Path:
    """Write a state dict as multi-GPU training or EdgeConnect's code does; the path."""
    state = {f"module.{key}" if parallel else key: value for key, value in state.items()}
    torch.save({"iteration": 2000, wrapper: state} if wrapper else state, path)
    return path

"""What a training will take of memory, counted by hand."""

import torch
from torch import nn

from selfmend.training.devices import activation_bytes, on_meta, state_bytes


def networks() -> dict[str, nn.Module]:
    return {"one": nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2)), "other": nn.Linear(4, 5, bias=False)}


def test_weights_gradients_and_adams_means() -> None:
    parameters = 4 * (2 * 3 * 9 + 2 + 2 + 2 + 4 * 5)
    buffers = 4 * (2 + 2) + 8  # running mean and variance, and a count
    assert state_bytes(networks()) == {
        "weights": parameters + buffers,
        "gradients": parameters,
        "adam": 2 * parameters,
    }


def test_what_the_layers_give() -> None:
    nets = on_meta(networks(), lambda thing: thing)
    assert next(nets["one"].parameters()).is_meta
    counted = activation_bytes(nets, lambda: nets["one"](torch.empty(1, 3, 6, 7, device="meta")))
    assert counted == 2 * 4 * (2 * 4 * 5)  # the convolution's and the normalisation's, not the whole's again
    assert activation_bytes(nets, lambda: nets["other"](torch.empty(3, 4, device="meta"))) == 4 * 3 * 5

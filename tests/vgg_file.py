"""VGG19 with weights by rule, as a network and as a file in the layout of the published one."""

import hashlib
from pathlib import Path

import torch

from golden import fill_by_rule, weight_by_rule
from selfmend.nn.perceptual import TAPS, VGG19Features

FIRST = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


def by_rule(taps: tuple[str, ...], normalization: str) -> VGG19Features:
    """The network, its weights without gradients."""
    net = fill_by_rule(VGG19Features(taps=taps, normalization=normalization))
    assert isinstance(net, VGG19Features)
    return net.eval().requires_grad_(False)


def write(path: Path, *, last: str = TAPS[-1]) -> str:
    """Save the layers up to an activation, and a classifier that is not used; the SHA-256 of the file."""
    state = by_rule((last,), "plain").state_dict()
    torch.save({**state, "classifier.6.bias": weight_by_rule("classifier.6.bias", (1000,))}, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()

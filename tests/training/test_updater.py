"""An update with one process is the plain one; with many, the gradients are their mean (see test_processes)."""

import torch

from selfmend.training.devices import make_fabric
from selfmend.training.optimization import Updater


class TwoProcesses:
    """A Fabric as the first of two processes sees it; the other one's gradients are three times as large."""

    world_size = 2

    def backward(self, loss):
        loss.backward()

    def all_reduce(self, tensor, reduce_op):
        assert reduce_op == "mean"
        return tensor * 2


def test_one_process_steps_as_the_optimiser_does():
    weight, other = torch.nn.Parameter(torch.tensor([1.0])), torch.nn.Parameter(torch.tensor([1.0]))
    updater = Updater(make_fabric(torch.device("cpu")), torch.optim.SGD([weight], lr=0.5))
    for _ in range(2):  # no gradient is left over from the step before
        updater.step((weight * other).sum())
    assert weight.item() == 0
    assert other.item() == 1


def test_gradients_are_averaged_and_those_that_are_missing_are_left_out():
    weights = [
        torch.nn.Parameter(torch.ones(2, 2)),
        torch.nn.Parameter(torch.ones(1)),
        torch.nn.Parameter(torch.ones(3)),
    ]
    updater = Updater(TwoProcesses(), torch.optim.SGD(weights, lr=1.0))
    updater.step(weights[0].sum() + 2 * weights[2].sum())
    assert weights[0].tolist() == [[-1, -1], [-1, -1]]
    assert weights[1].tolist() == [1]
    assert weights[2].tolist() == [-3, -3, -3]

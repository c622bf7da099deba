"""A training step as a CUDA graph: its kernels are recorded once and then started together.

A step of a small net is hundreds of kernels of some microseconds each, and starting them one by one from Python takes
ten times as long as they run. Nothing that is computed changes.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor

Learn = Callable[..., dict[str, Tensor]]

_EAGER_CALLS = 3  # libraries choose their algorithms and take their memory first, which a recording must not hold


class Recorded:
    """An update that takes tensors of the same shapes at each call, recorded where they live on a CUDA device.

    Args:
        learn: maps tensors to terms. It changes weights in place, and neither draws numbers nor looks at values nor
            moves anything between devices.
        optimizers: those that it steps.

    Example:
        >>> net = torch.nn.Linear(2, 1)
        >>> adam = torch.optim.Adam(net.parameters())
        >>> def learn(x):
        ...     adam.zero_grad()
        ...     loss = net(x).square().mean()
        ...     loss.backward()
        ...     adam.step()
        ...     return {"loss": loss.detach()}
        >>> list(Recorded(learn, [adam])(torch.ones(3, 2)))
        ['loss']
    """

    def __init__(self, learn: Learn, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        self._learn, self._optimizers = learn, optimizers
        self._eager = 0
        self._given: tuple[Tensor, ...] = ()
        self._terms: dict[str, Tensor] = {}
        self._graph: torch.cuda.CUDAGraph | None = None
        self._key: Hashable = None

    def __call__(self, *given: Tensor, key: Hashable = None) -> dict[str, Tensor]:
        """Update once.

        Args:
            *given: the tensors, all on one device.
            key: all else that the update depends on, such as the learning rate: another one is recorded anew.

        Returns:
            The terms, which later calls leave as they are.
        """
        device = given[0].device
        if not self._eager:
            _prepare(self._optimizers, device)
        if device.type != "cuda":
            self._eager += 1
            return self._learn(*given)
        if self._eager < _EAGER_CALLS:
            self._eager += 1
            return self._beside(given)
        if self._graph is None or key != self._key:
            self._record(given)
            self._key = key
        assert self._graph is not None
        for kept, new in zip(self._given, given, strict=True):
            kept.copy_(new)
        self._graph.replay()
        return {name: term.clone() for name, term in self._terms.items()}

    def _beside(self, given: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """A call as it is, on another stream than the usual one, as a recording needs before it."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            terms = self._learn(*given)
        torch.cuda.current_stream().wait_stream(side)
        return terms

    def _record(self, given: tuple[Tensor, ...]) -> None:
        self._graph = None  # its memory is free for the next
        self._terms = {}
        self._given = tuple(one.clone(memory_format=torch.contiguous_format) for one in given)
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._terms = self._learn(*self._given)
        self._graph = graph


def _prepare(optimizers: Sequence[torch.optim.Optimizer], device: torch.device) -> None:
    """Counts of steps live where the step is recorded; a state may have been saved on another kind of device."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            if "capturable" in group:
                group["capturable"] = device.type == "cuda"
        for state in optimizer.state.values():
            if isinstance(state.get("step"), Tensor):
                state["step"] = state["step"].to(device)

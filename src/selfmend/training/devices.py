"""Where a training runs: device and precision, several processes, and the memory that it will take.

Devices and precision, from Lightning Fabric; the one place that decides what "auto" means.

The processes that train together: what they must agree on, and which of them writes.

What a training will take of memory, known before it begins.
"""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from selfmend.errors import OptionError, check_known
from selfmend.options import DEVICES
from selfmend.training.stage import Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric


PRECISIONS = ("auto", "32", "bf16")


def resolve_device(name: str | torch.device = "auto") -> torch.device:
    """The device that `name` means: "auto" takes CUDA, else Apple's MPS, else the CPU.

    Raises:
        OptionError: an unknown name, or a device that this machine lacks.
    """
    if isinstance(name, torch.device):
        return name
    base, colon, index = name.partition(":")
    check_known("device", base, DEVICES)
    if colon and (base == "auto" or not index.isdecimal()):
        raise OptionError(f"device {name!r} has no number after the colon; cuda:0 fits, or cuda")
    have = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if base == "auto":
        return torch.device(next(n for n in ("cuda", "mps", "cpu") if have[n]))
    if not have[base]:
        raise OptionError(f"device {name!r} is not on this machine; use --device auto or cpu")
    if base == "cuda" and index and int(index) >= torch.cuda.device_count():
        raise OptionError(f"device {name!r} is not on this machine, which has {torch.cuda.device_count()}")
    return torch.device(name)


def fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is computed in hardware: CUDA from Ampere on, CPUs with AVX512-BF16 or AMX (read from Linux)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


@contextmanager
def pytorch_threads(count: int) -> Iterator[None]:
    """So many threads of PyTorch; one for work too small to share: a second one gains little, and may cost much.

    On a busy machine, or beside processes that load, it costs ten times over and more: threads wait for each other by
    asking over and over. With one, the result does not depend on the number of cores either.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def make_fabric(device: torch.device, *, precision: str = "32", devices: int = 1, nodes: int = 1) -> Fabric:
    """A Fabric; `precision` "auto" takes bfloat16 where the hardware has it, else float32.

    The caller uses its `autocast()` and `device`; see docs/architecture.md for who lets it wrap modules.

    Args:
        device: where to compute.
        precision: one of `PRECISIONS`.
        devices: processes on this machine, each with a device of its own (on the CPU, each with its part of the cores).
            More than one are started by running this program's command again, so that all of them come to this line.
        nodes: machines, on each of which the same command was started (with NODE_RANK, MASTER_ADDR, MASTER_PORT set).

    Raises:
        OptionError: an unknown precision, or more processes than devices.
    """
    from lightning_fabric import Fabric

    check_known("precision", precision, PRECISIONS)
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it tells of the precision at every call
    half = precision == "bf16" or (precision == "auto" and fast_bfloat16(device))
    precision = "bf16-mixed" if half else "32-true"
    if devices * nodes == 1:
        index = [device.index] if device.index is not None else 1
        return Fabric(accelerator=device.type, devices=index, precision=precision)
    if device.type == "cuda" and devices > torch.cuda.device_count():
        raise OptionError(f"devices is {devices}; this machine has {torch.cuda.device_count()} of kind cuda")
    if device.type == "mps":
        raise OptionError("several processes need --device cuda or cpu; mps has one device")
    fabric = Fabric(accelerator=device.type, devices=devices, num_nodes=nodes, strategy="ddp", precision=precision)
    fabric.launch()
    return fabric


def started_processes(devices: int, nodes: int) -> tuple[int, int]:
    """Processes a machine and machines: as torchrun started them if it did, else as they were asked for.

    Raises:
        OptionError: fewer than one.
    """
    if min(devices, nodes) < 1:
        raise OptionError(f"devices is {devices} and nodes is {nodes}; at least 1 fits")
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return devices, nodes
    here = int(os.environ["LOCAL_WORLD_SIZE"])
    return here, int(os.environ["WORLD_SIZE"]) // here


class Processes:
    """One process, or those of a Fabric.

    Attributes:
        count: number of processes.
        first: whether this is the one that writes files and talks to people.
    """

    def __init__(self, fabric: Fabric | None = None) -> None:
        self._fabric = fabric
        self.count = 1 if fabric is None else fabric.world_size
        self.first = fabric is None or fabric.global_rank == 0

    def mean(self, terms: Terms) -> Terms:
        """Each term's mean over the processes, so that all of them stop where one is not finite."""
        if self._fabric is None or self.count == 1 or not terms:
            return terms
        values = [torch.as_tensor(v, dtype=torch.float32, device=self._fabric.device).detach() for v in terms.values()]
        means = self._fabric.all_reduce(torch.stack(values), reduce_op="mean")
        return dict(zip(terms, means.unbind(), strict=True))

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in one of the processes."""
        if self._fabric is None or self.count == 1:
            return flag
        return bool(self._fabric.all_reduce(torch.tensor(float(flag), device=self._fabric.device), reduce_op="sum") > 0)

    def wait(self) -> None:
        """Until all processes are here."""
        if self._fabric is not None and self.count > 1:
            self._fabric.barrier()


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

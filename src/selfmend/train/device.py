"""Devices and precision, from Lightning Fabric; the one place that decides what "auto" means."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from selfmend.core.checks import OptionError, check_known

if TYPE_CHECKING:
    from lightning_fabric import Fabric

DEVICES = ("auto", "cpu", "cuda", "mps")
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

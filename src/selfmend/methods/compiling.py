"""Networks that PyTorch compiles before they fill, where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import nn

from selfmend.errors import OptionError, one_line
from selfmend.options import option


@dataclass(frozen=True, kw_only=True)
class CompileConfig:
    """What methods are asked whose work is a network's."""

    compile: bool = option(
        False, "let PyTorch compile the network: minutes at first, faster where many pictures follow; needs a compiler",
        source="PyTorch",
    )  # fmt: skip


def compile_once(net: nn.Module) -> None:
    """Have a network compiled when it is used next, in place, so that it stays the network that it is."""
    if net._compiled_call_impl is None:  # compiling anew would take minutes again
        net.compile()


@contextmanager
def compiling(asked: bool) -> Iterator[None]:
    """Says in a line why a network could not be compiled.

    Raises:
        OptionError: it could not.
    """
    try:
        yield
    except Exception as error:
        if asked and type(error).__module__.startswith(("torch._inductor", "torch._dynamo")):
            why = one_line(error)[:200]
            raise OptionError(f"PyTorch cannot compile the network here ({why}); leave compile out") from error
        raise

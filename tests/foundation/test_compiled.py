"""Who waits for the compiler is told so, once."""

from __future__ import annotations

import numpy as np
from numba import njit

from selfmend.compiled import compiling
from selfmend.parallel import on_compiling


def test_compiling_is_told() -> None:
    told = []
    on_compiling(lambda: told.append(compiling()))
    twice = njit(lambda x: x * 2)
    assert not compiling()
    assert twice(np.float32(2)) == 4
    assert twice(3) == 6  # compiled anew, for another type
    assert told == [True]
    assert not compiling()

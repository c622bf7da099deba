"""What the compiled loops share: the arithmetic that they are allowed, and random numbers without a state."""

from __future__ import annotations

import numpy as np
from numba import njit

FASTMATH = {"reassoc", "contract", "arcp", "nsz"}  # all but the assumptions about NaN and infinity


@njit(cache=True)
def hash_bits(seed: np.uint64, a: int, b: int) -> np.uint64:
    """64 well-mixed bits of three numbers (the finaliser of splitmix64)."""
    z = seed + np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b) * np.uint64(0xD1B54A32D192ED03)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def below(bits: np.uint64, n: int) -> int:
    """A number in 0...n-1 from the lower 32 of random bits."""
    return int(np.int64(((bits & np.uint64(0xFFFFFFFF)) * np.uint64(n)) >> np.uint64(32)))

"""Randomness as an explicit argument: a generator from a seed and the keys of the place that uses it."""

import hashlib

import numpy as np

MAX_SEED = 2**63 - 1


def derive_seed(seed: int, *keys: str | int) -> int:
    """A 63-bit seed from a seed and keys, the same on every machine and in every process.

    Args:
        seed: the user's seed, any integer.
        keys: what the randomness is for, e.g. ("scale 3", "noise", 17).
    """
    text = "\x1f".join([str(int(seed)), *map(str, keys)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") & MAX_SEED


def make_rng(seed: int, *keys: str | int) -> np.random.Generator:
    """A NumPy generator whose stream depends on the seed and the keys alone.

    Example:
        >>> bool((make_rng(0, "noise").random(3) == make_rng(0, "noise").random(3)).all())
        True
    """
    return np.random.default_rng(derive_seed(seed, *keys))

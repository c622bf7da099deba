"""Randomness as an explicit argument: a torch.Generator from a seed and the keys of the place that uses it."""

import hashlib

import torch

MAX_SEED = 2**63 - 1


def derive_seed(seed: int, *keys: str | int) -> int:
    """A 63-bit seed from a seed and keys, the same on every machine and in every process.

    Args:
        seed: the user's seed, any integer.
        keys: what the randomness is for, e.g. ("scale 3", "noise", 17).
    """
    text = "\x1f".join([str(int(seed)), *map(str, keys)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") & MAX_SEED


def make_generator(seed: int, *keys: str | int, device: str | torch.device = "cpu") -> torch.Generator:
    """A torch.Generator whose stream depends on the seed and the keys alone.

    Example:
        >>> a, b = make_generator(0, "noise"), make_generator(0, "noise")
        >>> bool((torch.rand(3, generator=a) == torch.rand(3, generator=b)).all())
        True
    """
    return torch.Generator(device=device).manual_seed(derive_seed(seed, *keys))

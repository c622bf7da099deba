"""Randomness depends on the seed and the keys alone."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from selfmend.nn.tensors import make_generator
from selfmend.seeding import MAX_SEED, derive_seed, make_rng

KEYS = st.lists(st.one_of(st.integers(-5, 10**6), st.text(max_size=8)), max_size=3)


def test_seeds_are_the_same_on_every_machine():
    assert derive_seed(0) == 0x5FECEB66FFC86F38
    assert derive_seed(-7, "scale 3", 17) == 8331094117085485168


@given(st.integers(), KEYS)
def test_any_seed_gives_a_seed_that_torch_and_numpy_take(seed, keys):
    assert 0 <= derive_seed(seed, *keys) <= MAX_SEED
    make_generator(seed, *keys)
    make_rng(seed, *keys)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_other_keys_give_another_stream(a, b, c):
    assert (derive_seed(0, a, b) == derive_seed(0, b, a)) == (a == b)
    assert derive_seed(a, b) != derive_seed(a, b, c)


def test_streams_repeat():
    first, second, other = make_generator(1, "noise"), make_generator(1, "noise"), make_generator(2, "noise")
    value = torch.rand(4, generator=first)
    assert torch.equal(value, torch.rand(4, generator=second))
    assert not torch.equal(value, torch.rand(4, generator=other))
    first, second, other = make_rng(1, "noise"), make_rng(1, "noise"), make_rng(2, "noise")
    values = first.random(4)
    assert np.array_equal(values, second.random(4))
    assert not np.array_equal(values, other.random(4))

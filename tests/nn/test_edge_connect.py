import pytest
import torch

from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.edge_connect import EdgeGenerator, InpaintGenerator
from selfmend.nn.weights import load_official, plain_state

GENERATORS = {"edge": (EdgeGenerator, 3, 11, 10_761_089), "inpaint": (InpaintGenerator, 4, 12, 10_774_595)}
NAMES = {"edge": "EdgeConnect's edge generator", "inpaint": "EdgeConnect's inpainting generator"}


@torch.no_grad()
@pytest.mark.parametrize("kind", GENERATORS)
def test_equals_the_reference(kind: str) -> None:
    build, channels, seed, count = GENERATORS[kind]
    arrays, state = load_golden(f"edgeconnect_{kind}_generator")
    net = build()
    assert sum(p.numel() for p in net.parameters()) == count
    load_official(net, plain_state(state, where="golden"), name=NAMES[kind], where="golden")
    x = (input_by_rule(seed, (1, channels, 64, 48)) + 1) / 2
    assert_golden(net.eval()(x), arrays["output"])


@pytest.mark.parametrize("kind", GENERATORS)
def test_small(kind: str) -> None:
    build, channels, _, _ = GENERATORS[kind]
    out = build(width=0.1, blocks=2)(torch.rand(2, channels, 16, 20))
    assert out.shape == (2, 1 if kind == "edge" else 3, 16, 20)
    assert 0 <= out.min() <= out.max() <= 1

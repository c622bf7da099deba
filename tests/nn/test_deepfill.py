"""DeepFill v2 against both published layouts in PyTorch."""

import pytest
import torch

from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.deepfill import ContextualAttention, DeepFillGenerator


@pytest.mark.parametrize("layout", ["", "_tf"])
def test_it_gives_the_numbers_of_the_published_code(layout: str) -> None:
    arrays, state = load_golden(f"deepfillv2_generator{layout}")
    net = DeepFillGenerator.of_state(state).eval()
    assert net.state_dict().keys() == state.keys()
    net.load_state_dict(state)
    assert sum(p.numel() for p in net.parameters()) == 4_052_478
    with torch.no_grad():
        coarse, fine = net(input_by_rule(33, (1, 3, 64, 96)), arrays["hole"][None, None])
    assert_golden(coarse, arrays["stage1"])
    assert_golden(fine, arrays["stage2"])


@pytest.mark.parametrize("layout", ["", "_tf"])
@pytest.mark.parametrize("fuse", [True, False])
def test_the_attention_alone(layout: str, fuse: bool) -> None:
    with_arrays = load_attention(layout)
    attention = ContextualAttention(fuse=fuse, corners=bool(layout))
    out = attention(input_by_rule(34, (1, 16, 24, 32)), with_arrays["hole"][None, None])
    assert_golden(out, with_arrays["fused" if fuse else "plain"])


def load_attention(layout: str) -> dict[str, torch.Tensor]:
    import numpy as np

    from golden import DATA

    with np.load(DATA / f"contextual_attention{layout}.npz") as file:
        return {k: torch.from_numpy(file[k]) for k in file.files if file[k].dtype.kind == "f"}

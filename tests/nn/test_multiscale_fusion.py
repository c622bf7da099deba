import pytest
import torch
import torch.nn.functional as F

from selfmend.nn.layers import MultiscaleFusionBlock


def by_formula(block: MultiscaleFusionBlock, x: torch.Tensor) -> torch.Tensor:
    """The paper's formula: y1 = x1, yi = Ki(xi + y(i-1)); without K the plain sum."""
    narrow = F.relu(F.instance_norm(block.c1(x)))
    seen = []
    for i, dilation in enumerate((1, 2, 4, 8), 1):
        layer = getattr(block, f"d{i}")
        scale = F.conv2d(narrow, layer.weight, layer.bias, padding=dilation, dilation=dilation)
        if i > 1:
            scale = scale + seen[-1]
            scale = getattr(block, f"k{i}")(scale) if block.use_k else scale
        seen.append(scale)
    return x + F.instance_norm(block.c2(F.relu(F.instance_norm(torch.cat(seen, 1)))))


@pytest.mark.parametrize(("fusion_kernel", "use_k"), [(3, False), (1, False), (1, True)])
def test_by_formula(fusion_kernel: int, use_k: bool) -> None:
    block = MultiscaleFusionBlock(8, fusion_kernel=fusion_kernel, use_k=use_k)
    x = torch.randn(1, 8, 20, 18)
    assert torch.allclose(block(x), by_formula(block, x), atol=1e-5)


@pytest.mark.parametrize(
    ("fusion_kernel", "use_k", "count"), [(3, False, 885_312), (1, False, 361_024), (1, True, 471_808)]
)
def test_numbers_of_parameters(fusion_kernel: int, use_k: bool, count: int) -> None:
    with torch.device("meta"):
        block = MultiscaleFusionBlock(256, fusion_kernel=fusion_kernel, use_k=use_k)
    assert sum(p.numel() for p in block.parameters()) == count

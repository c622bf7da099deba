"""DeepFill v1 against the port whose numbers are known, and the authors' layout against plain formulas of it."""

import torch
import torch.nn.functional as F
from torch import Tensor

from golden import assert_golden, fill_by_rule, input_by_rule, load_golden
from selfmend.nn.deepfill import ContextualAttention
from selfmend.nn.deepfill_v1 import DeepFillV1Generator


def test_it_gives_the_numbers_of_the_published_port() -> None:
    arrays, state = load_golden("deepfillv1_generator")
    net = DeepFillV1Generator.of_state(state).eval()
    assert net.state_dict().keys() == state.keys()
    net.load_state_dict(state)
    assert sum(p.numel() for p in net.parameters()) == 3_601_542
    with torch.no_grad():
        coarse, fine = net(input_by_rule(35, (1, 3, 64, 64)), arrays["hole"][None, None])
    assert_golden(coarse, arrays["stage1"])
    assert_golden(fine, arrays["stage2"])


def by_formula(state: dict[str, Tensor], x: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
    """The authors' layout: TensorFlow's padding, and names that say what a layer does."""

    def layer(x: Tensor, name: str, stride: int = 1, dilation: int = 1, kind: str = "elu") -> Tensor:
        if name.endswith("upsample.conv"):
            x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        weight = state[f"{name}.conv.weight"]
        span = dilation * (weight.shape[2] - 1) + 1
        after = -(-x.shape[2] // stride)
        pad = max(0, (after - 1) * stride + span - x.shape[2])  # square pictures
        x = F.pad(x, (pad // 2, pad - pad // 2, pad // 2, pad - pad // 2))
        x = F.conv2d(x, weight, state[f"{name}.conv.bias"], stride=stride, dilation=dilation)
        return x if kind == "none" else F.relu(x) if kind == "relu" else F.elu(x)

    def encoder(x: Tensor, p: str) -> Tensor:
        x = layer(layer(x, f"{p}1"), f"{p}2_downsample", stride=2)
        x = layer(layer(x, f"{p}3"), f"{p}4_downsample", stride=2)
        return layer(layer(x, f"{p}5"), f"{p}6", kind="relu" if p == "pmconv" else "elu")

    def dilated(x: Tensor, p: str) -> Tensor:
        for k in range(4):
            x = layer(x, f"{p}{7 + k}_atrous", dilation=2 << k)
        return x

    def decoder(x: Tensor, p: str) -> Tensor:
        x = layer(layer(layer(x, f"{p}11"), f"{p}12"), f"{p}13_upsample.conv")
        x = layer(layer(layer(x, f"{p}14"), f"{p}15_upsample.conv"), f"{p}16")
        return layer(x, f"{p}17", kind="none").clamp(-1, 1)

    ones = torch.ones_like(hole)
    coarse = decoder(dilated(encoder(torch.cat([x * (1 - hole), ones, hole], 1), "conv"), "conv"), "conv")
    x = torch.cat([coarse * hole + x * (1 - hole), ones, hole], 1)
    attended = ContextualAttention(fuse=True, corners=True)(encoder(x, "pmconv"), hole)
    attended = layer(layer(attended, "pmconv9"), "pmconv10")
    return coarse, decoder(torch.cat([dilated(encoder(x, "xconv"), "xconv"), attended], 1), "allconv")


def test_the_authors_layout() -> None:
    net = fill_by_rule(DeepFillV1Generator(authors=True, width=0.25)).eval()
    hole = torch.zeros(1, 1, 48, 48)
    hole[:, :, 16:32, 8:24] = 1
    x = input_by_rule(2, (1, 3, 48, 48))
    with torch.no_grad():
        for came, expected in zip(net(x, hole), by_formula(net.state_dict(), x, hole), strict=True):
            assert_golden(came, expected)
    again = DeepFillV1Generator.of_state(net.state_dict())
    assert again.state_dict().keys() == net.state_dict().keys()

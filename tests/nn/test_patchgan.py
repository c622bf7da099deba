import pytest
import torch

from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.edge_connect import PatchDiscriminator
from selfmend.nn.weights import load_official, plain_state

KINDS = {"edge": (2, 13, 2_762_752), "inpaint": (3, 14, 2_763_776)}
NAMES = {"edge": "EdgeConnect's edge discriminator", "inpaint": "EdgeConnect's inpainting discriminator"}


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_reference(kind: str) -> None:
    channels, seed, count = KINDS[kind]
    arrays, state = load_golden(f"edgeconnect_discriminator_{kind}")
    net = PatchDiscriminator(in_channels=channels)
    assert sum(p.numel() for p in net.parameters()) == count
    load_official(net, plain_state(state, where="golden"), name=NAMES[kind], where="golden")
    activations = net.eval()((input_by_rule(seed, (1, channels, 64, 64)) + 1) / 2)
    assert_golden(torch.sigmoid(activations[-1]), arrays["output"])
    for i, activation in enumerate(activations, 1):
        assert_golden(activation.mean((2, 3)), arrays[f"feature{i}"])


def test_a_logit_sees_seventy_pixels() -> None:
    net = PatchDiscriminator(in_channels=1, spectral_norm=False, width=0.1)
    x = torch.zeros(1, 1, 160, 160, requires_grad=True)
    logits = net(x)[-1]
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    rows = x.grad[0, 0].abs().sum(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == 70

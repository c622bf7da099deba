"""The U-Net of partial convolutions against the port whose weights are published."""

import torch

from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.pconv_unet import PConvUNet


def test_it_gives_the_numbers_of_the_published_port() -> None:
    arrays, state = load_golden("pconv_unet")
    net = PConvUNet.of_state(state).eval()
    net.load_state_dict({key: state.get(key, value) for key, value in net.state_dict().items()})
    assert {key for key in state if ".mask_conv." not in key} <= set(net.state_dict())
    assert sum(p.numel() for p in net.parameters()) == 25_779_796
    valid = arrays["valid"][None, None]
    with torch.no_grad():
        out, seen = net(input_by_rule(31, (1, 3, 128, 128)), valid)
    assert_golden(out, arrays["output"])
    assert torch.equal(seen, arrays["output_mask"])

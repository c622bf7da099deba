"""The network of Deep Image Prior against the authors' code."""

import pytest
import torch

from golden import assert_golden, input_by_rule, load_golden
from selfmend.methods.deep_image_prior import KATE, VASE
from selfmend.nn.skip_net import SkipNet


@pytest.mark.parametrize(("case", "config", "channels"), [("kate", KATE, 32), ("vase", VASE, 2)])
def test_it_gives_the_numbers_of_the_authors_code(case, config, channels) -> None:
    arrays, state = load_golden(f"dip_skip_{case}")
    net = SkipNet(in_channels=config.input_channels, channels=config.channels, skip=config.skip)
    counters = {k: v for k, v in net.state_dict().items() if k.endswith("num_batches_tracked")}
    net.load_state_dict(state | counters)
    z = input_by_rule(38, (1, channels, 64, 64)) * (0.1 if case == "kate" else 1)
    with torch.no_grad():
        assert_golden(net(z), arrays["output"])

"""GLCIC's completion network against the port whose weights are published."""

import torch

from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.glcic import MEAN, CompletionNetwork


def test_it_gives_the_numbers_of_the_published_port() -> None:
    arrays, state = load_golden("glcic_completion")
    net = CompletionNetwork.of_state(state).eval()
    net.load_state_dict({key: state.get(key, value) for key, value in net.state_dict().items()})
    assert set(state) <= set(net.state_dict())
    assert sum(p.numel() for p in net.parameters()) == 6_072_131
    hole = arrays["hole"][None, None]
    image = (input_by_rule(32, (1, 3, 96, 96)) + 1) / 2
    filled = image * (1 - hole) + torch.tensor(MEAN).view(1, 3, 1, 1) * hole
    with torch.no_grad():
        assert_golden(net(torch.cat([filled, hole], 1)), arrays["output"])

"""LaMa's generator against the authors' code."""

import torch

from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.lama import LamaDiscriminator, LamaGenerator


def test_big_lama_gives_the_numbers_of_the_authors_code() -> None:
    arrays, state = load_golden("lama_generator_big")
    with torch.device("meta"):
        net = LamaGenerator.of_state(state).eval()
    counters = {k: torch.zeros((), dtype=torch.int64) for k in net.state_dict() if k.endswith("num_batches_tracked")}
    net.load_state_dict(state | counters, assign=True)
    assert sum(p.numel() for p in net.parameters()) == 50_975_875
    hole = arrays["hole"][None, None]
    image = (input_by_rule(36, (1, 3, 72, 104)) + 1) / 2
    with torch.no_grad():
        assert_golden(net.logits(torch.cat([image * (1 - hole), hole], 1)), arrays["output"])


def test_the_papers_size_has_nine_blocks() -> None:
    with torch.device("meta"):
        net = LamaGenerator(blocks=9)
        again = LamaGenerator.of_state(net.state_dict())
    assert sum(p.numel() for p in net.parameters()) == 27_048_835
    assert {k: v.shape for k, v in net.state_dict().items()} == {k: v.shape for k, v in again.state_dict().items()}


def test_the_critic_has_the_authors_keys_and_sizes() -> None:
    with torch.device("meta"):
        net = LamaDiscriminator()
        logits, features = net(torch.zeros(1, 3, 256, 256))
    shapes = {key: tuple(value.shape) for key, value in net.state_dict().items() if key.endswith(".0.weight")}
    sides = (3, 64, 128, 256, 512, 512, 1)
    assert shapes == {f"model{n}.0.weight": (sides[n + 1], sides[n], 4, 4) for n in range(6)}
    assert not any(key.startswith(("model0.1", "model5.1")) for key in net.state_dict()), "neither is normalised"
    assert "model4.1.running_mean" in net.state_dict()
    assert logits.shape == (1, 1, 19, 19)
    assert [f.shape[2] for f in features] == [129, 65, 33, 17, 18]

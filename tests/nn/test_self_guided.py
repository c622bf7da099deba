import pytest
import torch

import vgg_file
from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.reconstruction_losses import CHANNEL_WEIGHTS, feature_matching, guidance_map, self_guided_regression


def test_equals_the_reference() -> None:
    arrays, _ = load_golden("dmfn_losses")
    output, target = (input_by_rule(seed, (2, 3, 64, 64)) for seed in (61, 62))
    net = vgg_file.by_rule(vgg_file.FIRST, "dmfn")
    a, b = ([*net((x + 1) / 2).values()] for x in (output, target))
    guided = self_guided_regression(a[:2], b[:2], guidance_map(output, target))
    assert_golden(guided + feature_matching(a, b, weights=CHANNEL_WEIGHTS), arrays["self_guided_plus_vgg"])
    for i in range(5):  # the reference has both in one term a level
        level = feature_matching(a[i : i + 1], b[i : i + 1], weights=CHANNEL_WEIGHTS[i : i + 1])
        if i < 2:
            first = self_guided_regression(a[:1], b[:1], guidance_map(output, target))
            level = level + (first if i == 0 else guided - first)
        assert_golden(level, arrays["terms"][i])


def test_guidance_by_hand() -> None:
    output = torch.tensor([[[[1.0, 0.0]], [[3.0, 1.0]]], [[[0.0, 0.0]], [[0.0, 0.0]]]])
    expected = torch.tensor([[[[1.0, 0.1]]], [[[0.0, 0.0]]]])  # (1 + 9) / 2 and 1 / 2; a right picture has none
    assert torch.allclose(guidance_map(output, torch.zeros_like(output)), expected)


def test_guidance_is_averaged_down_for_the_second_level() -> None:
    guidance = torch.zeros(1, 1, 4, 4)
    guidance[..., 0, 0] = 1
    levels = [torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 2, 2)]
    found = self_guided_regression(levels, [torch.zeros_like(level) for level in levels], guidance, weights=(5.0, 2.0))
    assert found.item() == pytest.approx(2 * (1 / 4) / 4)

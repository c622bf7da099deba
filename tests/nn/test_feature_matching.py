import torch

import vgg_file
from golden import assert_golden, input_by_rule, load_golden
from selfmend.nn.reconstruction_losses import feature_matching, gram_matrix, style_loss


def test_equals_the_reference() -> None:
    arrays, _ = load_golden("edgeconnect_losses")
    output, target = ((input_by_rule(seed, (2, 3, 64, 64)) + 1) / 2 for seed in (51, 52))
    style = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")
    net = vgg_file.by_rule((*vgg_file.FIRST, *style), "plain")
    a, b = net(output), net(target)
    shallow = ([found[tap] for tap in vgg_file.FIRST] for found in (a, b))
    assert_golden(feature_matching(*shallow), arrays["perceptual"])
    deep = ([found[tap] for tap in style] for found in (a, b))
    assert_golden(style_loss(*deep), arrays["style"])


def test_by_hand() -> None:
    ones, zeros = torch.ones(1, 2, 1, 3), torch.zeros(1, 2, 1, 3)
    assert feature_matching([ones, ones], [zeros, -ones]).item() == 1 + 2
    assert feature_matching([ones, ones], [zeros, -ones], weights=[10, 0.5]).item() == 10 + 1
    features = torch.tensor([[[[1.0, 2.0]], [[0.0, 3.0]]]])
    assert torch.equal(gram_matrix(features), torch.tensor([[[5.0, 6.0], [6.0, 9.0]]]) / 4)
    assert style_loss([features], [features * 0]).item() == (5 + 6 + 6 + 9) / 4 / 4


def test_the_target_gets_no_gradient() -> None:
    output, target = torch.rand(1, 2, 3, 3, requires_grad=True), torch.rand(1, 2, 3, 3, requires_grad=True)
    (feature_matching([output], [target]) + style_loss([output], [target])).backward()
    assert output.grad is not None
    assert target.grad is None


def test_gram_matrices_are_float32_under_autocast() -> None:
    features = torch.rand(1, 4, 64, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(gram_matrix(features), gram_matrix(features.float()))
        assert gram_matrix(features).dtype == torch.float32

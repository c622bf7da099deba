"""The stem of Inception-v3: official keys and sizes, and the numbers of a second writing of it."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F

import inception_file
from facts import mentions
from golden import input_by_rule
from selfmend.errors import OptionError, WeightsError
from selfmend.nn import inception
from selfmend.nn.inception import LEAST_SIZE, InceptionStem, load_inception
from selfmend.nn.weights import INCEPTION_V3


@pytest.fixture
def net(tmp_path, monkeypatch: pytest.MonkeyPatch) -> InceptionStem:
    digest = inception_file.write(tmp_path / INCEPTION_V3.name)
    monkeypatch.setattr(inception, "INCEPTION_V3", dataclasses.replace(INCEPTION_V3, sha256=digest[:8]))
    return load_inception(tmp_path)


def by_formula(x: torch.Tensor, layers: list[str]) -> torch.Tensor:
    """Layers one after the other, in float64: convolution, (x - mean) / sqrt(variance + 0.001), ReLU."""
    state = {key: value.double() for key, value in inception_file.official_state().items()}
    x = x.double()
    for layer in layers:
        if layer == "pool":
            x = F.max_pool2d(x, 3, 2)
            continue
        stride, padding = (2 if "1a" in layer else 1), (1 if "2b" in layer else 0)
        x = F.conv2d(x, state[f"{layer}.conv.weight"], stride=stride, padding=padding)
        weight, bias, mean, variance = (
            state[f"{layer}.bn.{n}"].view(1, -1, 1, 1) for n in ("weight", "bias", "running_mean", "running_var")
        )
        x = ((x - mean) / (variance + 0.001).sqrt() * weight + bias).clamp(min=0)
    return x


def test_takes_the_official_file_and_computes_what_it_says(net: InceptionStem) -> None:
    x = input_by_rule(0, (1, 3, 40, 51))
    first = ["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3"]
    expected = by_formula(x, first)
    assert torch.allclose(net(x).double(), expected, atol=1e-5)
    expected = by_formula(x, [*first, "pool", "Conv2d_3b_1x1", "Conv2d_4a_3x3"])
    assert torch.allclose(net(x, features=192).double(), expected, atol=1e-5)
    assert not net.training
    assert not any(p.requires_grad for p in net.parameters())


def test_sizes_are_those_of_the_paper(net: InceptionStem) -> None:
    x = torch.zeros(1, 3, 299, 299)
    assert net(x).shape == (1, 64, 147, 147)
    assert net(x, features=192).shape == (1, 192, 71, 71)
    for features, least in LEAST_SIZE.items():
        assert net(torch.zeros(1, 3, least, least), features=features).shape[2:] == (2, 2)


def test_keys_are_official() -> None:
    state = inception_file.official_state()
    ours = {k: v.shape for k, v in InceptionStem().state_dict().items() if not k.endswith("num_batches_tracked")}
    assert ours == {key: value.shape for key, value in state.items() if key.startswith("Conv2d")}


def test_what_does_not_fit_is_refused(net: InceptionStem, tmp_path) -> None:
    with pytest.raises(OptionError, match=mentions("features", "'2048'", "192", "64")):
        net(torch.zeros(1, 3, 30, 30), features=2048)
    with pytest.raises(WeightsError, match=mentions("inception_v3_google-0cc3c7bd.pth", "download.pytorch.org")):
        load_inception(tmp_path / "nowhere")


def test_the_published_digest_is_checked(tmp_path) -> None:
    inception_file.write(tmp_path / INCEPTION_V3.name)
    with pytest.raises(WeightsError, match=mentions("inception_v3_google-0cc3c7bd.pth", "SHA-256")):
        load_inception(tmp_path)

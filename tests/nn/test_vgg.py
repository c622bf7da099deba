import dataclasses

import pytest
import torch

import vgg_file
from facts import mentions
from golden import assert_golden, fill_by_rule, input_by_rule, load_golden
from selfmend.errors import MissingWeightsError, OptionError
from selfmend.nn import perceptual as vgg
from selfmend.nn.perceptual import TAPS, VGG16Features, VGG19Features, load_vgg
from selfmend.nn.weights import VGG16, VGG19


def test_equals_the_reference() -> None:
    arrays, _ = load_golden("dmfn_losses")
    net = vgg_file.by_rule(vgg_file.FIRST, "dmfn")
    found = net((input_by_rule(61, (2, 3, 64, 64)) + 1) / 2)
    for i, tap in enumerate(vgg_file.FIRST, 1):
        assert_golden(found[tap].mean((2, 3)), arrays[f"vgg_mean{i}"])


def test_normalizations_differ_as_they_say() -> None:
    image = torch.rand(1, 3, 8, 8)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    centred = (image - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    # what DMFN's code does to its x in [-1, 1]
    slip = (image * 2 - 1 - (mean - 1).view(1, 3, 1, 1)) / (2 * std).view(1, 3, 1, 1)
    plain = vgg_file.by_rule(("relu1_1",), "plain")
    for normalization, expected in {"imagenet": centred, "dmfn": slip}.items():
        found = vgg_file.by_rule(("relu1_1",), normalization)(image)["relu1_1"]
        assert torch.allclose(found, plain(expected)["relu1_1"], atol=1e-5)


def test_keys_are_the_published_ones() -> None:
    with torch.device("meta"):
        state = VGG19Features(taps=TAPS).state_dict()
    places = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
    assert set(state) == {f"features.{n}.{part}" for n in places for part in ("weight", "bias")}
    assert sum(value.numel() for value in state.values()) == 20_024_384  # of 143 667 240 with the classifier
    assert (TAPS[0], TAPS[5], TAPS[-1]) == ("relu1_1", "relu3_2", "relu5_4")


def test_takes_a_published_file(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = vgg_file.write(tmp_path / VGG19.name, last="relu2_1")
    monkeypatch.setattr(vgg, "VGG19", dataclasses.replace(VGG19, sha256=digest[:8]))
    net = load_vgg("vgg19", taps=("relu2_1",), path=tmp_path)
    assert len(net.features) == 7
    assert not net.training
    assert not any(p.requires_grad for p in net.parameters())
    image = torch.rand(1, 3, 8, 8)
    expected = vgg_file.by_rule(("relu2_1",), "imagenet")(image)["relu2_1"]
    assert torch.equal(net(image)["relu2_1"], expected)


def test_missing_weights_and_wrong_names_say_what_to_do(tmp_path) -> None:
    with pytest.raises(MissingWeightsError, match=mentions("vgg19-dcbb9e9d.pth", "download.pytorch.org")):
        load_vgg("vgg19", taps=("relu1_1",), path=tmp_path / "nowhere")
    with pytest.raises(OptionError, match=mentions("'relu6_1'")):
        VGG19Features(taps=("relu6_1",))


def test_the_keys_of_vgg16_are_the_published_ones(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.device("meta"):
        state = VGG16Features(taps=("relu5_3",)).state_dict()
    places = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    assert set(state) == {f"features.{n}.{part}" for n in places for part in ("weight", "bias")}
    assert sum(value.numel() for value in state.values()) == 14_714_688  # of 138 357 544 with the classifier
    net = fill_by_rule(VGG16Features(taps=("relu2_1",)))
    torch.save(net.state_dict(), tmp_path / VGG16.name)
    monkeypatch.setattr(vgg, "VGG16", dataclasses.replace(VGG16, sha256=""))
    found, image = load_vgg("vgg16", taps=("relu1_1", "relu2_1"), path=tmp_path), torch.rand(1, 3, 8, 8)
    assert isinstance(found, VGG16Features)
    assert (len(found.names), found.names[6], found.names[-1]) == (13, "relu3_3", "relu5_3")
    assert list(found(image)) == ["relu1_1", "relu2_1"]
    assert torch.equal(found(image)["relu2_1"], net(image)["relu2_1"])
    with pytest.raises(OptionError, match=mentions("'relu3_4'")):
        VGG16Features(taps=("relu3_4",))

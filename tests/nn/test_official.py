import pytest
import torch
from torch import nn

import official_files
from facts import mentions
from selfmend.errors import WeightsError
from selfmend.nn.context_encoder import ContextEncoderDiscriminator, ContextEncoderGenerator
from selfmend.nn.dmfn import DMFNDiscriminator, DMFNGenerator
from selfmend.nn.edge_connect import EdgeGenerator, InpaintGenerator, PatchDiscriminator
from selfmend.nn.perceptual import VGG19Features
from selfmend.nn.singan import SinGANCritic, SinGANGenerator
from selfmend.nn.weights import load_official, plain_state, read_official, recognize

WIDTH = 0.07
NETS = {
    "EdgeConnect's edge generator": lambda: EdgeGenerator(width=WIDTH, blocks=2),
    "EdgeConnect's inpainting generator": lambda: InpaintGenerator(width=WIDTH, blocks=2),
    "EdgeConnect's edge discriminator": lambda: PatchDiscriminator(in_channels=2, width=WIDTH),
    "EdgeConnect's inpainting discriminator": lambda: PatchDiscriminator(in_channels=3, width=WIDTH),
    "DMFN's generator": lambda: DMFNGenerator(width=WIDTH, blocks=2),
    "DMFN's discriminator": lambda: DMFNDiscriminator(width=WIDTH),
    "the Context Encoder's generator": lambda: ContextEncoderGenerator(width=0.03),
    "the Context Encoder's discriminator": lambda: ContextEncoderDiscriminator(width=0.03),
    "SinGAN's generator": lambda: SinGANGenerator(channels=4),
    "SinGAN's critic": lambda: SinGANCritic(channels=4),
    "VGG": lambda: VGG19Features(taps=("relu1_1",)),
}


@pytest.mark.parametrize("name", NETS)
def test_every_network_is_recognized(name: str) -> None:
    assert recognize(NETS[name]().state_dict()) == name


def test_what_is_unknown_is_no_network() -> None:
    assert recognize({"weight": torch.zeros(3)}) is None
    assert recognize(ContextEncoderDiscriminator(size=128, width=0.03).state_dict()) == list(NETS)[7]
    assert recognize(ContextEncoderGenerator(output_size=128, width=0.03).state_dict()) == list(NETS)[6]


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("name", list(NETS)[:3])
def test_old_spectral_norm_gives_the_same_numbers(name: str, parallel: bool, tmp_path) -> None:
    author = official_files.old_spectral_norm(official_files.drawn(NETS[name]())).eval()
    state = dict(author.state_dict())
    if "discriminator" in name:  # the layer that the authors' code registers twice
        alias = {key.replace("conv1.0.", "features.0."): value for key, value in state.items() if "conv1.0" in key}
        state |= alias
    if "inpainting" not in name:
        assert any(key.endswith("weight_orig") for key in state)
    wrapper = "discriminator" if "discriminator" in name else "generator"
    path = official_files.save(state, tmp_path / "model.pth", wrapper=wrapper, parallel=parallel)
    net = NETS[name]().eval()
    load_official(net, read_official(path), name=name, where=str(path))
    channels = {"EdgeConnect's edge generator": 3, "EdgeConnect's inpainting generator": 4}.get(name, 2)
    x = torch.rand(2, channels, 32, 40)
    with torch.no_grad():
        ours, theirs = net(x), author(x)
    for a, b in zip(ours, theirs, strict=True):
        assert torch.allclose(a, b, atol=1e-6)
    assert not torch.allclose(ours[0], torch.zeros(()))


def test_new_spectral_norm_and_missing_counters_pass() -> None:
    author = official_files.drawn(NETS["DMFN's discriminator"]())
    state = {key: value for key, value in author.state_dict().items() if "num_batches" not in key}
    load_official(NETS["DMFN's discriminator"](), state, name="DMFN's discriminator", where="file")
    author = official_files.drawn(NETS["EdgeConnect's edge generator"]())
    net = NETS["EdgeConnect's edge generator"]()
    state = plain_state({"module." + key: value for key, value in author.state_dict().items()}, where="file")
    load_official(net, state, name="EdgeConnect's edge generator", where="file")
    assert all(torch.equal(value, author.state_dict()[key]) for key, value in net.state_dict().items())


def test_another_network_says_which_it_is() -> None:
    state = NETS["DMFN's generator"]().state_dict()
    with pytest.raises(WeightsError, match=mentions("a.pth", "DMFN's", "generator", "EdgeConnect's", "edge")):
        load_official(nn.Linear(1, 1), state, name="EdgeConnect's edge generator", where="a.pth")
    with pytest.raises(WeightsError, match=mentions("DMFN's", "generator")):
        load_official(nn.Linear(1, 1), {"a": torch.zeros(1)}, name="DMFN's generator", where="a.pth")


def test_what_does_not_fit_is_refused() -> None:
    name = "DMFN's generator"
    state = dict(NETS[name]().state_dict())
    missing = {key: value for key, value in state.items() if "encoder.2" not in key}
    with pytest.raises(WeightsError, match=mentions("f", "'encoder.2.conv.bias'", "1", "DMFN")):
        load_official(NETS[name](), missing, name=name, where="f")
    with pytest.raises(WeightsError, match=mentions("f", "'zebra'")):
        load_official(NETS[name](), {**state, "zebra": torch.zeros(1)}, name=name, where="f")
    wrong = {**state, "decoder.3.conv.weight": torch.zeros(3, 1, 3, 3)}
    with pytest.raises(WeightsError, match=mentions("'decoder.3.conv.weight'", "f")):
        load_official(NETS[name](), wrong, name=name, where="f")


def test_files_that_are_not_whole_or_no_state_dict(tmp_path) -> None:
    path = official_files.save(NETS["DMFN's generator"]().state_dict(), tmp_path / "latest_G.pth")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WeightsError, match=mentions("latest_G.pth", "PyTorch")):
        read_official(path)
    torch.save({"iteration": 3}, path)
    with pytest.raises(WeightsError, match=mentions("latest_G.pth", "PyTorch")):
        read_official(path)
    torch.save(nn.Linear(1, 1), path)  # code
    with pytest.raises(WeightsError, match=mentions("PyTorch")):
        read_official(path)
    with pytest.raises(WeightsError, match=mentions("nowhere.pth")):
        read_official(tmp_path / "nowhere.pth")

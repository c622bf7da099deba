"""`selfmend import` on files that the test writes in the authors' layout."""

import json

import pytest
import torch

import official_files
import selfmend
from selfmend.methods.official import from_official
from selfmend.nn.context_encoder import ContextEncoderGenerator
from selfmend.nn.dmfn import DMFNGenerator
from selfmend.nn.edge_connect import EdgeGenerator, InpaintGenerator

SMALL = ("--set", "width=0.07")


def edge_connect(blocks=2):
    nets = {"EdgeModel_gen.pth": EdgeGenerator, "InpaintingModel_gen.pth": InpaintGenerator}
    for name, net in nets.items():
        author = official_files.old_spectral_norm(official_files.drawn(net(width=0.07, blocks=blocks)))
        official_files.save(author.state_dict(), name, wrapper="generator")
    return list(nets)


def test_edgeconnect(folder, run):
    files = edge_connect()
    done = run("import", "edgeconnect", *reversed(files), "-o", "run", *SMALL, "--set", "size=24")
    assert done.out.startswith(
        "run  (edgeconnect, 0.0 million parameters); fill with: selfmend inpaint IMAGE --model run"
    )
    assert selfmend.load("run").method.config.blocks == 2
    assert run("inpaint", "photo.png", "-m", "mask.png", "--model", "run", "-o", "out.png").code == 0
    record = json.loads((folder / "run" / "run.json").read_text())
    assert sorted(record["data"]["imported"]) == sorted(files)


@pytest.mark.parametrize(("fusion_kernel", "use_k"), [(3, False), (1, True)])
def test_dmfn(folder, run, fusion_kernel, use_k):
    author = official_files.drawn(DMFNGenerator(width=0.07, blocks=3, fusion_kernel=fusion_kernel, use_k=use_k))
    official_files.save(author.state_dict(), "latest_G.pth")
    out = run("import", "dmfn", "latest_G.pth", "-o", "run", *SMALL, "--json").out
    assert json.loads(out)["parameters"] == {"generator": sum(p.numel() for p in author.parameters())}
    method = selfmend.load("run", device="cpu").method
    assert (method.config.blocks, method.config.fusion_kernel, method.config.use_k) == (3, fusion_kernel, use_k)
    image, mask = torch.rand(1, 3, 32, 32), torch.zeros(1, 1, 32, 32, dtype=torch.bool)
    mask[..., 8:20, 8:20] = True
    with torch.no_grad():
        expected = author(torch.cat([torch.where(mask, 0, image * 2 - 1), mask.float()], 1)) / 2 + 0.5
        found = method.complete(image, mask, generator=torch.Generator())
    assert torch.allclose(found, expected.clamp(0, 1), atol=1e-6)


@pytest.mark.parametrize(("network", "output_size"), [("center", 64), ("random-region", 128)])
def test_context_encoder(folder, run, network, output_size):
    author = official_files.drawn(ContextEncoderGenerator(width=0.03, output_size=output_size, bottleneck=1000))
    state = {key: value for key, value in author.state_dict().items() if "num_batches" not in key}
    torch.save({"epoch": 3, "state_dict": state}, "netG.pth")
    assert state["main.14.weight"].shape[0] == 32
    model = from_official("context-encoder", ["netG.pth"], {"width": 0.03, "bottleneck": 1000})
    assert model.config.network == network
    model.check_trainable()
    assert set(model.networks()) == {"generator"}


def test_bottleneck_is_read_off_the_file(folder):
    state = ContextEncoderGenerator(bottleneck=100).state_dict()
    torch.save(state, "netG.pth")
    model = from_official("context-encoder", ["netG.pth"])
    assert model.config.bottleneck == 100


def test_mistakes_are_one_line(folder, refused):
    edges, colours = edge_connect()
    line = refused("import", "edgeconnect", colours, "-o", "run", *SMALL)
    assert line == "EdgeConnect's edge generator is missing; give its file too"
    line = refused("import", "edgeconnect", edges, edges, "-o", "run", *SMALL)
    assert line == f"{edges} holds EdgeConnect's edge generator, as {edges} does; one of them fits"
    line = refused("import", "dmfn", edges, "-o", "run")
    assert line == f"{edges} holds EdgeConnect's edge generator; DMFN's generator fits"
    line = refused("import", "telea", edges, "-o", "run")
    assert line.startswith(
        "telea has no checkpoints of its authors to import; these have: context-encoder, edgeconnect"
    )
    line = refused("import", "edgeconnect", edges, colours, "-o", "run")
    assert "has shape" in line  # of another width
    assert refused("import", "dmfn", "nowhere.pth", "-o", "run").startswith("cannot read nowhere.pth: No such file")
    assert not (folder / "run").exists()

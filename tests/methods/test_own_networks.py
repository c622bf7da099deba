"""GLCIC's three phases, the two stages of partial convolutions, DeepFill's and LaMa's one: steps by formula."""

import copy
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facts import mentions
from folder_batches import batch_of, batches_of
from one_step import Adam, Tower, cross_entropy, same_terms, same_weights
from selfmend.errors import MissingWeightsError, OptionError
from selfmend.methods import lama_own, pconv_own
from selfmend.methods.deepfill_own import DeepFillTraining
from selfmend.methods.glcic_own import GlcicTraining
from selfmend.methods.lama_own import LamaTraining
from selfmend.methods.pconv_own import PConvTraining
from selfmend.nn.pconv_unet import MEAN, STD
from selfmend.training.data import Batch
from selfmend.training.devices import make_fabric

FABRIC = make_fabric(torch.device("cpu"))


def in_double(batch: Batch) -> Batch:
    return Batch(batch.image.double(), batch.mask, batch.box)


def built(kind: Any, **options: object) -> Any:
    method = kind.from_options("tiny", options, device="cpu")
    method.build(seed=0)
    for net in method.networks().values():
        net.double().train()
    return method


class Adadelta:
    """Zeiler 2012, Algorithm 1."""

    def __init__(self, net: nn.Module, rho: float) -> None:
        self.parameters, self.rho = list(net.parameters()), rho
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        self.moves = [torch.zeros_like(p) for p in self.parameters]

    def step(self, loss: Tensor) -> None:
        gradients = torch.autograd.grad(loss, self.parameters)
        with torch.no_grad():
            for p, g, square, move in zip(self.parameters, gradients, self.squares, self.moves, strict=True):
                square.copy_(self.rho * square + (1 - self.rho) * g * g)
                change = (move + 1e-6).sqrt() / (square + 1e-6).sqrt() * g
                move.copy_(self.rho * move + (1 - self.rho) * change * change)
                p -= change


def run_steps(stages: Iterator[Any], seeds: dict[str, list[int]]) -> list[dict[str, Any]]:
    """The terms of steps of each stage, the generator of each seeded so."""
    found = []
    for stage in stages:
        for i, seed in enumerate(seeds[stage.name]):
            batch = in_double(batch_of(16, seed=seed))
            found.append(dict(stage.step(i, batch, torch.Generator().manual_seed(seed))))
    return found


def near(actual: nn.Module, expected: nn.Module) -> None:
    """The same weights, to the digits of double precision."""
    for (name, a), e in zip(actual.state_dict().items(), expected.state_dict().values(), strict=True):
        assert torch.allclose(a.double(), e.double(), rtol=1e-6, atol=1e-8), name


def test_the_three_phases_of_glcic() -> None:
    method = built(GlcicTraining, alpha=0.25, mean=(0.5, 0.25, 0.125))
    completion, judge = (copy.deepcopy(method.net(name)) for name in ("generator", "discriminator"))
    came = run_steps(method.stages(batches_of(16), seed=0, fabric=FABRIC),
                     {"completion": [1, 2], "discriminator": [3], "joint": [4, 5]})  # fmt: skip

    making, judging = Adadelta(completion, 0.9), Adadelta(judge, 0.9)
    mean = torch.tensor([0.5, 0.25, 0.125]).double().view(1, 3, 1, 1)

    def made(batch: Batch) -> Tensor:
        hole = batch.mask.double()
        return completion(torch.cat([batch.image * (1 - hole) + mean * hole, hole], 1))

    def against(drawn: Tensor, batch: Batch, seed: int) -> Tensor:
        corners = torch.randint(9, (2, 2), generator=torch.Generator().manual_seed(seed)).tolist()
        local = torch.stack([x[:, t : t + 8, s : s + 8] for x, (t, s) in zip(batch.image, corners, strict=True)])
        real = judge(local, batch.image)
        return cross_entropy(real, 1) + cross_entropy(judge(drawn[..., 4:12, 4:12], drawn), 0)

    expected: list[dict[str, Tensor]] = []
    for seed in (1, 2):
        batch = in_double(batch_of(16, seed=seed))
        error = (((made(batch) - batch.image) * batch.mask) ** 2).mean()
        making.step(error)
        expected.append({"l2": error})
    batch = in_double(batch_of(16, seed=3))
    with torch.no_grad():
        drawn = made(batch)
    loss = against(drawn, batch, 3)
    judging.step(loss)
    expected.append({"discriminator": loss})
    for seed in (4, 5):
        batch = in_double(batch_of(16, seed=seed))
        drawn = made(batch)
        loss = against(drawn.detach(), batch, seed)
        judging.step(loss)
        error = (((drawn - batch.image) * batch.mask) ** 2).mean()
        fooled = cross_entropy(judge(drawn[..., 4:12, 4:12], drawn), 1)
        making.step(error + 0.25 * fooled)
        expected.append({"l2": error, "adversarial": fooled, "discriminator": loss})
    for one, other in zip(came, expected, strict=True):
        same_terms(one, other)
    near(method.net("generator"), completion)
    near(method.net("discriminator"), judge)


def by_formula(made: Tensor, truth: Tensor, hole: Tensor, tower: nn.Module) -> dict[str, Tensor]:
    """Eq. 1 to 7, pixel by pixel where the paper says so."""
    count, composed = truth.numel(), made * hole + truth * (1 - hole)
    near_hole = F.conv2d(hole, torch.ones(1, 1, 3, 3).double(), padding=1).clamp(max=1)
    variation = torch.zeros(()).double()
    for dy, dx in ((0, 1), (1, 0)):
        height, width = truth.shape[2] - dy, truth.shape[3] - dx
        a, b = composed[..., :height, :width], composed[..., dy:, dx:]
        both = near_hole[..., :height, :width] * near_hole[..., dy:, dx:]
        variation = variation + ((b - a).abs() * both).sum() / a.numel()

    def pooled(x: Tensor) -> list[Tensor]:
        """pool1 to pool3: the largest of four."""
        halves = [[features[..., a::2, b::2] for a in (0, 1) for b in (0, 1)] for features in tower(x).values()]
        return [torch.stack(four).amax(0) for four in halves]

    wanted = pooled(truth)
    content, style = torch.zeros(()).double(), torch.zeros(()).double()
    for shown in (made, composed):
        for came, want in zip(pooled(shown), wanted, strict=True):
            number, channels, h, w = came.shape
            content = content + (came - want).abs().sum() / came.numel()
            grams = [x.reshape(number, channels, -1) for x in (came, want)]
            first, second = (torch.einsum("nap,nbp->nab", g, g) / (channels * h * w) for g in grams)
            style = style + (first - second).abs().sum() / (number * channels**2)
    return {
        "valid": ((made - truth).abs() * (1 - hole)).sum() / count, "hole": ((made - truth).abs() * hole).sum() / count,
        "smoothness": variation, "content": content, "style": style,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "last"), [("vgg16", "relu3_3"), ("vgg19", "relu3_4")])
def test_the_two_stages_of_partial_convolutions(name: str, last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tower = Tower(("relu1_2", "relu2_2", last)).double()
    towers = {(name, tuple(tower.taps)): tower}
    monkeypatch.setattr(pconv_own, "perceptual_net", lambda which, *, taps, **k: towers[which, taps])
    method = built(PConvTraining, perceptual=name)
    net = copy.deepcopy(method.net("generator"))
    came = run_steps(method.stages(batches_of(16), seed=0, fabric=FABRIC), {"train": [1, 2], "finetune": [3, 4]})

    mean, std = (torch.tensor(three).double().view(1, 3, 1, 1) for three in (MEAN, STD))
    weights = {"valid": 1.0, "hole": 6.0, "content": 0.05, "style": 120.0, "smoothness": 0.1}
    expected = []
    for rate, seeds in ((2e-4, (1, 2)), (5e-5, (3, 4))):
        adam = Adam([net], (0.9, 0.999))
        for seed in seeds:
            if rate < 1e-4:
                for part in net.enc_2.modules():  # the first level has no normalisation
                    part.eval()
            batch = in_double(batch_of(16, seed=seed))
            hole = batch.mask.double()
            drawn = net((batch.image - mean) / std * (1 - hole), 1 - hole)[0] * std + mean
            terms = by_formula(drawn, batch.image, hole, tower)
            adam.step(sum(weights[name] * term for name, term in terms.items()), rate)
            expected.append(terms)
    for one, other in zip(came, expected, strict=True):
        same_terms(one, other)
    same_weights(method.net("generator"), net, moved=5e-5)
    for name, value in net.named_buffers():
        assert torch.allclose(value.double(), method.net("generator").get_buffer(name).double(), rtol=1e-6), name


def test_a_step_of_deepfill() -> None:
    method = built(DeepFillTraining, coarse=0.5, fine=2.0, adversarial=0.25)
    net, judge = (copy.deepcopy(method.net(name)) for name in ("generator", "discriminator"))
    came = run_steps(method.stages(batches_of(16), seed=0, fabric=FABRIC), {"train": [1, 2]})
    making, judging = Adam([net], (0.5, 0.999)), Adam([judge], (0.5, 0.999))
    for seed, one in zip((1, 2), came, strict=True):
        batch = in_double(batch_of(16, seed=seed))
        truth, hole = 2 * batch.image - 1, batch.mask.double()
        coarse, fine = net(truth, hole)
        made = fine * hole + truth * (1 - hole)
        real, fake = judge(truth, hole), judge(made.detach(), hole)
        against = ((1 - real).clamp(min=0).mean() + (1 + fake).clamp(min=0).mean()) / 2
        judging.step(against, 1e-4)
        terms = {"coarse": (coarse - truth).abs().mean(), "fine": (fine - truth).abs().mean()}
        terms["adversarial"] = -judge(made, hole).mean()
        making.step(0.5 * terms["coarse"] + 2 * terms["fine"] + 0.25 * terms["adversarial"], 1e-4)
        same_terms(one, {**terms, "discriminator": against})
    same_weights(method.net("generator"), net, moved=1e-4)
    same_weights(method.net("discriminator"), judge, moved=1e-4)


class Layers(nn.Module):
    """Stands in for the dilated ResNet: the features of two layers, of which the first is not differentiable at 0."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(6)
        self.first, self.second = nn.Conv2d(3, 4, 3, 2), nn.Conv2d(4, 5, 3, 2)
        for p in self.parameters():
            p.data = torch.randn(p.shape, generator=generator) / 4
        self.double().requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """(N, 3, H, W) in [0, 1]."""
        x = self.first(image).relu()
        return [x, self.second(x)]


@pytest.mark.parametrize("perceptual", ["resnet50", "vgg19", "none"])
def test_a_step_of_lama(monkeypatch: pytest.MonkeyPatch, perceptual: str) -> None:
    layers, tower = Layers(), Tower([f"relu{b}_{i}" for b, n in enumerate((2, 2, 4, 4, 1), 1) for i in range(1, n + 1)])
    tower.double()
    monkeypatch.setattr(lama_own, "load_dilated_resnet", lambda **k: layers)
    vgg = {tuple(tower.taps): tower}
    monkeypatch.setattr(lama_own, "perceptual_net", lambda name, taps, **k: vgg[taps] if name == "vgg19" else None)
    weights = {"known": 3.0, "hole": 2.0, "adversarial": 0.5, "matching": 7.0, "content": 1.5}
    method = built(LamaTraining, **weights, r1=0.25, perceptual=perceptual)
    net, judge = (copy.deepcopy(method.net(name)) for name in ("generator", "discriminator"))
    stages = method.stages(batches_of(16), seed=0, fabric=FABRIC)
    came = run_steps(stages, {"train": [1, 2]})
    making, judging = Adam([net], (0.9, 0.999)), Adam([judge], (0.9, 0.999))
    for seed, one in zip((1, 2), came, strict=True):
        batch = in_double(batch_of(16, seed=seed))
        truth, hole = batch.image.clone().requires_grad_(), batch.mask.double()
        made = net(torch.cat([batch.image * (1 - hole), hole], 1))
        real, (fake, _) = judge(truth)[0], judge(made.detach())
        # of a grid of 7 x 7 patches over 16 pixels, those whose part of the picture touches the hole, pixels 4 to 11
        touched = [any(4 <= y < 12 for y in range(16 * k // 7, -(-16 * (k + 1) // 7))) for k in range(7)]
        assert fake.shape[2:] == (7, 7)
        patch = torch.tensor(touched).double()
        label = 1 - patch[:, None] * patch  # 0 where fake
        against = cross_entropy(real, 1)
        probability = 1 / (1 + torch.exp(-fake))
        against = against - (label * probability.log() + (1 - label) * (1 - probability).log()).mean()
        (slope,) = torch.autograd.grad(real.sum(), truth, create_graph=True)
        penalty = sum((slope[k] ** 2).sum() for k in range(2)) / 2
        judging.step(against + 0.25 * penalty, 1e-4)
        logits, features = judge(made)
        with torch.no_grad():
            wanted = judge(batch.image)[1]
        difference = (made - batch.image).abs()
        terms = {
            "known": (difference * (1 - hole)).sum() / difference.numel(),
            "hole": (difference * hole).sum() / difference.numel(),
            "adversarial": cross_entropy(logits, 1),
            "matching": sum(((a - b) ** 2).mean() for a, b in zip(features, wanted, strict=True)) / len(features),
        }
        if perceptual != "none":
            look = (lambda x: [*tower(x).values()]) if perceptual == "vgg19" else layers
            terms["content"] = sum(((a - b) ** 2).mean() for a, b in zip(look(made), look(batch.image), strict=True))
        making.step(sum(weights[name] * term for name, term in terms.items()), 1e-3)
        same_terms(one, {**terms, "discriminator": against, "r1": penalty})
    same_weights(method.net("generator"), net, moved=1e-3)
    same_weights(method.net("discriminator"), judge, moved=1e-4)


def test_lama_learns_a_tiny_set() -> None:
    """Eight pictures, by heart: what is in the hole comes to be known."""

    def batches(stage: str) -> Any:
        return lambda first: (batch_of(16, 4, seed=step % 2) for step in itertools.count(first))

    options = {"steps": 120, "batch_size": 4, "adversarial": 0.1, "matching": 1.0, "learning_rate": 5e-3}
    method = LamaTraining.from_options("tiny", options, device="cpu")
    losses: list[float] = []
    method.fit_folder(batches, fabric=FABRIC, progress=lambda event: losses.append(event.terms["hole"]))
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])
    batch = batch_of(16, 4)
    with method.evaluating():
        filled = method.complete(batch.image, batch.mask, generator=torch.Generator())
    error, grey = (((x - batch.image).abs() * batch.mask).mean() for x in (filled, torch.tensor(0.5)))
    assert error < 0.7 * grey


def test_without_its_network_lama_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache"))
    for perceptual, file in {"resnet50": "encoder_epoch_20.pth", "vgg19": "vgg19-dcbb9e9d.pth"}.items():
        with pytest.raises(MissingWeightsError, match=mentions(file, "perceptual=none", "hole=10")):
            LamaTraining.from_options("tiny", {"perceptual": perceptual}).check_trainable()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(OptionError, match=mentions("size", "18", "levels=2", "4")):
        PConvTraining.from_options("tiny", {"size": 18}).check_trainable()
    with pytest.raises(OptionError, match=mentions("size", "20", "8")):
        DeepFillTraining.from_options("tiny", {"size": 20}).check_trainable()
    with pytest.raises(OptionError, match=mentions("size", "20", "8")):
        LamaTraining.from_options("tiny", {"size": 20}).check_trainable()
    with pytest.raises(OptionError, match=mentions("batch_size", "1", "2")):
        GlcicTraining.from_options("tiny", {"batch_size": 1}).check_trainable()
    with pytest.raises(OptionError, match=mentions("size", "24")):
        GlcicTraining.from_options("tiny", {"size": 24}).check_trainable()

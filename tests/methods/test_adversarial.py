"""What all methods share that train generators against discriminators."""

import copy
import dataclasses

import numpy as np
import pytest
import torch

import vgg_file
from facts import mentions
from folder_batches import batch_of, batches_of
from pictures import picture
from selfmend.errors import MissingWeightsError, OptionError
from selfmend.methods import adversarial
from selfmend.methods.adversarial import AdversarialMethod, check_perceptual, frozen
from selfmend.methods.context_encoder import ContextEncoder
from selfmend.methods.dmfn import DMFN
from selfmend.methods.edge_connect import EdgeConnect
from selfmend.training.devices import make_fabric
from selfmend.training.loop import run

METHODS = {cls.name: cls for cls in (ContextEncoder, EdgeConnect, DMFN)}
FABRIC = make_fabric(torch.device("cpu"))


@pytest.fixture(params=METHODS)
def kind(request: pytest.FixtureRequest) -> type[AdversarialMethod]:
    return METHODS[request.param]


def trained(kind: type[AdversarialMethod], *, seed: int = 0, **options: object) -> AdversarialMethod:
    method = kind.from_options("tiny", options)
    return method.fit_folder(batches_of(method.config.size), fabric=FABRIC, seed=seed)


def equal(first: dict, second: dict) -> bool:
    return all(torch.equal(first[n][key], second[n][key]) for n in first for key in first[n])


def test_same_seed_same_weights_and_another_differs(kind: type[AdversarialMethod]) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, again, other = (trained(kind, seed=seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before), "the process's own randomness is left alone"
    assert equal(first, again)
    assert not equal(first, other)


def test_interrupted_and_resumed_gives_the_same_bits(kind: type[AdversarialMethod], tmp_path) -> None:
    expected = trained(kind, steps=3).state_dict()

    def stop(event) -> None:
        if event.step == 2 and event.stage_index == stop_in:
            raise KeyboardInterrupt

    for stop_in in (0, 1) if kind is EdgeConnect else (0,):
        method = kind.from_options("tiny", {"steps": 3})
        arguments = {"fabric": FABRIC, "folder": tmp_path / str(stop_in)}
        with pytest.raises(KeyboardInterrupt):
            method.fit_folder(batches_of(method.config.size), progress=stop, **arguments)
        resumed = kind.from_options("tiny", {"steps": 3})
        resumed.fit_folder(batches_of(method.config.size), **arguments)
        assert equal(resumed.state_dict(), expected)


def test_a_step_changes_every_network_that_its_stage_holds(kind: type[AdversarialMethod]) -> None:
    method = kind.from_options("tiny", {"steps": 1})
    method.build(seed=0)
    for stage in method.stages(batches_of(method.config.size), seed=0, fabric=FABRIC):
        nets = {name: part for name, part in stage.state.items() if isinstance(part, torch.nn.Module)}
        before = {name: copy.deepcopy(net.state_dict()) for name, net in method.networks().items()}
        run([stage], seed=0)
        for name, net in method.networks().items():
            learned = {key for key, _ in net.named_parameters()} if name in nets else set()
            for key, value in net.state_dict().items():
                changed = not torch.equal(before[name][key], value)
                assert changed if key in learned else name in nets or not changed, f"{name} {key}"


def test_what_is_saved_fills_the_same(kind: type[AdversarialMethod]) -> None:
    method = trained(kind)
    image, mask = picture()
    (filled,) = method.inpaint(image, mask)
    loaded = kind.from_options("tiny")
    loaded.load_state_dict(method.state_dict())
    loaded.fitted = True
    assert np.array_equal(loaded.inpaint(image, mask)[0], filled)
    assert set(loaded.networks()) < set(method.networks())
    assert equal(loaded.state_dict(), method.state_dict())
    assert np.array_equal(filled[~mask], image[~mask])


def test_content_of_a_hole_has_no_influence(kind: type[AdversarialMethod]) -> None:
    method = trained(kind)
    batch = batch_of(method.config.size)
    generator = torch.Generator()
    with method.evaluating():
        expected = method.complete(batch.image, batch.mask, generator=generator)
        spoiled = torch.where(batch.mask, torch.nan, batch.image)
        assert torch.equal(method.complete(spoiled, batch.mask, generator=generator), expected)
    assert expected.shape == batch.image.shape
    assert 0 <= float(expected.min()) <= float(expected.max()) <= 1


def test_width_counts(kind: type[AdversarialMethod]) -> None:
    method = kind.from_options("tiny", {"width": 0.3})
    method.build(seed=0)
    wide = method.parameter_counts()
    method = kind.from_options("tiny", {"width": 0.15})
    method.build(seed=0)
    assert all(count < 0.6 * wide[name] for name, count in method.parameter_counts().items())


def test_a_size_that_does_not_fit_is_refused(kind: type[AdversarialMethod]) -> None:
    fits = "a multiple of 4 from 24 on fits" if kind is EdgeConnect else "a power of two from 16"
    with pytest.raises(OptionError, match=f"size is 50; {fits}"):
        trained(kind, size=50)


def test_frozen_nets_let_gradients_through_and_collect_none() -> None:
    net, x = torch.nn.Linear(2, 1), torch.ones(1, 2, requires_grad=True)
    with frozen(net):
        net(x).sum().backward()
    assert x.grad is not None
    assert net.weight.grad is None
    assert net.weight.requires_grad


@pytest.mark.parametrize("kind", [EdgeConnect, DMFN])
def test_without_vgg_nothing_starts(kind: type[AdversarialMethod], monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache"))
    with pytest.raises(MissingWeightsError, match=mentions("vgg19-dcbb9e9d.pth")):
        trained(kind, perceptual="vgg19")
    with pytest.raises(MissingWeightsError, match=mentions("vgg16-397923af.pth", "perceptual=none")):
        check_perceptual("vgg16")
    check_perceptual("none")


@pytest.mark.parametrize("kind", [EdgeConnect, DMFN])
def test_perceptual_losses_train(kind: type[AdversarialMethod], monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    digest = vgg_file.write(tmp_path / "vgg19-dcbb9e9d.pth", last="relu5_2")
    file = dataclasses.replace(adversarial.VGG19, sha256=digest[:8])
    for module in ("selfmend.methods.adversarial", "selfmend.nn.perceptual"):
        monkeypatch.setattr(f"{module}.VGG19", file)
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path))
    terms = {}
    options = {"perceptual": "vgg19", "steps": 1, **({"phases": "inpaint"} if kind is EdgeConnect else {})}
    method = kind.from_options("tiny", options)
    method.fit_folder(batches_of(method.config.size), fabric=FABRIC, progress=lambda event: terms.update(event.terms))
    assert terms["content"] > 0
    assert terms["style" if kind is EdgeConnect else "alignment"] > 0
    assert not any("vgg" in name for name in method.networks())

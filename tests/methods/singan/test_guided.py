from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from facts import mentions
from pictures import picture
from selfmend.errors import SelfmendWarning
from selfmend.methods.singan.config import SLICED_WASSERSTEIN
from selfmend.methods.singan.model import SlicedWasserstein
from selfmend.methods.singan.sliced_wasserstein import GuidedData, guided_stage, paint_holes
from selfmend.nn.layers import initialize
from selfmend.nn.singan import SinGANGenerator
from selfmend.nn.tensors import make_generator, to_tensor
from selfmend.options import describe_options
from selfmend.progress import ProgressEvent
from selfmend.training.loop import run

SMALL = replace(
    SLICED_WASSERSTEIN,
    min_size=20,
    max_size=64,
    channels=4,
    steps=3,
    painted_holes=2,
    crop=24,
    projections=4,
    init="local-means",
)


def tensors() -> tuple[torch.Tensor, torch.Tensor]:
    """The picture and its mask as the stages get them."""
    image, mask = picture()
    return to_tensor(image), to_tensor(mask)


def weights(model: SlicedWasserstein) -> list[torch.Tensor]:
    return [t for scale in model.scales.trained for t in scale.generator.state_dict().values()]


def test_painted_holes_lie_over_known_pixels_and_depend_on_the_seed_alone() -> None:
    _, mask = tensors()
    one, same, other = (paint_holes(mask, count=4, generator=make_generator(s)) for s in (0, 0, 1))
    assert one.shape == (4, 1, 37, 53)
    assert not (one & mask).any()
    assert (one.flatten(1).sum(1) > 0.3 * mask.sum()).all()
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_a_hole_has_no_influence_on_training(precision: str) -> None:
    image, mask = tensors()
    models = [SlicedWasserstein(replace(SMALL, precision=precision)) for _ in range(2)]
    for model, content in zip(models, (0.0, 1.0), strict=True):
        run(model.stages(torch.where(mask, content, image), mask, seed=1), seed=1)
    assert all(torch.equal(a, b) for a, b in zip(*map(weights, models), strict=True))


def test_only_scales_from_the_injection_up_are_trained() -> None:
    image, mask = picture()
    model = SlicedWasserstein(replace(SMALL, injection_scale=2)).fit(image, mask)
    levels = len(model.scales.plan.sizes)
    assert model.scales.first == 2
    assert len(model.scales.trained) == levels - 2
    assert len(model.stage_costs(to_tensor(image))) == levels - 2
    again = SlicedWasserstein(model.config)
    again.load_state_dict(model.state_dict())
    again.fitted = True
    assert np.array_equal(again.inpaint(image, mask)[0], model.inpaint(image, mask)[0])


def test_a_net_begins_by_changing_nothing() -> None:
    image, mask = tensors()
    stage = next(iter(SlicedWasserstein(SMALL).stages(image, mask, seed=0)))
    net = stage.state["generator"].eval()
    x = torch.randn(1, 3, 20, 20)
    assert torch.equal(net(x, x), x[..., 5:-5, 5:-5])


def test_it_learns() -> None:
    stripes = 0.5 + 0.4 * torch.sin(torch.arange(53) / 1.5).expand(1, 3, 37, 53)
    _, mask = tensors()
    stage = next(iter(SlicedWasserstein(replace(SMALL, steps=60, channels=8)).stages(stripes, mask, seed=0)))
    losses = [float(stage.step(i, None, make_generator(0, i))["absolute"]) for i in range(60)]
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])


def test_there_is_no_critic_with_a_hole_or_without() -> None:
    image, mask = tensors()
    for hole in (mask, None):
        stage = next(iter(SlicedWasserstein(SMALL).stages(image, hole, seed=0)))
        assert set(stage.state) == {"generator", "optimizer"}


class StoppedError(Exception):
    """Raised to interrupt."""


def test_interrupted_and_resumed_gives_the_same_bits(tmp_path: Path) -> None:
    image, mask = tensors()
    whole, resumed = SlicedWasserstein(SMALL), SlicedWasserstein(SMALL)
    run(whole.stages(image, mask, seed=5), seed=5)
    steps = 0

    def interrupt(event: ProgressEvent) -> None:
        nonlocal steps
        steps += 1
        if steps == 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        run(SlicedWasserstein(SMALL).stages(image, mask, seed=5), seed=5, folder=tmp_path, progress=interrupt)
    run(resumed.stages(image, mask, seed=5), seed=5, folder=tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(resumed), strict=True))


def test_every_option_says_what_it_is() -> None:
    for row in describe_options(SLICED_WASSERSTEIN):
        assert row["help"], row["name"]


def test_the_true_hole_is_never_looked_at() -> None:
    image, mask = tensors()
    stage_losses = []
    for content in (0.0, float("nan")):
        data = GuidedData(
            given=torch.where(mask, content, image).repeat(2, 1, 1, 1),
            truth=torch.where(mask, content, image),
            painted=paint_holes(mask, count=2, generator=make_generator(0)),
            hole=mask,
        )
        net = SinGANGenerator(channels=4)
        initialize(net, generator=make_generator(0))
        terms = guided_stage("scale", data, 0.1, net, SMALL, partial=True).step(0, None, make_generator(1))
        stage_losses.append([float(v) for v in terms.values()] + [float(net.head.conv.weight.detach().sum())])
    assert stage_losses[0] == stage_losses[1]


def test_another_first_guess_than_learned_is_said() -> None:
    image, mask = picture()
    model = SlicedWasserstein(replace(SMALL, init="mean")).fit(image, mask)
    with pytest.warns(SelfmendWarning, match=mentions("'mean'", "'telea'")):
        model.with_fill_options({"init": "telea"})

"""Without a hole: what the scales learn from, what enters the coarsest one, resuming, and enlarging."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pictures import picture
from selfmend.image.resize import resize as resize_array
from selfmend.methods.singan.config import SLICED_WASSERSTEIN
from selfmend.methods.singan.model import SlicedWasserstein
from selfmend.methods.singan.sliced_wasserstein import everywhere, matched_costs, standardized
from selfmend.nn.tensors import resize, to_signed, to_tensor
from selfmend.progress import ProgressEvent
from selfmend.training.loop import run

SMALL = replace(
    SLICED_WASSERSTEIN, min_size=20, max_size=64, channels=4, steps=3, crop=24, projections=4, coarse_steps=4,
    coarse_projections=4, own_samples=2, patch=5, exemplars_from=38, layout=0.3,
)  # fmt: skip
TILES, _ = picture()
IMAGE = resize_array(resize_array(TILES, (9, 13)), (37, 53)).clip(0, 1)


@pytest.fixture(scope="module")
def model() -> SlicedWasserstein:
    return SlicedWasserstein(SMALL).fit(IMAGE, seed=2)


def weights(model: SlicedWasserstein) -> list[torch.Tensor]:
    return [t for scale in model.scales.trained for t in scale.generator.state_dict().values()]


def test_every_scale_is_trained(model: SlicedWasserstein) -> None:
    assert model.scales.complete
    assert model.scales.first == 0
    assert model.scales.at(0).noise_amplitude == 1
    assert all(0 < model.scales.at(n).noise_amplitude < 0.5 for n in range(1, len(model.scales.plan.sizes)))


def test_coarse_scales_learn_their_distribution() -> None:
    """With steps enough, the patches of what is drawn come nearer to the picture's, and the reconstruction to it."""
    first, last = {}, {}

    def watch(event: ProgressEvent) -> None:
        if event.stage_index == 0 and event.terms:
            first.update({k: v for k, v in event.terms.items() if k not in first})
            last.update(event.terms)

    SlicedWasserstein(replace(SMALL, coarse_steps=150, channels=8)).fit(IMAGE, seed=0, progress=watch)
    assert last["patches"] < 0.5 * first["patches"]
    assert last["reconstruction"] < 0.1 * first["reconstruction"]


def test_the_layout_is_the_picture_at_unit_variance(model: SlicedWasserstein) -> None:
    layout = model.scales.layout / SMALL.layout
    assert layout.shape[-2:] == model.scales.plan.sizes[0]
    assert layout.mean((2, 3)).abs().max() < 1e-5
    assert layout.square().mean() == pytest.approx(1, abs=1e-4)
    small = resize(to_signed(to_tensor(IMAGE)), model.scales.plan.sizes[0])
    assert torch.corrcoef(torch.stack([layout[0, 0].flatten(), small[0, 0].flatten()]))[0, 1] > 0.9


def test_no_layout_is_the_papers_zeros() -> None:
    plain = SlicedWasserstein(replace(SMALL, layout=0.0)).fit(IMAGE, seed=2)
    assert plain.scales.layout is None
    assert not plain.scales.entering(torch.device("cpu")).any()


def test_noise_padding_reaches_z_star() -> None:
    padded = SlicedWasserstein(replace(SMALL, padding="noise")).fit(IMAGE, seed=2)
    height, width = padded.scales.plan.sizes[0]
    assert padded.scales.z_star.shape == (1, 1, height + 10, width + 10)
    assert padded.scales.reconstruct_at(0, device=torch.device("cpu")).shape == (1, 3, height, width)


def test_a_flat_picture_has_no_layout() -> None:
    assert standardized(torch.full((1, 3, 5, 5), 0.3)).abs().max() < 1e-3


def test_layout_and_scales_survive_saving(model: SlicedWasserstein) -> None:
    again = SlicedWasserstein(SMALL)
    again.load_state_dict(model.state_dict())
    again.fitted = True
    assert np.array_equal(again.sample(IMAGE, seed=4)[0], model.sample(IMAGE, seed=4)[0])


@pytest.mark.parametrize("steps", [2, 7, 11])
def test_interrupted_and_resumed_gives_the_same_bits(model: SlicedWasserstein, tmp_path: Path, steps: int) -> None:
    stopped, count = SlicedWasserstein(SMALL), itertools.count(1)

    def stop(event: ProgressEvent) -> None:
        if event.step and next(count) == steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(stopped.stages(to_tensor(IMAGE), None, seed=2), seed=2, folder=tmp_path, progress=stop)
    resumed = SlicedWasserstein(SMALL)
    run(resumed.stages(to_tensor(IMAGE), None, seed=2), seed=2, folder=tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(weights(model), weights(resumed), strict=True))


def test_costs_are_one_a_stage(model: SlicedWasserstein) -> None:
    plan = model.scales.plan
    costs = matched_costs(plan, SMALL)
    assert len(costs) == len(plan.sizes)
    assert costs[0] == 2 * plan.sizes[0][0] * plan.sizes[0][1] * 4
    assert costs[-1] == 2 * 3 * 24 * 24


def test_enlarging_trains_the_finest_scale_alone() -> None:
    config = replace(SMALL, super_resolution=2.0, min_size=18, steps=60)
    learner = SlicedWasserstein(config).fit(IMAGE, seed=0)
    assert learner.scales.first == len(learner.scales.plan.sizes) - 1
    assert len(matched_costs(learner.scales.plan, config)) == 1
    assert learner.super_resolve(IMAGE).shape == (74, 106, 3)


def test_a_lesson_with_a_truth_each() -> None:
    given, truth = torch.rand(2, 3, 8, 9), torch.rand(2, 3, 8, 9)
    data = everywhere(given, truth)
    assert data.painted.all()
    assert data.valid.min() == 1
    assert torch.equal(data.truth_of(1), truth[1:])
    assert torch.equal(everywhere(given, truth[:1]).truth_of(1), truth[:1])

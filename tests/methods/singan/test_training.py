from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pictures import picture
from selfmend.methods.singan.config import TINY
from selfmend.methods.singan.model import SinGAN
from selfmend.methods.singan.scales import Scales, generate
from selfmend.nn.tensors import image_pyramid, mask_pyramid, to_tensor
from selfmend.progress import ProgressEvent
from selfmend.training.loop import run


def given() -> tuple[torch.Tensor, torch.Tensor]:
    """The picture and its mask as the stages get them."""
    image, mask = picture()
    return to_tensor(image), to_tensor(mask)


def tensors(model: SinGAN) -> list[torch.Tensor]:
    state = model.state_dict()["scales"]
    return [state["z_star"]] + [t for scale in state["trained"] for t in scale["generator"].values()]


def test_a_hole_has_no_influence_on_training() -> None:
    image, mask = given()
    one, other = SinGAN(TINY), SinGAN(TINY)
    for model, content in ((one, 0.0), (other, 1.0)):
        run(model.stages(torch.where(mask, content, image), mask, seed=1), seed=1)
    assert all(torch.equal(a, b) for a, b in zip(tensors(one), tensors(other), strict=True))
    assert one.scales.partial


def test_without_a_mask_it_is_plain_and_sees_everything() -> None:
    image, mask = given()
    one, other = SinGAN(TINY), SinGAN(TINY)
    for model, content in ((one, 0.0), (other, 1.0)):
        run(model.stages(torch.where(mask, content, image), None, seed=1), seed=1)
    assert not one.scales.partial
    assert not all(torch.equal(a, b) for a, b in zip(tensors(one), tensors(other), strict=True))


def test_noise_amplitude_by_hand() -> None:
    image, mask = given()
    model = SinGAN(TINY)
    run(model.stages(image, mask, seed=0), seed=0)
    scales, first = model.scales, model.scales.trained[0]
    assert first.noise_amplitude == 1
    real = image_pyramid(image * 2 - 1, scales.plan)[1]
    holes = mask_pyramid(mask, scales.plan)
    zeros = torch.zeros(1, 3, *scales.plan.sizes[0])
    with torch.no_grad():
        coarse = generate(
            first.generator, zeros, scales.z_star.expand_as(zeros), partial=True, valid=(~holes[0]).float()
        )
    error = (scales.up(coarse, 1) - real)[(~holes[1]).expand_as(real)]
    assert scales.trained[1].noise_amplitude == pytest.approx(0.1 * error.square().mean().sqrt().item(), rel=1e-4)


@pytest.mark.parametrize("fixed", [True, False])
def test_z_star_stays_unless_asked_otherwise(fixed: bool) -> None:
    image, mask = given()
    model = SinGAN(replace(TINY, fixed_z_star=fixed))
    stage = next(model.stages(image, mask, seed=0))
    before = stage.state["z_star"].value.clone()
    stage.step(0, None, torch.Generator().manual_seed(0))
    assert torch.equal(stage.state["z_star"].value, before) == fixed


def test_same_channels_start_from_the_scale_below() -> None:
    image, mask = given()
    model = SinGAN(replace(TINY, min_size=16, channels=4, max_channels=8, channels_double_every=2))
    starts = []
    for stage in model.stages(image, mask, seed=0):
        starts.append({k: v.clone() for k, v in stage.state["generator"].state_dict().items()})
        stage.step(0, None, torch.Generator().manual_seed(0))
    key = "body.block1.conv.weight"
    ends = [scale.generator.state_dict()[key] for scale in model.scales.trained]
    assert torch.equal(starts[1][key], ends[0])
    assert starts[2][key].shape == (8, 8, 3, 3)
    assert torch.equal(starts[3][key], ends[2])


class StoppedError(Exception):
    """Raised to interrupt."""


@pytest.mark.parametrize("stop_at", [1, 3, 4])
def test_interrupted_and_resumed_gives_the_same_bits(stop_at: int, tmp_path: Path) -> None:
    image, mask = given()
    whole, resumed = SinGAN(TINY), SinGAN(TINY)
    run(whole.stages(image, mask, seed=5), seed=5)
    count = 0

    def interrupt(event: ProgressEvent) -> None:
        nonlocal count
        count += 1
        if count == stop_at:
            raise StoppedError

    with pytest.raises(StoppedError):
        run(SinGAN(TINY).stages(image, mask, seed=5), seed=5, folder=tmp_path, progress=interrupt)
    torch.rand(7)  # nothing may depend on the global generator
    run(resumed.stages(image, mask, seed=5), seed=5, folder=tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(tensors(whole), tensors(resumed), strict=True))


@pytest.mark.parametrize(
    "changes", [{"fresh_fakes": False}, {"penalty_per": "sample"}, {"eight_bit": True}, {"partial_ratio": "sum"}]
)
def test_discrepancies_are_options(changes: dict) -> None:
    image, mask = given()
    model, other = SinGAN(TINY), SinGAN(replace(TINY, **changes))
    for m in (model, other):
        run(m.stages(image, mask, seed=0), seed=0)
    assert not all(torch.equal(a, b) for a, b in zip(tensors(model), tensors(other), strict=True))


def test_state_round_trip() -> None:
    image, _ = given()
    model = SinGAN(TINY)
    run(model.stages(image, None, seed=0), seed=0)
    other = Scales.from_state(model.scales.state_dict(), ratio="window", device=torch.device("cpu"))
    cpu = torch.device("cpu")
    level = len(other.plan.sizes) - 1
    samples = [
        s.random_below(level, generator=torch.Generator().manual_seed(3), device=cpu) for s in (model.scales, other)
    ]
    assert torch.equal(*samples)
    assert samples[0].abs().max() <= 1

"""GPDM: its options, the step that moves pixels, and the method."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import max_pool2d

from facts import mentions
from selfmend.errors import ImageError, MaskError, OptionError, SelfmendWarning
from selfmend.methods.gpdm import FAST, GPDM, PAPER, TINY, GPDMConfig, hole_at_scale, match_patches
from selfmend.nn.sliced_wasserstein import sliced_wasserstein
from selfmend.nn.tensors import make_generator, to_tensor
from selfmend.options import replace_options
from selfmend.progress import ProgressEvent
from selfmend.types import Image


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ratio": "1"}, r"option ratio is 1.0; 0.1 to 0.95 fits \(the paper's is 0.85\)"),
        ({"patch": 31}, "option patch is 31 and coarsest 21; the coarsest scale must hold a patch"),
        ({"power": 3}, "option power is 3; 1 or 2 fits"),
        ({"start": "noise"}, "unknown start 'noise'.*Known: blurred, zeros"),
        ({"steps": 0}, "option steps is 0; at least 1 fits"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        replace_options(PAPER, changes)


def test_paper_is_the_papers() -> None:
    assert (PAPER.coarsest, PAPER.ratio, PAPER.patch, PAPER.projections) == (21, 0.85, 7, 64)
    assert (PAPER.steps, PAPER.finest_steps, PAPER.power, PAPER.learning_rate) == (300, 300, 1, 0.01)


def distance(x: torch.Tensor, target: torch.Tensor, *, patch: int, seed: int) -> float:
    return float(sliced_wasserstein(x, target, patch=patch, projections=64, generator=make_generator(seed)))


def test_the_distance_of_the_distributions_falls() -> None:
    target = 0.8 * torch.sin(torch.arange(32) / 2).expand(1, 3, 24, 32)
    start = 0.5 * torch.randn(1, 3, 30, 20, generator=make_generator(0))  # another size than the target's
    losses: list[float] = []
    x = match_patches(
        start,
        target,
        steps=100,
        learning_rate=0.1,
        config=TINY,
        generator=make_generator(1),
        report=lambda step, loss: losses.append(loss),
    )
    assert x.shape == start.shape
    assert float(x.abs().max()) <= 1
    assert len(losses) == 100
    assert distance(x, target, patch=7, seed=9) < 0.5 * distance(start, target, patch=7, seed=9)
    assert losses[-1] < 0.3 * losses[0]


def test_which_patches_count() -> None:
    mask = torch.zeros(1, 1, 20, 20, dtype=torch.bool)
    mask[..., 9:11, 9:11] = True
    hole = hole_at_scale(mask, patch=5, reach=3)
    assert hole.where.sum() == 6 * 6  # upper left pixels 5 to 10 in both directions
    assert hole.sources.sum() == 12 * 12 - 6 * 6
    assert torch.equal(hole_at_scale(mask, patch=5, reach=None).sources, ~hole.where)
    assert torch.equal(hole.where, max_pool2d(mask.float(), 5, 1) > 0)


def test_known_pixels_stay_and_far_sources_have_no_influence() -> None:
    # resizing overshoots: known pixels may lie outside [-1, 1], and stay there
    target = torch.rand(1, 3, 30, 30, generator=make_generator(0)) * 2.4 - 1.2
    mask = torch.zeros(1, 1, 30, 30, dtype=torch.bool)
    mask[..., 4:8, 4:8] = True
    hole = hole_at_scale(mask, patch=7, reach=2)
    start = torch.where(mask, 0.0, target)
    results = []
    for far in (target, target.flip(0, 1)):
        changed = target.clone()
        changed[..., 25:, 25:] = far[..., 25:, 25:]
        x = match_patches(
            start, changed, steps=5, learning_rate=0.02, config=TINY, generator=make_generator(1), hole=hole
        )
        assert torch.equal(x[~mask.expand_as(x)], start[~mask.expand_as(x)])
        assert bool((x != start)[mask.expand_as(x)].any())
        results.append(x)
    assert torch.equal(results[0], results[1])


def texture(height: int = 37, width: int = 53, channels: int = 3) -> Image:
    """Stripes of two colours."""
    rows, columns = np.mgrid[:height, :width]
    colours = np.linspace(0.2, 1, channels, dtype=np.float32)
    return ((rows + columns) % 10 < 5)[..., None].astype(np.float32) * colours * np.float32(0.8)


def test_samples_are_new_and_their_patches_are_the_pictures() -> None:
    image = texture()
    config = replace(TINY, steps=30, finest_steps=30, learning_rate=0.05)
    first, second = GPDM(config).sample(image, samples=2, seed=1)
    assert first.shape == image.shape
    assert not np.array_equal(first, second)
    assert float(abs(first - image).mean()) > 0.02
    noise, real = np.random.default_rng(0).random(image.shape, np.float32), to_tensor(image)
    near, far = (distance(to_tensor(one), real, patch=5, seed=5) for one in (first, noise))
    assert near < 0.2 * far


def test_same_seed_same_bytes_however_many_samples() -> None:
    image = texture()
    alone = GPDM(TINY).sample(image, seed=1)[0]
    assert np.array_equal(alone, GPDM(TINY).sample(image, seed=1, samples=2)[0])
    assert not np.array_equal(alone, GPDM(TINY).sample(image, seed=2)[0])


@pytest.mark.parametrize("size", [(37, 80), (60, 30), (7, 7), (9, 100)])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_sizes(size: tuple[int, int], channels: int) -> None:
    config = replace(TINY, steps=1, finest_steps=1)
    image = texture(channels=channels)
    for made in (GPDM(config).sample(image, size=size)[0], GPDM(config).retarget(image, size=size)):
        assert made.shape == (*size, channels)
        assert 0 <= float(made.min()) <= float(made.max()) <= 1


def test_another_shape_keeps_the_layout() -> None:
    image = np.concatenate([texture(40, 24), texture(40, 24) * np.float32(0.1)], 1)  # light left, dark right
    wide = GPDM(replace(TINY, steps=30, finest_steps=30)).retarget(image, size=(40, 72))
    assert float(wide[:, :30].mean()) > 3 * float(wide[:, 42:].mean())


def test_fill_continues_the_texture() -> None:
    image = texture(48, 64)
    mask = np.zeros((48, 64), bool)
    mask[18:30, 24:40] = True
    config = replace(TINY, fill_steps=60, fill_learning_rate=0.02, reach=None)

    def error(config: GPDMConfig) -> float:
        return float(abs(GPDM(config).inpaint(image, mask)[0] - image)[mask].mean())

    assert error(config) < 0.6 * error(replace(config, fill_steps=1, fill_learning_rate=0))


def test_progress_ends_at_one() -> None:
    events: list[ProgressEvent] = []
    GPDM(TINY).sample(texture(), progress=events.append)
    done = [event.done or 0 for event in events]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1)
    assert (events[-1].stage or "").endswith(f"scale {events[-1].stage_count - 1} (37x53)")
    assert [event.step for event in events if event.stage_index == 0] == [1, 2, 3, 4]


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(OptionError, match=mentions("size", "5x300", "7x7", "patch")):
        GPDM(replace(TINY, patch=7)).sample(texture(), size=(5, 300))
    with pytest.raises(ImageError, match=mentions("6x53", "gpdm", "7x7", "patch")):
        GPDM(replace(TINY, patch=7)).sample(texture(6, 53))
    mask = np.ones((37, 53), bool)
    mask[::4] = False
    with (
        pytest.warns(SelfmendWarning, match=mentions("73%")),
        pytest.raises(MaskError, match=mentions("patch", "7x7")),
    ):
        GPDM(replace(TINY, patch=7)).inpaint(texture(), mask)


def test_fine_scales_take_fewer_steps() -> None:
    sizes = [(25, 25), (50, 50), (100, 100)]
    assert GPDM(replace(FAST, steps=300, finest_steps=50))._steps(sizes) == [300, 200, 50]
    assert GPDM(PAPER)._steps(sizes) == [300, 300, 300]

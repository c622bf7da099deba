"""Patch diffusion: samples like the picture and unlike it, varieties, other shapes, small and flat pictures."""

import numpy as np
import pytest

import selfmend
from facts import mentions
from selfmend.errors import OptionError
from selfmend.methods.patch_diffusion import VARIETIES, PatchDiffusion
from selfmend.parallel import limit_threads, thread_count
from selfmend.progress import ProgressEvent
from selfmend.seeding import make_rng
from selfmend.types import Image

QUICK = {"iterations": 3, "candidates": 4, "steps": 10}


def scene(height: int = 48, width: int = 70) -> Image:
    """A bright sky with two discs over a dark ground."""
    rows, columns = np.mgrid[:height, :width]
    picture = np.where((rows < height * 0.6)[..., None], (0.5, 0.7, 0.9), (0.3, 0.25, 0.1))
    for y, x, radius, colour in ((14, 18, 7, (0.9, 0.3, 0.2)), (20, 48, 4, (0.95, 0.9, 0.2))):
        picture = np.where(((rows - y) ** 2 + (columns - x) ** 2 < radius**2)[..., None], colour, picture)
    noise = make_rng(0, "scene").standard_normal((height, width, 1)) * 0.02
    return (picture + noise).clip(0, 1).astype(np.float32)


def method(**options: object) -> PatchDiffusion:
    return PatchDiffusion.from_options(None, {**QUICK, **options})


def spread(samples: list[Image]) -> float:
    return float(np.stack(samples).std(0).mean())


def test_samples_have_the_size_and_differ() -> None:
    first, second = method().sample(scene(), samples=2, seed=3)
    assert first.shape == scene().shape
    assert first.dtype == np.float32
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
    assert abs(first - second).mean() > 0.02
    assert np.array_equal(method().sample(scene(), seed=3)[0], first)


def test_samples_do_not_depend_on_threads() -> None:
    (expected,), before = method().sample(scene()), thread_count()
    try:
        limit_threads(1)
        (alone,) = method().sample(scene())
    finally:
        limit_threads(before)
    assert abs(alone - expected).max() < 1e-3


def test_everything_of_the_picture_is_used() -> None:
    for sample in method(variety="high", candidates=8).sample(scene(), samples=3):
        red = (sample[..., 0] > 0.7) & (sample[..., 1] < 0.5)
        assert 0.3 < red.sum() / ((scene()[..., 0] > 0.7) & (scene()[..., 1] < 0.5)).sum() < 3


def test_varieties() -> None:
    each = [spread(method(variety=name).sample(scene(), samples=4)) for name in ("low", "high")]
    assert each[0] < each[1]
    assert list(VARIETIES) == ["low", "normal", "high"]


def test_numbers_go_before_the_variety() -> None:
    config = method(variety="low", difference=0.1).config
    assert config.varied() == VARIETIES["low"]._replace(difference=0.1)


@pytest.mark.parametrize("size", [(48, 120), (80, 50), (30, 70)])
def test_another_size(size: tuple[int, int]) -> None:
    assert method().sample(scene(), size=size)[0].shape == (*size, 3)
    assert method().retarget(scene(), size=size).shape == (*size, 3)


def test_retargeting_to_its_own_size_gives_the_picture_back() -> None:
    assert abs(method().retarget(scene(), size=(48, 70)) - scene()).mean() < 0.02


def test_things_keep_their_size_when_the_picture_gets_wider() -> None:
    wide = method(iterations=6).retarget(scene(), size=(48, 120))
    red = (wide[..., 0] > 0.7) & (wide[..., 1] < 0.5)
    tall = red.any(1).sum()
    widest = max(int(row.sum()) for row in red)
    assert tall > 5
    assert widest < 2.2 * tall


@pytest.mark.parametrize("mode", ["L", "RGBA", "I;16"])
def test_kinds_of_pictures(mode: str) -> None:
    from PIL import Image as PILImage

    values = (scene() * 255).round().astype(np.uint8)
    picture = PILImage.fromarray(values).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        picture = PILImage.fromarray(np.asarray(picture).astype(np.uint16) * 257)
    made = selfmend.sample(picture, method="patch-diffusion", **QUICK)
    assert made.size == picture.size
    assert made.mode == picture.mode.removesuffix("A")  # new pictures are opaque


def test_a_picture_of_one_colour() -> None:
    flat = np.full((40, 40, 3), 0.25, np.float32)
    assert abs(method().sample(flat)[0] - 0.25).max() < 1e-3


def test_fills() -> None:
    mask = np.zeros((48, 70), bool)
    mask[30:36, 30:40] = True
    (filled,) = method().inpaint(scene(), mask)
    assert np.array_equal(filled[~mask], scene()[~mask])
    assert abs(filled - scene())[mask].mean() < 0.1


def test_progress_goes_on_to_the_end() -> None:
    events: list[ProgressEvent] = []
    method().sample(scene(), progress=events.append)
    done = [e.done for e in events if e.done is not None]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] > 0.8
    assert "arrangement 1 of 4" in events[0].stage


@pytest.mark.parametrize("size", [(5, 60), (60, 6)])
def test_too_small(size: tuple[int, int]) -> None:
    with pytest.raises(OptionError, match="patch 7x7"):
        method().sample(scene(*size))


def test_even_patches_have_no_middle() -> None:
    with pytest.raises(OptionError, match=mentions("patch", "6")):
        method(patch=6)


def test_the_moved_starts_of_a_sample_are_near_each_other_and_far_from_those_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The best of any moves is the same one in every sample, and all samples were one arrangement."""
    starts: list[np.ndarray] = []

    def recorded(start: np.ndarray, *args: object, **more: object) -> np.ndarray:
        starts.append(start)
        return start

    monkeypatch.setattr("selfmend.methods.patch_diffusion.diffuse", recorded)
    ramp = np.broadcast_to(np.linspace(0, 1, 70, dtype=np.float32)[None, :, None], (48, 70, 3))
    method(candidates=4, mended=0, moved=1.0, iterations=1).sample(ramp, samples=6)
    each = np.array([start[0, :, 0] for start in starts]).reshape(6, 4, -1)
    apart = np.abs(each[:, None, :, None] - each[None, :, None, :]).mean((-3, -2, -1)) / np.ptp(each)
    own, others = np.diag(apart), apart[~np.eye(6, dtype=bool)]
    assert own.max() < 0.12
    assert others.min() > own.max()
    assert others.mean() > 3 * own.max()


def test_the_best_arrangement_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[np.ndarray, float]] = []

    def recorded(start: np.ndarray, reference: np.ndarray, *, sigma: float, **more: object) -> np.ndarray:
        calls.append((start, sigma))
        return reference

    monkeypatch.setattr("selfmend.methods.patch_diffusion.diffuse", recorded)
    method(candidates=4, mended=0.5, mend_noise=0.2, moved=0).sample(scene())
    starts, noises = zip(*calls, strict=True)
    assert noises == (3.0, 3.0, 0.2, 0.2)
    assert not any(start.any() for start in starts[:2])
    assert all(abs(start - starts[2]).max() < 0.5 and start.std() > 0.1 for start in starts[2:])

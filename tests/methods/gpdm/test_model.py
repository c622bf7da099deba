from dataclasses import replace

import numpy as np
import pytest

from selfmend.errors import ImageError, MaskError, OptionError, SelfmendWarning
from selfmend.methods.gpdm import FAST, GPDM, PAPER, TINY, GPDMConfig
from selfmend.nn.sliced_wasserstein import sliced_wasserstein
from selfmend.nn.tensors import make_generator, to_tensor
from selfmend.progress import ProgressEvent
from selfmend.types import Image


def texture(height: int = 37, width: int = 53, channels: int = 3) -> Image:
    """Stripes of two colours."""
    rows, columns = np.mgrid[:height, :width]
    colours = np.linspace(0.2, 1, channels, dtype=np.float32)
    return ((rows + columns) % 10 < 5)[..., None].astype(np.float32) * colours * np.float32(0.8)


def distance(image: Image, other: Image) -> float:
    x, target = to_tensor(image), to_tensor(other)
    return float(sliced_wasserstein(x, target, patch=5, projections=64, generator=make_generator(5)))


def test_samples_are_new_and_their_patches_are_the_pictures() -> None:
    image = texture()
    config = replace(TINY, steps=30, finest_steps=30, learning_rate=0.05)
    first, second = GPDM(config).sample(image, samples=2, seed=1)
    assert first.shape == image.shape
    assert not np.array_equal(first, second)
    assert float(abs(first - image).mean()) > 0.02
    noise = np.random.default_rng(0).random(image.shape, np.float32)
    assert distance(first, image) < 0.2 * distance(noise, image)


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
    with pytest.raises(OptionError, match="size is 5x300; at least 7x7 fits, the size of a patch"):
        GPDM(replace(TINY, patch=7)).sample(texture(), size=(5, 300))
    with pytest.raises(ImageError, match="image is 6x53; gpdm needs at least 7x7, the size of a patch"):
        GPDM(replace(TINY, patch=7)).sample(texture(6, 53))
    mask = np.ones((37, 53), bool)
    mask[::4] = False
    with (
        pytest.warns(SelfmendWarning, match="73% of the picture is hole"),
        pytest.raises(MaskError, match="the hole leaves no patch of 7x7 pixels near it to take from; mark less"),
    ):
        GPDM(replace(TINY, patch=7)).inpaint(texture(), mask)


def test_fine_scales_take_fewer_steps() -> None:
    sizes = [(25, 25), (50, 50), (100, 100)]
    assert GPDM(replace(FAST, steps=300, finest_steps=50))._steps(sizes) == [300, 200, 50]
    assert GPDM(PAPER)._steps(sizes) == [300, 300, 300]

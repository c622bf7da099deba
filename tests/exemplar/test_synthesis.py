"""Exemplars over scales: what is copied, what is kept, both searches, and sizes that do not fit."""

from dataclasses import replace

import pytest
import torch

from selfmend.errors import OptionError
from selfmend.exemplar.synthesis import SynthesisSettings, exemplar_levels, synthesize
from selfmend.image.resize import resize
from selfmend.seeding import make_generator

SIZES = [(12, 15), (20, 25), (32, 40)]
SETTINGS = SynthesisSettings(patch=5, iterations=3, first_iterations=2)


def textured() -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(40), indexing="ij")
    wave = torch.stack([torch.sin((rows * k + columns) / 4.0) for k in (1, 2, 3)])[None]
    return (wave * 0.7 + 0.2 * torch.rand(1, 3, 32, 40, generator=make_generator(0, "p"))).clamp(-1, 1)


def pyramid() -> list[torch.Tensor]:
    return [textured() if size == SIZES[-1] else resize(textured(), size) for size in SIZES]


def run(start: torch.Tensor, settings: SynthesisSettings = SETTINGS, sizes=SIZES, **options) -> torch.Tensor:
    return synthesize(
        start, exemplar_levels(pyramid()), sizes, settings=settings, generator=make_generator(3, "s"), **options
    )


@pytest.mark.parametrize("exact_pairs", [16_000_000, 0])
def test_the_coarse_picture_gives_the_picture_back(exact_pairs: int) -> None:
    result = run(pyramid()[0], replace(SETTINGS, exact_pairs=exact_pairs, passes=6))
    assert (result - textured()).abs().mean() < 0.02


@pytest.mark.parametrize("exact_pairs", [16_000_000, 0])
def test_noise_becomes_patches_of_the_picture(exact_pairs: int) -> None:
    noise = torch.randn(1, 3, 12, 15, generator=make_generator(1, "n"))
    result = run(noise, replace(SETTINGS, exact_pairs=exact_pairs, alpha=None, iterations=8, passes=4))
    patches = torch.nn.functional.unfold(textured(), 5)[0].T
    own = torch.nn.functional.unfold(result, 5)[0].T
    assert torch.cdist(own, patches).square().amin(1).mean() / 75 < 0.015
    assert (result - textured()).abs().mean() > 0.1


def test_another_size() -> None:
    sizes = [(12, 24), (20, 40), (32, 64)]
    assert run(resize(pyramid()[0], sizes[0]), sizes=sizes).shape == (1, 3, 32, 64)


def test_known_pixels_stay_and_the_hole_is_not_copied() -> None:
    hole = torch.zeros(1, 1, 32, 40, dtype=torch.bool)
    hole[..., 10:18, 12:22] = True
    marked = torch.where(hole, 5.0, textured())
    for exact_pairs in (16_000_000, 0):
        result = synthesize(
            marked.clone(),
            exemplar_levels([marked], [hole]),
            [(32, 40)],
            settings=replace(SETTINGS, exact_pairs=exact_pairs, first_iterations=12),
            generator=make_generator(0, "s"),
            known=[(textured(), ~hole)],
        )
        assert torch.equal(result[~hole.expand_as(result)], textured()[~hole.expand_as(result)])
        assert result.max() <= 1  # nothing of the hole's own fives


def test_same_generator_same_bytes() -> None:
    start, settings = torch.randn(1, 3, 12, 15, generator=make_generator(1, "n")), replace(SETTINGS, exact_pairs=0)
    assert torch.equal(run(start, settings), run(start, settings))


def test_progress_is_told() -> None:
    events = []
    run(pyramid()[0], progress=events.append)
    assert events[0].stage == "exemplars 0 (12x15)"
    assert len(events) == 2 + 3 + 3
    assert sorted(e.done for e in events) == [e.done for e in events]


def test_a_scale_smaller_than_a_patch() -> None:
    with pytest.raises(OptionError, match="a scale is 4x15 and a patch 5x5: ask for a larger or less narrow picture"):
        run(torch.zeros(1, 3, 4, 15), sizes=[(4, 15), (20, 25), (32, 40)])


def test_a_hole_that_leaves_no_patch() -> None:
    hole = torch.zeros(1, 1, 32, 40, dtype=torch.bool)
    hole[..., ::4, ::4] = True
    with pytest.raises(OptionError, match="leaves no whole patch of 5x5 px"):
        synthesize(
            textured(),
            exemplar_levels([textured()], [hole]),
            [(32, 40)],
            settings=SETTINGS,
            generator=make_generator(0, "s"),
        )

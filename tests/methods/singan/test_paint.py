"""Paint to image, and its quantised variant."""

from pathlib import Path

import pytest
import torch

from facts import mentions
from pictures import picture
from selfmend.errors import OptionError
from selfmend.methods.singan.config import TINY
from selfmend.methods.singan.finish import Finish
from selfmend.methods.singan.paint import main_colours, paint, paint_quantized, snap, train_quantized
from selfmend.nn.tensors import make_generator, to_signed, to_tensor
from selfmend.progress import ProgressEvent

CPU = torch.device("cpu")
LEARNED = (37, 53)


def painting(height: int = 40, width: int = 57) -> torch.Tensor:
    """Two flat colours, one above the other."""
    image = torch.full((1, 3, height, width), 0.2)
    image[..., height // 2 :, :] = torch.tensor([0.8, 0.6, 0.1]).view(1, 3, 1, 1)
    return image


def test_a_painting_becomes_a_picture_of_the_finest_scale(whole):
    draw = [
        paint(whole.scales, painting(), learned=LEARNED, start_scale=s, generator=make_generator(0), device=CPU)
        for s in (None, 1, 2)
    ]
    assert draw[0].shape == (1, 3, *LEARNED)
    assert torch.equal(draw[0], draw[1]), "the second coarsest scale is the default"
    assert not torch.equal(draw[0], draw[2])
    assert 0 <= float(draw[0].min()) <= float(draw[0].max()) <= 1


def test_a_painting_keeps_its_own_aspect(whole):
    tall = painting(80, 40)
    made = paint(whole.scales, tall, learned=LEARNED, start_scale=1, generator=make_generator(0), device=CPU)
    assert made.shape[2] / made.shape[3] == pytest.approx(2, rel=0.05)
    assert made.shape[2] * made.shape[3] == pytest.approx(37 * 53, rel=0.05)


def test_exemplars_finish_a_painting_in_the_pictures_own_pixels(copying):
    image = torch.nn.functional.interpolate(to_tensor(picture(64, 96)[0]), scale_factor=1.5, mode="bilinear")
    how = Finish(picture=to_signed(image), start=60, patch=5)
    made = paint(
        copying, painting(64, 96), learned=(96, 144), start_scale=None, generator=make_generator(0), device=CPU, how=how
    )
    assert made.shape == image.shape
    own, theirs = (torch.nn.functional.unfold(t, 5)[0].T for t in (image, made))
    assert torch.cdist(theirs, own).square().amin(1).mean() / 75 < 0.01


def test_what_is_painted_is_what_comes_out(copying):
    image = painting(64, 96)
    made = paint(copying, image, learned=(64, 96), start_scale=None, generator=make_generator(0), device=CPU)
    assert torch.allclose(made[..., :20, :], image[..., :20, :], atol=0.02)
    assert torch.allclose(made[..., 44:, :], image[..., 44:, :], atol=0.02)


def test_main_colours_by_hand():
    values = [(-1.0, 30), (-0.9, 30), (0.0, 60), (0.5, 40), (0.9, 20), (1.0, 20)]
    x = torch.cat([torch.full((n,), v) for v, n in values])
    x = x[torch.randperm(200, generator=make_generator(0))].view(1, 1, 10, 20)
    assert main_colours(x, count=4).flatten().tolist() == pytest.approx([-0.95, 0.0, 0.5, 0.95])
    assert torch.equal(main_colours(x), main_colours(x))
    assert main_colours(torch.zeros(1, 3, 5, 5)).tolist() == [[0, 0, 0]], "fewer colours than asked for"


def test_snapping_takes_the_nearest_colour():
    colours = torch.tensor([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0], [1.0, -1.0, -1.0]])
    x = torch.tensor([[0.9, -0.7, -0.4], [0.1, 0.2, 0.3], [-0.2, -0.3, -0.1]]).T.reshape(1, 3, 1, 3)
    assert snap(x, colours)[0, :, 0].T.tolist() == [colours[k].tolist() for k in (2, 1, 0)]


def test_quantized_trains_its_scale_alone(whole, tmp_path: Path):
    image, steps = to_tensor(picture()[0]), []
    trained = train_quantized(
        whole.scales, image, TINY, start_scale=1, seed=3, device=CPU, folder=tmp_path, progress=steps.append
    )
    assert [event.step for event in steps] == list(range(1, TINY.steps + 1))
    assert (trained.level, len(trained.colours)) == (1, 5)
    for n, (before, after) in enumerate(zip(whole.scales.trained, trained.scales.trained, strict=True)):
        assert (before is after) == (n != 1)
    made = paint_quantized(trained, painting(), learned=LEARNED, generator=make_generator(0), device=CPU)
    plain = paint(whole.scales, painting(), learned=LEARNED, start_scale=1, generator=make_generator(0), device=CPU)
    assert made.shape == plain.shape
    assert not torch.equal(made, plain)

    found: list[ProgressEvent] = []
    again = train_quantized(
        whole.scales, image, TINY, start_scale=1, seed=3, device=CPU, folder=tmp_path, progress=found.append
    )
    assert [event.terms for event in found] == [{}], "what is kept is not trained again"
    once_more = paint_quantized(again, painting(), learned=LEARNED, generator=make_generator(0), device=CPU)
    assert torch.equal(made, once_more)


def test_quantized_scale_sees_flat_colours_only(whole, monkeypatch: pytest.MonkeyPatch):
    seen = []
    from selfmend.methods.singan import training

    def watch(net, previous, noise, **options):
        if net.training:
            seen.append(previous)
        return original(net, previous, noise, **options)

    original = training.generate
    monkeypatch.setattr(training, "generate", watch)
    trained = train_quantized(whole.scales, to_tensor(picture()[0]), TINY, start_scale=1, seed=3, device=CPU)
    assert len(seen) == TINY.steps * (TINY.critic_steps + 2 * TINY.generator_steps)
    for previous in seen:
        assert torch.equal(snap(previous, trained.colours), previous)


def test_refuses(whole, holed, copying):
    with pytest.raises(OptionError, match=mentions("start_scale", "9")):
        paint(whole.scales, painting(), learned=LEARNED, start_scale=9, generator=make_generator(0), device=CPU)
    with pytest.raises(OptionError, match=mentions("learned")):
        paint(holed.scales, painting(), learned=LEARNED, start_scale=None, generator=make_generator(0), device=CPU)
    with pytest.raises(OptionError, match=mentions("--mask", "--quantized")):
        train_quantized(holed.scales, to_tensor(picture()[0]), TINY, start_scale=2, seed=0, device=CPU)
    with pytest.raises(OptionError, match=mentions("1", "11x11")):
        paint(copying, painting(6, 600), learned=(64, 96), start_scale=None, generator=make_generator(0), device=CPU)

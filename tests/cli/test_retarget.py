"""`selfmend retarget`: the shape that is asked for, from runs and pictures."""

import os

import numpy as np
import pytest
from PIL import Image as PILImage


@pytest.fixture
def small(folder):
    """A grey photo that SinGAN learns in a moment."""
    with PILImage.open("photo.png") as photo:
        photo.convert("L").resize((52, 38)).save("small.png")
    return folder


TINY = ("--method", "singan", "--preset", "tiny")


def test_another_shape_of_a_picture(run, small):
    done = run("retarget", "small.png", *TINY, "--size", "38x80", "--save-model", "run")
    assert done.out.startswith("small-retargeted.png  (singan, 38x80, ")
    with PILImage.open("small-retargeted.png") as made:
        assert (made.mode, made.size) == ("L", (80, 38))
        first = np.array(made)
    assert run("retarget", "run", "--scale-w", str(80 / 52), "-o", "again.png", "--quiet").out == ""
    with PILImage.open("again.png") as made:
        assert np.array_equal(np.array(made), first)
    done = run("retarget", "run", "--size", "38x80", "--start-scale", "all")
    assert done.out.startswith("run-scales.png  (singan, ")
    with PILImage.open("run-scales.png") as sheet:
        assert sheet.height > 2 * 38, "the picture and scales 1 and 2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say the new shape: --size HxW, or --scale-h and --scale-w"),
        (["--size", "38x80", "--start-scale", "0"], "start_scale is 0; this picture has scales 0 to 2, and 1 to 2 fit"),
        (["--size", "38x9"], "size 38x9 makes scale 1 only "),
    ],
)
def test_mistakes_end_with_one_line(refused, small, arguments, message):
    before = sorted(os.listdir())
    assert refused("retarget", "small.png", *TINY, *arguments).startswith(message)
    assert sorted(os.listdir()) == before

"""`selfmend super-resolve`: the factor that is asked for, in the picture's own mode."""

import os

import numpy as np
import pytest
from PIL import Image as PILImage


@pytest.fixture
def small(folder):
    """A photo that SinGAN learns in a moment, with an alpha channel."""
    with PILImage.open("holed.png") as photo:
        photo.resize((52, 38)).save("small.png")
    return folder


def test_an_enlargement_keeps_mode_and_transparency(run, small):
    done = run("super-resolve", "small.png", "--factor", "1.5", "--preset", "tiny")
    assert done.out.startswith("small-x1.5.png  (singan, 57x78, ")
    assert done.err == "singan learns small.png first; --save-model RUN would keep what it learns\n"
    assert not list((small / "cache" / "selfmend" / "runs").iterdir())
    with PILImage.open("small-x1.5.png") as made, PILImage.open("small.png") as source:
        assert (made.mode, made.size) == ("RGBA", (78, 57))
        alpha = np.asarray(source.getchannel("A").resize((78, 57), PILImage.Resampling.BICUBIC)).astype(int)
        assert abs(np.asarray(made.getchannel("A")) - alpha).max() < 12


def test_without_learning(run, small):
    done = run("super-resolve", "small.png", "-f", "1.5")
    assert done.out.startswith("small-x1.5.png  (gpnn, 57x78, ")
    assert done.err == ""


def test_what_was_learned_can_be_kept_and_is_used_again(run, small):
    command = ("super-resolve", "small.png", "-f", "2", "--preset", "tiny", "--save-model", "kept", "--quiet")
    assert run(*command, "-o", "a.png").code == 0
    before = (small / "kept" / "weights.safetensors").stat().st_mtime_ns
    assert run(*command, "-o", "b.png").code == 0
    assert (small / "kept" / "weights.safetensors").stat().st_mtime_ns == before
    assert (small / "a.png").read_bytes() == (small / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["small.png"], "Missing option '--factor' / '-f'."),
        (["small.png", "-f", "1"], "--factor is 1.0; at least 1.01 fits"),
        (["small.png", "-f", "nan"], "--factor is nan; at least 1.01 fits"),
        (["small.png", "-f", "1e6"], "size is 38000000x52000000; from 1x1 to 268 million pixels fit"),
        (["no.png", "-f", "2"], "no such file: no.png"),
        (["cache", "-f", "2"], "cache is a folder; super-resolve takes one picture"),
        (["tiny.png", "-f", "2", "--method", "singan"], "the coarsest scale would have 8x12 pixels, less"),
        (["tiny.png", "-f", "2", "--set", "enlarge_patch=10"], "the picture has 10x15 pixels, no more than a patch"),
        (["small.png", "-f", "2", "--method", "gpnn", "--save-model", "m"], "gpnn learns nothing, so there is"),
        (["small.png", "-f", "2", "-o", "small.png"], "small.png is an input, which stays as it is"),
    ],
)  # fmt: skip
def test_mistakes_end_with_one_line(refused, small, arguments, message):
    (small / "cache").mkdir()
    with PILImage.open("small.png") as photo:
        photo.resize((15, 10)).save("tiny.png")
    before = sorted(os.listdir())
    assert refused("super-resolve", *arguments, "--quiet").startswith(message)
    assert sorted(os.listdir()) == before
    assert not list((small / "cache").iterdir())


def test_a_large_factor_is_warned_about_once(run, small):
    with PILImage.open("small.png") as photo:
        photo.resize((26, 20)).save("smaller.png")
    done = run("super-resolve", "smaller.png", "-f", "17", "--preset", "tiny", "--json", "-o", "big.png")
    assert done.code == 0
    assert done.err == "warning: the factor is 17: beyond 16 little of the result stands in the picture\n"

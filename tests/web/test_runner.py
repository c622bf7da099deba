"""The queue with real workers: what goes in, what comes out, and what cannot stop it."""

import io

import numpy as np
import pytest
from PIL import Image

from selfmend.web.runner import Runner


def photo(height=60, width=80, *, format="PNG", seed=0):
    """A picture of random tiles as a file."""
    tiles = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    return encoded(np.kron(tiles, np.ones((8, 8, 1), np.uint8))[:height, :width], format=format)


def box(height=60, width=80):
    """A mask with a hole of 12 x 10 pixels as a file."""
    mask = np.zeros((height, width), np.uint8)
    mask[20:30, 30:42] = 255
    return encoded(mask)


def encoded(array, *, format="PNG"):
    file = io.BytesIO()
    Image.fromarray(array).save(file, format)
    return file.getvalue()


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    """One for all tests of this file: its worker takes seconds to load torch."""
    runner = Runner(tmp_path_factory.mktemp("server"), device="cpu")
    runner.start()
    yield runner
    runner.stop()


def ended(runner, job, *, timeout=60):
    """The job when nothing changes it any more."""
    while not job.final:
        before = job.revision
        job = runner.wait(job.id, revision=before, timeout=timeout)
        assert job.revision > before, f"nothing happened for {timeout} s: {job}"
    return job


def test_a_fill_keeps_what_is_known_and_its_name(runner) -> None:
    job = runner.submit("fill", {"image": photo(), "mask": box()}, {"seed": 3}, names={"image": "my photo.png"})
    job = ended(runner, job)
    assert (job.state, job.done, job.error, job.size) == ("done", 1.0, None, (60, 80))
    (result,) = job.results
    assert (result.name, result.media_type, result.width, result.height) == ("my photo-mended.png", "image/png", 80, 60)
    before = np.asarray(Image.open(runner.input_path(job.id, "image")))
    after = np.asarray(Image.open(runner.result_path(job.id, 0)))
    hole = np.asarray(Image.open(io.BytesIO(box()))) > 0
    assert (before[~hole] == after[~hole]).all()
    assert (before[hole] != after[hole]).any()
    assert result.bytes == runner.result_path(job.id, 0).stat().st_size

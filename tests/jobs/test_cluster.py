"""The engine of a cluster, on a real Ray of two workers."""

import os
import shutil
import signal
import socket
import sys
import tempfile

import numpy as np
import pytest
from PIL import Image as PILImage
from skimage import data

import selfmend
from facts import mentions
from folder_of_pictures import draw_folder
from selfmend.errors import MissingExtraError, RunError, SelfmendError
from selfmend.jobs import ray as cluster
from selfmend.jobs.folder import choose_engine, picture_seed
from selfmend.jobs.folder_work import FolderJob, FolderPicture
from selfmend.jobs.manifest import read_manifest
from selfmend.jobs.ray import RayEngine

COUNT = 10


@pytest.fixture(scope="module")
def ray():
    """Two workers; sockets need a short path."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray = pytest.importorskip("ray")
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        object_store_memory=80_000_000,
        _temp_dir=folder,
    )
    yield ray
    ray.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def pictures(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(COUNT):
        photo = PILImage.fromarray(np.roll(data.chelsea()[::2, ::2], 9 * number, 1))
        photo.save(tmp_path / "in" / f"{number}.png")
    mask = PILImage.new("L", photo.size)
    mask.paste(255, (90, 50, 130, 80))
    mask.save(tmp_path / "mask.png")
    return tmp_path


def pictures_of(folder):
    return [
        FolderPicture(name=n, image=folder / "in" / n, mask=str(folder / "mask.png"), output=folder / "out" / n, seed=k)
        for k, n in enumerate(f"{number}.png" for number in range(COUNT))
    ]


def test_a_killed_worker_costs_no_picture_and_each_is_written_once(ray, pictures, monkeypatch):
    written = []
    write = cluster._written
    monkeypatch.setattr(cluster, "_written", lambda *args: (written.append(args[1].name), write(*args))[1])
    killed, done = None, []
    for outcome in RayEngine(FolderJob(), retries=2).run(pictures_of(pictures)):
        done.append(outcome)
        if killed is None:
            killed = int(outcome.worker.split(":")[1])
            os.kill(killed, signal.SIGKILL)
    names = [picture.name for picture in pictures_of(pictures)]
    assert sorted(one.picture.name for one in done) == sorted(written) == names
    assert [one.error for one in done] == [""] * COUNT
    assert killed not in {int(one.worker.split(":")[1]) for one in done[3:]}
    for picture in pictures_of(pictures)[:2]:
        alone = selfmend.inpaint(picture.image, picture.mask, seed=picture.seed)
        assert np.array_equal(np.asarray(alone), np.asarray(PILImage.open(picture.output)))


def test_a_folder_is_mended_as_by_processes(ray, pictures):
    (pictures / "in" / "bad.png").write_text("no picture")
    given = {"masks": pictures / "mask.png", "method": "telea", "seed": 3}
    report = selfmend.mend_folder(pictures / "in", pictures / "out", engine="ray", **given)
    assert (report.mended, list(report.failed)) == (COUNT, ["bad.png"])
    assert report.failed["bad.png"] == f"{pictures}/in/bad.png is not a picture that can be read (it is text)"
    here = selfmend.mend_folder(pictures / "in", pictures / "here", jobs=1, **given)
    for path in sorted(here.output.glob("*.png")):
        assert path.read_bytes() == (report.output / path.name).read_bytes()
    records = read_manifest(report.manifest)[1]
    assert records["1.png"]["seed"] == picture_seed(3, "1.png")
    again = selfmend.mend_folder(pictures / "in", pictures / "out", engine="ray", shared=True, resume=True, **given)
    assert (again.mended, again.skipped) == (0, COUNT)
    (pictures / "out" / "1.png").unlink()
    again = selfmend.mend_folder(pictures / "in", pictures / "out", engine="ray", shared=True, resume=True, **given)
    assert (again.mended, again.skipped) == (1, COUNT - 1)
    assert (pictures / "out" / "1.png").read_bytes() == (here.output / "1.png").read_bytes()


def test_a_run_is_sent_and_what_cannot_be_loaded_is_said(ray, pictures, monkeypatch):
    selfmend.fit_folder("dmfn", draw_folder(pictures / "drawn"), preset="tiny", folder=pictures / "run", workers=0)
    job = FolderJob(model=pictures / "run", device="cpu")
    sent = cluster._files_of(job.model)
    assert sent.keys() == {"run.json", "weights.safetensors"}
    (outcome,) = RayEngine(job).run(pictures_of(pictures)[:1])
    assert outcome.error == ""
    alone = selfmend.inpaint(outcome.picture.image, outcome.picture.mask, model=pictures / "run", seed=0)
    assert np.array_equal(np.asarray(alone), np.asarray(PILImage.open(outcome.picture.output)))
    with pytest.raises(SelfmendError, match=mentions("method", "'tela'")):
        list(RayEngine(FolderJob(method="tela")).run(pictures_of(pictures)))
    monkeypatch.setattr(cluster, "__version__", "9")
    with pytest.raises(RunError, match=mentions("9")):
        list(RayEngine(FolderJob(method="telea")).run(pictures_of(pictures)[:1]))


def test_few_pictures_are_on_their_way(ray, pictures):
    taken = []

    def endless():
        while True:
            taken.append(len(taken))
            yield pictures_of(pictures)[0]

    running = RayEngine(FolderJob(method="telea")).run(endless())
    for _ in range(3):
        next(running)
    assert len(taken) <= 3 + 2 * 2
    running.close()


def test_a_picture_that_is_gone_is_an_outcome(ray, pictures):
    (pictures / "in" / "0.png").unlink()
    outcomes = RayEngine(FolderJob(method="telea")).run(pictures_of(pictures)[:2])
    first, second = sorted(outcomes, key=lambda one: one.picture.name)
    assert first.error == f"cannot read {pictures}/in/0.png: No such file or directory"
    assert second.error == ""


def test_a_cluster_that_is_not_there_is_said_at_once():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        for one in (address, f"ray://{address}"):
            with pytest.raises(
                SelfmendError, match=f"no Ray cluster answers at {one} .*; give the address of its head"
            ):
                RayEngine(FolderJob(), address=one)


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=mentions("--engine", "ray", "Ray", "'selfmend[cluster]'")):
        choose_engine("ray", FolderJob(), jobs=None, address=None, shared=False, retries=1, count=1)

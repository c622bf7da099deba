"""`selfmend batch`: a folder of pictures, what comes of it, and how it goes on after it was stopped."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import ExifTags, ImageCms
from PIL import Image as PILImage

import selfmend
from processes import environment
from selfmend.jobs.manifest import read_manifest

HOLE = (slice(20, 30), slice(40, 55))


@pytest.fixture
def many(folder):
    """Pictures of several formats in folders, and their masks."""
    photo, mask = PILImage.open("photo.png"), PILImage.open("mask.png")
    (folder / "in" / "deep" / "er").mkdir(parents=True)
    exif = PILImage.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo.save("in/a.jpg", quality=80, subsampling=1, exif=exif, icc_profile=profile)
    photo.convert("L").save("in/deep/b.png", dpi=(300, 300))
    photo.quantize(64).save("in/deep/er/c.png")
    PILImage.open("holed.png").save("in/deep/er/d.webp", lossless=True)
    for name in ("a.png", "deep/b-mask.png", "deep/er/c_mask.png", "deep/er/d.png"):
        (folder / "masks" / name).parent.mkdir(parents=True, exist_ok=True)
        mask.save(folder / "masks" / name)
    return folder


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.*")) if p.suffix != ".jsonl"}


def records(folder):
    return read_manifest(folder / "manifest.jsonl")[1]


def test_each_picture_is_what_inpaint_makes_of_it(run, many):
    done = run("batch", "in", "-m", "masks", "--jobs", "2", "--seed", "5")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("in-mended  (4 of 4 pictures mended, ")
    made = tree(many / "in-mended")
    assert list(made) == ["a.jpg", "deep/b.png", "deep/er/c.png", "deep/er/d.webp"]
    seeds = {record["seed"] for record in records(many / "in-mended").values()}
    assert len(seeds) == 4
    for name, record in records(many / "in-mended").items():
        (many / "alone" / name).parent.mkdir(parents=True, exist_ok=True)
        words = ["inpaint", record["image"], "-m", record["mask"], "--seed", record["seed"], "-o", f"alone/{name}"]
        assert run(*words).code == 0
    assert tree(many / "alone") == made
    with PILImage.open("in-mended/a.jpg") as picture, PILImage.open("in/a.jpg") as before:
        assert picture.getexif()[ExifTags.Base.Make] == "Camera"
        assert picture.info["icc_profile"] == before.info["icc_profile"]
        assert picture.quantization == before.quantization


def test_neither_the_number_of_processes_nor_other_pictures_change_a_result(run, many):
    assert run("batch", "in", "-m", "masks", "--jobs", "3", "-o", "three").code == 0
    os.remove("in/a.jpg")
    done = run("batch", "in", "-m", "masks", "--jobs", "1", "-o", "one", "--json")
    assert (done.code, done.err) == (0, "warning: masks without a picture: a.png\n")
    told = json.loads(done.out)
    assert (told["pictures"], told["mended"], told["skipped"], told["failed"], told["workers"]) == (3, 3, 0, {}, 1)
    three = tree(many / "three")
    del three["a.jpg"]
    assert tree(many / "one") == three


def test_bad_files_are_listed_and_stop_nobody(run, many):
    (many / "in" / "text.png").write_text("no picture")
    (many / "in" / "cut.png").write_bytes((many / "photo.png").read_bytes()[:-2000])
    (many / "in" / "notes.txt").write_text("notes")
    for name in ("text", "cut"):
        PILImage.open("mask.png").save(f"masks/{name}.png")
    PILImage.open("mask.png").resize((50, 50)).save("masks/a.png")
    os.remove("masks/deep/b-mask.png")
    done = run("batch", "in", "-m", "masks", "--method", "telea", "-o", "out")
    assert done.code == 1
    assert done.out.startswith("out  (2 of 6 pictures mended, 4 failed, ")
    first, second, *failed = done.err.splitlines()
    missing = "deep/b.png: no mask: masks/deep/b.png or masks/deep/b-mask.png would fit"
    assert [first, second] == [f"warning: {missing}", "warning: files that are no pictures: notes.txt"]
    assert [line[:40] for line in failed] == [
        "failed: a.jpg: the mask is 50 x 50 and t",
        "failed: cut.png: in/cut.png is damaged o",
        f"failed: {missing}"[:40],
        "failed: text.png: in/text.png is not a p",
    ]
    assert list(tree(many / "out")) == ["deep/er/c.png", "deep/er/d.webp"]
    states = {name: record["state"] for name, record in records(many / "out").items()}
    assert sorted(states.values()) == ["done"] * 2 + ["failed"] * 4
    quiet = run("batch", "in", "-m", "masks", "--method", "telea", "-o", "out", "--overwrite", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (1, "", "\n".join(failed) + "\n")


def test_resume_does_what_is_not_done(run, refused, many):
    words = ["batch", "in", "-m", "masks", "-o", "out", "--method", "telea"]
    os.rename("masks/a.png", "a.png")
    assert run(*words, "--resume").code == 1, "nothing is there: it begins"
    os.rename("a.png", "masks/a.png")
    before = tree(many / "out")
    stamps = {name: os.stat(many / "out" / name).st_mtime_ns for name in before}
    assert refused(*words) == (
        "out holds results; --resume goes on there, --overwrite begins anew, or choose another -o"
    )
    other = refused(*words[:-1], "patchmatch", "--resume")
    assert other.startswith("out/manifest.jsonl tells of work with another method (telea, now patchmatch); the same")
    assert "another masks (a folder, now 1,2,3,4)" in refused(*words[:2], *words[4:], "-m", "1,2,3,4", "--resume")
    PILImage.open("in/deep/b.png").rotate(180).save("in/deep/b.png")
    os.utime("in/deep/er/c.png")
    done = run(*words, "--resume")
    assert done.code == 0
    assert "2 of 4 pictures mended, 2 done before" in done.out
    after = {name: os.stat(many / "out" / name).st_mtime_ns for name in tree(many / "out")}
    assert {name for name in after if after[name] != stamps.get(name)} == {"a.jpg", "deep/b.png"}
    done = run(*words, "--resume")
    assert "0 of 4 pictures mended, 4 done before" in done.out
    (many / "out" / "deep" / "b.png").unlink()
    assert run(*words, "--overwrite", "--seed", "9").code == 0
    assert len(records(many / "out")) == 4


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_what_is_done_is_kept_and_the_rest_follows(run, many, stop):
    for number in range(16):
        PILImage.open("photo.png").resize((182, 120)).rotate(number).save(f"in/deep/{number}.png")
    words = ["batch", "in", "-m", "80,40,30,20", "--jobs", "2"]
    command = [sys.executable, "-m", "selfmend", *words]
    process = subprocess.Popen(command, env=environment(many), stderr=subprocess.PIPE, text=True)
    manifest = many / "in-mended" / "manifest.jsonl"
    deadline = time.monotonic() + 60
    while not (manifest.exists() and manifest.read_text().count("\n") > 4) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(stop)
    said = process.communicate(timeout=30)[1]
    kept = read_manifest(manifest)[1]
    assert 4 <= len(kept) < 20
    if stop == signal.SIGINT:
        assert process.returncode == 130
        assert said == f"stopped; {len(kept)} pictures are done, and the same command with --resume goes on\n"
    workers = {int(record["worker"].split(":")[1]) for record in kept.values()}
    while any(os.path.exists(f"/proc/{pid}") for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in workers)
    assert not list((many / "in-mended").rglob(".*")), "no half-written file"
    done = run(*words, "--resume", "--json")
    assert done.code == 0
    assert json.loads(done.out)["skipped"] == len(kept)
    assert records(many / "in-mended").keys() == tree(many / "in").keys() == tree(many / "in-mended").keys()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "none is no folder; a folder of pictures fits"),
        (["in", "-m", "nowhere"], "no such masks: nowhere; a folder, a picture file"),
        (["in", "-m", "elsewhere"], "no mask in elsewhere has the name of a picture in in; a.png fits a.jpg"),
        (["in", "-o", "in"], "in is the folder of the pictures, which stay as they are; choose another -o"),
        (["in", "-o", "photo.png"], "photo.png is a file; the results of a folder go into a folder"),
        (["in", "-o", "photo.png/out"], "cannot write into photo.png/out: Not a directory; choose another -o"),
        (["in", "-o", "masks"], "masks is not empty; --overwrite begins anew, or choose another -o"),
        (["in", "-o", "masks", "--resume"], "masks is not empty; --overwrite begins anew, or choose another -o"),
        (["in", "-m", "masks", "-o", "masks", "--overwrite"], "masks is the folder of the masks, which stay as they"),
        (["in/deep", "-o", "in", "--overwrite"], "in/deep/b.png is an input and would be overwritten; choose an"),
        (["in", "--resume", "--overwrite"], "--resume keeps what is done and --overwrite does not; leave one"),
        (["in", "--jobs", "0"], "--jobs is 0; at least 1 fits"),
        (["in", "--retries", "-1"], "--retries is -1; at least 0 fits"),
        (["in", "--engine", "rya"], "unknown engine 'rya'; did you mean 'ray'? Known: processes, ray"),
        (["in", "--address", "auto"], "--address and --shared are for clusters; leave them out, or say --engine ray"),
        (["in", "--method", "tela"], "unknown method 'tela'; did you mean 'telea'?"),
        (["in", "--method", "dmfn"], "dmfn learns from a folder first; give the run of a training as the model"),
        (["in", "--set", "scatered=1"], "unknown option 'scatered'; did you mean 'scattered'?"),
        (["in", "--grow", "-1"], "--grow is -1; at least 0 fits"),
        (["in", "--model", "none"], "none holds no run"),
        (["in", "--model", "none", "--preset", "x"], "--model brings its own method and settings; leave --method and"),
    ],
)
def test_mistakes_end_with_one_line_before_any_work(refused, many, arguments, message):
    (many / "elsewhere").mkdir()
    PILImage.open("mask.png").save("elsewhere/x.png")
    (many / "in" / "deep" / "deep").mkdir()
    PILImage.open("mask.png").save("in/deep/deep/b.png")
    before = tree(many)
    given = arguments if "-m" in arguments else [*arguments, "-m", "1,2,3,4"]
    assert refused("batch", *given).startswith(message)
    assert tree(many) == before
    assert not list(many.rglob("*.jsonl"))


def test_work_that_could_not_begin_leaves_nothing_in_the_way(run, refused, many, monkeypatch):
    words = ["batch", "in", "-m", "masks", "-o", "out", "--method", "telea"]

    def unable(*args):
        raise selfmend.SelfmendError("no worker")

    with monkeypatch.context() as patch:
        patch.setattr("selfmend.jobs.local.ProcessEngine._at_once", unable)
        assert refused(*words) == "no worker"
    assert os.listdir("out") == ["manifest.jsonl"]
    assert run(*words, "--seed", "1").code == 0


def test_from_python(many):
    report = selfmend.mend_folder("in", "out", masks="40,20,15,10", method="telea", radius=5.0, jobs=1)
    assert (report.pictures, report.mended, report.failed, report.workers) == (4, 4, {}, 1)
    assert report.manifest == report.output / "manifest.jsonl"
    before, after = (np.asarray(PILImage.open(f"{name}/deep/b.png")) for name in ("in", "out"))
    assert (before != after)[HOLE].any()
    assert (before != after).sum() == (before != after)[HOLE].sum()

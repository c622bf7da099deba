"""`selfmend evaluate`: the numbers are those of the metrics, and what is missing is told in one line."""

import dataclasses
import json

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image as PILImage
from skimage import data

import inception_file
from selfmend.image.files import read_picture
from selfmend.metrics.frechet import sifid
from selfmend.metrics.niqe import fit_niqe, load_parameters, niqe, save_parameters
from selfmend.metrics.pixels import psnr, rmse, ssim
from selfmend.metrics.samples import copying, diversity, seams
from selfmend.nn import inception
from selfmend.nn.inception import load_inception
from selfmend.nn.weights import INCEPTION_V3

LARGE = data.chelsea()[:192, :192]


def image(path) -> np.ndarray:
    return read_picture(path).image


@pytest.fixture
def pictures(folder, monkeypatch):
    """real.png, a folder of two fakes, and no weights anywhere."""
    monkeypatch.delenv("SELFMEND_WEIGHTS", raising=False)
    photo = PILImage.open("photo.png")
    photo.save("real.png")
    (folder / "fakes").mkdir()
    PILImage.fromarray(np.roll(np.asarray(photo), 40, 1)).save("fakes/b.png")
    photo.transpose(PILImage.Transpose.FLIP_LEFT_RIGHT).save("fakes/a.png")
    return folder


@pytest.fixture
def weights(pictures, monkeypatch):
    """A folder with both files, as a user would have it."""
    (pictures / "weights").mkdir()
    digest = inception_file.write(pictures / "weights" / INCEPTION_V3.name)
    published = dataclasses.replace(INCEPTION_V3, sha256=digest[:8])
    monkeypatch.setattr(inception, "INCEPTION_V3", published)
    photos = (data.camera(), data.brick(), data.grass(), data.gravel())
    fitted = fit_niqe(p[..., None].astype(np.float32) / np.float32(255) for p in photos)
    save_parameters(fitted, pictures / "weights" / "niqe_pris_params.npz")
    return "weights"


def test_the_numbers_are_those_of_the_metrics(run, pictures, weights) -> None:
    told = json.loads(run("evaluate", "samples", "real.png", "fakes", "--weights", weights, "--json").out)
    real, fakes = image("real.png"), [image("fakes/a.png"), image("fakes/b.png")]
    net = load_inception(pictures / weights)
    assert [row["file"] for row in told["samples"]] == ["fakes/a.png", "fakes/b.png"]
    for row, fake in zip(told["samples"], fakes, strict=True):
        assert row["sifid"] == pytest.approx(sifid(fake, real, net=net))
        assert row["sifid-192"] == pytest.approx(sifid(fake, real, net=net, features=192))
        assert row["copied-side"] == pytest.approx(copying(fake, real).side)
        assert row["copied-large"] == pytest.approx(copying(fake, real).large_share)
        assert row["seams"] == pytest.approx(seams(fake, real))
        assert row["niqe"] is None  # too small
    assert told["mean"]["seams"] == pytest.approx(sum(row["seams"] for row in told["samples"]) / 2)
    assert told["diversity"] == pytest.approx(diversity(fakes, real))
    assert told["compared"] == 2


def test_without_weights_the_rest_is_measured_and_one_line_says_which_to_bring(run, pictures) -> None:
    done = run("evaluate", "samples", "real.png", "fakes")
    assert done.code == 0
    lines = done.err.splitlines()
    assert [line.partition(" is left out: ")[0] for line in lines] == ["warning: sifid", "warning: niqe"]
    assert f"weights {INCEPTION_V3.name} are missing: put it into {pictures / 'cache'}" in lines[0]
    assert INCEPTION_V3.address in lines[0]
    header, first, _, mean, last = done.out.splitlines()
    assert header.split() == ["picture", "copied", "side", "px", "copied", ">32", "px", "seams"]
    assert first.startswith("a.png")
    assert mean.startswith("mean of 2")
    assert last.startswith("diversity of 2 samples: 0.")


def test_what_is_named_must_be_had(run, refused, pictures) -> None:
    told = refused("evaluate", "samples", "real.png", "fakes", "--metrics", "seams,sifid")
    assert told.startswith(f"weights {INCEPTION_V3.name} are missing: put it into")
    assert refused("evaluate", "samples", "real.png", "fakes", "--metrics", "niqe").endswith("niqe_pris_params.npz")
    assert refused("evaluate", "samples", "real.png", "fakes", "--metrics", "sfid").startswith(
        "unknown metric 'sfid'; did you mean 'sifid'?"
    )
    told = refused("evaluate", "samples", "real.png", "fakes", "--weights", "nowhere")
    assert told == "--weights nowhere does not exist; a folder with weights, or one file of them, fits"
    told = refused("evaluate", "samples", "real.png", "fakes/a.png", "--metrics", "diversity")
    assert told == "samples holds 1 picture; diversity needs at least 2"
    done = run("evaluate", "samples", "real.png", "fakes", "--metrics", "diversity")
    assert done.out.startswith("diversity of 2 samples")
    assert done.err == ""


def test_weights_that_are_not_the_published_ones_are_an_error_even_unasked(refused, pictures) -> None:
    inception_file.write(pictures / INCEPTION_V3.name)
    told = refused("evaluate", "samples", "real.png", "fakes", "--weights", INCEPTION_V3.name)
    assert "is not the published inception_v3_google-0cc3c7bd.pth: SHA-256" in told


def test_a_file_of_weights_serves_the_metric_of_its_ending(run, pictures, weights) -> None:
    done = run("evaluate", "samples", "real.png", "fakes", "--weights", f"{weights}/niqe_pris_params.npz", "--quiet")
    assert "sifid" not in done.out
    assert "niqe" in done.out


def test_a_picture_that_does_not_fit_is_named(refused, pictures, weights) -> None:
    PILImage.new("RGB", (6, 60)).save("fakes/c.png")
    told = refused("evaluate", "samples", "real.png", "fakes", "--metrics", "copying", "--weights", weights)
    assert told == "fakes/c.png: queries is (60, 6); at least one patch of 7 x 7 px fits"
    told = refused("evaluate", "samples", "real.png", "fakes/a.png", "--metrics", "niqe", "--weights", weights)
    assert told == "fakes/a.png: image is (60, 91); at least one block of 96 x 96 px fits"


def test_samples_of_other_sizes_are_no_part_of_diversity(run, pictures) -> None:
    PILImage.open("photo.png").crop((0, 0, 40, 40)).save("fakes/c.png")
    done = run("evaluate", "samples", "real.png", "fakes", "--metrics", "diversity", "--json")
    assert json.loads(done.out)["compared"] == 2
    assert done.err == "warning: diversity looks at the 2 of 3 samples that are of one size\n"


def test_copying_of_large_pictures_is_measured_only_when_asked(run, pictures, monkeypatch) -> None:
    monkeypatch.setattr("selfmend.evaluation.sample_scores._MOST_PAIRS", 100)
    done = run("evaluate", "samples", "real.png", "fakes/a.png", "--json")
    assert json.loads(done.out)["samples"][0]["copied-side"] is None
    assert "copying and seams are left out, they take minutes at this size" in done.err
    done = run("evaluate", "samples", "real.png", "fakes/a.png", "--json", "--metrics", "copying")
    assert json.loads(done.out)["samples"][0]["copied-side"] > 0


def test_super_resolution_is_paired_by_name(run, pictures, weights) -> None:
    for name in ("truths", "outputs"):
        (pictures / name).mkdir()
    truth = PILImage.fromarray(LARGE)
    for stem in ("a", "b"):
        truth.save(f"truths/{stem}.png")
    truth.save("truths/lonely.png")
    truth.save("outputs/a.bmp")
    truth.resize((48, 48)).resize((192, 192)).save("outputs/b.png")
    done = run("evaluate", "super-resolution", "truths", "outputs", "--weights", weights, "--json")
    same, enlarged = json.loads(done.out)["pictures"]
    one, other = image("outputs/b.png"), image("truths/b.png")
    assert same["psnr"] is None  # infinite
    assert same["rmse"] == 0
    assert enlarged["rmse"] == pytest.approx(rmse(one, other))
    assert enlarged["psnr"] == pytest.approx(psnr(one, other))
    assert enlarged["ssim"] == pytest.approx(ssim(one, other))
    parameters = load_parameters(pictures / weights)
    assert enlarged["niqe"] == pytest.approx(niqe(one, parameters))
    assert json.loads(done.out)["mean"]["rmse"] == pytest.approx(enlarged["rmse"] / 2)
    assert done.err == "warning: pictures left out because the other folder has none of their name: 1\n"
    shown = run("evaluate", "super-resolution", "truths/b.png", "outputs/b.png", "--quiet").out
    assert shown.splitlines()[0].split() == ["picture", "rmse", "psnr", "ssim"]


def test_pairs_of_other_sizes_are_refused_by_name(refused, pictures) -> None:
    PILImage.open("photo.png").crop((0, 0, 40, 40)).save("small.png")
    told = refused("evaluate", "super-resolution", "photo.png", "small.png", "--quiet")
    assert told == "small.png: output is (40, 40, 3) and truth (60, 91, 3); the same shape fits"


def test_niqe_is_fitted_to_a_folder(run, refused, pictures) -> None:
    (pictures / "photos").mkdir()
    for name in ("camera", "brick", "grass", "gravel"):
        PILImage.fromarray(getattr(data, name)()).save(f"photos/{name}.png")
    PILImage.open("photo.png").save("photos/small.png")
    done = run("evaluate", "fit-niqe", "photos", "-o", "params.npz")
    assert done.out == "params.npz  (from 4 photos)\n"
    assert done.err == "warning: photos/small.png is left out: it is smaller than 96 x 96 px\n"
    PILImage.fromarray(LARGE).save("large.png")
    row = json.loads(
        run(
            "evaluate", "samples", "large.png", "large.png", "--metrics", "niqe", "--weights", "params.npz", "--json"
        ).out
    )["samples"][0]
    parameters = load_parameters(pictures / "params.npz")
    assert row["niqe"] == pytest.approx(niqe(image("large.png"), parameters))
    told = refused("evaluate", "fit-niqe", "large.png", "-o", "params.npz", "--overwrite")
    assert told == "the photos have 2 sharp blocks of 96 x 96 px in all; more than 36 fit"


def test_the_tables_of_a_paper(folder, run, refused) -> None:
    told = run("evaluate", "--paper", "002", "-o", "tables")
    assert "| EdgeConnect | not here |" in told.out
    assert "tables/tables.md" in told.out
    assert "tables.md is there already" in refused("evaluate", "--paper", "002", "-o", "tables")
    again = run("evaluate", "paper", "002", "-o", "tables", "--overwrite", "--json")
    assert json.loads(again.out)["tables"][0]["paper"] == "002"
    assert "0o3" in refused("evaluate", "--paper", "0o3", "-o", "others")
    assert "one folder of faces" in refused("evaluate", "--paper=004", "-o", "tables")
    assert "singan=tiny" in refused("evaluate", "--paper", "003", "-o", "others", "--preset", "tiny")


def test_a_study_is_served_and_counted(folder, run, refused, monkeypatch) -> None:
    for name, turned in (("real", False), ("fake", True)):
        (folder / name).mkdir()
        photo = PILImage.open("photo.png")
        (photo.transpose(PILImage.Transpose.FLIP_LEFT_RIGHT) if turned else photo).save(f"{name}/a.png")
    served = []

    def serve_app(app, *, access, say, opened) -> None:
        client = TestClient(app, base_url="http://127.0.0.1")
        person = client.post("/api/study", json={}).json()["person"]
        while not (trial := client.get(f"/api/study/{person}/next").json())["done"]:
            said = {"number": trial["number"], "answer": 1, "shown": 1000}
            served.append(client.post(f"/api/study/{person}/answer", json=said).status_code)

    monkeypatch.setattr("selfmend.server.serving.serve_app", serve_app)
    assert run("evaluate", "study", "real", "fake", "--protocol", "unpaired", "--no-open").code == 0
    assert served == [200, 200, 200]
    told = run("evaluate", "study-results", "study.sqlite")
    assert "unpaired" in told.out
    assert "SIFID: not here" in told.out
    result = json.loads(run("evaluate", "study-results", "study.sqlite", "--json").out)["results"][0]
    assert (result["people"], result["answers"]) == (1, 1)
    assert "REALS FAKES" in refused("evaluate", "study", "real")
    assert "paired" in refused("evaluate", "study", "--protocol", "pairs")
    assert "nothing.sqlite" in refused("evaluate", "study-results", "nothing.sqlite")

"""`selfmend evaluate TRUTH OUTPUT`: the numbers are those of the metrics, whole and in the hole; masks by name."""

import json

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

import lpips_files
from selfmend.image.edges import canny_edges
from selfmend.image.files import read_picture
from selfmend.masks.reading import read_mask
from selfmend.metrics.bootstrap import mean_interval
from selfmend.metrics.edges import edge_accuracy
from selfmend.metrics.frechet import fid
from selfmend.metrics.inputs import grey
from selfmend.metrics.lpips import load_lpips, lpips
from selfmend.metrics.pixels import mae, psnr, rmse, ssim
from selfmend.metrics.saliency import SALIENCY, asvs, noticeability
from selfmend.seeding import make_rng

METRICS = {"psnr": psnr, "ssim": ssim, "mae": mae, "rmse": rmse}


@pytest.fixture
def mended(folder, monkeypatch):
    """photo.png, mask.png, the mended out.png; and the same as folders truth, made and masks."""
    monkeypatch.delenv("SELFMEND_WEIGHTS", raising=False)
    photo = np.asarray(PILImage.open("photo.png"))
    made = photo.copy()
    made[20:30, 40:55] = photo[30:40, 40:55]
    made[0, 0] ^= 64
    PILImage.fromarray(made).save("out.png")
    for name in ("truth", "made", "masks", "weights"):
        (folder / name).mkdir()
    for stem in ("a", "b"):
        PILImage.fromarray(photo).save(f"truth/{stem}.png")
        PILImage.fromarray(made if stem == "b" else photo).save(f"made/{stem}.bmp")
        PILImage.open("mask.png").save(f"masks/{stem}.png")
    return folder


def test_the_numbers_are_those_of_the_metrics(run, mended, monkeypatch) -> None:
    lpips_files.publish(mended / "weights", "squeeze", monkeypatch)
    asked = ("--mask", "mask.png", "--lpips", "squeeze", "--weights", "weights")
    done = run("evaluate", "pair", "photo.png", "out.png", *asked, "--json")
    (row,) = json.loads(done.out)["pictures"]
    truth, output = read_picture("photo.png"), read_picture("out.png").image
    mask = read_mask("mask.png", truth)
    for name, metric in METRICS.items():
        assert row[name] == pytest.approx(metric(output, truth.image))
        assert row[f"{name}-hole"] == pytest.approx(metric(output, truth.image, mask=mask))
    net = load_lpips("squeeze", mended / "weights")
    assert row["lpips-squeeze"] == pytest.approx(lpips(output, truth.image, net=net))
    assert row["lpips-squeeze-hole"] == pytest.approx(lpips(output, truth.image, net=net, mask=mask))
    header, *lines = run("evaluate", "photo.png", "out.png", *asked).out.splitlines()
    assert header.split() == ["metric", "whole", "hole"]
    shown = {name: numbers for name, *numbers in map(str.split, lines)}
    for name in (*METRICS, "lpips-squeeze", "edge-precision", "edge-recall"):
        assert [float(n) for n in shown[name]] == pytest.approx([row[name], row[f"{name}-hole"]], abs=0.006)
    for model in SALIENCY:
        assert float(shown[f"dn-{model}"][0]) == pytest.approx(row[f"dn-{model}"], abs=1e-4)
        assert shown[f"asvs-{model}"][0] == shown[f"dn-{model}"][1] == "-"
        assert float(shown[f"asvs-{model}"][1]) == pytest.approx(row[f"asvs-{model}-hole"], abs=1e-4)


def test_saliency_and_edges_are_those_of_the_metrics(run, mended) -> None:
    done = run("evaluate", "photo.png", "out.png", "-m", "mask.png", "--metrics", "edges, asvs,dn", "--json")
    (row,) = json.loads(done.out)["pictures"]
    truth, output = read_picture("photo.png"), read_picture("out.png").image
    mask = read_mask("mask.png", truth)
    maps = [canny_edges(grey(image)[..., None].astype(np.float32)) for image in (output, truth.image)]
    for ending, hole in (("", None), ("-hole", mask)):
        found = edge_accuracy(*maps, mask=hole)
        assert row[f"edge-precision{ending}"] == pytest.approx(found.precision)
        assert row[f"edge-recall{ending}"] == pytest.approx(found.recall)
    for model in SALIENCY:
        assert row[f"asvs-{model}-hole"] == pytest.approx(asvs(output, mask, model=model))
        assert row[f"dn-{model}"] == pytest.approx(noticeability(output, truth.image, mask, model=model))
    assert len(row) == 1 + 4 + 2 + 2
    assert done.err == ""


def test_what_is_no_command_is_a_pair(run, refused, mended) -> None:
    asked = ("--metrics", "mae", "--json")
    expected = run("evaluate", "pair", "photo.png", "out.png", *asked).out
    assert run("evaluate", "photo.png", "out.png", *asked).out == expected
    assert run("evaluate", *asked, "photo.png", "out.png").out == expected
    assert refused("evaluate", "photo.png") == "Missing argument 'OUTPUT'."
    assert refused("evaluate", "phot.png", "out.png") == "no such file or folder: phot.png"
    assert refused("evaluate", "sampels", "out.png") == "No such command 'sampels'. Did you mean 'samples'?"
    assert "super-resolution" in run("evaluate", "--help").out


def test_means_of_folders_have_intervals(run, mended) -> None:
    for stem, amount in (("c", 8), ("d", 16)):
        photo = np.asarray(PILImage.open("photo.png"))
        PILImage.fromarray(photo).save(f"truth/{stem}.png")
        PILImage.fromarray(photo ^ amount).save(f"made/{stem}.png")
    asked = ("evaluate", "truth", "made", "--metrics", "mae,psnr")
    found = json.loads(run(*asked, "--json").out)
    values = np.array([[row["mae"] for row in found["pictures"]]])
    expected = mean_interval(values, generator=make_rng(0, "evaluate", "mae"))
    assert found["interval"]["mae"] == [expected.low, expected.high]
    assert found["mean"]["mae"] == pytest.approx(expected.mean)
    assert expected.low < expected.mean < expected.high
    lines = run(*asked).out.splitlines()
    assert lines[0].split() == ["picture", "psnr", "mae"]
    assert [line.split()[0] for line in lines[1:5]] == ["a.bmp", "b.bmp", "c.png", "d.png"]
    assert lines[5].split() == ["mean", "of", "4", "whole", "95", "%"]
    assert lines[7].split() == [
        "mae",
        *(f"{x:.4f}" for x in (expected.mean, expected.low)),
        "to",
        f"{expected.high:.4f}",
    ]


def test_fid_is_of_whole_folders(run, refused, mended, monkeypatch) -> None:
    class Means(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean((2, 3))

    net = Means()
    net.register_parameter("device", torch.nn.Parameter(torch.zeros(1)))
    monkeypatch.setattr("selfmend.nn.inception.load_inception_fid", lambda path, download: net)
    done = run("evaluate", "truth", "made", "--metrics", "fid,mae", "--json")
    sides = [[read_picture(f"{side}/{stem}").image for stem in ends] for side, ends in
             (("made", ("a.bmp", "b.bmp")), ("truth", ("a.png", "b.png")))]  # fmt: skip
    found = json.loads(done.out)
    assert found["fid"] == pytest.approx(fid(*sides, net=net))
    assert found["fid"] > 0
    assert "fid" not in found["mean"]
    assert done.err == (
        "warning: fid of 2 pictures, more than 2048 are needed for a covariance of full rank: compare it with that of "
        "as many pictures only\n"
    )
    assert run("evaluate", "truth", "made", "--quiet").out.splitlines()[-1] == f"fid of 2 pictures: {found['fid']:.3f}"
    told = refused("evaluate", "photo.png", "out.png", "--metrics", "fid")
    assert told == "fid measures sets of pictures; two folders with at least 2 in common fit"


def test_what_nobody_named_is_left_out_with_a_word(run, refused, mended) -> None:
    done = run("evaluate", "truth", "made", "--mask", "mask.png", "--json")
    assert done.err == (
        "warning: left out because their weights are missing: lpips-alex, lpips-squeeze, fid; --metrics lpips-alex "
        "says what to bring\n"
    )
    assert ": lpips-alex, lpips-squeeze; --metrics" in run("evaluate", "photo.png", "out.png").err
    assert json.loads(done.out)["fid"] is None
    told = refused("evaluate", "truth", "made", "--metrics", "psnr,fid")
    assert told.startswith("weights pt_inception-2015-12-05-6726825d.pth are missing: put it into")
    for name in ("a", "b"):
        PILImage.open("photo.png").crop((20, 20, 30, 29)).save(f"{name}.png")
    done = run("evaluate", "a.png", "b.png", "--json")
    assert "warning: b.png: ssim is left out: pictures are (9, 10); at least one window of 11 x 11" in done.err
    assert json.loads(done.out)["mean"]["ssim"] is None
    told = refused("evaluate", "a.png", "b.png", "--metrics", "ssim")
    assert told == "b.png: pictures are (9, 10); at least one window of 11 x 11 px fits"
    PILImage.open("photo.png").convert("L").save("grey.png")
    colourless = json.loads(run("evaluate", "grey.png", "grey.png", "-m", "mask.png", "--json").out)["mean"]
    assert 0 < colourless["asvs-itti-koch-niebur-hole"] < 1


def test_folders_are_paired_by_name_with_their_masks(run, refused, mended) -> None:
    PILImage.open("inverted.png").save("masks/b.png")
    found = json.loads(run("evaluate", "pair", "truth", "made", "--mask", "masks", "--json").out)
    same, changed = found["pictures"]
    assert (same["psnr"], same["psnr-hole"], same["mae"], same["ssim"]) == (None, None, 0, 1)
    truth, output = read_picture("truth/b.png"), read_picture("made/b.bmp").image
    expected = mae(output, truth.image, mask=~read_mask("mask.png", truth))
    assert changed["mae-hole"] == pytest.approx(expected)
    assert found["mean"]["mae-hole"] == pytest.approx(expected / 2)
    plain = json.loads(run("evaluate", "pair", "truth", "made", "--json").out)
    assert not any("hole" in name or "lpips" in name for name in plain["mean"])
    (mended / "masks" / "b.png").unlink()
    assert refused("evaluate", "pair", "truth", "made", "--mask", "masks") == (
        "masks has no mask named 'b'; one of each picture's name fits"
    )


def test_one_mask_serves_all(run, mended) -> None:
    one, many = (
        json.loads(run("evaluate", "pair", "truth", "made", "--mask", mask, "--metrics", "ssim,mae", "--json").out)
        for mask in ("40,20,15,10", "masks")
    )
    assert one == many


def test_a_hole_at_the_border_has_no_ssim(run, mended) -> None:
    done = run("evaluate", "pair", "photo.png", "out.png", "--mask", "0,0,3,3", "--json")
    (row,) = json.loads(done.out)["pictures"]
    assert row["ssim-hole"] is None
    assert row["mae-hole"] > 0
    assert "warning: out.png: ssim-hole is left out: the hole lies within 5 px of the border" in done.err


def test_what_does_not_fit_is_refused(refused, mended) -> None:
    assert refused("evaluate", "pair", "photo.png", "out.png", "--lpips", "vgg").startswith(
        "unknown backbone of LPIPS 'vgg'; "
    )
    told = refused("evaluate", "pair", "photo.png", "out.png", "--lpips", "alex")
    assert told.startswith(f"weights alexnet-owt-7be5be79.pth are missing: put it into {mended / 'cache'}")
    told = refused("evaluate", "pair", "photo.png", "out.png", "--lpips", "alex", "--weights", "mask.png")
    assert told == "--weights mask.png is a file; there are several, and the folder that holds them fits"
    told = refused("evaluate", "pair", "photo.png", "out.png", "--mask", "empty.png")
    assert told == "out.png: mask has no hole; leave it out to compare whole pictures"
    assert refused("evaluate", "photo.png", "out.png", "--metrics", "psnr,dn") == (
        "asvs and dn measure a hole; name it by --mask"
    )
    told = refused("evaluate", "photo.png", "out.png", "--metrics", "psnr,lpips")
    assert told.startswith("unknown metric 'lpips'; did you mean 'lpips-")
    told = refused("evaluate", "photo.png", "out.png", "--weights", "nowhere")
    assert told == "--weights nowhere does not exist; a folder with weights, or one file of them, fits"
    PILImage.open("mask.png").resize((30, 60)).save("narrow.png")
    told = refused("evaluate", "pair", "photo.png", "out.png", "--mask", "narrow.png")
    assert told.startswith("photo.png: the mask is 30 x 60 and the picture 91 x 60")
    PILImage.open("out.png").resize((30, 60)).save("small.png")
    assert refused("evaluate", "pair", "photo.png", "small.png").startswith("small.png: output is (60, 30, 3) and")

"""`selfmend evaluate pair`: the numbers are those of the metrics, whole and in the hole; masks by name; LPIPS named."""

import json

import numpy as np
import pytest
from PIL import Image as PILImage

import lpips_files
from selfmend.image.io import read_picture
from selfmend.image.mask import read_mask
from selfmend.metrics.lpips import load_lpips, lpips
from selfmend.metrics.mae import mae
from selfmend.metrics.psnr import psnr
from selfmend.metrics.rmse import rmse
from selfmend.metrics.ssim import ssim

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
        assert row[name] == pytest.approx(metric(output, truth.image).item())
        assert row[f"{name}-hole"] == pytest.approx(metric(output, truth.image, mask=mask).item())
    net = load_lpips("squeeze", mended / "weights")
    assert row["lpips-squeeze"] == pytest.approx(lpips(output, truth.image, net=net).item())
    assert row["lpips-squeeze-hole"] == pytest.approx(lpips(output, truth.image, net=net, mask=mask).item())
    header, whole, title, again, hole = run("evaluate", "pair", "photo.png", "out.png", *asked).out.splitlines()
    assert header.split() == again.split() == ["picture", "psnr", "ssim", "mae", "rmse", "lpips-squeeze"]
    assert title == "in the hole:"
    for line, ending in ((whole, ""), (hole, "-hole")):
        names = [f"{name}{ending}" for name in header.split()[1:]]
        assert [float(number) for number in line.split()[1:]] == pytest.approx([row[n] for n in names], abs=0.006)


def test_folders_are_paired_by_name_with_their_masks(run, refused, mended) -> None:
    PILImage.open("inverted.png").save("masks/b.png")
    found = json.loads(run("evaluate", "pair", "truth", "made", "--mask", "masks", "--json").out)
    same, changed = found["pictures"]
    assert (same["psnr"], same["psnr-hole"], same["mae"], same["ssim"]) == (None, None, 0, 1)
    truth, output = read_picture("truth/b.png"), read_picture("made/b.bmp").image
    expected = mae(output, truth.image, mask=~read_mask("mask.png", truth)).item()
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
        json.loads(run("evaluate", "pair", "truth", "made", "--mask", mask, "--json").out)
        for mask in ("40,20,15,10", "masks")
    )
    assert one == many


def test_a_hole_at_the_border_has_no_ssim(run, mended) -> None:
    done = run("evaluate", "pair", "photo.png", "out.png", "--mask", "0,0,3,3", "--json")
    (row,) = json.loads(done.out)["pictures"]
    assert row["ssim-hole"] is None
    assert row["mae-hole"] > 0
    assert done.err.startswith("warning: ssim of the hole is left out: the hole lies within 5 px of the border")


def test_what_does_not_fit_is_refused(refused, mended) -> None:
    assert refused("evaluate", "pair", "photo.png", "out.png", "--lpips", "vgg").startswith(
        "unknown backbone of LPIPS 'vgg'; "
    )
    told = refused("evaluate", "pair", "photo.png", "out.png", "--lpips", "alex")
    assert told.startswith(f"weights alexnet-owt-7be5be79.pth are missing: put it into {mended / 'cache'}")
    told = refused("evaluate", "pair", "photo.png", "out.png", "--lpips", "alex", "--weights", "mask.png")
    assert told == "--weights mask.png is a file; LPIPS has two, and the folder that holds both fits"
    told = refused("evaluate", "pair", "photo.png", "out.png", "--mask", "empty.png")
    assert told == "out.png: mask has no hole in at least one picture; leave it out to compare whole pictures"
    PILImage.open("mask.png").resize((30, 60)).save("narrow.png")
    told = refused("evaluate", "pair", "photo.png", "out.png", "--mask", "narrow.png")
    assert told.startswith("photo.png: the mask is 30 x 60 and the picture 91 x 60")
    PILImage.open("out.png").resize((30, 60)).save("small.png")
    assert refused("evaluate", "pair", "photo.png", "small.png").startswith("small.png: output is (1, 3, 60, 30) and")

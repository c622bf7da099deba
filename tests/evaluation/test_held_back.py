"""Held-back pictures: bars without jitter, every metric of the whole and of the hole, LPIPS or not."""

import math

import numpy as np
import pytest
from PIL import Image as PILImage
from skimage import data

import lpips_files
from facts import mentions
from folder_batches import batch_of
from folder_of_pictures import draw_folder
from selfmend.errors import ImageError, MissingWeightsError, OptionError, SelfmendWarning
from selfmend.evaluation.held_back import HeldBackCase, lpips_net, read_held_back, score
from selfmend.masks.eye_bars import eye_bars
from selfmend.masks.faces import find_faces
from selfmend.methods.folder import FolderConfig
from selfmend.metrics.lpips import lpips
from selfmend.metrics.pixels import psnr, ssim
from selfmend.nn.tensors import to_array, to_mask, to_tensor
from selfmend.training.data import hole_boxes
from selfmend.training.pictures import find_pictures


def test_bars_lie_on_the_eyes_and_what_was_not_found_is_counted(tmp_path) -> None:
    face = data.astronaut()[40:200, 150:310]
    for name in ("1.png", "2.png"):
        PILImage.fromarray(face).save(tmp_path / name)
    draw_folder(tmp_path, count=1)
    held = read_held_back(find_pictures(tmp_path), FolderConfig(size=128))
    assert held.names == ("0.png", "1.png", "2.png")
    assert held.without_face is None
    eyes = read_held_back(find_pictures(tmp_path), FolderConfig(size=128, masks="eyes", max_delta=0))
    assert (eyes.without_eyes, eyes.without_face) == (0, 1)
    _, first, second = eyes.cases
    assert np.array_equal(first.mask, second.mask)
    image = first.image
    usual = eye_bars(find_faces(image), (128, 128))  # perhaps that of the mirror image, which differs a bit
    assert (first.mask & usual).sum() > 0.85 * (first.mask | usual).sum()


def test_boxes_have_their_full_size_and_damaged_pictures_are_refused(tmp_path) -> None:
    draw_folder(tmp_path, count=3)
    pictures = find_pictures(tmp_path)
    for case in read_held_back(pictures, FolderConfig(size=16, max_delta=4)).cases:
        assert hole_boxes(to_tensor(case.mask)).tolist() == [[4, 4, 8, 8]]
        assert case.mask.sum() == 8 * 8
        assert case.image.shape == (16, 16, 3)
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:-30])
    with (
        pytest.warns(SelfmendWarning, match="left out of training"),
        pytest.raises(ImageError, match=mentions("1")),
    ):
        read_held_back(pictures, FolderConfig(size=16))


def test_scores_are_those_of_the_metrics(tmp_path, monkeypatch) -> None:
    lpips_files.publish(tmp_path, "squeeze", monkeypatch)
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path))
    batch, other = batch_of(32, 1), batch_of(32, 1, seed=1)
    case = HeldBackCase(to_array(batch.image), to_mask(batch.mask))
    output = np.where(case.mask[..., None], to_array(other.image), case.image)
    net = lpips_net("squeeze", size=32)
    found = score(output, case, net=net)
    assert found.keys() == {
        f"{name}{end}" for name in ("psnr", "ssim", "mae", "lpips-squeeze") for end in ("", "-hole")
    }
    assert found["psnr-hole"] == psnr(output, case.image, mask=case.mask)
    assert found["ssim"] == ssim(output, case.image)
    assert found["lpips-squeeze"] == lpips(output, case.image, net=net)
    assert found["lpips-squeeze-hole"] == lpips(output, case.image, net=net, mask=case.mask)
    same = score(case.image, case, net=None)
    assert (same["psnr"], same["mae-hole"]) == (100, 0)
    case.mask[:] = False
    case.mask[:2, :2] = True
    at_border = score(output, case, net=None)
    assert math.isnan(at_border["ssim-hole"])
    assert at_border["psnr"] < 100


def test_lpips_is_left_out_aloud_or_not_at_all(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.warns(SelfmendWarning, match=mentions("LPIPS", "alexnet-owt-7be5be79.pth")):
        assert lpips_net(None, size=64) is None
    with pytest.raises(MissingWeightsError, match=mentions("squeezenet1_1-b8a52dc0.pth")):
        lpips_net("squeeze", size=64)
    with pytest.warns(SelfmendWarning, match=mentions("LPIPS", "31")):
        assert lpips_net(None, size=16) is None
    with pytest.raises(OptionError, match=mentions("LPIPS", "squeeze", "17", "size", "16")):
        lpips_net("squeeze", size=16)

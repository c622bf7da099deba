"""LPIPS: a case by hand, the formula written a second time, its laws, the mask, and what is refused."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import lpips_files
from facts import mentions
from pictures import picture
from selfmend.errors import ImageError, MaskError, OptionError, WeightsError
from selfmend.metrics.lpips import Heads, Lpips, load_lpips, lpips, lpips_map
from selfmend.nn.tensors import to_tensor


@pytest.fixture(scope="module", params=["alex", "squeeze"])
def net(request, tmp_path_factory) -> Lpips:
    folder = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        lpips_files.publish(folder, request.param, patch)
        return load_lpips(request.param, folder)


@pytest.fixture
def by_hand() -> Lpips:
    """A network whose two features are the normalised picture itself and its 2 x 2 means."""

    class Features(nn.Module):
        def forward(self, x):
            return [x, F.avg_pool2d(x, 2)]

    net = Lpips()
    net.net, net.heads, net.least_size = Features(), Heads((3, 3)), 2  # type: ignore[assignment]
    with torch.no_grad():
        net.heads.lin0.model[1].weight.copy_(torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1))
        net.heads.lin1.model[1].weight.copy_(torch.tensor([10.0, 0.0, 0.0]).view(1, 3, 1, 1))
    return net.requires_grad_(False)


def colour(x: float, y: float, z: float) -> np.ndarray:
    """A pixel (3,) in [0, 1] that the shift and the scale turn into (x, y, z)."""
    constants = zip((x, y, z), (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450), strict=True)
    return np.float32([(value * scale + shift + 1) / 2 for value, shift, scale in constants])


def test_a_case_by_hand(by_hand: Lpips) -> None:
    truth = np.tile(colour(1, 0, 0), (2, 2, 1))
    output = truth.copy()
    output[0, 0] = colour(0, 0.8, 0.6)
    # first feature, one pixel of four: (1, 0, 0) and (0, .8, .6) are unit vectors: 1 * 1 + 2 * .64 + 3 * .36 = 3.36
    # second: (1, 0, 0) and the mean (.75, .2, .15), of length sqrt(.625): only the first channel counts, ten times
    coarse = 10 * (1 - 0.75 / math.sqrt(0.625)) ** 2
    assert lpips(output, truth, net=by_hand) == pytest.approx(3.36 / 4 + coarse, rel=1e-5)
    found = lpips_map(output, truth, net=by_hand)
    assert found.ravel().tolist() == pytest.approx([3.36 + coarse, coarse, coarse, coarse], rel=1e-5)
    mask = np.zeros((2, 2), bool)
    mask[0] = True
    assert lpips(output, truth, net=by_hand, mask=mask) == pytest.approx(3.36 / 2 + coarse, rel=1e-5)


def test_a_map_is_enlarged_without_moving_its_pixels(by_hand: Lpips) -> None:
    truth = np.tile(colour(1, 0, 0), (2, 4, 1))
    output = truth.copy()
    output[:, :2] = colour(0, 1, 0)
    with torch.no_grad():
        by_hand.heads.lin0.model[1].weight.zero_()
    found = lpips_map(output, truth, net=by_hand)
    assert found.ravel().tolist() == pytest.approx([10, 7.5, 2.5, 0] * 2, rel=1e-5)


def test_the_number_is_that_of_the_formula(net: Lpips) -> None:
    heads = lpips_files.heads_state(net.backbone)
    one, other = (np.random.default_rng(k).random((50, 61, 3), np.float32) for k in (0, 1))
    shift, scale = torch.tensor([-0.030, -0.088, -0.188]), torch.tensor([0.458, 0.448, 0.450])
    features = [net.net((to_tensor(x) * 2 - 1 - shift.view(1, 3, 1, 1)) / scale.view(1, 3, 1, 1)) for x in (one, other)]
    expected = 0.0
    for k, (f, g) in enumerate(zip(*features, strict=True)):
        difference = (F.normalize(f, dim=1) - F.normalize(g, dim=1)) ** 2
        expected += (difference * heads[f"lin{k}.model.1.weight"]).sum(1).mean().item()
    assert lpips(one, other, net=net) == pytest.approx(expected, rel=1e-4)


def test_laws(net: Lpips) -> None:
    truth, mask = picture(48, 56)
    noise = np.random.default_rng(0).random(truth.shape, np.float32)
    near, far = (truth + np.float32(share) * (noise - truth) for share in (0.1, 0.4))
    assert lpips(truth, truth, net=net) == 0
    assert lpips(near, truth, net=net) == lpips(truth, near, net=net)
    assert 0 < lpips(near, truth, net=net) < lpips(far, truth, net=net)
    grey = truth.mean(2, keepdims=True), near.mean(2, keepdims=True)
    assert lpips(*grey, net=net) == pytest.approx(lpips(*(x.repeat(3, 2) for x in grey), net=net), rel=1e-4)
    damaged = np.where(mask[..., None], noise, truth)
    assert lpips(damaged, truth, net=net, mask=mask) > 2 * lpips(damaged, truth, net=net)
    assert lpips_map(damaged, truth, net=net).shape == (48, 56)


def test_it_only_looks(net: Lpips) -> None:
    assert not net.training
    assert not any(p.requires_grad for p in net.parameters())


def test_what_does_not_fit_is_refused(net: Lpips) -> None:
    small = np.zeros((net.least_size, net.least_size, 3), np.float32)
    assert lpips(small, small, net=net) == 0
    with pytest.raises(ImageError, match=rf"pictures are \(\d+, \d+\); at least \d+ x \d+ px fit {net.backbone}"):
        lpips(small[1:], small[1:], net=net)
    with pytest.raises(ImageError, match=mentions("4", "1", "3", "RGB")):
        lpips(np.zeros((64, 64, 4), np.float32), np.zeros((64, 64, 4), np.float32), net=net)
    with pytest.raises(MaskError, match="mask has no hole"):
        lpips(small, small, net=net, mask=np.zeros(small.shape[:2], bool))


def test_backbones_and_files_are_named(tmp_path) -> None:
    with pytest.raises(OptionError, match=mentions("LPIPS", "'alexnet'", "'alex'")):
        load_lpips("alexnet")
    with pytest.raises(WeightsError, match=mentions("alexnet-owt-7be5be79.pth", "download.pytorch.org/models")):
        load_lpips("alex", tmp_path / "nowhere")
    for backbone in ("alex", "squeeze"):
        with pytest.MonkeyPatch.context() as patch:
            lpips_files.publish(tmp_path, backbone, patch)
        with pytest.raises(WeightsError, match=mentions("SHA-256")):
            load_lpips(backbone, tmp_path)

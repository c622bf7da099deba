"""The metrics whose definitions are those of torchmetrics give its numbers: on colour and grey, in a hole and without.

torchmetrics knows no holes: what it is given there is the hole's pixels in a row.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torchmetrics.functional.classification import binary_precision, binary_recall
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure
from torchmetrics.functional.regression import mean_absolute_error, mean_squared_error
from torchmetrics.image.fid import FrechetInceptionDistance

from selfmend.metrics.edges import edge_accuracy
from selfmend.metrics.frechet import frechet_between, frechet_distance, normal_statistics
from selfmend.metrics.pixels import mae, psnr, rmse, ssim
from selfmend.nn.tensors import to_array, to_mask


def theirs_rmse(output: Tensor, truth: Tensor) -> Tensor:
    return mean_squared_error(output * 255, truth * 255, squared=False)


def theirs_psnr(output: Tensor, truth: Tensor) -> Tensor:
    return peak_signal_noise_ratio(output, truth, data_range=1.0)


PIXELWISE = [(mae, mean_absolute_error), (rmse, theirs_rmse), (psnr, theirs_psnr)]
Metric = Callable[..., float]


def pictures(channels: int, *, noise: float = 0.1) -> tuple[Tensor, Tensor, Tensor]:
    """Three outputs, their truths, and holes of different sizes."""
    generator = torch.Generator().manual_seed(channels)
    truth = torch.rand(3, channels, 9, 12, generator=generator)
    truth = nn.functional.interpolate(truth, scale_factor=4, mode="bilinear")
    scale = torch.tensor([0.5, 1, 3]).view(3, 1, 1, 1) * noise
    output = (truth + scale * torch.randn(truth.shape, generator=generator)).clamp(0, 1)
    mask = torch.zeros(3, 1, 36, 48, dtype=torch.bool)
    for n in range(3):
        mask[n, :, 8 : 14 + 4 * n, 10 : 20 + 3 * n] = True
    return output, truth, mask


def of_each(metric: Metric, output: Tensor, truth: Tensor, mask: Tensor | None = None) -> list[float]:
    """Our number of each of some pictures."""
    pairs = [(to_array(o[None]), to_array(t[None])) for o, t in zip(output, truth, strict=True)]
    holes = [None] * len(pairs) if mask is None else [to_mask(m[None]) for m in mask]
    return [metric(*pair, mask=hole) for pair, hole in zip(pairs, holes, strict=True)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("ours", "theirs"), PIXELWISE, ids=lambda f: f.__name__)
def test_pixelwise(ours: Metric, theirs: Metric, channels: int) -> None:
    output, truth, mask = pictures(channels)
    whole = [theirs(o, t).item() for o, t in zip(output.double(), truth.double(), strict=True)]
    assert of_each(ours, output, truth) == pytest.approx(whole, rel=1e-6)
    chosen = mask.expand_as(truth)
    inside = [theirs(o[m], t[m]).item() for o, t, m in zip(output.double(), truth.double(), chosen, strict=True)]
    assert of_each(ours, output, truth, mask) == pytest.approx(inside, rel=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_structural_similarity(channels: int) -> None:
    """Their mean takes in windows across the border, mirrored; ours stays within it."""
    output, truth, mask = pictures(channels)
    options = {"sigma": 1.5, "data_range": 1.0, "k1": 0.01, "k2": 0.03, "return_full_image": True, "reduction": "none"}
    _, maps = structural_similarity_index_measure(output.double(), truth.double(), **options)
    assert maps.shape == truth.shape
    assert of_each(ssim, output, truth) == pytest.approx(maps[..., 5:-5, 5:-5].mean((1, 2, 3)).tolist(), rel=1e-6)
    inside = [one[hole].mean().item() for one, hole in zip(maps, mask.expand_as(truth), strict=True)]
    assert of_each(ssim, output, truth, mask) == pytest.approx(inside, rel=1e-6)


def test_edges() -> None:
    drawn, truth = (torch.rand(2, 1, 20, 20, generator=torch.Generator().manual_seed(n)) for n in (1, 2))
    true = (truth > 0.7).float()
    for n in range(2):
        found = edge_accuracy(to_array(drawn[n, None]), to_array(true[n, None]), threshold=0.6)
        one = drawn[n].flatten(), true[n].flatten().long()
        assert found.precision == pytest.approx(binary_precision(*one, threshold=0.6).item())
        assert found.recall == pytest.approx(binary_recall(*one, threshold=0.6).item())


class Features(nn.Module):
    """Stands in for Inception: 12 numbers a picture."""

    num_features = 12

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(x.double() / 255, 2).flatten(1)


def test_frechet_distance_of_features() -> None:
    sets = [torch.randint(0, top, (40, 3, 8, 8), generator=torch.Generator().manual_seed(top)) for top in (256, 200)]
    theirs = FrechetInceptionDistance(feature=Features(), normalize=False, input_img_size=(3, 8, 8)).set_dtype(
        torch.float64
    )
    for real, pictures_of_one in zip((True, False), sets, strict=True):
        theirs.update(pictures_of_one.to(torch.uint8), real=real)
    one, other = (Features()(s).numpy() for s in sets)
    expected = pytest.approx(theirs.compute().item(), rel=1e-6)
    assert frechet_between(one, other) == expected
    assert frechet_distance(normal_statistics(one), normal_statistics(other)) == expected

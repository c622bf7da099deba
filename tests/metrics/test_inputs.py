import pytest
import torch

from mosaic import noise
from selfmend.errors import ImageError, MaskError
from selfmend.metrics.inputs import check_single, grey, mean_over
from selfmend.metrics.pixels import mae, psnr, rmse, ssim


@pytest.mark.parametrize("metric", [mae, psnr, rmse, ssim])
def test_pairs_that_do_not_fit_are_refused(metric) -> None:
    image = noise(16, 16)
    hole = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    with pytest.raises(ImageError, match=r"output is \(1, 3, 16, 15\) and truth \(1, 3, 16, 16\); the same shape fits"):
        metric(image[..., :15], image)
    with pytest.raises(ImageError, match=r"truth has values from 0 to 255; values in \[0, 1\] fit"):
        metric(image, image.round() * 255)
    with pytest.raises(ImageError, match=r"output is torch\.uint8"):
        metric(image.byte(), image)
    with pytest.raises(MaskError, match="mask has no hole in at least one picture; leave it out"):
        metric(image, image, mask=hole)
    with pytest.raises(MaskError, match=r"mask is torch.float32 \(1, 1, 16, 16\)"):
        metric(image, image, mask=hole.float())


@pytest.mark.parametrize("metric", [mae, psnr, rmse, ssim])
def test_one_number_a_picture_and_only_the_hole_counts(metric) -> None:
    truth, output = torch.cat([noise(20, 24), noise(20, 24, seed=1)]), torch.cat([noise(20, 24, seed=2)] * 2)
    both = metric(output, truth)
    assert both.shape == (2,)
    assert both.dtype == torch.float64
    assert both[0] == pytest.approx(metric(output[:1], truth[:1]).item())
    assert both[1] == pytest.approx(metric(output[1:], truth[1:]).item())
    hole = torch.zeros(2, 1, 20, 24, dtype=torch.bool)
    hole[..., 6:12, 6:12] = True
    far = torch.where(hole, output, truth)  # nothing but the hole differs, and no window on it sees the rest
    far[..., :1] = output[..., :1]
    inside = torch.where(hole, truth, output)
    if metric is not ssim:  # a window on the hole sees what is around it
        assert torch.equal(metric(far, truth, mask=hole), metric(output, truth, mask=hole))
        assert metric(inside, truth, mask=hole)[0] == metric(truth, truth)[0]
    assert torch.equal(metric(far, truth, mask=hole), metric(torch.where(hole, output, truth), truth, mask=hole))


def test_grey_values_by_hand() -> None:
    colours = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]).T.view(1, 3, 1, 4)
    assert grey(colours).flatten().tolist() == pytest.approx([0.299, 0.587, 0.114, 1])
    assert torch.equal(grey(colours[:, :1]), colours[:, :1].double())
    with pytest.raises(ImageError, match=r"real has 4 channels; 1 \(grey\) or 3 \(RGB\) fit"):
        grey(torch.rand(1, 4, 2, 2), name="real")


def test_a_mean_over_the_hole_by_hand() -> None:
    values = torch.tensor([[[[1.0, 2], [3, 4]], [[5, 6], [7, 8]]]])
    hole = torch.tensor([[[[True, False], [False, True]]]])
    assert mean_over(values, hole).tolist() == [(1 + 4 + 5 + 8) / 4]
    assert mean_over(values, None).tolist() == [4.5]


def test_a_batch_is_no_single_picture() -> None:
    with pytest.raises(ImageError, match=r"real is a batch of 2; one picture \(1, C, H, W\) fits"):
        check_single(noise(4, 4).repeat(2, 1, 1, 1), name="real")

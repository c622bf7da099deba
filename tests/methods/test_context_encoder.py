import numpy as np
import pytest
import torch

from folder_batches import batch_of, batches_of
from selfmend.errors import OptionError
from selfmend.methods.context_encoder import ContextEncoder
from selfmend.nn.context_encoder import AlexNetContextEncoder
from selfmend.training.devices import make_fabric

FABRIC = make_fabric(torch.device("cpu"))
FILL = torch.tensor([117, 104, 123]).view(1, 3, 1, 1) / 255


class White(torch.nn.Module):
    """Remembers what it was shown, and paints everything white."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.white = torch.nn.Parameter(torch.ones(1, 3, size, size))
        self.seen: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append((x.detach() + 1) / 2)
        return self.white.expand(len(x), -1, -1, -1)


def painting(**options: object) -> tuple[ContextEncoder, White]:
    method = ContextEncoder.from_options("tiny", options)
    method.build(seed=0)
    method.fitted = True
    size = method.config.size
    net = White(size // 2 if method.config.network == "center" else size)
    method._networks["generator"] = net
    return method, net


def test_training_shows_all_but_the_inner_square() -> None:
    method, net = painting()
    (stage,) = method.stages(batches_of(16), seed=0, fabric=FABRIC)
    batch = batch_of(16)
    terms = stage.step(0, batch, torch.Generator())
    inner = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    inner[..., 5:11, 5:11] = True  # the half that is predicted, less the band of one pixel
    assert torch.allclose(net.seen[0], torch.where(inner, FILL, batch.image), atol=1e-6)
    error = (1 - (batch.image * 2 - 1)[..., 4:12, 4:12]) ** 2
    weights = torch.full((8, 8), 10.0)
    weights[1:7, 1:7] = 1
    assert terms["l2"].item() == pytest.approx((error * weights).mean().item(), rel=1e-5)


def test_the_joint_loss_is_nearly_all_square_error() -> None:
    method, net = painting(reconstruction_share=0.0)
    (stage,) = method.stages(batches_of(16), seed=0, fabric=FABRIC)
    stage.step(0, batch_of(16), torch.Generator())
    adversarial_only = net.white.grad.clone()
    method, net = painting(reconstruction_share=1.0)
    (stage,) = method.stages(batches_of(16), seed=0, fabric=FABRIC)
    stage.step(0, batch_of(16), torch.Generator())
    square_only = net.white.grad.clone()
    method, net = painting()
    (stage,) = method.stages(batches_of(16), seed=0, fabric=FABRIC)
    stage.step(0, batch_of(16), torch.Generator())
    assert square_only.abs().mean() > 2 * adversarial_only.abs().mean()
    assert torch.allclose(net.white.grad, 0.999 * square_only + 0.001 * adversarial_only, atol=1e-8)
    assert adversarial_only.abs().max() > 0


@pytest.mark.parametrize("overlap", [0, 1])
@pytest.mark.parametrize("scale", ["whole", "native"])
@pytest.mark.parametrize("size", [(37, 53), (53, 37), (9, 11), (16, 16), (12, 100)])
def test_holes_lie_in_the_inner_square(overlap: int, scale: str, size: tuple[int, int]) -> None:
    method, net = painting(scale=scale, overlap=overlap)
    image = np.random.default_rng(0).random((*size, 3), np.float32) * np.float32(0.5)
    mask = np.zeros(size, bool)
    mask[2:5, 1:4] = True
    mask[-2:, -3:] = True
    mask[size[0] // 2] = True
    (filled,) = method.inpaint(image, mask)
    assert (filled[mask] > 0.9).all()
    assert len(net.seen) >= 1


@pytest.mark.parametrize("picture", [(9, 11), (20, 17), (64, 50)])
def test_windows_have_the_hole_in_their_inner_eighth(picture: tuple[int, int]) -> None:
    method, _ = painting()
    for side in range(1, 8):
        mask = torch.zeros(1, 1, *picture, dtype=torch.bool)
        mask[..., :side, 1 : 1 + side] = True
        for window, own in method.windows(mask):
            rows, columns = (own[0, 0].any(axis).nonzero().flatten() for axis in (1, 0))
            for places, start in ((rows, window.top), (columns, window.left)):
                low = start + window.side * 7 / 16  # of the 6 that are not shown, 2 to each side are left to resizing
                assert low <= int(places.min())
                assert int(places.max()) + 1 <= start + window.side * 9 / 16


def test_nothing_is_resized_where_the_hole_fits_as_it_is() -> None:
    method, _ = painting(scale="native")
    mask = torch.zeros(1, 1, 30, 40, dtype=torch.bool)
    mask[..., 12:18, 20:26] = True
    ((window, _),) = method.windows(mask)
    assert (window.top, window.left, window.side) == (7, 15, 16)
    mask[..., 12:19, 20:26] = True
    ((window, _),) = method.windows(mask)
    assert window.side > 16


def test_what_is_in_the_hole_is_never_shown() -> None:
    method, net = painting()
    image, mask = np.zeros((40, 40, 3), np.float32), np.zeros((40, 40), bool)
    mask[18:20, 18:20] = True
    mask[2:6, 30:36] = True
    method.inpaint(image, mask)
    assert len(net.seen) == 2
    for seen in net.seen:
        assert torch.allclose(seen[..., 5:11, 5:11], FILL.expand(1, 3, 6, 6), atol=1e-6)


def test_a_hole_beyond_the_inner_square_is_fitted_into_it() -> None:
    method, net = painting(size=32)
    batch = batch_of(32)
    with method.evaluating():
        found = method.complete(batch.image, batch.mask, generator=torch.Generator())
    assert len(net.seen) == 2, "one picture after the other"
    assert bool((found[batch.mask.expand_as(found)] > 0.9).all())
    for seen in net.seen:
        known = (seen - FILL).abs().amax(1) > 1e-3
        assert bool(known[:, 8, :].any()), "the band around the inner square is shown"
    inner = batch.mask.clone()
    inner[..., :9, :], inner[..., 23:, :], inner[..., :9], inner[..., 23:] = (False,) * 4
    net.seen.clear()
    method.complete(batch.image, inner, generator=torch.Generator())
    assert len(net.seen) == 1, "what fits is done at once"


def test_random_region_paints_anywhere() -> None:
    method, net = painting(network="random-region", masks="strokes")
    method.check_trainable()
    batch = batch_of(16)
    judged = []
    method.net("discriminator").register_forward_pre_hook(lambda net, inputs: judged.append(inputs[0].detach()))
    (stage,) = method.stages(batches_of(16), seed=0, fabric=FABRIC)
    terms = stage.step(0, batch, torch.Generator())
    truth = batch.image * 2 - 1
    assert torch.equal(judged[0], truth)
    assert torch.equal(judged[1], torch.where(batch.mask, 1, truth))
    assert torch.allclose(net.seen[0], torch.where(batch.mask, FILL, batch.image), atol=1e-6)
    error = torch.where(batch.mask, (1 - (batch.image * 2 - 1)) ** 2, 0)
    assert terms["l2"].item() == pytest.approx(error.mean().item(), rel=1e-5)
    method = ContextEncoder.from_options("tiny", {"network": "random-region", "masks": "mix"})
    method.fit_folder(batches_of(16), fabric=FABRIC)
    assert method.complete(batch.image, batch.mask, generator=torch.Generator()).shape == batch.image.shape


def test_feature_learning_has_no_discriminator() -> None:
    method = ContextEncoder.from_options("tiny", {"network": "feature-learning", "size": 227, "steps": 1})
    terms = {}
    batches = batches_of(232, 1)

    def cropped(stage):
        def start(first):
            for batch in batches(stage)(first):
                yield type(batch)(batch.image[..., :227, :227], batch.mask[..., :227, :227], batch.box)

        return start

    method.fit_folder(cropped, fabric=FABRIC, progress=lambda event: terms.update(event.terms))
    assert list(terms) == ["l2"]
    assert isinstance(method.net("generator"), AlexNetContextEncoder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"masks": "strokes"}, "masks is strokes; network=center takes masks=center, network=random-region takes all"),
        ({"overlap": 2}, "overlap is 2; at most 1 fits size 16"),
        ({"batch_size": 1}, "batch_size is 1; at least 2 fits"),
        ({"network": "feature-learning"}, "size is 16; network=feature-learning takes 227"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        ContextEncoder.from_options("tiny", options).check_trainable()

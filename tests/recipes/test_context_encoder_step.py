"""The Context Encoder's step against the formulas of its paper and its authors' code, by hand.

The discriminator first: half of -log D(real) plus half of -log (1 - D(fake)), rate 2e-4. Then the generator: 0.999 of
the square error, ten times as heavy in the overlap band, plus 0.001 of -log D(fake), rate 2e-3. Adam's betas are 0.5
and 0.999. Only the patch is judged, without what surrounds it.
"""

from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor, nn

from folder_batches import batch_of, batches_of
from one_step import Adam, Watched, changed, cross_entropy, same_terms, same_weights
from selfmend.methods.context_encoder import PAPER, ContextEncoder, ContextEncoderConfig
from selfmend.training.devices import make_fabric
from selfmend.training.loop import Stage

FABRIC = make_fabric(torch.device("cpu"))
CENTER = replace(PAPER, size=16, width=0.03, batch_size=2, overlap=1)
FILL = torch.tensor([117.0, 104.0, 123.0]).view(1, 3, 1, 1) / 255 * 2 - 1


def built(config: ContextEncoderConfig) -> tuple[ContextEncoder, Stage]:
    method = ContextEncoder(config)
    method.build(seed=4)
    (stage,) = method.stages(batches_of(config.size), seed=4, fabric=FABRIC)
    return method, stage


class ByHand:
    """Two networks and their optimisers."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module) -> None:
        self.generator, self.discriminator = deepcopy(generator), deepcopy(discriminator)
        self.making, self.judging = (Adam([net], (0.5, 0.999)) for net in (self.generator, self.discriminator))

    def step(self, shown: Tensor, real: Tensor, weights: Tensor, *, only_in: Tensor | None = None) -> dict[str, Tensor]:
        fake = self.generator(shown)
        fake = fake if only_in is None else fake * only_in + real * (1 - only_in)
        judged = (cross_entropy(self.discriminator(real), 1) + cross_entropy(self.discriminator(fake.detach()), 0)) / 2
        self.judging.step(judged, 2e-4)
        l2 = ((fake - real) ** 2 * weights).sum() / fake.numel()
        adversarial = cross_entropy(self.discriminator(fake), 1)
        self.making.step(0.999 * l2 + 0.001 * adversarial, 2e-3)
        return {"discriminator": judged, "l2": l2, "adversarial": adversarial}


def test_two_steps_of_the_centre() -> None:
    method, stage = built(CENTER)
    before = {name: deepcopy(net.state_dict()) for name, net in method.networks().items()}
    hand = ByHand(method.net("generator"), method.net("discriminator"))
    watched = {name: Watched(stage.state[f"{name}_optimizer"]) for name in ("generator", "discriminator")}
    band = torch.full((8, 8), 10.0)
    band[1:7, 1:7] = 1
    for i in range(2):
        batch = batch_of(16, seed=i)
        truth = batch.image * 2 - 1
        shown = truth.clone()
        shown[..., 5:11, 5:11] = FILL  # the band of one pixel within the 8x8 is shown
        expected = hand.step(shown, truth[..., 4:12, 4:12], band)
        same_terms(stage.step(i, batch, torch.Generator()), expected)
    watched["generator"].is_like(hand.making)
    watched["discriminator"].is_like(hand.judging)
    for name, net in (("generator", hand.generator), ("discriminator", hand.discriminator)):
        assert changed(method.net(name), before[name])
        same_weights(method.net(name), net, moved=2e-4)


def test_two_steps_of_holes_anywhere() -> None:
    method, stage = built(replace(CENTER, network="random-region", masks="random-box", overlap=0))
    hand = ByHand(method.net("generator"), method.net("discriminator"))
    watched = {name: Watched(stage.state[f"{name}_optimizer"]) for name in ("generator", "discriminator")}
    for i in range(2):
        batch = batch_of(16, seed=i)
        batch.mask[0, :, :4, 1:3] = True  # not the same hole in all
        truth, hole = batch.image * 2 - 1, batch.mask.double()
        expected = hand.step(truth * (1 - hole) + FILL * hole, truth, hole, only_in=hole)
        same_terms(stage.step(i, batch, torch.Generator()), expected)
    watched["generator"].is_like(hand.making)
    watched["discriminator"].is_like(hand.judging)
    same_weights(method.net("generator"), hand.generator, moved=2e-4)
    same_weights(method.net("discriminator"), hand.discriminator, moved=2e-4)


def test_a_step_of_feature_learning() -> None:
    method, stage = built(replace(PAPER, network="feature-learning", size=227, width=0.02, batch_size=1))
    net = deepcopy(method.net("generator"))
    adam, watched = Adam([net], (0.5, 0.999)), Watched(stage.state["generator_optimizer"])
    batch = batch_of(232, 1)
    batch = replace(batch, image=batch.image[..., :227, :227], mask=batch.mask[..., :227, :227])
    truth, hole = batch.image * 2 - 1, batch.mask.double()
    l2 = ((net(truth * (1 - hole) + FILL * hole) - truth) ** 2 * hole).sum() / truth.numel()
    adam.step(l2, 2e-3)
    same_terms(stage.step(0, batch, torch.Generator()), {"l2": l2})
    watched.is_like(adam)
    same_weights(method.net("generator"), net, moved=2e-3)


def test_the_numbers_of_the_paper() -> None:
    assert (PAPER.learning_rate, PAPER.generator_rate, PAPER.beta1, PAPER.beta2) == (2e-4, 10, 0.5, 0.999)
    assert (PAPER.reconstruction_share, PAPER.border_weight, PAPER.overlap) == (0.999, 10, 4)
    assert (PAPER.size, PAPER.batch_size, PAPER.bottleneck, PAPER.decay) == (128, 64, 4000, 0)

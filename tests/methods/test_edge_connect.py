import pytest
import torch

import vgg_file
from facts import mentions
from folder_batches import batch_of, batches_of
from selfmend.errors import OptionError
from selfmend.image.edges import canny_edges
from selfmend.methods.edge_connect import PERCEPTUAL_TAPS, STYLE_TAPS, EdgeConnect, Trainer
from selfmend.nn.adversarial_losses import discriminator_loss, generator_loss
from selfmend.nn.reconstruction_losses import balanced_cross_entropy
from selfmend.nn.tensors import rgb_to_grey, to_array, to_mask, to_tensor
from selfmend.training.devices import make_fabric

FABRIC = make_fabric(torch.device("cpu"))


def built(**options: object) -> EdgeConnect:
    method = EdgeConnect.from_options("tiny", options)
    method.build(seed=0)
    return method


def edges_of(grey: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """`canny_edges` of each picture (1, H, W) of a batch."""
    masks = [None] * len(grey) if mask is None else [to_mask(one) for one in mask.split(1)]
    pairs = zip(grey.split(1), masks, strict=True)
    return torch.cat([to_tensor(canny_edges(to_array(one), hole, sigma=1.0)) for one, hole in pairs])


class Recorder(torch.nn.Module):
    """Remembers what it was shown, and gives a constant."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.value = torch.nn.Parameter(torch.full((1, channels, 1, 1), 0.25))
        self.seen: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(x.detach().clone())
        return self.value.expand(len(x), -1, *x.shape[2:])


def recorded(**options: object) -> tuple[EdgeConnect, Recorder, Recorder]:
    method = built(**options)
    edges, colours = Recorder(1), Recorder(3)
    method._networks |= {"edge_generator": edges, "inpaint_generator": colours}
    return method, edges, colours


@pytest.mark.parametrize("phase", ["inpaint", "edge-inpaint", "joint"])
def test_what_the_generators_are_shown(phase: str) -> None:
    method, edges, colours = recorded(phases=phase, steps=1)
    (stage,) = method.stages(batches_of(24), seed=0, fabric=FABRIC)
    batch = batch_of(24)
    stage.step(0, batch, torch.Generator())
    hole = batch.mask.float()
    grey = rgb_to_grey(batch.image)
    true_edges = edges_of(grey)
    assert true_edges[batch.mask].any()
    shown = true_edges
    if phase != "inpaint":
        expected = torch.cat([torch.where(batch.mask, 1, grey), torch.where(batch.mask, 0, true_edges), hole], 1)
        assert torch.equal(edges.seen[0], expected)
        shown = torch.where(batch.mask, 0.25, true_edges)
    assert torch.equal(colours.seen[0], torch.cat([torch.where(batch.mask, 1, batch.image), shown], 1))


@pytest.mark.parametrize("merge_edges", [True, False])
def test_filling_finds_no_edge_in_the_hole(merge_edges: bool) -> None:
    method, edges, colours = recorded(merge_edges=merge_edges)
    batch = batch_of(24)
    known = edges_of(rgb_to_grey(batch.image), batch.mask)
    method.complete(batch.image, batch.mask, generator=torch.Generator())
    assert torch.equal(edges.seen[0][:, 1:2], known)
    outside = known if merge_edges else 0.25
    assert torch.equal(colours.seen[0][:, 3:], torch.where(batch.mask, 0.25, outside))


def test_the_joint_phase_trains_the_edges_through_the_colours() -> None:
    method = built(phases="joint", steps=1, edge_adversarial=0, edge_matching=0)
    before = method.net("edge_generator").decoder[7].weight.clone()
    (stage,) = method.stages(batches_of(24), seed=0, fabric=FABRIC)
    stage.step(0, batch_of(24), torch.Generator())
    assert not torch.equal(method.net("edge_generator").decoder[7].weight, before)


def test_terms_are_those_of_the_paper() -> None:
    method = built()
    trainer = Trainer(method.config, method.networks(), vgg=None, fabric=FABRIC)
    for net in method.networks().values():
        net.eval()
    truth = trainer._truth(batch_of(24))
    with torch.no_grad():
        made = trainer._make(truth, "joint")
        edge, colour = trainer._edge_terms(truth, made), trainer._inpaint_terms(truth, made)
        judged = trainer._judge(truth, made)
        net = method.net("edge_discriminator")
        real, fake = (net(torch.cat([truth.grey, edges], 1)) for edges in (truth.edges, made.drawn))
        matching = sum(float((a - b).abs().mean()) for a, b in zip(fake, real, strict=True))
        assert edge["edge_matching"].item() == pytest.approx(matching, rel=1e-5)
        assert torch.equal(edge["edge_adversarial"], generator_loss(fake[-1]))
        assert torch.equal(judged["edge_discriminator"], discriminator_loss(real[-1], fake[-1]))
        l1 = (made.painted - truth.image).abs().mean() / 0.25  # the hole is a quarter of the square
        assert torch.allclose(colour["l1"], l1)
        logits = method.net("inpaint_discriminator")(made.painted)[-1]
        assert torch.equal(colour["adversarial"], generator_loss(logits))


def test_the_cross_entropy_of_edges_is_a_term_only_where_asked_for() -> None:
    for weight, asked in ((0.0, False), (0.5, True)):
        method = built(edge_cross_entropy=weight)
        trainer = Trainer(method.config, method.networks(), vgg=None, fabric=FABRIC)
        with torch.no_grad():
            truth = trainer._truth(batch_of(24))
            made = trainer._make(truth, "edge")
            terms = trainer._edge_terms(truth, made)
        assert ("edge_cross_entropy" in terms) == asked
        if asked:
            assert torch.equal(terms["edge_cross_entropy"], balanced_cross_entropy(made.drawn, truth.edges, truth.mask))


def test_style_looks_into_the_hole_alone_and_content_everywhere() -> None:
    method = built()
    vgg = vgg_file.by_rule((*PERCEPTUAL_TAPS, *STYLE_TAPS), "plain")
    trainer = Trainer(method.config, method.networks(), vgg=vgg, fabric=FABRIC)
    with torch.no_grad():
        truth = trainer._truth(batch_of(24))
        made = trainer._make(truth, "inpaint")
        terms = trainer._inpaint_terms(truth, made)
        outside = torch.where(truth.mask > 0, made.painted, 0.5)
        moved = trainer._inpaint_terms(truth, made._replace(painted=outside))
        inside = torch.where(truth.mask > 0, truth.image, made.painted)
        right = trainer._inpaint_terms(truth, made._replace(painted=inside))
    assert torch.equal(terms["style"], moved["style"])
    assert terms["style"] > right["style"] == 0
    assert terms["content"] != moved["content"]
    assert terms["content"] > right["content"] > 0


def test_edge_inpaint_sends_no_gradient_to_the_edges() -> None:
    method = built(phases="edge-inpaint")
    (stage,) = method.stages(batches_of(24), seed=0, fabric=FABRIC)
    stage.step(0, batch_of(24), torch.Generator())
    assert all(p.grad is None for p in method.net("edge_generator").parameters())
    assert all(p.grad is not None for p in method.net("inpaint_generator").parameters())


def test_learning_rates_of_the_phases() -> None:
    method = built(phases="edge,inpaint,edge-inpaint,joint")
    rates = {}
    for stage in method.stages(batches_of(24), seed=0, fabric=FABRIC):
        optimizers = (stage.state[f"{kind}_optimizer"] for kind in ("generator", "discriminator"))
        rates[stage.name] = tuple(optimizer.param_groups[0]["lr"] for optimizer in optimizers)
    expected = {"edge": 1e-4, "inpaint": 1e-4, "edge-inpaint": 1e-5, "joint": 1e-6}
    assert rates == {name: pytest.approx((rate, 0.1 * rate)) for name, rate in expected.items()}


def test_the_colours_may_be_judged_with_the_edges() -> None:
    method = built(discriminate_with_edges=True, phases="inpaint", steps=1)
    assert method.net("inpaint_discriminator").state_dict()["conv1.0.parametrizations.weight.original"].shape[1] == 4
    method.fit_folder(batches_of(24), fabric=FABRIC)


def test_phases_are_checked() -> None:
    with pytest.raises(OptionError, match=mentions("phases", "edge")):
        built(phases="edge,edge").check_trainable()
    with pytest.raises(OptionError, match=mentions("phases", "'edges'", "'edge'")):
        built(phases="edges")
    EdgeConnect.from_options("tiny", {"phases": "edge", "perceptual": "vgg19"}).check_trainable()

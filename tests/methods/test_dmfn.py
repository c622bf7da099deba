import pytest
import torch

import vgg_file
from facts import mentions
from folder_batches import batch_of, batches_of
from selfmend.errors import OptionError
from selfmend.methods import dmfn
from selfmend.methods.dmfn import DMFN, DMFNConfig, local_views, picture_terms
from selfmend.nn.reconstruction_losses import alignment_loss
from selfmend.training.devices import make_fabric


def test_local_views_show_the_hole() -> None:
    x = torch.arange(16.0 * 16).view(1, 1, 16, 16).repeat(4, 1, 1, 1)
    boxes = torch.tensor([[6, 6, 4, 4], [0, 0, 2, 3], [14, 13, 2, 3], [4, 0, 8, 16]])
    views = local_views(x, boxes, side=8)
    assert torch.equal(views[0, 0], x[0, 0, 4:12, 4:12])
    assert torch.equal(views[1, 0], x[0, 0, :8, :8])
    assert torch.equal(views[2, 0], x[0, 0, 8:, 8:])
    assert views[3, 0, 0].tolist() == pytest.approx(
        torch.arange(64.0, 80.0).view(8, 2).mean(1).tolist(), abs=0.5
    )  # 8 x 16, half as wide


def test_every_loss_sees_the_known_pixels_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = dmfn.picture_terms
    monkeypatch.setattr(
        dmfn, "picture_terms", lambda made, *rest, **more: seen.append(made) or real(made, *rest, **more)
    )
    method = DMFN.from_options("tiny", {"steps": 1})
    method.fit_folder(batches_of(16), fabric=make_fabric(torch.device("cpu")))
    batch = batch_of(16)
    known = ~batch.mask.expand_as(batch.image)
    assert torch.equal(seen[0][known], batch.image[known] * 2 - 1)
    assert not torch.equal(seen[0], batch.image * 2 - 1)


@pytest.mark.parametrize("compat", [True, False])
def test_all_terms_that_compare_pictures(compat: bool) -> None:
    vgg = vgg_file.by_rule(vgg_file.FIRST, "imagenet")
    made, truth = torch.rand(2, 2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    terms = picture_terms(made, truth, DMFNConfig(compat_alignment=compat), vgg=vgg)
    assert list(terms) == ["l1", "self_guided", "content", "alignment"]
    assert all(term > 0 for term in terms.values())
    a, b = (vgg((x + 1) / 2)["relu4_1"] for x in (made, truth))
    assert torch.equal(terms["alignment"], alignment_loss(a, b, compat=compat))
    assert all(term == 0 for term in picture_terms(truth, truth, DMFNConfig(), vgg=vgg).values())


def test_the_papers_weights() -> None:
    c = DMFNConfig()
    assert (c.l1, c.self_guided, c.content, c.alignment, c.matching, c.adversarial) == (1, 25, 25, 1, 5, 0.003)


def test_the_paper_variant_and_what_does_not_fit() -> None:
    method = DMFN.from_options("tiny", {"fusion_kernel": 1, "use_k": True})
    method.build(seed=0)
    assert "blocks.0.k2.weight" in method.net("generator").state_dict()
    with pytest.raises(OptionError, match=mentions("fusion_kernel", "2", "1", "3")):
        DMFN.from_options("tiny", {"fusion_kernel": 2}).check_trainable()

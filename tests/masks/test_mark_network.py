"""The learned finder of marks without PyTorch: the same answers as the network that was trained."""

import numpy as np
import pytest

from selfmend.masks import mark_network
from selfmend.masks.mark_network import LEAST, mark_likelihood, network, network_input
from selfmend.masks.mark_pieces import MarkLimits, marked
from subtitles import textured


def test_it_answers_as_the_trained_network_does(monkeypatch) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, of the extra learn, is not installed")
    from selfmend.nn.mark_finder import INPUTS, MULTIPLE, MarkFinder, folded

    assert mark_network.MULTIPLE == MULTIPLE
    torch.manual_seed(0)
    net = MarkFinder().train()
    picture = textured((64, 96)).astype(np.float32) / 255
    seen = torch.from_numpy(network_input(picture)[None])
    assert seen.shape[1] == INPUTS
    with torch.no_grad():
        net(seen)  # batch norms take their first means
        wanted = net.eval()(seen).sigmoid()[0].numpy()
    monkeypatch.setattr(mark_network, "_weights", lambda: folded(net))
    assert network(picture) == pytest.approx(wanted, abs=2e-3)


def test_the_answer_has_the_pictures_size_whatever_it_is() -> None:
    for size in ((LEAST, 50), (33, 47), (64, 64)):
        likely = mark_likelihood(np.full((*size, 1), 0.5, np.float32))
        assert likely.shape == (2, *size)
        assert 0 <= likely.min() <= likely.max() <= 1
    assert not mark_likelihood(np.zeros((LEAST - 1, 80, 3), np.float32)).any()


def test_a_mark_is_what_is_sure_with_what_hangs_together_with_it() -> None:
    likely = np.zeros((100, 100), np.float32)
    likely[10:20, 10:60] = 0.5
    likely[10:20, 10:16] = 0.9
    likely[80:90, 10:60] = 0.5  # nothing sure is near
    limits = MarkLimits(weak=0.4, sure=0.8, least=20)
    found = marked(likely, limits)
    assert found[10:20, 10:60].all()
    assert found.sum() == 500
    assert marked(likely, limits.at(1.0)).sum() >= 1000
    assert not marked(likely, limits.at(0.0)).any()

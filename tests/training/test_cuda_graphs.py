"""A recorded update: what is done where nothing can be recorded; where there is a GPU, that it computes the same."""

import copy

import pytest
import torch

from selfmend.training.cuda_graphs import Recorded


def learner(device: str):
    net = torch.nn.Linear(3, 2).to(device)
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(torch.linspace(-1, 1, p.numel()).view_as(p) * (i + 1))
    adam = torch.optim.Adam(net.parameters(), lr=0.1)

    def learn(x: torch.Tensor) -> dict[str, torch.Tensor]:
        adam.zero_grad()
        loss = net(x).square().mean()
        loss.backward()
        adam.step()
        return {"loss": loss.detach()}

    return net, adam, learn


def batches(device: str) -> list[torch.Tensor]:
    return [torch.full((4, 3), 0.1 * k).to(device) for k in range(1, 9)]


def test_on_the_cpu_it_is_the_update_itself() -> None:
    (net, adam, learn), (other, _, plain) = learner("cpu"), learner("cpu")
    recorded = Recorded(learn, [adam])
    losses = [float(recorded(x, key=k > 4)["loss"]) for k, x in enumerate(batches("cpu"))]
    assert losses == [float(plain(x)["loss"]) for x in batches("cpu")]
    assert torch.equal(net.weight, other.weight)


def test_a_state_saved_on_a_gpu_goes_on_on_the_cpu() -> None:
    _, adam, learn = learner("cpu")
    learn(batches("cpu")[0])
    saved = copy.deepcopy(adam.state_dict())
    saved["param_groups"][0]["capturable"] = True  # as it is written there; Adam refuses it on a CPU
    adam.load_state_dict(saved)
    assert torch.isfinite(Recorded(learn, [adam])(batches("cpu")[1])["loss"])
    assert not adam.param_groups[0]["capturable"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_recorded_and_plain_updates_agree_and_terms_stay() -> None:
    (net, adam, learn), (other, another, plain) = learner("cuda"), learner("cuda")
    recorded = Recorded(learn, [adam])
    terms = []
    for k, x in enumerate(batches("cuda")):
        for optimizer in (adam, another):
            optimizer.param_groups[0]["lr"] = 0.01 if k > 5 else 0.1
        terms.append((recorded(x, key=k > 5)["loss"], plain(x)["loss"]))
    for mine, right in terms:
        torch.testing.assert_close(mine, right)
    torch.testing.assert_close(net.weight, other.weight)

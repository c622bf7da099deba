"""The learning rates that the optimisers really use over a training: they stay, or fall at the end where asked for."""

import math

import pytest
import torch

from folder_batches import batches_of
from one_step import Watched
from selfmend.methods.context_encoder import ContextEncoder
from selfmend.methods.dmfn import DMFN
from selfmend.methods.edge_connect import EdgeConnect
from selfmend.methods.folder import FolderMethod
from selfmend.training.devices import make_fabric
from selfmend.training.loop import Stage, Terms

STEPS = 6
RATES = {
    ContextEncoder: {"train": (2e-3, 2e-4)},
    EdgeConnect: {"edge": (1e-4, 1e-5), "inpaint": (1e-4, 1e-5), "edge-inpaint": (1e-5, 1e-6)},
    DMFN: {"train": (2e-4, 2e-4)},
}


class Rates:
    """A listener that keeps the rates of each stage's two optimisers."""

    def __init__(self) -> None:
        self.found: dict[str, list[Watched]] = {}

    def begin(self, stage: Stage, first: int) -> None:
        self.found[stage.name] = [Watched(stage.state[f"{kind}_optimizer"]) for kind in ("generator", "discriminator")]

    def after(self, stage: Stage, step: int, terms: Terms) -> None:
        assert all(math.isfinite(float(term)) for term in terms.values())


@pytest.mark.parametrize("decay", [0.0, 0.5])
@pytest.mark.parametrize("kind", list(RATES), ids=lambda kind: kind.name)
def test_rates_of_a_training(kind: type[FolderMethod], decay: float) -> None:
    method, rates = kind.from_options("tiny", {"steps": STEPS, "decay": decay}), Rates()
    method.fit_folder(batches_of(method.config.size), fabric=make_fabric(torch.device("cpu")), listeners=[rates])
    share = [1.0] * STEPS
    if decay:  # half a cosine over the last three of six steps: its beginning, a third and two thirds of the way
        share[3:] = [1.0, 0.75, 0.25]
    assert list(rates.found) == list(RATES[kind])
    for stage, expected in RATES[kind].items():
        for watched, base in zip(rates.found[stage], expected, strict=True):
            assert watched.rates == pytest.approx([base * s for s in share])


@pytest.mark.parametrize("kind", list(RATES), ids=lambda kind: kind.name)
def test_the_laptops_presets_let_them_fall(kind: type[FolderMethod]) -> None:
    assert {name: kind.from_options(name).config.decay for name in ("paper", "small")} == {"paper": 0, "small": 0.6}

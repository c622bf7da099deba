"""A method of three convolutions that learns from a folder, quickly: for tests of whatever surrounds a training."""

from dataclasses import dataclass

import torch
from torch import nn

from selfmend.methods.folder import FolderConfig, FolderMethod
from selfmend.methods.registry import MethodInfo
from selfmend.nn.tensors import to_image, to_signed
from selfmend.options import option
from selfmend.seeding import derive_seed
from selfmend.training.optimization import Updater
from selfmend.training.stage import Stage

INFO = MethodInfo(target="folder_learner:FolderLearner", learns="folder")
"""What stands in the table of methods while a test uses it."""


@dataclass(frozen=True, kw_only=True)
class FolderLearnerConfig(FolderConfig):
    stages: int = option(1, "stages", low=1)
    learning_rate: float = option(0.01, "Adam's", low=0)
    nan_at: int = option(-1, "step whose loss is no number")


TINY = FolderLearnerConfig(size=16, batch_size=4, steps=3)


class FolderLearner(FolderMethod):
    """Three convolutions, an L1 loss over the whole square."""

    name = "folder-learner"
    title = "for tests"
    source = "none"
    presets = {"tiny": TINY, "two": FolderLearnerConfig(size=16, batch_size=4, steps=3, stages=2)}  # noqa: RUF012

    def build(self, *, seed):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "build"))
            layers = [nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()]
            self.generator = nn.Sequential(*layers, nn.Conv2d(8, 3, 3, padding=1), nn.Tanh()).to(self.device)

    def networks(self):
        return {"generator": self.generator}

    def stages(self, batches, *, seed, fabric):
        for k in range(self.config.stages):
            optimizer = torch.optim.Adam(self.generator.parameters(), lr=self.config.learning_rate)
            updater = Updater(fabric, optimizer)

            def step(i, batch, generator, updater=updater):
                with fabric.autocast():
                    loss = (self.complete(batch.image, batch.mask, generator=generator) - batch.image).abs().mean()
                loss = loss * (torch.nan if i == self.config.nan_at else 1)
                updater.step(loss)
                return {"l1": loss.detach()}

            yield Stage(
                name=f"stage {k}",
                steps=self.config.steps,
                step=step,
                state={"generator": self.generator, "optimizer": optimizer},
                batches=batches(f"stage {k}"),
            )

    def complete(self, image, mask, *, generator):
        x = to_signed(image) * ~mask
        return to_image(self.generator(torch.cat([x, mask.float()], 1)))

    def state_dict(self):
        return {"generator": self.generator.state_dict()}

    def load_state_dict(self, state):
        self.build(seed=0)
        self.generator.load_state_dict(state["generator"])

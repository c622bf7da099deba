"""A method that learns one colour, quickly: for tests of whatever surrounds a training."""

import time
from dataclasses import dataclass

import torch

from selfmend.methods.learning import LearningMethod
from selfmend.options import option
from selfmend.training.stage import Stage


@dataclass(frozen=True, kw_only=True)
class LearnerConfig:
    steps: int = option(5, "steps", low=1)
    pause: float = option(0.0, "wait in each step", unit="s", low=0)
    init: str = option("mean", "first guess", choices=("mean", "none"))


class Learner(LearningMethod):
    """Learns the mean colour by gradient descent, and fills with it and noise."""

    name = "learner"
    title = "for tests"
    source = "none"
    presets = {"default": LearnerConfig(), "slow": LearnerConfig(steps=2000, pause=0.01)}  # noqa: RUF012
    fill_options = frozenset({"init"})

    def stages(self, image, mask, *, seed):
        self.colour = torch.nn.ParameterDict({"colour": torch.zeros(1, image.shape[1], 1, 1)})

        def step(i, batch, generator):
            time.sleep(self.config.pause)
            value = self.colour["colour"]
            with torch.no_grad():
                value += 0.2 * (image.mean((2, 3), keepdim=True) - value)
            return {"distance": float((image.mean((2, 3), keepdim=True) - value.detach()).abs().mean())}

        yield Stage(name="colour", steps=self.config.steps, step=step, state={"colour": self.colour})

    def state_dict(self):
        return {"colour": self.colour["colour"].detach()}

    def load_state_dict(self, state):
        self.colour = torch.nn.ParameterDict({"colour": state["colour"]})

    def fill_tensor(self, image, mask, *, generator, progress=None):
        return (self.colour["colour"].detach() + 0.05 * torch.rand(image.shape, generator=generator)).expand_as(image)

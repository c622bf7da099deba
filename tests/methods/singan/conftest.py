"""A SinGAN that has learned a small picture, shared by the tests of what it is used for."""

from dataclasses import replace

import pytest
import torch

from pictures import picture
from selfmend.image.pyramid import plan_pyramid
from selfmend.methods.singan.config import TINY
from selfmend.methods.singan.model import SinGAN, SlicedWasserstein
from selfmend.methods.singan.scales import Scale, Scales, freeze
from selfmend.nn.layers import initialize
from selfmend.nn.singan import SinGANGenerator


@pytest.fixture(scope="session")
def whole() -> SinGAN:
    """Trained on a picture of 37x53 without a hole: scales 0 to 2."""
    return SinGAN(TINY).fit(picture()[0], seed=2)


@pytest.fixture(scope="session")
def holed() -> SlicedWasserstein:
    """Trained by the guided recipe, which leaves the coarse scales out."""
    image, mask = picture()
    config = replace(TINY, recipe="guided", min_size=16, injection_scale=2, painted_holes=2, crop=24, projections=4)
    return SlicedWasserstein(config).fit(image, mask)


@pytest.fixture
def copying() -> Scales:
    """Five scales of 64x96 whose generators add nothing to what they get: what comes out is what entered, blurred."""
    plan = plan_pyramid((64, 96), min_size=25)
    scales = Scales(plan=plan, channels=3, partial=False, z_star=torch.zeros(1, 1, *plan.sizes[0]))
    for _ in plan.sizes:
        net = SinGANGenerator(channels=4)
        initialize(net, generator=torch.Generator().manual_seed(0))
        torch.nn.init.zeros_(net.last.weight)
        scales.trained.append(Scale(freeze(net), 0.1))
    return scales

"""The options of EdgeConnect and their presets: PAPER is the authors' recipe, SMALL a laptop's, TINY a test's.

"Code" in a source is the authors' code with the configuration that they trained with.
"""

from __future__ import annotations

from dataclasses import dataclass

from selfmend.core.options import option
from selfmend.losses.gan import KINDS
from selfmend.methods.adversarial import PERCEPTUAL
from selfmend.methods.folder import FolderConfig
from selfmend.nets.vgg import NORMALIZATIONS

_PAPER = "EdgeConnect (2019), Sec. 3"
_CODE = "code of EdgeConnect"
PHASES = ("edge", "inpaint", "edge-inpaint", "joint")


@dataclass(frozen=True, kw_only=True)
class EdgeConnectConfig(FolderConfig):
    """Every option; the defaults are the authors'."""

    masks: str = option("random-box", "holes of the training; see the other methods' option of this name", source=_CODE)
    phases: tuple[str, ...] = option(
        PHASES[:3],
        "stages of the training, in order: edge trains the edges; inpaint the colours from true edges; edge-inpaint "
        "the colours from drawn edges; joint trains all together",
        source=_CODE,
        choices=PHASES,
    )
    blocks: int = option(8, "residual blocks of each generator", source=_PAPER, low=1)
    learning_rate: float = option(1e-4, "Adam's, of generators, in edge and inpaint", source=_PAPER, low=0)
    fine_learning_rate: float = option(1e-5, "the same in edge-inpaint", source=_PAPER, low=0)
    joint_learning_rate: float = option(1e-6, "the same in joint", source=_PAPER, low=0)
    discriminator_rate: float = option(0.1, "learning rate of a discriminator to a generator's", source=_PAPER, low=0)
    beta1: float = option(0.0, "Adam's first momentum", source=_PAPER, low=0)
    beta2: float = option(0.9, "Adam's second momentum", source=_PAPER, low=0)
    gan: str = option("nsgan", "the adversarial loss", source=_CODE, choices=KINDS)
    edge_adversarial: float = option(1.0, "weight of the edges' adversarial loss", source=_PAPER, low=0)
    edge_matching: float = option(10.0, "weight of the edges' feature matching", source=_PAPER, low=0)
    edge_cross_entropy: float = option(
        0.0, "weight of the edges' balanced cross-entropy in the hole, which the authors do without", low=0
    )
    l1: float = option(1.0, "weight of the colours' absolute difference", source=_PAPER, low=0)
    adversarial: float = option(0.1, "weight of the colours' adversarial loss", source=_PAPER, low=0)
    content: float = option(0.1, "weight of the perceptual loss", source=_PAPER, low=0)
    style: float = option(250.0, "weight of the style loss", source=_PAPER, low=0)
    perceptual: str = option(
        "vgg19", "the network of the perceptual and the style loss; none leaves both out", choices=PERCEPTUAL
    )
    normalization: str = option("plain", "how pictures are scaled for it", source=_CODE, choices=NORMALIZATIONS)
    discriminate_with_edges: bool = option(
        False, "show the colours' discriminator the edges too, as the paper says and the code does not", source=_CODE
    )
    sigma: float = option(2.0, "smoothing before Canny's edges", unit="px", source=_PAPER, low=0)
    merge_edges: bool = option(
        True, "show the known edges as they are; False is what the code's test does", source=_PAPER
    )


PAPER = EdgeConnectConfig()
SMALL = EdgeConnectConfig(
    size=64,
    width=0.25,
    blocks=4,
    steps=3500,
    perceptual="none",
    edge_cross_entropy=1.0,
    edge_adversarial=0.01,
    edge_matching=0.0,
    adversarial=0.01,
    learning_rate=1e-3,
    fine_learning_rate=2e-4,
    decay=0.6,
)
TINY = EdgeConnectConfig(size=24, width=0.07, blocks=1, steps=2, batch_size=2, perceptual="none", sigma=1.0)

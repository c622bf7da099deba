"""GLCIC's completion network as a method, with weights that the user owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from selfmend.errors import MissingWeightsError
from selfmend.image.poisson import poisson_blend
from selfmend.methods.pretrained import PretrainedConfig, PretrainedMethod, padded, rounded_up
from selfmend.nn.glcic import MEAN, AuthorsCompletionNetwork
from selfmend.nn.owned_weights import how_to_get, owned_file
from selfmend.nn.tensors import to_array, to_mask, to_tensor
from selfmend.options import option

_MULTIPLE = 4  # two halvings


@dataclass(frozen=True, kw_only=True)
class GlcicConfig(PretrainedConfig):
    """How the network is shown a picture."""

    trained_on: str = option(
        "faces", "which weights: of the port, trained on faces, or the authors', on places",
        source="their publishers", choices=("faces", "places"),
    )  # fmt: skip
    mean: tuple[float, float, float] = option(
        MEAN, "faces: red, green, blue of the hole as the network knows it, the mean of its training pictures",
        unit="of [0, 1]", source="the port's weights for CelebA", low=0, high=1,
    )  # fmt: skip
    blend: bool = option(
        False, "keep the fill's gradients alone, so that its colours meet what is around the hole",
        source="GLCIC (SIGGRAPH 2017), Sec. 3.5: optional",
    )  # fmt: skip


class Glcic(PretrainedMethod):
    """One pass of a network that was trained with a global and a local critic, at 160 or 256 px."""

    name: ClassVar[str] = "glcic"
    source: ClassVar[str] = "S. Iizuka et al., Globally and locally consistent image completion, 2017"
    presets: ClassVar = {
        "faces": GlcicConfig(limit=160, margin=40),
        "places": GlcicConfig(limit=600, trained_on="places"),
    }
    weights: ClassVar[str] = "glcic"
    config: GlcicConfig

    def weights_name(self) -> str:
        """See `PretrainedMethod`."""
        if self.config.trained_on == "places":
            return "glcic-places"
        if owned_file("glcic") is None and owned_file("glcic-places") is not None:
            raise MissingWeightsError(f"{how_to_get('glcic')}; those of places are here: --preset places")
        return "glcic"

    def complete(self, picture: Tensor, hole: Tensor) -> Tensor:
        """See `PretrainedMethod`."""
        height, width = picture.shape[2:]
        sides = [rounded_up(side, _MULTIPLE) for side in (height, width)]
        net = self.network()
        if isinstance(net, AuthorsCompletionNetwork):
            known = (picture - net.mean.view(1, 3, 1, 1)) * (1 - hole)
        else:
            known = picture * (1 - hole) + picture.new_tensor(self.config.mean).view(1, 3, 1, 1) * hole
        shown = torch.cat([known, hole], 1)
        out: Tensor = net(padded(shown, *sides))[:, :, :height, :width]
        if not self.config.blend:
            return out
        # Telea's first fill in the authors' code is of no influence on the exact solution
        blended = poisson_blend(to_array(out.float()), to_array(picture), to_mask(hole > 0.5))
        return to_tensor(blended).to(out.device)

"""The baselines that everybody has: OpenCV's two fills and scikit-image's, behind the same interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from selfmend.hole_init.diffusion import biharmonic, navier_stokes, telea
from selfmend.methods.base import Method
from selfmend.options import option
from selfmend.progress import Progress, silent
from selfmend.types import Image, Mask


@dataclass(frozen=True, kw_only=True)
class MarchingConfig:
    """Options of OpenCV's fills."""

    radius: float = option(3.0, "neighbourhood of each pixel", unit="px", source="OpenCV's samples", low=0)


@dataclass(frozen=True, kw_only=True)
class BiharmonicConfig:
    """The biharmonic fill has no options."""


class Telea(Method):
    """Fast marching (Telea 2004), OpenCV."""

    name: ClassVar[str] = "telea"
    title: ClassVar[str] = "smooth fill by fast marching (OpenCV); milliseconds, for scratches and thin lines"
    source: ClassVar[str] = "A. Telea, An image inpainting technique based on the fast marching method, 2004"
    presets: ClassVar = {"default": MarchingConfig()}
    deterministic: ClassVar[bool] = True

    def fill(self, image: Image, mask: Mask, *, generator: torch.Generator, progress: Progress = silent) -> Image:
        """Fill one picture; see `Method.fill`."""
        return telea(image, mask, radius=self.config.radius)


class NavierStokes(Method):
    """Isophotes carried inwards (Bertalmio et al. 2001), OpenCV."""

    name: ClassVar[str] = "navier-stokes"
    title: ClassVar[str] = "smooth fill that continues edges a little way (OpenCV); milliseconds"
    source: ClassVar[str] = "M. Bertalmio et al., Navier-Stokes, fluid dynamics, and image and video inpainting, 2001"
    presets: ClassVar = {"default": MarchingConfig()}
    deterministic: ClassVar[bool] = True

    def fill(self, image: Image, mask: Mask, *, generator: torch.Generator, progress: Progress = silent) -> Image:
        """Fill one picture; see `Method.fill`."""
        return navier_stokes(image, mask, radius=self.config.radius)


class Biharmonic(Method):
    """The biharmonic equation, scikit-image."""

    name: ClassVar[str] = "biharmonic"
    title: ClassVar[str] = "smooth fill that continues colour and slope (scikit-image); slow on large holes"
    source: ClassVar[str] = "S. B. Damelin, N. S. Hoang, On surface completion and image inpainting by ..., 2018"
    presets: ClassVar = {"default": BiharmonicConfig()}
    deterministic: ClassVar[bool] = True

    def fill(self, image: Image, mask: Mask, *, generator: torch.Generator, progress: Progress = silent) -> Image:
        """Fill one picture; see `Method.fill`."""
        return biharmonic(image, mask)

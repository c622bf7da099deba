"""SinGAN and what it is used for: one place for the method."""

from selfmend.methods.singan.model import SinGAN, SlicedWasserstein

__all__ = ["SinGAN", "SlicedWasserstein"]

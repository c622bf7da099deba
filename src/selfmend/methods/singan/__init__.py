"""SinGAN and what it is used for: one place for the method."""

from selfmend.methods.singan.model import SinGAN

__all__ = ["SinGAN"]

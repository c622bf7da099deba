"""Metrics: one family a file, plain functions of pictures; each says its range and what it does not see.

    from selfmend.metrics import psnr
    psnr(output, truth, mask=mask)

Names are resolved when they are used, so that importing the package loads no torch.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selfmend.metrics.bootstrap import difference_interval, mean_interval
    from selfmend.metrics.edges import edge_accuracy
    from selfmend.metrics.flicker import flicker
    from selfmend.metrics.frechet import fid, frechet_distance, sifid
    from selfmend.metrics.lpips import load_lpips, lpips, lpips_map
    from selfmend.metrics.niqe import fit_niqe, niqe
    from selfmend.metrics.pixels import mae, psnr, rmse, ssim
    from selfmend.metrics.saliency import asvs, noticeability, saliency
    from selfmend.metrics.samples import copying, diversity, seams
    from selfmend.nn.inception import load_inception, load_inception_fid

_ORIGINS = {
    "asvs": "selfmend.metrics.saliency",
    "copying": "selfmend.metrics.samples",
    "difference_interval": "selfmend.metrics.bootstrap",
    "diversity": "selfmend.metrics.samples",
    "edge_accuracy": "selfmend.metrics.edges",
    "fid": "selfmend.metrics.frechet",
    "fit_niqe": "selfmend.metrics.niqe",
    "flicker": "selfmend.metrics.flicker",
    "frechet_distance": "selfmend.metrics.frechet",
    "load_inception": "selfmend.nn.inception",
    "load_inception_fid": "selfmend.nn.inception",
    "load_lpips": "selfmend.metrics.lpips",
    "lpips": "selfmend.metrics.lpips",
    "lpips_map": "selfmend.metrics.lpips",
    "mae": "selfmend.metrics.pixels",
    "mean_interval": "selfmend.metrics.bootstrap",
    "niqe": "selfmend.metrics.niqe",
    "noticeability": "selfmend.metrics.saliency",
    "psnr": "selfmend.metrics.pixels",
    "rmse": "selfmend.metrics.pixels",
    "saliency": "selfmend.metrics.saliency",
    "seams": "selfmend.metrics.samples",
    "sifid": "selfmend.metrics.frechet",
    "ssim": "selfmend.metrics.pixels",
}

__all__ = [
    "asvs",
    "copying",
    "difference_interval",
    "diversity",
    "edge_accuracy",
    "fid",
    "fit_niqe",
    "flicker",
    "frechet_distance",
    "load_inception",
    "load_inception_fid",
    "load_lpips",
    "lpips",
    "lpips_map",
    "mae",
    "mean_interval",
    "niqe",
    "noticeability",
    "psnr",
    "rmse",
    "saliency",
    "seams",
    "sifid",
    "ssim",
]


class _Door(ModuleType):
    """Keeps a metric from being hidden by its file: Python binds a loaded file to its name in the package."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and name in __all__:
            value = getattr(value, name)
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted(__all__)


sys.modules[__name__].__class__ = _Door


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_ORIGINS[name]), name)

"""Metrics: one a file, plain functions of pictures; each says its range and what it does not see.

    from selfmend.metrics import psnr
    psnr(output, truth, mask=mask)

Names are resolved when they are used, so that importing the package loads no torch.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selfmend.metrics.asvs import asvs
    from selfmend.metrics.bootstrap import difference_interval, mean_interval
    from selfmend.metrics.copying import copying
    from selfmend.metrics.diversity import diversity
    from selfmend.metrics.edges import edge_accuracy
    from selfmend.metrics.fid import fid
    from selfmend.metrics.flicker import flicker
    from selfmend.metrics.frechet import frechet_distance
    from selfmend.metrics.lpips import load_lpips, lpips, lpips_map
    from selfmend.metrics.mae import mae
    from selfmend.metrics.niqe import fit_niqe, niqe
    from selfmend.metrics.noticeability import noticeability
    from selfmend.metrics.psnr import psnr
    from selfmend.metrics.rmse import rmse
    from selfmend.metrics.saliency import saliency
    from selfmend.metrics.seams import seams
    from selfmend.metrics.sifid import sifid
    from selfmend.metrics.ssim import ssim
    from selfmend.nets.inception import load_inception
    from selfmend.nets.inception_fid import load_inception_fid

_ELSEWHERE = {
    "difference_interval": "selfmend.metrics.bootstrap",
    "edge_accuracy": "selfmend.metrics.edges",
    "fit_niqe": "selfmend.metrics.niqe",
    "frechet_distance": "selfmend.metrics.frechet",
    "load_inception": "selfmend.nets.inception",
    "load_inception_fid": "selfmend.nets.inception_fid",
    "load_lpips": "selfmend.metrics.lpips",
    "lpips_map": "selfmend.metrics.lpips",
    "mean_interval": "selfmend.metrics.bootstrap",
}
"""Names that their file does not have; a metric is in the file of its name."""

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
    return getattr(importlib.import_module(_ELSEWHERE.get(name, f"{__name__}.{name}")), name)

"""The methods: one table of what each one is and can do, and plug-ins through the entry point group `selfmend.methods`.

The table says what a question needs to know before a method is imported: asking which methods learn loads no torch.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from selfmend.errors import MissingExtraError, MissingWeightsError, OptionError, check_known

if TYPE_CHECKING:
    from selfmend.methods.base import Configured, Method

DEFAULT_METHOD = "auto"
"""Fills holes where no method is named."""

PLAIN_METHOD = "patchmatch"
"""Fills films, in which every frame would pay for several fills, and what lies outside of a picture, where a smooth
continuation runs away from what is known; docs/results-auto.md."""

DEFAULT_GENERATIVE_METHOD = "patch-diffusion"
"""Makes new pictures where no method is named."""

DEFAULT_ENLARGING_METHOD = "gpnn"
"""Enlarges pictures where no method is named."""


@dataclass(frozen=True, kw_only=True)
class MethodInfo:
    """What is known of a method without importing it.

    Attributes:
        target: "module:class".
        title: one line for `selfmend methods`.
        learns: "" for nothing, "picture" for the one that it fills, "folder" for a folder before.
        generates: whether it makes new pictures: samples and other shapes.
        enlarges: whether it enlarges pictures without learning first.
        takes_reference: whether another picture of the scene helps.
        extra: what `pip install 'selfmend[...]'` must have brought; "" for nothing.
        best_for: in a word.
        speed: of a picture of a megapixel or less, on a CPU.
        long_presets: presets that take an hour or more.
        everyday: whether it is offered first; the others are there for study and comparison.
        weights: names of the weights that somebody must have brought, any of them; () for none.
    """

    target: str
    title: str = ""
    learns: str = ""
    generates: bool = False
    enlarges: bool = False
    takes_reference: bool = False
    extra: str = ""
    best_for: str = ""
    speed: str = ""
    long_presets: tuple[str, ...] = ()
    everyday: bool = False
    weights: tuple[str, ...] = ()


_SCALES: dict[str, Any] = {"learns": "picture", "generates": True, "takes_reference": True, "extra": "learn"}

METHODS = {
    "auto": MethodInfo(
        target="selfmend.methods.auto:Auto",
        title="the best for each part of the hole: smooth for dots and hairlines, patches for the rest",
        best_for="anything",
        speed="second",
        everyday=True,
        takes_reference=True,
    ),
    "patchmatch": MethodInfo(
        target="selfmend.methods.patchmatch:PatchMatch",
        title="texture copied from the known parts, patch by patch; under a second, for holes of any kind",
        best_for="texture",
        speed="second",
        everyday=True,
        takes_reference=True,
    ),
    "patch-diffusion": MethodInfo(
        target="selfmend.methods.patch_diffusion:PatchDiffusion",
        title="new pictures from the patches of one, arranged by diffusion: samples, other shapes; no training",
        best_for="samples",
        speed="seconds",
        generates=True,
    ),
    "gpnn": MethodInfo(
        target="selfmend.methods.gpnn:GPNN",
        title="new pictures from the patches of one: samples, other shapes, fills, enlargements; no training",
        best_for="enlarging",
        speed="seconds",
        generates=True,
        enlarges=True,
    ),
    "singan": MethodInfo(
        target="selfmend.methods.singan:SinGAN",
        title="generative scales learned from the picture itself, against a critic at each; minutes to hours",
        best_for="samples",
        speed="minutes",
        long_presets=("paper",),
        **_SCALES,
    ),
    "sliced-wasserstein": MethodInfo(
        target="selfmend.methods.singan:SlicedWasserstein",
        title="SinGAN's generators learned without a critic, by distances of patch distributions; a minute",
        best_for="samples",
        speed="a minute",
        everyday=True,
        **_SCALES,
    ),
    "gpdm": MethodInfo(
        target="selfmend.methods.gpdm:GPDM",
        title="pixels moved until their patches are distributed as the picture's; nothing is trained",
        best_for="samples",
        speed="seconds",
        generates=True,
        extra="learn",
    ),
    "context-encoder": MethodInfo(
        target="selfmend.methods.context_encoder:ContextEncoder",
        title="predicts a hole from all around it; learned from a folder of pictures",
        best_for="faces",
        speed="second",
        learns="folder",
        extra="learn",
    ),
    "edgeconnect": MethodInfo(
        target="selfmend.methods.edge_connect:EdgeConnect",
        title="edges first, then colours; learned from a folder of pictures",
        best_for="structure",
        speed="second",
        learns="folder",
        extra="learn",
    ),
    "dmfn": MethodInfo(
        target="selfmend.methods.dmfn:DMFN",
        title="fine detail from dilated convolutions; learned from a folder of pictures",
        best_for="faces",
        speed="second",
        learns="folder",
        extra="learn",
    ),
    "glcic-own": MethodInfo(
        target="selfmend.methods.glcic_own:GlcicTraining",
        title="GLCIC: dilated convolutions against a global and a local critic; learned from a folder",
        best_for="objects",
        speed="second",
        learns="folder",
        extra="learn",
    ),
    "pconv-own": MethodInfo(
        target="selfmend.methods.pconv_own:PConvTraining",
        title="U-Net of partial convolutions, for irregular holes; learned from a folder",
        best_for="objects",
        speed="second",
        learns="folder",
        extra="learn",
    ),
    "deepfill-own": MethodInfo(
        target="selfmend.methods.deepfill_own:DeepFillTraining",
        title="gated convolutions that copy patches, for holes of any form; learned from a folder",
        best_for="objects",
        speed="second",
        learns="folder",
        extra="learn",
    ),
    "lama-own": MethodInfo(
        target="selfmend.methods.lama_own:LamaTraining",
        title="LaMa: Fourier convolutions, which see all of the picture, for large holes; learned from a folder",
        best_for="objects",
        speed="second",
        learns="folder",
        extra="learn",
    ),
    "deep-image-prior": MethodInfo(
        target="selfmend.methods.deep_image_prior:DeepImagePrior",
        title="a fresh network fitted to what is known, from minutes to hours; a published baseline",
        best_for="comparison",
        speed="minutes",
        extra="learn",
        enlarges=True,
        long_presets=("kate", "vase", "library", "enlarge"),
    ),
    "lama": MethodInfo(
        target="selfmend.methods.lama:Lama",
        title="large holes at once, by a network trained on millions of photos; needs its weights",
        best_for="objects",
        speed="seconds",
        everyday=True,
        extra="learn",
        weights=("lama",),
    ),
    "migan": MethodInfo(
        target="selfmend.methods.migan:Migan",
        title="holes of middling size in a part of a second, by a small trained network; needs its weights",
        best_for="objects",
        speed="seconds",
        everyday=True,
        extra="learn",
        weights=("migan", "migan-256"),
    ),
    "deepfill": MethodInfo(
        target="selfmend.methods.deepfill:DeepFill",
        title="holes of free form, by trained gated convolutions that copy patches; needs its weights",
        best_for="objects",
        speed="seconds",
        extra="learn",
        weights=("deepfill",),
    ),
    "deepfill-v1": MethodInfo(
        target="selfmend.methods.deepfill:DeepFillV1",
        title="boxes, by trained convolutions that copy patches; a published baseline; needs its weights",
        best_for="comparison",
        speed="seconds",
        extra="learn",
        weights=("deepfill-v1",),
    ),
    "pconv": MethodInfo(
        target="selfmend.methods.pconv_unet:PConvUNetMethod",
        title="irregular holes, by a trained U-Net of partial convolutions; needs its weights",
        best_for="objects",
        speed="second",
        extra="learn",
        weights=("pconv",),
    ),
    "glcic": MethodInfo(
        target="selfmend.methods.glcic:Glcic",
        title="holes in faces or places, by trained dilated convolutions; needs its weights",
        best_for="objects",
        speed="second",
        extra="learn",
        weights=("glcic", "glcic-places"),
    ),
    "telea": MethodInfo(
        target="selfmend.methods.classical:Telea",
        title="smooth fill by fast marching (OpenCV); milliseconds, for scratches and thin lines",
        best_for="scratches",
        speed="instant",
        everyday=True,
    ),
    "navier-stokes": MethodInfo(
        target="selfmend.methods.classical:NavierStokes",
        title="smooth fill that continues edges a little way (OpenCV); milliseconds",
        best_for="scratches",
        speed="instant",
    ),
    "biharmonic": MethodInfo(
        target="selfmend.methods.classical:Biharmonic",
        title="smooth fill that continues colour and slope (scikit-image); slow on large holes",
        best_for="smoothness",
        speed="second",
    ),
}

ENLARGERS = {
    "zssr": MethodInfo(
        target="selfmend.methods.zssr:Zssr",
        title="enlargement by a small network that learns from the picture alone; a published baseline",
        enlarges=True,
        best_for="enlarging",
        speed="minutes",
        extra="learn",
        long_presets=("paper",),
    ),
    "edsr": MethodInfo(
        target="selfmend.methods.enlarging:EdsrMethod",
        title="enlargement near to the truth, by a trained residual network; needs its weights",
        enlarges=True,
        best_for="enlarging",
        speed="seconds",
        everyday=True,
        extra="learn",
        weights=("edsr-x4", "edsr-x2", "edsr-x3"),
    ),
    "srgan": MethodInfo(
        target="selfmend.methods.enlarging:SrganMethod",
        title="sharp enlargement with detail that may be invented, by a trained network; needs its weights",
        enlarges=True,
        best_for="enlarging",
        speed="seconds",
        extra="learn",
        weights=("srgan-x4", "srgan-x2"),
    ),
}
"""Methods that enlarge pictures and fill no holes."""


def method_names() -> list[str]:
    """Names of all methods that fill holes, those of installed plug-ins included."""
    return sorted({**METHODS, **{point.name: point.value for point in entry_points(group="selfmend.methods")}})


def methods_by_use() -> list[str]:
    """Names of all methods as one looks for them: the default, those of every day, the others, what only enlarges."""
    order = {name: place for place, name in enumerate((*METHODS, *ENLARGERS))}
    return sorted(
        [*method_names(), *ENLARGERS],
        key=lambda name: (not method_info(name).everyday, order.get(name, len(order)), name),
    )


def method_info(name: str) -> MethodInfo:
    """What is known of a method; a plug-in is imported for it.

    Raises:
        OptionError: unknown name; the nearest known one is named.
    """
    known = METHODS.get(name) or ENLARGERS.get(name)
    if known is not None:  # looking for plug-ins takes a while
        return known
    check_known("method", name, [*method_names(), *ENLARGERS])
    return _plugin_info(name)


def has_weights(name: str) -> bool:
    """Whether a method can be used as far as weights go: it needs none, or some are there."""
    needed = method_info(name).weights
    if not needed:
        return True
    from selfmend.nn.owned_weights import owned_file

    return any(owned_file(one) is not None for one in needed)


def check_weights(name: str) -> None:
    """Check that the weights of a method are there, before there is any work.

    Raises:
        MissingWeightsError: they are not; the message says which file fits and where it is.
    """
    if not has_weights(name):
        from selfmend.nn.owned_weights import how_to_get

        raise MissingWeightsError(how_to_get(method_info(name).weights[0]))


def methods_that(ability: str) -> list[str]:
    """Names of the methods that have an ability: "generates", "enlarges", "takes_reference", "learns".

    `learns` is true of those that learn the picture that they fill.
    """
    infos = {name: method_info(name) for name in sorted([*method_names(), *ENLARGERS])}
    if ability == "learns":
        return [name for name, info in infos.items() if info.learns == "picture"]
    if ability == "learns_from_folder":
        return [name for name, info in infos.items() if info.learns == "folder"]
    return [name for name, info in infos.items() if getattr(info, ability)]


def method_class(name: str) -> type[Method]:
    """The class of a method that fills holes.

    Raises:
        OptionError: unknown name; the nearest known one is named. Or the method does nothing but enlarge.
        MissingExtraError: the method needs something that is not installed.
    """
    if name in ENLARGERS:
        raise OptionError(f"{name} enlarges pictures and does nothing else; for this, {DEFAULT_METHOD} fits")
    found: type[Method]
    if name in METHODS:  # looking for plug-ins takes a while
        found = _imported(name, METHODS[name])
    else:
        check_known("method", name, method_names())
        (point,) = entry_points(group="selfmend.methods", name=name)
        found = point.load()
    return found


def any_class(name: str) -> type[Configured]:
    """The class of a method, also of one that only enlarges.

    Raises: as `method_class`.
    """
    if name in ENLARGERS:
        enlarger: type[Configured] = _imported(name, ENLARGERS[name])
        return enlarger
    check_known("method", name, [*method_names(), *ENLARGERS])
    return method_class(name)


def _imported(name: str, info: MethodInfo) -> Any:
    module, attribute = info.target.split(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        if info.extra and (error.name or "").partition(".")[0] != "selfmend":
            raise MissingExtraError.of(name, info.extra, error) from error
        raise


def check_takes_reference(kind: type[Method]) -> None:
    """Check that a method can use another picture of the scene.

    Raises:
        OptionError: naming the methods that can.
    """
    if not kind.takes_reference:
        raise OptionError(f"{kind.name} takes no reference; these do: {', '.join(methods_that('takes_reference'))}")


@cache
def _plugin_info(name: str) -> MethodInfo:
    from selfmend.methods.generative import Enlarging, Generative

    kind = method_class(name)
    return MethodInfo(
        target=f"{kind.__module__}:{kind.__qualname__}",
        title=kind.title,
        learns="picture" if kind.learns else "folder" if kind.learns_from_folder else "",
        generates=issubclass(kind, Generative),
        enlarges=issubclass(kind, Enlarging),
        takes_reference=kind.takes_reference,
    )

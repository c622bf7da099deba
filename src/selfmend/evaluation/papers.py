"""The tables of the papers behind Selfmend: which columns they have, what computes each here, what was published.

000: inpainting with a reference by SinGAN. 001: SinGAN for inpainting, holes initialised, partial convolutions. 002:
Context Encoder and EdgeConnect. 003: SinGAN itself, as its slides tell it. 004: DMFN on covered eyes. Their pictures
are not published, so that what is computed here is of other pictures: published numbers stand beside, not in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["fill", "reference", "enlarge", "sample", "ablation"]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A column of a table.

    Attributes:
        name: as the paper has it.
        method, preset, options: what computes it here; method "bicubic" is our resize.
        weights: names in `nn.owned_weights.NETWORKS`, without which it cannot be computed.
        run: whether it needs a run that was trained on a folder.
        published: what the paper prints, by metric.
    """

    name: str
    method: str
    preset: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: tuple[str, ...] = ()
    run: bool = False
    published: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """A table, or a sheet of pictures of which numbers can be had.

    Attributes:
        title: what is compared.
        kind: what is done to a picture.
        metrics: by name; "confusion-..." comes from a study of people.
        contenders: the columns.
        notes: what one must know to compare with what was published.
    """

    title: str
    kind: Kind
    metrics: tuple[str, ...]
    contenders: tuple[Contender, ...]
    notes: tuple[str, ...] = ()


_HOLE_METRICS = ("psnr-hole", "ssim-hole", "lpips", "sifid")
_ITTI, _SPECTRAL = "asvs-itti-koch-niebur", "asvs-spectral-residual"


def _partial(name: str, init: str) -> Contender:
    return Contender(name=f"PC-SinGAN, {name}", method="singan", options={"init": init})


PAPERS: Mapping[str, tuple[PaperTable, ...]] = {
    "000": (
        PaperTable(
            title="Filling with a reference: similarity and saliency",
            kind="reference",
            metrics=("ssim-reference", "ssim", _ITTI, _SPECTRAL),
            contenders=(
                Contender(name="CV", method="telea", published={"ssim-reference": ".65", _ITTI: ".063"}),
                Contender(
                    name="NV", method="pconv", weights=("pconv",), published={"ssim-reference": ".51", _ITTI: ".064"}
                ),
                Contender(name="SG", method="singan", published={"ssim-reference": ".82", _ITTI: ".067"}),
            ),
            notes=(
                "Published: means of five photos. SSIM there is to the reference, which SG alone is given.",
                "The paper names no model of saliency; its number stands beside Itti, Koch and Niebur's.",
                "NV was NVIDIA's web page; here it is a U-Net of partial convolutions with the weights that you bring.",
            ),
        ),
    ),
    "001": (
        PaperTable(
            title="Holes initialised, partial convolutions, and networks trained on many pictures",
            kind="fill",
            metrics=_HOLE_METRICS,
            contenders=(
                _partial("blank", "none"),
                _partial("mean", "mean"),
                _partial("local means", "local-means"),
                _partial("NN patches", "patchmatch"),
                Contender(name="SinGAN", method="singan", options={"init": "local-means", "exclude_hole": False}),
                Contender(name="SigGraph", method="glcic", preset="places", weights=("glcic-places",)),
                Contender(name="GntIpt", method="deepfill", weights=("deepfill",)),
            ),
            notes=(
                "The report shows pictures and prints no numbers: sheet-*.png are its sheets.",
                "A blank hole holds the mean of what is known here too, so that blank and mean are equal.",
            ),
        ),
    ),
    "002": (
        PaperTable(
            title="Networks that learned from a folder",
            kind="fill",
            metrics=("psnr-hole", "ssim-hole", "mae-hole", "lpips"),
            contenders=(
                Contender(name="Context Encoder", method="context-encoder", run=True),
                Contender(name="EdgeConnect", method="edgeconnect", run=True),
            ),
            notes=("The report prints no numbers.",),
        ),
    ),
    "003": (
        PaperTable(
            title="Super-resolution by 4",
            kind="enlarge",
            metrics=("rmse", "niqe"),
            contenders=(
                Contender(
                    name="SRGAN", method="srgan", weights=("srgan-x4",), published={"rmse": "16.34", "niqe": "3.41"}
                ),
                Contender(
                    name="EDSR", method="edsr", weights=("edsr-x4",), published={"rmse": "12.29", "niqe": "6.50"}
                ),
                Contender(
                    name="DIP", method="deep-image-prior", preset="small", published={"rmse": "13.82", "niqe": "6.35"}
                ),
                Contender(name="ZSSR", method="zssr", published={"rmse": "13.08", "niqe": "7.13"}),
                Contender(name="SinGAN", method="singan", published={"rmse": "16.22", "niqe": "3.71"}),
                Contender(name="GPNN", method="gpnn"),
                Contender(name="bicubic", method="bicubic"),
            ),
            notes=("Published: BSD100. The paper says nothing of borders and of NIQE's parameters.",),
        ),
        PaperTable(
            title="Random samples that start at the coarsest scale, N, and at the next",
            kind="sample",
            metrics=("diversity", "sifid", "confusion-paired", "confusion-unpaired"),
            contenders=(
                Contender(
                    name="N", method="singan", options={"start_scale": 0},
                    published={"diversity": ".5", "sifid": ".09", "confusion-paired": "21.45 % ± 1.5",
                               "confusion-unpaired": "42.9 % ± .9"},
                ),
                Contender(
                    name="N-1", method="singan", options={"start_scale": 1},
                    published={"diversity": ".35", "sifid": ".05", "confusion-paired": "30.45 % ± 1.5",
                               "confusion-unpaired": "47.04 % ± .8"},
                ),
            ),
            notes=("Published: 50 photos of Places. Confusion is what people say: selfmend evaluate study.",),
        ),
    ),
    "004": (
        PaperTable(
            title="DMFN by the weight of feature matching, eta",
            kind="ablation",
            metrics=("lpips-alex",),
            contenders=tuple(
                Contender(
                    name=f"eta {eta}", method="dmfn", options={"matching": eta}, published={"lpips-alex": lpips}
                )
                for eta, lpips in ((0.0, ".0517"), (2.0, ".0559"), (5.0, ".0513"), (8.0, ".0587"))
            ),
            notes=("Published: one training a value, 30 pictures. 0 and 5 differ by less than chance would.",),
        ),
    ),
}  # fmt: skip

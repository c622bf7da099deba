"""Weights that people own: which networks are known, where their files are looked for, and how they become ours.

Nothing here ships with Selfmend and nothing is downloaded unasked. A file of the authors', or of a program that uses
their network, is recognised by its keys under whatever prefix, and written once as safetensors under the authors' own
keys, into the folder that SELFMEND_WEIGHTS names, or else the user's cache folder. A file of a known name in one of
these, or in the folder of IOPaint's models, is used as it lies there. PyTorch is imported where a file is opened.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from selfmend.errors import MissingExtraError, MissingWeightsError, WeightsError, check_known
from selfmend.files import atomic_path
from selfmend.nn.download import download
from selfmend.progress import Progress, silent

if TYPE_CHECKING:
    from torch import nn

    from selfmend.nn.stored_tensors import StoredTensor

_VARIABLE = "SELFMEND_WEIGHTS"
_COUNTER = "num_batches_tracked"  # which old files lack


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    """A file that holds the weights of a network.

    Attributes:
        name: as its publisher names it.
        address: where it can be downloaded by a program; "" where only a person can.
        page: where a person finds it.
        megabytes: its size, roughly; 0 where we do not know.
        md5: hexadecimal digest of its content, where its publisher or a program that uses it gives one.
        sha256: the beginning of that digest, where a publisher gives it in the file's name.
    """

    name: str
    page: str
    address: str = ""
    megabytes: int = 0
    md5: str = ""
    sha256: str = ""

    @property
    def digest(self) -> tuple[str, str] | None:
        """Name of the hash and what it begins with; None where nothing is known."""
        return ("md5", self.md5) if self.md5 else ("sha256", self.sha256) if self.sha256 else None


@dataclass(frozen=True, kw_only=True)
class KnownNetwork:
    """A network that we have, and whose weights people own.

    Attributes:
        name: of the weights; the file of ours is NAME.safetensors.
        title: what it is, in a message.
        target: "module:class" of the network, whose `of_state` makes one of the shapes in a state dict.
        marks: of each layout, keys and the shapes that they have in no other network; None for any number.
        ratio: of these keys' first axis to their second, where shapes alone tell two networks not apart.
        without: keys that only another network has.
        licence: of the published weights.
        files: published ones, best first.
    """

    name: str
    title: str
    target: str
    marks: tuple[Mapping[str, tuple[int | None, ...]], ...]
    licence: str
    files: tuple[KnownFile, ...]
    ratio: tuple[str, int] | None = None
    without: tuple[str, ...] = ()

    @property
    def fetched(self) -> KnownFile | None:
        """The file that a program can download; None where only a person can."""
        return next((file for file in self.files if file.address), None)

    def fits(self, tensors: Mapping[str, StoredTensor]) -> bool:
        """Whether these are its weights, of any of its layouts."""
        shapes = {key: value.shape for key, value in tensors.items()}
        if self.ratio is not None:
            shape = shapes.get(self.ratio[0], ())
            if len(shape) < 2 or shape[0] != self.ratio[1] * shape[1]:
                return False
        alike = any(all(key in shapes and _fits(shapes[key], want) for key, want in marks.items())
                    for marks in self.marks)  # fmt: skip
        return alike and not any(key in shapes for key in self.without)


_MIGAN = "https://github.com/Picsart-AI-Research/MI-GAN"
_IOPAINT = "https://github.com/Sanster/models/releases/download"
_EDSR = "https://cv.snu.ac.kr/research/EDSR/models"


def _edsr(scale: int, *files: tuple[str, str, int]) -> KnownNetwork:
    """EDSR of one scale: names, digests and megabytes of its files; the small network first, which is fetched."""
    return KnownNetwork(
        name=f"edsr-x{scale}",
        title=f"EDSR for a factor of {scale}",
        target="selfmend.nn.edsr:Edsr",
        marks=({"sub_mean.weight": (3, 3, 1, 1), "head.0.weight": (None, 3, 3, 3)},),
        ratio=("tail.0.2.weight", 4) if scale == 4 else ("tail.0.0.weight", scale * scale),
        without=() if scale == 4 else ("tail.0.2.weight",),
        licence="MIT",
        files=tuple(
            KnownFile(
                name=f"{name}-{digest}.pt",
                page="https://github.com/sanghyun-son/EDSR-PyTorch",
                address=f"{_EDSR}/{name}-{digest}.pt",
                megabytes=megabytes,
                sha256=digest,
            )
            for name, digest, megabytes in files
        ),
    )


def _srgan(scale: int) -> KnownNetwork:
    return KnownNetwork(
        name=f"srgan-x{scale}",
        title=f"SRGAN for a factor of {scale}",
        target="selfmend.nn.srgan:SrganGenerator",
        marks=({"block1.0.weight": (None, 3, 9, 9), f"block8.{1 if scale == 2 else 2}.weight": (3, None, 9, 9)},),
        licence="MIT",
        files=(KnownFile(name=f"netG_epoch_{scale}_100.pth", page="https://github.com/leftthomas/SRGAN"),),
    )


NETWORKS = {
    one.name: one
    for one in (
        KnownNetwork(
            name="lama",
            title="LaMa",
            target="selfmend.nn.lama:LamaGenerator",
            marks=({"model.1.ffc.convl2l.weight": (None, 4, 7, 7)},),
            licence="Apache-2.0",
            files=(
                KnownFile(
                    name="big-lama.pt",
                    page="https://github.com/Sanster/models/releases",
                    address=f"{_IOPAINT}/add_big_lama/big-lama.pt",
                    megabytes=206,
                    md5="e3aa4aaa15225a33ec84f9f4bc47e500",
                ),
                KnownFile(name="best.ckpt", page="https://github.com/advimman/lama (big-lama.zip, models/best.ckpt)"),
            ),
        ),
        KnownNetwork(
            name="migan",
            title="MI-GAN of 512 px",
            target="selfmend.nn.migan:MiganGenerator",
            marks=(
                {"encoder.b512.fromrgb.weight": (None, 4, 1, 1), "encoder.b4.conv1.conv2.weight": (None, None, 1, 1)},
            ),
            licence="MIT",
            files=(
                KnownFile(
                    name="migan_traced.pt",
                    page="https://github.com/Sanster/models/releases",
                    address=f"{_IOPAINT}/migan/migan_traced.pt",
                    megabytes=28,
                    md5="76eb3b1a71c400ee3290524f7a11b89c",
                ),
                KnownFile(name="migan_512_places2.pt", page=_MIGAN),
            ),
        ),
        KnownNetwork(
            name="migan-256",
            title="MI-GAN of 256 px",
            target="selfmend.nn.migan:MiganGenerator",
            marks=(
                {"encoder.b256.fromrgb.weight": (None, 4, 1, 1), "encoder.b4.conv1.conv2.weight": (None, None, 1, 1)},
            ),
            licence="MIT",
            files=(
                KnownFile(name="migan_256_places2.pt", page=_MIGAN),
                KnownFile(name="migan_256_ffhq.pt", page=_MIGAN),
            ),
        ),
        KnownNetwork(
            name="pconv",
            title="the U-Net of partial convolutions",
            target="selfmend.nn.pconv_unet:PConvUNet",
            marks=({"enc_1.conv.input_conv.weight": (None, 3, 7, 7)},),
            licence="MIT",
            files=(
                KnownFile(
                    name="1000000.pth",
                    page="https://github.com/naoto0804/pytorch-inpainting-with-partial-conv (releases, Places2)",
                ),
            ),
        ),
        KnownNetwork(
            name="glcic",
            title="GLCIC's completion network",
            target="selfmend.nn.glcic:CompletionNetwork",
            marks=({"conv1.weight": (None, 4, 5, 5), "deconv13.weight": (None, None, 4, 4)},),
            licence="MIT",
            files=(KnownFile(name="model_cn", page="https://github.com/otenim/GLCIC-PyTorch (CelebA)"),),
        ),
        KnownNetwork(
            name="glcic-places",
            title="GLCIC's completion network of the authors",
            target="selfmend.nn.glcic:AuthorsCompletionNetwork",
            marks=({"model.1.weight": (None, 4, 5, 5), "mean": (3,)},),
            licence="CC BY-NC-SA 4.0",
            files=(
                KnownFile(
                    name="completionnet_places2.t7",
                    page="https://github.com/satoshiiizuka/siggraph2017_inpainting",
                    address="http://hi.cs.waseda.ac.jp/~iizuka/data/completionnet_places2.t7",
                    megabytes=47,
                    md5="b1527543a0ee22c23fca44cefdf48531",
                ),
                KnownFile(
                    name="completionnet_places2_freeform.t7",
                    page="https://github.com/satoshiiizuka/siggraph2017_inpainting",
                ),
            ),
        ),
        KnownNetwork(
            name="deepfill-v1",
            title="DeepFill v1",
            target="selfmend.nn.deepfill_v1:DeepFillV1Generator",
            marks=(
                {"coarse_generator.conv1.conv.weight": (None, 5, 5, 5)},
                {"conv1.conv.weight": (None, 5, 5, 5), "xconv1.conv.weight": (None, 5, 5, 5)},
            ),
            licence="CC BY-NC 4.0",
            files=(
                KnownFile(
                    name="snap-0.index",
                    page="https://github.com/JiahuiYu/generative_inpainting (v1.0.0; with its .data file beside it)",
                ),
                KnownFile(name="hole_benchmark.pth", page="https://github.com/daa233/generative-inpainting-pytorch"),
            ),
        ),
        KnownNetwork(
            name="deepfill",
            title="DeepFill v2",
            target="selfmend.nn.deepfill:DeepFillGenerator",
            marks=(
                {
                    "conv1.conv.weight": (None, 5, 5, 5),
                    "xconv1.conv.weight": (None, 3, 5, 5),
                    "allconv17.conv.weight": (3, None, 3, 3),
                },
                {"stage1.conv1.conv.weight": (None, 5, 5, 5), "stage2.conv_to_rgb.conv.weight": (3, None, 3, 3)},
            ),
            licence="CC BY-NC 4.0",
            files=(
                KnownFile(name="states_tf_places2.pth", page="https://github.com/nipponjo/deepfillv2-pytorch"),
                KnownFile(name="states_pt_places2.pth", page="https://github.com/nipponjo/deepfillv2-pytorch"),
                KnownFile(
                    name="snap-0.index",
                    page="https://github.com/JiahuiYu/generative_inpainting (v2.0.0; with its .data file beside it)",
                ),
            ),
        ),
        _edsr(2, ("edsr_baseline_x2", "1bc95232", 6), ("edsr_x2", "0edfb8a3", 163)),
        _edsr(3, ("edsr_baseline_x3", "abf2a44e", 6), ("edsr_x3", "ea3ef2c6", 175)),
        _edsr(4, ("edsr_baseline_x4", "6b446fab", 6), ("edsr_x4", "4f62e9ef", 172)),
        _srgan(2),
        _srgan(4),
    )
}
"""All of them, by name."""


def weights_folders() -> list[Path]:
    """Where weights are looked for, in this order; the first one is where they are put."""
    named = [Path(os.environ[_VARIABLE])] if os.environ.get(_VARIABLE) else []
    return [*named, Path(platformdirs.user_cache_dir("selfmend")) / "weights", iopaint_folder()]


def iopaint_folder() -> Path:
    """Where IOPaint keeps the models that it has downloaded: torch.hub's folder, which the same variables move."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("TORCH_HOME") or cache / "torch") / "hub" / "checkpoints"


def owned_file(name: str) -> Path | None:
    """The file with the weights of a network; None where there is none.

    Args:
        name: in `NETWORKS`.

    Raises:
        OptionError: an unknown name; the nearest known one is named.
    """
    check_known("weights", name, NETWORKS)
    names = [f"{name}.safetensors", *(file.name for file in NETWORKS[name].files if file.address)]
    places = (folder / one for folder in weights_folders() for one in names)
    return next((place for place in places if place.is_file()), None)


def load_owned(name: str) -> nn.Module:
    """A network with the weights that this machine has, in evaluation mode, on the CPU, in float32.

    Raises:
        MissingWeightsError: there are none; the message says how to come by them.
        WeightsError: the file is damaged, or holds another network.
    """
    path = owned_file(name)
    if path is None:
        raise MissingWeightsError(how_to_get(name))
    found, tensors = recognize_file(path)
    if found.name != name:
        raise WeightsError(f"{path} holds the weights of {found.title}; those of {NETWORKS[name].title} fit")
    return _network(found, tensors, path)


def how_to_get(name: str) -> str:
    """One line for who has no weights: which file, from where, and what to do with it."""
    network = NETWORKS[name]
    known = " or ".join(file.name for file in network.files)
    line = f"the weights of {network.title} are not on this machine: selfmend weights add FILE takes over {known}"
    if network.fetched is not None:
        return f"{line}; selfmend weights fetch {name} downloads {network.fetched.megabytes} MB ({network.licence})"
    return f"{line}, from {network.files[0].page} ({network.licence})"


def add_weights(path: Path) -> tuple[KnownNetwork, Path]:
    """Take over a file: recognise it, check all shapes, and write it as safetensors.

    Args:
        path: of the authors', or of a program that uses their network: safetensors, a state dict, a whole checkpoint,
            TorchScript. It stays as it is.

    Returns:
        The network, and our file.

    Raises:
        WeightsError: the file is damaged, holds code, or no network that we know; or ours cannot be written.
    """
    network, tensors = recognize_file(path)
    net = _network(network, tensors, path)
    target = weights_folders()[0] / f"{network.name}.safetensors"
    from selfmend.nn.weights import save_tensors

    about = {"network": network.name, "from": path.name, "sha256": _digest(path, "sha256")}
    try:
        with atomic_path(target) as temporary:
            save_tensors({key: value.contiguous() for key, value in net.state_dict().items()}, temporary, about)
    except OSError as error:
        raise WeightsError(f"cannot write {target}: {error.strerror}") from error
    return network, target


def fetch_weights(name: str, *, progress: Progress = silent) -> Path:
    """Download the published file of a network and take it over; what an interrupted download has is gone on with.

    Args:
        name: in `NETWORKS`.
        progress: called with every megabyte.

    Returns:
        Our file; where one is there already, it, and nothing is downloaded.

    Raises:
        OptionError: an unknown name.
        MissingWeightsError: a program cannot download it; the message says where a person can.
        WeightsError: there is no network, or what came is not the published file.
    """
    there = owned_file(name)
    if there is not None:
        return there
    network = NETWORKS[name]
    _check_reader()
    if network.fetched is None:
        raise MissingWeightsError(how_to_get(name))
    came = download(
        network.fetched.address,
        weights_folders()[0] / network.fetched.name,
        digest=network.fetched.digest,
        progress=progress,
    )
    _, ours = add_weights(came)
    came.unlink()
    return ours


def recognize_file(path: Path) -> tuple[KnownNetwork, dict[str, StoredTensor]]:
    """The network whose weights a file holds, and its tensors under the authors' keys, not read yet.

    Raises:
        WeightsError: the file is damaged, holds code, or no network that we know.
    """
    _check_reader()
    from selfmend.nn.stored_tensors import stored_tensors

    everything = stored_tensors(path)
    for network in NETWORKS.values():
        for marks in network.marks:
            for prefix in _prefixes(everything, next(iter(marks))):
                tensors = {k.removeprefix(prefix): v for k, v in everything.items() if k.startswith(prefix)}
                if network.fits(tensors):
                    return network, tensors
    raise WeightsError(f"{path} holds {_described(everything)}; {', '.join(n.title for n in NETWORKS.values())} fit")


def _check_reader() -> None:
    """Find out before a long download, too, whether files can be read.

    Raises:
        MissingExtraError: PyTorch is not installed.
    """
    try:
        import selfmend.nn.stored_tensors  # noqa: F401
    except ImportError as error:
        raise MissingExtraError.of("reading weights", "learn", error) from error


def _prefixes(everything: Mapping[str, Any], mark: str) -> list[str]:
    """What stands before the authors' keys; of several copies, averaged weights come first, then the least wrapped."""
    found = [key.removesuffix(mark) for key in everything if key == mark or key.endswith(f".{mark}")]
    return sorted(found, key=lambda prefix: ("ema" not in prefix.lower(), len(prefix)))


def _fits(came: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(came) == len(wanted) and all(w in (None, c) for c, w in zip(came, wanted, strict=True))


def _described(everything: Mapping[str, StoredTensor]) -> str:
    from selfmend.nn.weights import recognize

    if not everything:
        return "no tensors"
    first = min(everything).split(".")
    for depth in range(len(first)):  # under whatever prefix
        prefix = "".join(f"{part}." for part in first[:depth])
        known = recognize({k.removeprefix(prefix): v for k, v in everything.items()})
        if known:
            return f"{known} (selfmend import takes over the papers' methods)"
    return f"no network that we know: {len(everything)} tensors, first {min(everything)!r}"


def _network(network: KnownNetwork, tensors: Mapping[str, StoredTensor], path: Path) -> nn.Module:
    """A network filled with tensors.

    Raises:
        WeightsError: a tensor is missing, has another shape, or holds what is no number.
    """
    import torch

    module, attribute = network.target.split(":")
    with torch.device("meta"):
        net: nn.Module = getattr(importlib.import_module(module), attribute).of_state(tensors)
    state = {}
    for key, wanted in net.state_dict().items():
        if key not in tensors and key.endswith(_COUNTER):
            state[key] = torch.zeros((), dtype=torch.int64)
            continue
        if key not in tensors:
            raise WeightsError(f"{path} lacks {key!r}; a whole file of {network.title} fits")
        if tensors[key].shape != tuple(wanted.shape):
            shapes = f"{tensors[key].shape}; {tuple(wanted.shape)} fits {network.title}"
            raise WeightsError(f"{key!r} in {path} has shape {shapes}")
        state[key] = tensors[key].read().to(wanted.dtype)
        if not state[key].isfinite().all():
            raise WeightsError(f"{key!r} in {path} holds NaN or infinity; get a whole copy")
    net.load_state_dict(state, assign=True)
    return net.eval().requires_grad_(False)


def _digest(path: Path, kind: str) -> str:
    with open(path, "rb") as content:
        return hashlib.file_digest(content, kind).hexdigest()

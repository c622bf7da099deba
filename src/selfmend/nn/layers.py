"""Layers that PyTorch does not have, and how the papers initialise and scale the ones that it has.

Partial convolution: a convolution that sees valid pixels only, and says where it saw any.

Liu et al., "Image Inpainting for Irregular Holes Using Partial Convolutions", ECCV 2018, Eq. (1) and (2). In this file
alone the mask is turned round: `valid` is floating (N, 1, H, W), 1 where a pixel counts and 0 in a hole.

Batch normalisation whose statistics are taken over valid positions only: (N, C, H, W) in and out.

A fully connected layer within each channel: (N, C, H, W) in and out, no channel sees another one.

Pathak et al., "Context Encoders: Feature Learning by Inpainting", CVPR 2016, Sec. 3.1.

EdgeConnect's residual block: (N, C, H, W) in and out.

Nazeri et al., "EdgeConnect: Generative Image Inpainting with Adversarial Edge Learning", 2019, App. A. The state dict
has the keys of the authors' code.

DMFN's dense multi-scale fusion block: (N, C, H, W) in and out.

Hui et al., "Image Fine-grained Inpainting", 2020, Sec. 3.1. The state dict has the keys of the authors' code.

Fresh weights of convolutional networks, drawn from an explicit generator.

The one rule of how a multiplier changes a network's channels.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_weight
from torch.nn.utils.parametrizations import spectral_norm as parametrize_spectral_norm
from torch.nn.utils.parametrize import is_parametrized


def valid_ratio(
    valid: Tensor,
    *,
    kernel_size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
) -> tuple[Tensor, Tensor]:
    """What a partial convolution multiplies by, and the validity of its output.

    Args:
        valid: (N, 1, H, W), 1 = valid, 0 = hole. Zero padding counts as hole.
        kernel_size, stride, padding, dilation: of the convolution, in pixels.

    Returns:
        ratio: (N, 1, H', W'), positions of the window divided by the valid ones among them; 0 where none is valid.
        updated: (N, 1, H', W'), 1 where the window holds a valid position.
    """
    area = kernel_size[0] * kernel_size[1]
    window = torch.ones(1, 1, *kernel_size, dtype=valid.dtype, device=valid.device)
    with torch.autocast(valid.device.type, enabled=False):  # counts are small, their ratios are not exact in bfloat16
        count = F.conv2d(valid, window, stride=stride, padding=padding, dilation=dilation)
    updated = (count > 0.5).to(valid.dtype)
    return updated * area / count.clamp(min=1), updated


class PartialConv2d(nn.Conv2d):
    """A convolution over valid positions, rescaled by how many there are.

    With all positions valid (or `valid=None`) it is exactly `nn.Conv2d`, with the same state dict. All channels share
    one validity. The output is 0 where no valid position is seen.

    Args:
        *args, **options: those of `nn.Conv2d`.
        ratio: "window" keeps the scale of a convolution (NVIDIA's layer). "sum" divides by the number of valid values
            of all channels without multiplying by that of the window (the formula and the code of Linhart & Castagné),
            which makes outputs about 9 x channels times smaller, with or without a hole.
        twice: whether it is differentiated twice, in a gradient penalty; then stride 1 and no padding.

    Example:
        >>> layer = PartialConv2d(3, 8, 3)
        >>> out, valid = layer(torch.rand(1, 3, 9, 9), torch.ones(1, 1, 9, 9))
        >>> out.shape, valid.shape
        (torch.Size([1, 8, 7, 7]), torch.Size([1, 1, 7, 7]))
    """

    def __init__(self, *args: Any, ratio: str = "window", twice: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.twice = twice
        if ratio not in ("window", "sum"):
            raise ValueError(f"ratio is {ratio!r}; 'window' or 'sum' fits")
        values = self.in_channels * self.kernel_size[0] * self.kernel_size[1]
        self.output_scale = 1.0 if ratio == "window" else 1.0 / values

    def forward(self, x: Tensor, valid: Tensor | None = None) -> tuple[Tensor, Tensor | None]:  # type: ignore[override]
        """Convolve.

        Args:
            x: (N, C, H, W); its content where `valid` is 0 has no influence, not even NaN.
            valid: (N, 1, H, W), 1 = valid, or None for "all valid".

        Returns:
            (N, C', H', W') and the updated validity (N, 1, H', W'), or None if `valid` was None.
        """
        if valid is None:
            return self._convolve(x, self.bias), None
        if self.padding_mode != "zeros" or isinstance(self.padding, str):
            raise ValueError(f"padding {self.padding!r}, mode {self.padding_mode!r}; a number and 'zeros' fit")
        with torch.no_grad():
            ratio, updated = valid_ratio(
                valid,
                kernel_size=(self.kernel_size[0], self.kernel_size[1]),
                stride=(self.stride[0], self.stride[1]),
                padding=(self.padding[0], self.padding[1]),
                dilation=(self.dilation[0], self.dilation[1]),
            )
        # Selecting, not multiplying: 0 * NaN is NaN, in the gradient too.
        seen = torch.where(valid > 0.5, x, torch.zeros((), dtype=x.dtype, device=x.device))
        out = self._convolve(seen, None)
        out = out * (ratio * self.output_scale).to(out.dtype)
        if self.bias is not None:
            out = out + self.bias.to(out.dtype).view(1, -1, 1, 1) * updated.to(out.dtype)
        return out, updated

    def _convolve(self, x: Tensor, bias: Tensor | None) -> Tensor:
        if self.twice and x.is_cuda:
            return _TwiceDifferentiated.apply(x, self.weight, bias)
        return self._conv_forward(x, self.weight, bias)


class _TwiceDifferentiated(torch.autograd.Function):
    """A plain convolution (stride 1, no padding) whose input's gradient is written as a transposed convolution.

    PyTorch's own second derivative convolves the picture with a kernel as large as the picture, which cuDNN has no
    good algorithm for: it takes two thirds of a step of a critic with a gradient penalty. While a graph of the
    gradient is made, the weights get none: a penalty asks for the input's alone.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.biased = bias is not None
        return F.conv2d(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        to_input = F.conv_transpose2d(gradient, weight) if ctx.needs_input_grad[0] else None
        if torch.is_grad_enabled():
            return to_input, None, None
        to_weight = conv2d_weight(x, weight.shape, gradient) if ctx.needs_input_grad[1] else None
        return to_input, to_weight, gradient.sum((0, 2, 3)) if ctx.biased else None


class MaskedBatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` (same state dict) that leaves holes out of the mean and the variance.

    A partial convolution gives a constant where it sees nothing. Counted in, these constants would tie the statistics
    to the size of the hole, which differs between training (hole) and application (no hole).
    """

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Normalise.

        Args:
            x: (N, C, H, W).
            valid: (N, 1, H, W), 1 = counts, or None for all. In eval mode it has no influence.

        Returns:
            (N, C, H, W), also where not valid.
        """
        if valid is None or not self.training:
            return super().forward(x)
        valid = valid.to(x.dtype).expand(x.shape[0], 1, -1, -1)
        count = valid.sum().clamp(min=1)
        mean = (x * valid).sum((0, 2, 3), keepdim=True) / count
        variance = ((x - mean).square() * valid).sum((0, 2, 3), keepdim=True) / count
        if self.track_running_stats and self.momentum is not None:
            with torch.no_grad():
                unbiased = variance.flatten() * count / (count - 1).clamp(min=1)
                self.running_mean.lerp_(mean.flatten().to(self.running_mean.dtype), self.momentum)  # type: ignore[union-attr]
                self.running_var.lerp_(unbiased.to(self.running_var.dtype), self.momentum)  # type: ignore[union-attr]
                self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
        scale = self.weight.view(1, -1, 1, 1) * torch.rsqrt(variance + self.eps)
        return (x - mean) * scale + self.bias.view(1, -1, 1, 1)


class ChannelwiseLinear(nn.Module):
    """One independent linear map of all positions to all positions in each channel.

    It has channels x (height x width)^2 weights, where a plain linear layer has channels times as many; a 1x1
    convolution after it mixes the channels.

    Args:
        channels: C.
        size: (H, W) of the maps.
        bias: whether a number is added at each position of each channel.

    Example:
        >>> ChannelwiseLinear(256, size=(6, 6), bias=False).weight.numel()
        331776
    """

    def __init__(self, channels: int, *, size: tuple[int, int], bias: bool = True) -> None:
        super().__init__()
        self.size = size
        positions = size[0] * size[1]
        bound = 1 / math.sqrt(positions)  # as nn.Linear draws
        self.weight = nn.Parameter(torch.empty(channels, positions, positions).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(channels, positions)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H, W).

        Raises:
            ValueError: maps of another size than the layer's.
        """
        if x.shape[1:] != (self.weight.shape[0], *self.size):
            fits = (self.weight.shape[0], *self.size)
            raise ValueError(f"x has channels and size {tuple(x.shape[1:])}; {fits} fits")
        out = torch.einsum("ncp,cqp->ncq", x.flatten(2), self.weight)
        if self.bias is not None:
            out = out + self.bias
        return out.unflatten(2, self.size)


def maybe_spectral_norm(layer: nn.Module, *, spectral_norm: bool) -> nn.Module:
    """The layer, with the largest singular value of its weight divided out where that is asked for.

    Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.
    """
    return parametrize_spectral_norm(layer) if spectral_norm else layer


class DilatedResidualBlock(nn.Module):
    """Two 3x3 convolutions, the first one dilated, whose output is added to the input without a last ReLU.

    Args:
        channels: C.
        dilation: of the first convolution, in pixels.
        spectral_norm: whether both convolutions have it; they then have no bias.
    """

    def __init__(self, channels: int, *, dilation: int = 2, spectral_norm: bool = False) -> None:
        super().__init__()
        first = nn.Conv2d(channels, channels, 3, dilation=dilation, bias=not spectral_norm)
        second = nn.Conv2d(channels, channels, 3, bias=not spectral_norm)
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(dilation),
            maybe_spectral_norm(first, spectral_norm=spectral_norm),
            nn.InstanceNorm2d(channels),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            maybe_spectral_norm(second, spectral_norm=spectral_norm),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H, W)."""
        return x + self.conv_block(x)


_DILATIONS = (1, 2, 4, 8)


class MultiscaleFusionBlock(nn.Module):
    """Four dilated convolutions side by side, each added to the ones before it, fused and added to the input.

    Args:
        channels: C, divisible by 4.
        fusion_kernel: side of the convolution that fuses the four: 3 in the authors' code, 1 in the paper.
        use_k: whether a 3x3 convolution follows each of the three sums, as in the paper; the code has none.
    """

    def __init__(self, channels: int, *, fusion_kernel: int = 3, use_k: bool = False) -> None:
        super().__init__()
        narrow = channels // 4
        self.c1 = nn.Conv2d(channels, narrow, 3, padding=1)
        for i, dilation in enumerate(_DILATIONS, 1):
            self.add_module(f"d{i}", nn.Conv2d(narrow, narrow, 3, padding=dilation, dilation=dilation))
            if use_k and i > 1:
                self.add_module(f"k{i}", nn.Conv2d(narrow, narrow, 3, padding=1))
        self.c2 = nn.Conv2d(4 * narrow, channels, fusion_kernel, padding=fusion_kernel // 2)
        self.use_k = use_k

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H, W)."""
        narrow = F.relu(F.instance_norm(self.c1(x)))
        sums = [self.get_submodule("d1")(narrow)]
        for i in (2, 3, 4):
            together = sums[-1] + self.get_submodule(f"d{i}")(narrow)
            sums.append(self.get_submodule(f"k{i}")(together) if self.use_k else together)
        fused = F.relu(F.instance_norm(torch.cat(sums, 1)))
        return x + F.instance_norm(self.c2(fused))


_POWER_ITERATIONS = 15  # as torch does at construction
_DRAWN = nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.BatchNorm2d | ChannelwiseLinear


@torch.no_grad()
def initialize(net: nn.Module, *, generator: torch.Generator) -> None:
    """Draw fresh weights: convolutions and linear layers N(0, 0.02), normalisation N(1, 0.02), all biases 0.

    What the codes of SinGAN, the Context Encoder, EdgeConnect and DMFN do.

    Args:
        net: a generator or a discriminator, changed in place.
        generator: a CPU generator; the same one gives the same weights on every device.
    """
    for module in net.modules():
        if not isinstance(module, _DRAWN):
            continue
        drawn = torch.randn(module.weight.shape, generator=generator) * 0.02
        _set_weight(module, drawn + (1.0 if isinstance(module, nn.BatchNorm2d) else 0.0), generator)
        if module.bias is not None:
            module.bias.zero_()


def _set_weight(module: nn.Module, weight: torch.Tensor, generator: torch.Generator) -> None:
    """Write a weight; under spectral norm, also fresh singular vectors, which construction drew from global state."""
    if not is_parametrized(module, "weight"):
        module.get_parameter("weight").copy_(weight)
        return
    norm = module.get_submodule("parametrizations.weight.0")
    module.get_parameter("parametrizations.weight.original").copy_(weight)
    matrix = norm._reshape_weight_to_matrix(weight)  # type: ignore[operator]
    v = torch.randn(matrix.shape[1], generator=generator)
    for _ in range(_POWER_ITERATIONS):
        u = nn.functional.normalize(matrix @ v, dim=0)
        v = nn.functional.normalize(matrix.mT @ u, dim=0)
    norm.get_buffer("_u").copy_(u)
    norm.get_buffer("_v").copy_(v)


def scaled(channels: int, width: float) -> int:
    """`channels` times `width` as a multiple of 4, at least 4; a width of 1 changes nothing.

    Example:
        >>> scaled(64, 0.25), scaled(64, 0.01), scaled(4000, 1.0)
        (16, 4, 4000)
    """
    return max(4, round(channels * width / 4) * 4)

"""A network of convolutions as an ONNX model, which OpenCV runs: no package is needed to write one.

ONNX is protobuf (https://onnx.ai/onnx/repo-docs/IR.html); of both, this knows what such a network needs.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FLOAT, _INT, _INTS = 1, 2, 7  # TensorProto.DataType, AttributeProto.AttributeType
_IR, _OPSET = 7, 11


class OnnxModel:
    """Layers one after the other; each method adds one and gives the name of what comes out.

    Args:
        input: name of the input.
        shape: (N, C, H, W) of it; OpenCV takes other heights and widths too.
    """

    def __init__(self, input: str, shape: Sequence[int]) -> None:
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []
        self._input, self._shape = input, shape

    def conv(self, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32], *, stride: int = 1) -> str:
        """A convolution that keeps the size, or with a stride of 2 halves it; weight (out, in, k, k), k odd."""
        k = weight.shape[2]
        pads = (k // 2,) * 4
        return self._layer("Conv", x, weight, bias, kernel_shape=(k, k), strides=(stride, stride), pads=pads)

    def enlarge(self, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """A transposed convolution of 2 x 2 with a stride of 2; weight (in, out, 2, 2)."""
        return self._layer("ConvTranspose", x, weight, bias, kernel_shape=(2, 2), strides=(2, 2), pads=(0,) * 4)

    def pool(self, x: str) -> str:
        """The greatest of each block of 2 x 2."""
        return self._node("MaxPool", [x], kernel_shape=(2, 2), strides=(2, 2), pads=(0,) * 4)

    def repeat(self, x: str, channels: int) -> str:
        """Each value becomes a block of 2 x 2."""
        same = np.zeros((channels, channels, 2, 2), np.float32)
        same[range(channels), range(channels)] = 1
        return self.enlarge(x, same, np.zeros(channels, np.float32))

    def relu(self, x: str) -> str:
        """Negative values become 0."""
        return self._node("Relu", [x])

    def sigmoid(self, x: str) -> str:
        """Logits become probabilities."""
        return self._node("Sigmoid", [x])

    def concat(self, *xs: str) -> str:
        """Channels of several, one after the other."""
        return self._node("Concat", list(xs), axis=1)

    def bytes(self, output: str, shape: Sequence[int]) -> bytes:
        """The model's file, with one output of a shape (N, C, H, W)."""
        graph = b"".join(
            [
                *(_field(1, node) for node in self._nodes), _field(2, b"net"),
                *(_field(5, tensor) for tensor in self._tensors),
                _field(11, _value(self._input, self._shape)), _field(12, _value(output, shape)),
            ]
        )  # fmt: skip
        opset = _field(1, b"") + _number(2, _OPSET)
        return _number(1, _IR) + _field(7, graph) + _field(8, opset)

    def _layer(self, kind: str, x: str, *arrays: NDArray[np.float32], **attributes: Sequence[int]) -> str:
        names = []
        for array in arrays:
            name = f"w{len(self._tensors)}"
            dims = b"".join(_number(1, n) for n in array.shape)
            data = np.ascontiguousarray(array, "<f4").tobytes()
            self._tensors.append(dims + _number(2, _FLOAT) + _field(8, name.encode()) + _field(9, data))
            names.append(name)
        return self._node(kind, [x, *names], **attributes)

    def _node(self, kind: str, inputs: list[str], **attributes: int | Sequence[int]) -> str:
        output = f"x{len(self._nodes)}"
        parts = [*(_field(1, one.encode()) for one in inputs), _field(2, output.encode())]
        parts += [_field(3, output.encode()), _field(4, kind.encode())]
        for name, value in attributes.items():
            head = _field(1, name.encode())
            if isinstance(value, int):
                parts.append(_field(5, head + _number(3, value) + _number(20, _INT)))
            else:
                parts.append(_field(5, head + b"".join(_number(8, v) for v in value) + _number(20, _INTS)))
        self._nodes.append(b"".join(parts))
        return output


def _varint(value: int) -> bytes:
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return struct.pack(f"{len(parts) + 1}B", *parts, value)


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _field(tag: int, data: bytes) -> bytes:
    return _varint(tag << 3 | 2) + _varint(len(data)) + data


def _value(name: str, shape: Sequence[int]) -> bytes:
    """ValueInfoProto: a name and the shape of a tensor of floats."""
    dims = b"".join(_field(1, _number(1, n)) for n in shape)
    tensor = _number(1, _FLOAT) + _field(2, dims)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def pixel_unshuffle(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blocks of 2 x 2 pixels as channels, (C, H, W) to (4 C, H / 2, W / 2), as `torch.nn.functional` has it.

    Example:
        >>> pixel_unshuffle(np.arange(4, dtype=np.float32).reshape(1, 2, 2)).ravel()
        array([0., 1., 2., 3.], dtype=float32)
    """
    channels, height, width = planes.shape
    blocks = planes.reshape(channels, height // 2, 2, width // 2, 2).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(blocks.reshape(4 * channels, height // 2, width // 2), np.float32)


def pixel_shuffle(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Channels as blocks of 2 x 2 pixels, (4 C, H, W) to (C, 2 H, 2 W): the way back."""
    channels, height, width = planes.shape
    blocks = planes.reshape(channels // 4, 2, 2, height, width).transpose(0, 3, 1, 4, 2)
    return blocks.reshape(channels // 4, 2 * height, 2 * width)

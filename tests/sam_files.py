"""Two small ONNX files with the names and shapes of a Segment Anything model, written byte by byte (protobuf)."""

import struct
from pathlib import Path

_FLOAT, _INT64 = 1, 7


def varint(value: int) -> bytes:
    parts = bytearray()
    value &= (1 << 64) - 1
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def number(tag: int, value: int) -> bytes:
    return varint(tag << 3) + varint(value)


def field(tag: int, data: bytes | str) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    return varint(tag << 3 | 2) + varint(len(data)) + data


def tensor(name: str, values: list[float] | list[int], shape: tuple[int, ...]) -> bytes:
    whole = all(isinstance(v, int) for v in values)
    data = struct.pack(f"<{len(values)}{'q' if whole else 'f'}", *values)
    dims = b"".join(number(1, n) for n in shape)
    return dims + number(2, _INT64 if whole else _FLOAT) + field(8, name) + field(9, data)


def value_info(name: str, shape: tuple[int | str, ...]) -> bytes:
    dims = b"".join(field(1, field(2, n) if isinstance(n, str) else number(1, n)) for n in shape)
    return field(1, name) + field(2, field(1, number(1, _FLOAT) + field(2, dims)))


def attribute(name: str, value: int | list[int] | bytes) -> bytes:
    if isinstance(value, int):
        return field(5, field(1, name) + number(3, value) + number(20, 2))
    if isinstance(value, bytes):  # a tensor
        return field(5, field(1, name) + field(5, value) + number(20, 4))
    return field(5, field(1, name) + b"".join(number(8, v) for v in value) + number(20, 7))


def node(kind: str, inputs: list[str], output: str, **attributes) -> bytes:
    head = b"".join(field(1, one) for one in inputs) + field(2, output) + field(4, kind)
    return head + b"".join(attribute(name, value) for name, value in attributes.items())


def model(path: Path, nodes, tensors, inputs, outputs) -> Path:
    graph = b"".join(field(1, one) for one in nodes) + field(2, "net")
    graph += b"".join(field(5, one) for one in tensors)
    graph += b"".join(field(11, value_info(*one)) for one in inputs)
    graph += b"".join(field(12, value_info(*one)) for one in outputs)
    path.write_bytes(number(1, 7) + field(7, graph) + field(8, field(1, "") + number(2, 11)))
    return path


def encoder(path: Path, side: int = 64) -> Path:
    """The mean of each 16 x 16 pixels of a picture (1, 3, side, side) as its embedding."""
    nodes = [node("AveragePool", ["x"], "image_embeddings", kernel_shape=[16, 16], strides=[16, 16])]
    grid = side // 16
    return model(path, nodes, [], [("x", (1, 3, side, side))], [("image_embeddings", (1, 3, grid, grid))])


def decoder(path: Path, *, leave_out: str = "") -> Path:
    """Two masks, of which the second has the better score: all of the picture where label times x of the first point is
    above 24, else nothing.
    """
    nodes = [
        node("Cast", ["orig_im_size"], "size", to=_INT64),
        node("Concat", ["two", "size"], "shape", axis=0),
        node("ConstantOfShape", ["shape"], "ones", value=tensor("", [1.0], (1,))),
        node("Gather", ["point_coords", "zero"], "first", axis=1),  # (1, 1, 2)
        node("Gather", ["first", "zero"], "x", axis=2),  # (1, 1, 1)
        node("Gather", ["point_labels", "zero"], "label", axis=1),  # (1, 1)
        node("Mul", ["x", "label"], "signed"),
        node("Sub", ["signed", "limit"], "above"),
        node("ReduceSum", ["above"], "one", keepdims=0),
        node("ReduceMean", ["image_embeddings"], "seen", keepdims=0),
        node("ReduceMean", ["mask_input"], "drawn", keepdims=0),
        node("ReduceMean", ["has_mask_input"], "has", keepdims=0),
        node("Mul", ["seen", "drawn"], "nothing"),
        node("Mul", ["nothing", "has"], "no"),
        node("Add", ["one", "no"], "sure"),
        node("Mul", ["ones", "sure"], "given"),
        node("Mul", ["given", "signs"], "masks"),
        node("Identity", ["scores"], "iou_predictions"),
    ]
    tensors = [
        tensor("two", [1, 2], (2,)), tensor("zero", [0], (1,)), tensor("limit", [24.0], (1,)),
        tensor("signs", [-1.0, 1.0], (1, 2, 1, 1)), tensor("scores", [0.2, 0.9], (1, 2)),
    ]  # fmt: skip
    inputs = [
        ("image_embeddings", (1, 3, 4, 4)), ("point_coords", (1, "points", 2)), ("point_labels", (1, "points")),
        ("mask_input", (1, 1, 256, 256)), ("has_mask_input", (1,)), ("orig_im_size", (2,)),
    ]  # fmt: skip
    outputs = [("masks", (1, 2, "height", "width")), ("iou_predictions", (1, 2))]
    return model(path, nodes, tensors, [one for one in inputs if one[0] != leave_out], outputs)

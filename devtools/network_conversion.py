"""A published ONNX network made into what the zip ships: the part that leads to one output, its weights in 10 or 12 bits.

    python -m devtools.network_conversion SOURCE.onnx OUTPUT TARGET.safetensors     with what requirements/network.txt names

The target is a safetensors file: `graph` (n,) U8 is an ONNX model without its weights, and for each convolution `<k>.weight`
(o, i, h, w) I8 with `<k>.weight.low` (n,) U8, `<k>.weight.scale` (o,) F32 and `<k>.bias` (o,) F32, by the names that the graph gives
them. Names and order come from the way to the output alone, and all weights go through 16 bits, so that copies of the same network that
were stored in other ways give the same bytes.

A weight is a whole number of steps of its output channel, whose largest weight has 511 of them, or 2047 in a small layer (Jacob et al.,
Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, CVPR 2018). Its upper 8 bits are `.weight`;
the 2 or 4 below are `.weight.low`, in bytes of four or two weights, the first in the lowest bits: apart, since the upper ones can be
compressed. Rounding lets errors cancel within each kernel and each channel (Guo et al., SQuant: On-the-Fly Data-Free Quantization via
Diagonal Hessian Approximation, ICLR 2022). Batch norms must be part of the convolutions already.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import onnx

# Operators that are kept, with the attributes that count; one that is not here is refused
_KEPT = {
    "Conv": ("dilations", "group", "kernel_shape", "pads", "strides"),
    "Relu": (),
    "MaxPool": ("ceil_mode", "kernel_shape", "pads", "strides"),
    "Concat": ("axis",),
    "Add": (),
    "Sigmoid": (),
    "Resize": ("coordinate_transformation_mode", "mode"),
}
_PASSED_OVER = ("Cast", "Identity")  # the graph computes in 32 bits throughout
_OPSET, _IR = 15, 8
_HIGH, _LOW, _LOW_IF_SMALL = 8, 2, 4  # bits of a weight, the lower ones stored by themselves
_SMALL = 150_000  # weights of a layer; those with fewer see the picture at its larger sizes, and rounding them changes the mattes most
_FINE = 1 << 16  # parts of a step that errors are counted in: sums of whole numbers are the same on every machine
# OpenCV's importer hands a node's attributes to its layer, and this one turns Winograd's algorithm off where its memory is out of
# proportion to the time it saves. It holds a 3 x 3 weight as 8 x 8 numbers: much where a layer has many weights, which are those that see
# the picture at a sixteenth of its size or smaller. And it lays its whole input out anew, 16/9 times as large: for one layer a third of
# all memory. Of IS-Net at 1024 pixels: with it everywhere 1.85 GB, so 1.04 GB, nowhere 0.84 GB; 3.2, 4.3 and 4.9 s of processor time.
_PLAIN, _PLAIN_FROM, _PLAIN_OVER = "use_winograd", 16, 20 << 20  # the attribute; times smaller than the picture; numbers in


class ConversionError(ValueError):
    """The file is not a network that this conversion is for; the text says why."""


@dataclass(kw_only=True)
class _Kept:
    """What the new graph is made of. `names` are the new ones by the old ones."""

    names: dict[str, str] = field(default_factory=dict)
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    factors: dict[str, tuple[float, ...]] = field(default_factory=dict)  # of the resizes, by the names of the tensors that hold them
    tensors: dict[str, np.ndarray] = field(default_factory=dict)


def convert(source: Path, output: str, target: Path) -> None:
    """Write `target`. Raises ConversionError."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(source, load_external_data=False)
        shapes = _shapes(model)
    except (DecodeError, onnx.shape_inference.InferenceError) as error:
        raise ConversionError(f"{source.name} is no ONNX model: {error}") from error
    kept = _Kept()
    for node in _way_to(model, output, kept):
        _keep(node, model, shapes, kept)
    graph = _graph(kept, output, shapes[model.graph.input[0].name], shapes[output])
    write_safetensors(target, {"graph": graph, **kept.tensors}, {"format": "img23d network 1"})


def _shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Of every value whose size is known."""
    from onnx import shape_inference

    graph = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    values = [*graph.value_info, *graph.input, *graph.output]
    return {value.name: tuple(one.dim_value for one in value.type.tensor_type.shape.dim) for value in values}


def _way_to(model: onnx.ModelProto, output: str, kept: _Kept) -> Sequence[onnx.NodeProto]:
    """The nodes that `output` needs, each after those it needs itself; fills `kept.names` with where a value really comes from."""
    makers = {name: node for node in model.graph.node for name in node.output}
    (source,) = [value.name for value in model.graph.input if value.name not in {one.name for one in model.graph.initializer}]
    kept.names[source] = "input"
    if output not in makers:
        raise ConversionError(f"The network has no output called {output!r}.")
    order: list[onnx.NodeProto] = []
    waiting = [(output, False)]
    while waiting:
        name, is_ready = waiting.pop()
        node = makers.get(name)
        if node is None or (name in kept.names and not is_ready):
            continue
        inputs = _values_in(node)
        if not is_ready:
            kept.names[name] = ""
            waiting += [(name, True), *((one, False) for one in reversed(inputs))]
        elif node.op_type in _PASSED_OVER:
            kept.names[name] = kept.names[inputs[0]]
        else:
            kept.names[name] = f"v{len(order)}"
            order.append(node)
    return order


def _values_in(node: onnx.NodeProto) -> list[str]:
    """The inputs that are computed; weights and sizes are no such."""
    return list(node.input[:1]) if node.op_type in ("Conv", "Resize") else list(node.input)


def _keep(node: onnx.NodeProto, model: onnx.ModelProto, shapes: dict[str, tuple[int, ...]], kept: _Kept) -> None:
    from onnx import helper

    if node.op_type not in _KEPT:
        raise ConversionError(f"The network has a step that is not known here: {node.op_type}.")
    name = kept.names[node.output[0]]
    inputs = [kept.names[one] for one in _values_in(node)]
    attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute if one.name in _KEPT[node.op_type]}
    if node.op_type == "Conv":
        inputs += _weights(node, model, name, kept)
        if _is_plain(kept.tensors[f"{name}.weight"].shape[1], shapes[node.output[0]], shapes[model.graph.input[0].name]):
            attributes[_PLAIN] = 0
    elif node.op_type == "Resize":
        inputs += ["", _factor(node, shapes, attributes, kept)]
    made = helper.make_node(node.op_type, inputs, [name])
    made.attribute.extend(helper.make_attribute(key, attributes[key]) for key in sorted(attributes))
    kept.nodes.append(made)


def _is_plain(channels: int, after: Sequence[int], picture: Sequence[int]) -> bool:
    """Whether a convolution of that many input channels and that output is computed without Winograd's algorithm."""
    return after[2] * _PLAIN_FROM <= picture[2] or channels * after[2] * after[3] > _PLAIN_OVER


def _weights(node: onnx.NodeProto, model: onnx.ModelProto, name: str, kept: _Kept) -> list[str]:
    """The names of a convolution's two tensors, which go into `kept.tensors`."""
    import numpy as np
    from onnx import numpy_helper

    held = {one.name: one for one in model.graph.initializer if one.name in node.input[1:]}
    if len(held) != 2:
        raise ConversionError(f"{node.name or node.output[0]} lacks a weight or a bias of its own.")
    weight, bias = (numpy_helper.to_array(held[one]).astype(np.float16).astype(np.float32) for one in node.input[1:])
    low_bits = _LOW_IF_SMALL if weight.size < _SMALL else _LOW
    values, scale = quantized(weight, _HIGH + low_bits)
    kept.tensors |= {f"{name}.weight": (values >> low_bits).astype(np.int8), f"{name}.weight.low": _packed(values, low_bits)}
    kept.tensors |= {f"{name}.weight.scale": scale, f"{name}.bias": bias}
    return [f"{name}.weight", f"{name}.bias"]


def _packed(values: np.ndarray, bits: int) -> np.ndarray:
    """(n,) uint8: the lower `bits` of all values, the first in the lowest bits of a byte."""
    import numpy as np

    a_byte = 8 // bits
    low = np.zeros(-(-values.size // a_byte) * a_byte, np.uint8)
    low[: values.size] = values.ravel() & (1 << bits) - 1
    return np.bitwise_or.reduce(low.reshape(-1, a_byte) << np.arange(0, 8, bits, dtype=np.uint8), axis=1)


def quantized(weight: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """(o, i, h, w) int16 of that many bits and (o,) float32 whose product is about `weight` (o, i, h, w) float32.

    What a convolution sees is smooth and not negative, so the error of a kernel's sum counts most, then that of a channel's: where one is
    more than half a step, the weights that were rounded farthest to that side are rounded to the other (SQuant, see above).
    """
    import numpy as np

    largest = (1 << bits - 1) - 1
    scale = np.abs(weight).max((1, 2, 3)) / np.float32(largest)
    scale[scale == 0] = 1
    exact = (weight / scale[:, None, None, None]).reshape(-1, weight[0, 0].size)  # a row a kernel
    values = np.rint(exact)
    errors = np.rint((values.astype(np.float64) - exact) * _FINE).astype(np.int64)
    moves = _moves(errors, _steps(errors))
    errors += moves * _FINE
    kernels = errors.sum(1).reshape(weight.shape[:2])
    moves += _moves(errors, _moves(kernels, _steps(kernels)).ravel())
    return np.clip(values + moves, -largest, largest).astype(np.int16).reshape(weight.shape), scale


def _steps(errors: np.ndarray) -> np.ndarray:
    """(n,) int64: the whole steps that the sum of each row of (n, m) must go up, or down where negative."""
    import numpy as np

    return -np.rint(errors.sum(1) / _FINE).astype(np.int64)


def _moves(errors: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """(n, m) of -1, 0 and 1 with the sum `steps` (n,) in each row, at the entries whose errors are farthest to the other side."""
    import numpy as np

    up = np.sign(steps)[:, None]
    ranks = np.argsort(np.argsort(up * errors, axis=1, kind="stable"), axis=1, kind="stable")
    return up * (ranks < np.abs(steps)[:, None])


def _factor(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]], attributes: dict[str, object], kept: _Kept) -> str:
    """The name of the tensor that says how many times larger: unlike the size it stands for, it holds for pictures of any size."""
    before, after = (shapes.get(name, ())[2:] for name in (node.input[0], node.output[0]))  # the channels may be unknown
    how = (attributes.get("mode"), attributes.get("coordinate_transformation_mode"))
    if len(before) != 2 or len(after) != 2 or not all((*before, *after)) or how != (b"linear", b"half_pixel"):
        raise ConversionError(f"{node.name or node.output[0]} resizes in a way that is not known here.")
    factors = (1.0, 1.0, *(new / old for new, old in zip(after, before, strict=True)))
    if not all(math.log2(one).is_integer() for one in factors):
        raise ConversionError(f"{node.name or node.output[0]} does not resize by a power of two.")
    name = "x".join(f"{one:g}" for one in factors)
    kept.factors[name] = factors
    return name


def _graph(kept: _Kept, output: str, before: Sequence[int], after: Sequence[int]) -> np.ndarray:
    """(n,) uint8: the model in bytes, without the tensors of `kept.tensors`, with the sizes of its input and its output."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        kept.nodes,
        "network",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, before)],
        [helper.make_tensor_value_info(kept.names[output], TensorProto.FLOAT, after)],
        [numpy_helper.from_array(np.array(factors, np.float32), name) for name, factors in sorted(kept.factors.items())],
    )
    made = onnx.ModelProto(ir_version=_IR, graph=graph, opset_import=[helper.make_opsetid("", _OPSET)])
    return np.frombuffer(made.SerializeToString(deterministic=True), np.uint8)


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """The same tensors in the same order give the same bytes. The format: 8 bytes with the length of the header, that as JSON, the data."""
    kinds = {"uint8": "U8", "int8": "I8", "float32": "F32"}
    header: dict[str, object] = {"__metadata__": metadata}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        header[name] = {"dtype": kinds[tensor.dtype.name], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(tensor.tobytes())


def main(arguments: Sequence[str]) -> int:
    source, output, target = arguments
    try:
        convert(Path(source), output, Path(target))
    except ConversionError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

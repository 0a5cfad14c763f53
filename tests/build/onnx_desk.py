"""Makes small ONNX networks, reads and computes them, by ONNX's own library: run by the Python of the network environment.

python onnx_desk.py make SIDE KIND FILE      a network for pictures of SIDE x SIDE pixels
python onnx_desk.py compute FILE IN OUT      its first output for an input, by the reference implementation (.npy files)
python onnx_desk.py tensors FILE OUT         the tensors that it holds (.npz)
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

CHANNELS = 4


def make(side: int, kind: str) -> onnx.ModelProto:
    """Two scales and their sum, as in IS-Net: a convolution, a pool, a convolution, back to the first one's size, joined, two outputs.

    `half`: weights in 16 bits that pass through casts, as in the published file; `single`: in 32 bits, other names, another order of
    tensors; `unknown`: an operator that the conversion does not know; `odd`: a resize that takes its pixels from elsewhere.
    """
    half = kind != "single"
    random = np.random.default_rng(5)
    nodes, tensors = [], []

    def value(name: str) -> str:
        return name if half else f"of_{name}_0"

    def conv(name: str, source: str, count: int, inputs: int, stride: int = 1) -> str:
        weight, bias = weights(random, count, inputs), random.integers(-8, 9, count).astype(np.float32) / 16
        names = [f"{name}_weight" if half else f"w{len(tensors)}", f"{name}_bias" if half else f"b{len(tensors)}"]
        stored = [numpy_helper.from_array(one.astype(np.float16) if half else one, label) for one, label in zip((weight, bias), names, strict=True)]
        tensors.extend(stored)
        nodes.append(helper.make_node("Conv", [source, *names], [value(name)], kernel_shape=[3, 3], pads=[1] * 4, strides=[stride] * 2, name=name))
        return value(name)

    def step(kind: str, name: str, *sources: str, **attributes: object) -> str:
        nodes.append(helper.make_node(kind, list(sources), [value(name)], **attributes))
        return value(name)

    source = step("Cast", "cast_in", "input", to=TensorProto.FLOAT16) if half else "input"
    first = step("Relu", "first_relu", conv("first", source, CHANNELS, 3, stride=2))
    if kind == "unknown":
        first = step("Softplus", "soft", first)
    pooled = step("MaxPool", "pool", first, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    second = step("Relu", "second_relu", conv("second", pooled, CHANNELS, CHANNELS))
    if half:
        second = step("Cast", "up_cast", second, to=TensorProto.FLOAT)
    sizes = sizes_like(nodes, tensors, first, second)
    how = "asymmetric" if kind == "odd" else "half_pixel"
    second = step("Resize", "up", second, "", "", sizes, mode="linear", coordinate_transformation_mode=how)
    if half:
        second = step("Cast", "down_cast", second, to=TensorProto.FLOAT16)
    joined = step("Concat", "join", second, first, axis=1)
    third = step("Add", "sum", conv("third", joined, CHANNELS, 2 * CHANNELS), first)
    main = finish(step, conv("main", third, 1, CHANNELS), "output", half)
    beside = finish(step, conv("side", pooled, 1, CHANNELS), "beside", half)
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in (main, beside)]
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, side, side])
    graph = helper.make_graph(nodes, kind, [given], outputs, tensors if half else tensors[::-1])
    return onnx.shape_inference.infer_shapes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8))


def weights(random: np.random.Generator, count: int, inputs: int) -> np.ndarray:
    """(count, inputs, 3, 3) float32 that 12 bits hold without loss: whole numbers of which one is 2047, times a power of two a channel."""
    whole = random.integers(-2047, 2048, (count, inputs, 3, 3)).astype(np.float32)
    whole[:, 0, 0, 0] = 2047
    return whole * 2.0 ** -random.integers(11, 14, (count, 1, 1, 1)).astype(np.float32)


def sizes_like(nodes: list[onnx.NodeProto], tensors: list[onnx.TensorProto], like: str, source: str) -> str:
    """The size of `like` with the channels of `source`, computed in the graph as PyTorch's exporter writes it."""
    for name, number in (("start", 0), ("two", 2), ("end", 4)):
        tensors.append(numpy_helper.from_array(np.array([number], np.int64), name))
    for name, of, first, last in (("channels", source, "start", "two"), ("extent", like, "two", "end")):
        nodes.append(helper.make_node("Shape", [of], [f"{name}_shape"]))
        nodes.append(helper.make_node("Slice", [f"{name}_shape", first, last, "start"], [name]))
    nodes.append(helper.make_node("Concat", ["channels", "extent"], ["sizes"], axis=0))
    return "sizes"


def finish(step: Callable[..., str], source: str, name: str, half: bool) -> str:
    """A map of 0..1, in 32 bits."""
    return step("Cast", name, step("Sigmoid", f"{name}_half", source), to=TensorProto.FLOAT) if half else step("Sigmoid", name, source)


def main(task: str, *arguments: str) -> None:
    match task:
        case "make":
            onnx.save(make(int(arguments[0]), arguments[1]), arguments[2])
        case "compute":
            result = ReferenceEvaluator(onnx.load(arguments[0])).run(None, {"input": np.load(arguments[1])})
            np.save(arguments[2], np.asarray(result[0], np.float32))
        case "tensors":
            held = onnx.load(arguments[0]).graph.initializer
            np.savez(arguments[1], **{one.name: numpy_helper.to_array(one) for one in held})


if __name__ == "__main__":
    main(*sys.argv[1:])

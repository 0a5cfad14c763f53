"""From the network file's tensors to the ONNX model in memory that OpenCV reads: the graph as it is, the weights in 32 bits.

Only what this needs of protobuf's wire format is written (protobuf.dev/programming-guides/encoding; the field numbers are onnx.proto's):
a message that comes twice is merged by the reader, so the weights follow the graph as a second part of the same graph.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_MODEL_GRAPH, _GRAPH_TENSOR = 7, 5  # ModelProto.graph, GraphProto.initializer
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9  # of TensorProto
_FLOAT = 1  # TensorProto.DataType
_VARINT, _BYTES = 0, 2  # wire types
_GRAPH, _LOW, _SCALE = "graph", ".low", ".scale"
_LOW_BITS = (2, 4)  # of each weight, in the tensor of that name


def model_of(tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """(n,) uint8, the whole model; made in one piece, since it is as large as all weights. Raises KeyError, ValueError."""
    weights = {name: tensor for name, tensor in tensors.items() if name != _GRAPH and not name.endswith((_LOW, _SCALE))}
    heads = {name: _tensor_head(name, tensor) for name, tensor in weights.items()}
    length = sum(len(heads[name]) + 4 * tensor.size for name, tensor in weights.items())
    graph, second = tensors[_GRAPH], np.frombuffer(_tag(_MODEL_GRAPH, _BYTES) + _varint(length), np.uint8)
    model = np.empty(graph.size + second.size + length, np.uint8)
    place = _put(model, 0, graph, second)
    for name, tensor in weights.items():
        place = _put(model, place, np.frombuffer(heads[name], np.uint8))
        _expand(name, tensors, model[place : place + 4 * tensor.size].view("<f4").reshape(tensor.shape))
        place += 4 * tensor.size
    return model


def _expand(name: str, tensors: Mapping[str, np.ndarray], numbers: np.ndarray) -> None:
    """A tensor (o, ...) into `numbers` (o, ...) float32: as it is, or whole numbers times their scales (o,). Raises KeyError, ValueError."""
    tensor = tensors[name]
    if tensor.dtype == np.float32:
        numbers[...] = tensor
        return
    low, scale = tensors[name + _LOW], tensors[name + _SCALE]
    fitting = [bits for bits in _LOW_BITS if low.shape == (-(-tensor.size * bits // 8),)]
    if tensor.dtype != np.int8 or not tensor.ndim or low.dtype != np.uint8 or not fitting:
        raise ValueError(f"{name} is {tensor.dtype} {tensor.shape} with lower bits {low.dtype} {low.shape}")
    bits = fitting[0]
    parts = low[:, None] >> np.arange(0, 8, bits, dtype=np.uint8) & (1 << bits) - 1  # the first weight in the lowest bits of a byte
    np.multiply(tensor, 1 << bits, out=numbers, casting="unsafe", dtype=np.float32)
    numbers += parts.ravel()[: tensor.size].reshape(tensor.shape)
    numbers *= scale.reshape(len(tensor), *[1] * (tensor.ndim - 1))


def _put(model: np.ndarray, place: int, *parts: np.ndarray) -> int:
    for part in parts:
        model[place : place + part.size] = part
        place += part.size
    return place


def _tensor_head(name: str, tensor: np.ndarray) -> bytes:
    """A TensorProto, as the field of its graph, up to where its numbers begin."""
    length = 4 * tensor.size
    fields = b"".join(_tag(_DIMS, _VARINT) + _varint(size) for size in tensor.shape)
    fields += _tag(_DATA_TYPE, _VARINT) + _varint(_FLOAT)
    fields += _tag(_NAME, _BYTES) + _varint(len(name.encode())) + name.encode()
    fields += _tag(_RAW_DATA, _BYTES) + _varint(length)
    return _tag(_GRAPH_TENSOR, _BYTES) + _varint(len(fields) + length) + fields


def _tag(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the highest bit says that another follows."""
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])

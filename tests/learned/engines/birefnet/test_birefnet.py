"""BiRefNet's parts against plain transcriptions of their definitions, at random weights: slow sums, nothing clever.

The whole network was compared with the reference repository's own code as well, at random weights in float32. The keys and
shapes of Swin-T and Swin-L are the same. Largest differences: 5.5e-6 of the logits (matte 1.3e-6) at 256 x 320, where the
reference is 2.5e-5 away from its own float64; 1.03e-5 (matte 2.5e-6) with Swin-L at 1024 x 1024.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from img23d_backend.engines.birefnet.inference import load
from img23d_backend.engines.birefnet.networks.birefnet import BiRefNet, BiRefNetConfig, config_of, watched
from img23d_backend.engines.birefnet.networks.decoder import ASPPDeformable, Decoder, DecoderConfig
from img23d_backend.engines.birefnet.networks.deformable import DeformableConv2d, deformable_convolution
from img23d_backend.engines.birefnet.networks.swin import SwinBlock, SwinConfig
from img23d_protocol import ErrorCode, Img23DError

SMALL = BiRefNetConfig(backbone=SwinConfig(width=8, depths=(2, 1, 1, 2), heads=(1, 2, 2, 4), window=3), inner=6, parallel=5, reference=4)
Network = TypeVar("Network", bound=nn.Module)
SWIN_T = SwinConfig(width=96, depths=(2, 2, 6, 2), heads=(3, 6, 12, 24), window=7)


def _randomised(network: Network) -> Network:
    """Every number drawn, so that a part that is left out shows."""
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        spread = 1 / math.sqrt(parameter[0].numel()) if parameter.ndim > 1 else 0.5
        parameter.data.normal_(0, spread, generator=generator)
    for name, buffer in network.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5, generator=generator)
        elif name.endswith("running_mean"):
            buffer.normal_(0, 0.3, generator=generator)
    return network.eval().requires_grad_(False)


def _random(*shape: int, spread: float = 1.0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))) * spread


# --- deformable convolution -----------------------------------------------------------------------------------------


def _bilinear(plane: np.ndarray, y: float, x: float) -> np.ndarray:
    """(C,) of a picture (C, H, W) that is 0 outside."""
    _, height, width = plane.shape
    value = np.zeros(len(plane))
    for row, column in itertools.product((math.floor(y), math.floor(y) + 1), (math.floor(x), math.floor(x) + 1)):
        if 0 <= row < height and 0 <= column < width:
            value += (1 - abs(y - row)) * (1 - abs(x - column)) * plane[:, row, column]
    return value


def _naive_deformable(picture: Tensor, offset: Tensor, modulation: Tensor, weight: Tensor) -> Tensor:
    """Equation 1 of Deformable ConvNets v2, term by term in float64."""
    batch, _, height, width = picture.shape
    side = weight.shape[2]
    planes, offsets, shares, kernel = (part.double().numpy() for part in (picture, offset, modulation, weight))
    result = np.zeros((batch, len(kernel), height, width))
    for b, y, x, tap in itertools.product(range(batch), range(height), range(width), range(side * side)):
        down, right = tap // side - side // 2, tap % side - side // 2
        at = (y + down + offsets[b, 2 * tap, y, x], x + right + offsets[b, 2 * tap + 1, y, x])
        result[b, :, y, x] += kernel[:, :, tap // side, tap % side] @ _bilinear(planes[b], *at) * shares[b, tap, y, x]
    return torch.from_numpy(result)


@pytest.mark.parametrize(("side", "spread"), [(1, 2.0), (3, 0.0), (3, 1.5), (3, 20.0), (7, 4.0)])
@pytest.mark.parametrize("chunk_bytes", [1, 1 << 26])
def test_deformable_convolution_is_the_naive_sum(side: int, spread: float, chunk_bytes: int) -> None:
    """Also where the offsets (pixels) lead out of the picture, half over its border, or exactly onto pixels."""
    picture, weight = _random(2, 3, 6, 5), _random(4, 3, side, side, spread=1 / side)
    offset, modulation = _random(2, 2 * side**2, 6, 5, spread=spread), _random(2, side**2, 6, 5).sigmoid()
    ours = deformable_convolution(picture, offset, modulation, weight, chunk_bytes=chunk_bytes)
    assert (ours - _naive_deformable(picture, offset, modulation, weight)).abs().max() < 1e-5


def _plain_deformable(layer: DeformableConv2d, x: Tensor) -> Tensor:
    modulation = 2 * layer.modulator_conv(x).sigmoid()
    return _naive_deformable(x, layer.offset_conv(x), modulation, layer.regular_conv.weight).float()


def test_the_deformable_pyramid_is_its_definition() -> None:
    block = _randomised(ASPPDeformable(4, 3))
    x = _random(1, 4, 6, 5)
    branches = [branch.bn(_plain_deformable(branch.atrous_conv, x)).relu() for branch in (block.aspp1, *block.aspp_deforms)]
    mean = block.global_avg_pool(x)
    branches.append(functional.interpolate(mean, size=x.shape[2:], mode="bilinear", align_corners=True))
    plain = block.bn1(block.conv1(torch.cat(branches, dim=1))).relu()
    assert plain.max() > 0.1
    assert (block(x) - plain).abs().max() < 1e-5


# --- window attention -----------------------------------------------------------------------------------------------


def _plain_block(block: SwinBlock, x: Tensor) -> Tensor:
    """A Swin block on (H, W, C), written out token by token: who sees whom, and with which bias."""
    height, width, channels = x.shape
    side, heads = block.window, block.attn.heads
    rows, columns = (math.ceil(size / side) * side for size in (height, width))
    padded = torch.zeros(rows, columns, channels)
    padded[:height, :width] = block.norm1(x)
    query, key, value = block.attn.qkv(padded).reshape(rows, columns, 3, heads, -1).unbind(2)
    places = {at: _place(at, side, block.shift, rows, columns) for at in itertools.product(range(rows), range(columns))}
    attended = torch.zeros_like(x)
    for y, right in itertools.product(range(height), range(width)):
        seen = [at for at, place in places.items() if place == places[y, right]]
        bias = [(y - v + side - 1) * (2 * side - 1) + right - u + side - 1 for v, u in seen]
        for head in range(heads):
            logits = torch.stack([query[y, right, head] @ key[at][head] for at in seen]) / math.sqrt(channels / heads)
            shares = (logits + block.attn.relative_position_bias_table[bias, head]).softmax(0)
            own = slice(head * channels // heads, (head + 1) * channels // heads)
            attended[y, right, own] = sum(share * value[at][head] for share, at in zip(shares, seen, strict=True))
    x = x + block.attn.proj(attended)
    return x + block.mlp.fc2(functional.gelu(block.mlp.fc1(block.norm2(x))))


def _place(at: tuple[int, int], side: int, shift: int, rows: int, columns: int) -> tuple[int, ...]:
    """The window of a token after the roll, and in it the part of the picture that the token came from."""
    place = []
    for position, size in zip(at, (rows, columns), strict=True):
        rolled = (position - shift) % size
        place += [rolled // side, int(shift > 0 and rolled >= size - shift)]
    return tuple(place)


@pytest.mark.parametrize("shift", [0, 1, 2])
@pytest.mark.parametrize("size", [(8, 8), (7, 5), (3, 9)], ids=str)
def test_a_block_with_shift_and_padding_is_its_definition(shift: int, size: tuple[int, int]) -> None:
    block = _randomised(SwinBlock(width=6, heads=2, window=4, shift=shift))
    x = _random(*size, 6)
    assert (block(x[None])[0] - _plain_block(block, x)).abs().max() < 1e-5


# --- the decoder's end ----------------------------------------------------------------------------------------------


def test_the_last_convolution_before_the_resize_is_the_one_after_it() -> None:
    decoder = _randomised(Decoder(DecoderConfig(features=(32, 16, 16, 16), inner=4, parallel=4, reference=4)))
    picture, x = _random(2, 3, 32, 48), _random(2, 8, 8, 12)
    large = functional.interpolate(x, size=picture.shape[2:], mode="bilinear", align_corners=True)
    plain = decoder.conv_out1(torch.cat([large, decoder.ipt_blk1(picture)], dim=1))
    assert (decoder._out(picture, x) - plain).abs().max() < 1e-5


# --- the whole network ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [SMALL, BiRefNetConfig(), BiRefNetConfig(backbone=SWIN_T)], ids=["small", "L", "T"])
def test_the_shapes_tell_the_configuration(config: BiRefNetConfig) -> None:
    with torch.device("meta"):
        tensors = BiRefNet(config).state_dict()
    assert config_of(tensors) == config


@pytest.mark.parametrize(
    ("config", "dtype", "size"),
    [(BiRefNetConfig(), torch.float16, 444_473_596), (BiRefNetConfig(backbone=SWIN_T), torch.float32, 177_634_392)],
    ids=["L", "T"],
)
def test_our_checkpoint_would_be_as_large_as_the_published_one(config: BiRefNetConfig, dtype: torch.dtype, size: int) -> None:
    """To the byte, header included: that holds the name, the type and the shape of every tensor.

    The sizes are those of model.safetensors in ZhengPeng7/BiRefNet and ZhengPeng7/BiRefNet_lite.
    """
    with torch.device("meta"):
        tensors = BiRefNet(config).state_dict()
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for key, tensor in sorted(tensors.items(), key=lambda item: (item[1].is_floating_point(), item[0])):  # int64 first
        kind = dtype if tensor.is_floating_point() else tensor.dtype
        name = {torch.float16: "F16", torch.float32: "F32", torch.int64: "I64"}[kind]
        end = offset + tensor.numel() * kind.itemsize
        header[key] = {"dtype": name, "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    length = len(json.dumps(header, separators=(",", ":")))
    assert 8 + math.ceil(length / 8) * 8 + offset == size


def test_the_picture_decides_the_size_also_where_windows_do_not_fit() -> None:
    network = _randomised(BiRefNet(SMALL))
    picture = _random(1, 3, 64, 96)
    logit = network(picture)
    assert logit.shape == (1, 1, 64, 96)
    assert (network(picture.flip(3)) - logit).abs().max() > 1e-3


def test_watching_tells_the_share_that_is_done_and_leaves_nothing_behind() -> None:
    network, told = _randomised(BiRefNet(SMALL)), []
    with watched(network, told.append):
        network(_random(1, 3, 32, 32))
    assert told == sorted(told) and told[0] > 0 and told[-2] < told[-1] == 1
    network(_random(1, 3, 32, 32))
    assert len(told) == 2 * sum(SMALL.backbone.depths) + 5


def test_weights_of_something_else_do_not_fit(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    tensors = BiRefNet(SMALL).state_dict()
    del tensors["decoder.gdt_convs_pred_3.0.weight"]
    for content in (tensors, {"other": torch.zeros(1)}):
        save_file(content, tmp_path / "model.safetensors")
        with pytest.raises(Img23DError) as caught:
            load(tmp_path, torch.float32)
        assert caught.value.code == ErrorCode.WEIGHTS_UNFIT

"""The picture and its tokens against Pillow's crop and resize and against transformers' own network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import layer_norm
from trellis_checkpoints import SIDE, WIDTH, write_encoder

from img23d_backend.engines.trellis.networks.image_encoder import load_image_encoder
from img23d_backend.engines.trellis.shape.preprocess import picture_of
from img23d_protocol import ErrorCode, Img23DError

MEAN, DEVIATION = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))


@pytest.mark.parametrize("side", [518, 56])
def test_the_picture_is_what_pillow_makes(side: int) -> None:
    """TRELLIS's preprocessing by Pillow: crop around the middle of what is opaque, Lanczos, colour times opacity."""
    chance = np.random.default_rng(4)
    rgba = chance.integers(0, 256, (9, 12, 4)).astype(np.uint8).repeat(20, 0).repeat(20, 1)
    rgba[:30, :, 3], rgba[:, 200:, 3], rgba[60:120, 40:160, 3] = 0, 0, 255
    solid = rgba[:, :, 3] > 0.8 * 255
    rows, columns = np.nonzero(solid.any(axis=1))[0], np.nonzero(solid.any(axis=0))[0]
    x, y = (columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2
    half = int(1.2 * max(columns[-1] - columns[0], rows[-1] - rows[0])) // 2
    square = Image.fromarray(rgba).crop((x - half, y - half, x + half, y + half)).resize((side, side), Image.Resampling.LANCZOS)
    values = np.asarray(square).astype(np.float64) / 255
    expected = values[:, :, :3] * values[:, :, 3:]
    found = picture_of(rgba, side).transpose(1, 2, 0) * DEVIATION + MEAN
    off = np.abs(found - expected)
    assert off.max() < 0.02 and off.mean() < 0.002  # Pillow rounds twice to bytes


def test_tokens_are_those_before_the_last_norm(tmp_path: Path) -> None:
    network = write_encoder(tmp_path / "encoder")
    pictures = torch.randn((2, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        hidden = network(pixel_values=pictures, output_hidden_states=True).hidden_states[-1]
        found = load_image_encoder(tmp_path / "encoder")(pictures)
    assert found.shape == (2, 1 + 4 + (SIDE // 14) ** 2, WIDTH)
    assert (found - layer_norm(hidden, (WIDTH,))).abs().max() < 1e-5
    assert found.mean(-1).abs().max() < 1e-5


def test_at_its_usual_size_there_are_1374_tokens(tmp_path: Path) -> None:
    write_encoder(tmp_path / "encoder", side=518)
    encoder = load_image_encoder(tmp_path / "encoder")
    assert encoder.side == 518 and encoder(torch.zeros((1, 3, 518, 518))).shape == (1, 1374, WIDTH)


def _change(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"hidden_size": 64}, ErrorCode.WEIGHTS_UNFIT),
        ({"num_hidden_layers": 3}, ErrorCode.WEIGHTS_UNFIT),
        ({"image_size": [56, 56]}, ErrorCode.WEIGHTS_UNFIT),
        ({"model_type": "dinov2"}, ErrorCode.WEIGHTS_UNFIT),
    ],
    ids=["another width", "a layer too many", "two sides", "without registers"],
)
def test_another_encoder_does_not_fit(tmp_path: Path, values: dict[str, object], code: ErrorCode) -> None:
    write_encoder(tmp_path / "encoder")
    _change(tmp_path / "encoder", **values)
    with pytest.raises(Img23DError) as caught:
        load_image_encoder(tmp_path / "encoder")
    assert caught.value.code is code


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("content", [b"", b"{]"], ids=["empty", "no file of its kind"])
def test_a_damaged_encoder_is_said_to_be_one(tmp_path: Path, name: str, content: bytes) -> None:
    write_encoder(tmp_path / "encoder")
    (tmp_path / "encoder" / name).write_bytes(content)
    with pytest.raises(Img23DError) as caught:
        load_image_encoder(tmp_path / "encoder")
    assert caught.value.code is ErrorCode.WEIGHTS_DAMAGED

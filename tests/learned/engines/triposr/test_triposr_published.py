"""TripoSR's published file at full size, without numbers: names, shapes and types through the real loader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from published.lists import files_of
from torch import Tensor

from img23d_backend.engines.triposr.networks.reconstruction import TripoSR, load
from img23d_protocol import ErrorCode, Img23DError

(FILE,) = files_of("triposr")
CONFIG = FILE.config["triposr"]
POOLER = "image_tokenizer.model.pooler."


def empty() -> dict[str, Tensor]:
    """One number a tensor, as often as it takes: a file of them is small."""
    return {name: torch.zeros(1).expand(tensor.shape) for name, tensor in FILE.tensors.items()}


def write(folder: Path, tensors: dict[str, Any] | None = None, *, is_zip: bool = False, **changed: object) -> Path:
    """In torch's older form, as the published file is, or as a zip archive."""
    content = empty() if tensors is None else tensors
    torch.save(content, folder / "model.ckpt", _use_new_zipfile_serialization=is_zip)
    (folder / "config.yaml").write_text(yaml.safe_dump(dict(CONFIG) | changed), encoding="utf-8")
    return folder


@pytest.mark.parametrize("is_zip", [False, True], ids=["older form", "zip"])
def test_the_published_file_fits_through_the_loader(tmp_path: Path, is_zip: bool) -> None:
    network = load(write(tmp_path, is_zip=is_zip))
    own = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert own == {name: tensor.shape for name, tensor in FILE.tensors.items() if not name.startswith(POOLER)}
    assert {tensor.dtype for tensor in network.state_dict().values()} == {torch.float32}
    assert not network.training and isinstance(network, TripoSR)


def test_the_list_has_as_many_numbers_as_the_published_file_has_room_for() -> None:
    """The rest is names and addresses: 215 to 320 bytes a tensor in the older form."""
    assert len(FILE.tensors) == 549 and FILE.data_bytes == 1_677_102_512
    assert 215 < (FILE.bytes - FILE.data_bytes) / len(FILE.tensors) < 320


def test_what_is_told_of_the_sizes(tmp_path: Path) -> None:
    network = load(write(tmp_path))
    encoder = network.image_tokenizer.model.config
    assert (encoder.layers, encoder.hidden, encoder.intermediate, encoder.patch, encoder.grid) == (12, 768, 3072, 16, 14)
    assert network.config.picture_side == 512
    assert (network.config.decoder.radius, network.config.decoder.density_bias) == (0.87, -1.0)


def _without(name: str) -> dict[str, Tensor]:
    return {key: tensor for key, tensor in empty().items() if key != name}


UNFIT: dict[str, Callable[[], dict[str, Any]]] = {
    "a tensor too few": lambda: _without("backbone.transformer_blocks.7.attn2.to_k.weight"),
    "a tensor too many": lambda: empty() | {"backbone.transformer_blocks.16.norm1.weight": torch.zeros(1024)},
    "another shape": lambda: empty() | {"decoder.layers.0.weight": torch.zeros(64, 121)},
    "no positions": lambda: _without("image_tokenizer.model.embeddings.position_embeddings"),
    "no encoder": lambda: {key: tensor for key, tensor in empty().items() if not key.startswith("image_tokenizer")},
    "nothing": dict,
    "text in place of a tensor": lambda: empty() | {"decoder.layers.0.weight": "text"},
}


@pytest.mark.parametrize("make", UNFIT.values(), ids=UNFIT)
def test_a_file_of_another_network_does_not_fit(tmp_path: Path, make: Callable[[], dict[str, Any]]) -> None:
    with pytest.raises(Img23DError) as caught:
        load(write(tmp_path, make()))
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT


SETTINGS: dict[str, dict[str, object]] = {
    "another transformer": {"backbone_cls": "tsr.models.transformer.TwoStream"},
    "another activation": {"decoder": dict(CONFIG["decoder"]) | {"activation": "relu"}},
    "another reduction": {"renderer": dict(CONFIG["renderer"]) | {"feature_reduction": "mean"}},
    "other channels": {"backbone": dict(CONFIG["backbone"]) | {"in_channels": 512}},
    "a size too few": {"tokenizer": {"plane_size": 32}},
    "no number": {"cond_image_size": "large"},
}


@pytest.mark.parametrize("changed", SETTINGS.values(), ids=SETTINGS)
def test_settings_of_another_network_do_not_fit(tmp_path: Path, changed: dict[str, object]) -> None:
    with pytest.raises(Img23DError) as caught:
        load(write(tmp_path, **changed))
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT


@pytest.mark.parametrize("content", [b"- a\n", b"5", b""], ids=["a list", "a number", "empty"])
def test_settings_that_are_no_table(tmp_path: Path, content: bytes) -> None:
    (write(tmp_path) / "config.yaml").write_bytes(content)
    with pytest.raises(Img23DError) as caught:
        load(tmp_path)
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe\xfd"], ids=["cut off", "no text"])
def test_settings_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    (write(tmp_path) / "config.yaml").write_bytes(content)
    with pytest.raises(Img23DError) as caught:
        load(tmp_path)
    assert caught.value.code is ErrorCode.WEIGHTS_DAMAGED


@pytest.mark.parametrize("name", ["config.yaml", "model.ckpt"])
def test_a_file_that_is_missing(tmp_path: Path, name: str) -> None:
    (write(tmp_path) / name).unlink()
    with pytest.raises(Img23DError) as caught:
        load(tmp_path)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING


class _Runs:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return (Path.touch, (Path("was_run"),))  # what a pickle could do


@pytest.mark.parametrize("is_zip", [False, True], ids=["older form", "zip"])
def test_code_in_a_file_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_zip: bool) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a": _Runs()}, is_zip=is_zip)
    with pytest.raises(Img23DError) as caught:
        load(tmp_path)
    assert caught.value.code is ErrorCode.WEIGHTS_DAMAGED and not Path("was_run").exists()


@pytest.mark.parametrize("cut", [0, 10, 60_000])
def test_a_file_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path) / "model.ckpt"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(Img23DError) as caught:
        load(tmp_path)
    assert caught.value.code is ErrorCode.WEIGHTS_DAMAGED

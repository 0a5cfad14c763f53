"""The five published files at full size, without numbers: names, shapes, types and bytes, and through the real loader."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from published.lists import PublishedFile, files_of
from safetensors.torch import load_file, save_file

from img23d_backend.engines.trellis.config.published import config_of
from img23d_backend.engines.trellis.networks.image_encoder import load_image_encoder
from img23d_backend.engines.trellis.networks.slat_decoders import SLatGaussianDecoder, SLatMeshDecoder
from img23d_backend.engines.trellis.networks.slat_flow import SLatFlowModel
from img23d_backend.engines.trellis.networks.structure_decoder import SparseStructureDecoder
from img23d_backend.engines.trellis.networks.structure_flow import SparseStructureFlowModel
from img23d_backend.engines.trellis.shape.loaders import TrellisParts
from img23d_protocol import ErrorCode, Img23DError

CLASSES = (SparseStructureFlowModel, SLatFlowModel, SparseStructureDecoder, SLatGaussianDecoder, SLatMeshDecoder)
FILES = files_of("trellis-image-large")
# What the model's page tells of each file: parameters, keys, bytes
TOLD = {
    "ss_flow_img_dit_L_16l8_fp16": (555_543_560, 489, 1_130_770_840),
    "slat_flow_img_dit_L_64l8p2_fp16": (600_432_520, 526, 1_203_755_136),
    "ss_dec_conv3d_16l8_fp16": (73_671_201, 74, 147_591_972),
    "slat_dec_gs_swin8_B_64l8gs32_fp16": (85_369_024, 101, 171_450_952),
    "slat_dec_mesh_swin8_B_64l8m256c_fp16": (90_926_693, 120, 181_903_412),
}
TYPES = {torch.float16: "F16", torch.float32: "F32"}
LOADERS: dict[str, Callable] = {
    "ss_flow_img_dit_L_16l8_fp16": TrellisParts.structure_flow,
    "slat_flow_img_dit_L_64l8p2_fp16": TrellisParts.slat_flow,
    "ss_dec_conv3d_16l8_fp16": TrellisParts.structure_decoder,
    "slat_dec_gs_swin8_B_64l8gs32_fp16": TrellisParts.gaussian_decoder,
    "slat_dec_mesh_swin8_B_64l8m256c_fp16": TrellisParts.mesh_decoder,
}
HALF = torch.float16


def name_of(file: PublishedFile) -> str:
    return Path(file.path).stem


def built(file: PublishedFile) -> torch.nn.Module:
    (config,) = file.config.values()
    (make,) = (one for one in CLASSES if config["name"].removeprefix("Elastic") == one.__name__)
    with torch.device("meta"):
        network = make(config_of(config["name"], config["args"]))
    network.set_torso_dtype(HALF)
    return network


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_the_network_has_the_published_keys_and_bytes(file: PublishedFile) -> None:
    network = built(file)
    own = {key: (TYPES[tensor.dtype], tuple(tensor.shape)) for key, tensor in network.state_dict().items()}
    assert own == {key: (tensor.dtype, tensor.shape) for key, tensor in file.tensors.items()}
    data = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    parameters = sum(parameter.numel() for parameter in network.parameters())
    assert (parameters, len(own), data + len(file.head())) == TOLD[name_of(file)]


def write_empty(folder: Path, file: PublishedFile) -> Path:
    """Without its numbers; its settings beside it."""
    path = folder / file.path
    file.write_hollow(path)
    (config,) = file.config.values()
    path.with_suffix(".json").write_text(json.dumps(config), encoding="utf-8")
    return path


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_published_file_fits_through_the_loader(hollow_folder: Path, file: PublishedFile) -> None:
    write_empty(hollow_folder, file)
    network = LOADERS[name_of(file)](TrellisParts(folder=hollow_folder), HALF)
    assert network.torso_dtype is HALF and not network.training
    assert sum(tensor.numel() for tensor in network.state_dict().values()) * 2 <= file.data_bytes
    assert {tensor.device.type for tensor in network.state_dict().values()} == {"cpu"}


def test_the_published_image_encoder_fits(hollow_folder: Path) -> None:
    """Its file has the names that transformers had when it was written."""
    (file,) = files_of("dinov2-with-registers-large")
    path = write_empty(hollow_folder, file)
    (config,) = file.config.values()
    path.with_name("config.json").write_text(json.dumps({"model_type": "dinov2_with_registers", **config}), encoding="utf-8")
    encoder = load_image_encoder(hollow_folder)
    kept = encoder.state_dict()
    left_out = 2 * 1024  # the last norm's gain and shift, which the flows do not know
    assert sum(tensor.numel() for tensor in kept.values()) == file.data_bytes // 4 - left_out == 304_370_688
    assert encoder.side == 518


DECODER = next(file for file in FILES if name_of(file) == "ss_dec_conv3d_16l8_fp16")


def test_in_single_precision_all_of_it_is(hollow_folder: Path) -> None:
    write_empty(hollow_folder, DECODER)
    network = TrellisParts(folder=hollow_folder).structure_decoder(torch.float32)
    assert {tensor.dtype for tensor in network.state_dict().values()} == {torch.float32}


def _changed(folder: Path, change: Callable[[dict], object]) -> TrellisParts:
    path = write_empty(folder, DECODER).with_suffix(".json")
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    return TrellisParts(folder=folder)


CHANGES = {
    "another class": lambda content: content.update(name="SparseStructureEncoder"),
    "another network's": lambda content: content.update(FILES[0].config["ss_flow"]),
    "another norm": lambda content: content["args"].update(norm_type="group"),
    "a width too many": lambda content: content["args"].update(channels=[512, 128, 64, 32]),
    "no widths": lambda content: content["args"].pop("channels"),
    "no arguments": lambda content: content.pop("args"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_settings_of_another_network_do_not_fit(hollow_folder: Path, change: Callable[[dict], object]) -> None:
    with pytest.raises(Img23DError) as caught:
        _changed(hollow_folder, change).structure_decoder(HALF)
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b""], ids=["cut off", "no text", "empty"])
def test_settings_that_cannot_be_read(hollow_folder: Path, content: bytes) -> None:
    write_empty(hollow_folder, DECODER).with_suffix(".json").write_bytes(content)
    with pytest.raises(Img23DError) as caught:
        TrellisParts(folder=hollow_folder).structure_decoder(HALF)
    assert caught.value.code is ErrorCode.WEIGHTS_DAMAGED


def test_settings_that_are_missing(hollow_folder: Path) -> None:
    write_empty(hollow_folder, DECODER).with_suffix(".json").unlink()
    with pytest.raises(Img23DError) as caught:
        TrellisParts(folder=hollow_folder).structure_decoder(HALF)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING


def test_a_file_with_another_tensor_does_not_fit(tmp_path: Path) -> None:
    path = write_empty(tmp_path, DECODER)
    tensors = load_file(path)
    save_file(tensors | {"out_layer.3.weight": torch.zeros(2)}, path)
    with pytest.raises(Img23DError) as caught:
        TrellisParts(folder=tmp_path).structure_decoder(HALF)
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT

"""The published files at full size through the real loaders: every tensor in a file is used, and none is asked for besides.

The files here have the published names, shapes and types (`published.lists`) and no numbers: what was never written of a
file takes no room on the disk, and what is mapped and never read takes none in memory.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from published.lists import PublishedFile, files_of
from tiny.shape import published_config
from torch import nn

from img23d_backend.engines.birefnet.inference import load as load_birefnet
from img23d_backend.engines.depth_anything.depth import load as load_depth
from img23d_backend.engines.hunyuan3d.paint.loaders import PaintParts
from img23d_backend.engines.hunyuan3d.shape.loaders import ShapeParts
from img23d_backend.engines.llmdet.model import read_network as read_llmdet
from img23d_protocol import ErrorCode, Img23DError

HALF = torch.float16
MODELS = ("hunyuan3d-2mini", "hunyuan3d-2", "hunyuan3d-2mv")
SHAPES = [f"{model}-{speed}" for model in MODELS for speed in ("standard", "turbo")]
VAES = [f"{model}-vae{kind}" for model in MODELS[:2] for kind in ("", "-turbo")]
PAINTERS = ["hunyuan3d-paint", "hunyuan3d-paint-turbo"]
GROUNDERS = ["qwen3-vl-2b", "qwen3-vl-4b", "qwen3-vl-8b"]


def write_shape(folder: Path, row: str) -> ShapeParts:
    (file,) = files_of(row)
    dit = next(config for name, config in file.config.items() if name.startswith("dit"))
    content = published_config(
        dit=dit | file.config.get("guidance", {}),
        vae=file.config["vae"],
        dino=file.config["dinov2_giant"],
        picture=512,
        views=4 if "2mv" in row else 1,
    )
    file.write_hollow(folder / "model.fp16.safetensors")
    (folder / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return ShapeParts(folder=folder)


def write_diffusers(folder: Path, row: str) -> None:
    """The painters' and the delight model's networks, each with its configuration."""
    for file in files_of(row):
        place = folder / Path(*Path(file.path).parts[1:])
        (config,) = file.config.values()
        file.write_hollow(place.with_suffix(".safetensors"))  # for one of them the published form is a pickle
        (place.parent / "config.json").write_text(json.dumps(dict(config)), encoding="utf-8")


def numbers(network: nn.Module) -> int:
    """Of what a checkpoint has to hold."""
    return sum(tensor.numel() for tensor in network.state_dict().values())


def published_numbers(file: PublishedFile, prefix: str = "") -> int:
    return sum(torch.Size(tensor.shape).numel() for tensor in file.under(prefix).values())


@pytest.mark.parametrize("row", SHAPES)
def test_a_shape_models_file_fits_the_three_networks(hollow_folder: Path, row: str) -> None:
    parts = write_shape(hollow_folder, row)
    (file,) = files_of(row)
    made = {"conditioner.": parts.conditioner(HALF), "model.": parts.dit(HALF), "vae.": parts.vae(HALF)}
    assert {prefix: numbers(network) for prefix, network in made.items()} == {prefix: published_numbers(file, prefix) for prefix in made}
    assert sum(len(file.under(prefix)) for prefix in made) == len(file.tensors)


@pytest.mark.parametrize("model", MODELS)
def test_the_fast_models_hold_what_the_turbo_models_hold(model: str) -> None:
    (fast,), (turbo,) = files_of(f"{model}-fast"), files_of(f"{model}-turbo")
    assert fast.tensors == turbo.tensors and fast.config == turbo.config


@pytest.mark.parametrize("row", VAES)
def test_a_decoder_by_itself_fits(hollow_folder: Path, row: str) -> None:
    (file,) = files_of(row)
    file.write_hollow(hollow_folder / "model.fp16.safetensors")
    (config,) = file.config.values()
    content = {"target": "hy3dgen.shapegen.models.ShapeVAE", "params": dict(config)}
    (hollow_folder / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert numbers(ShapeParts(folder=hollow_folder, vae_folder=hollow_folder).vae(HALF)) == published_numbers(file)


@pytest.mark.parametrize("row", PAINTERS)
def test_a_painters_files_fit_its_networks(hollow_folder: Path, row: str, caplog: pytest.LogCaptureFixture) -> None:
    write_diffusers(hollow_folder, row)
    unet, vae = files_of(row)
    parts = PaintParts(paint=hollow_folder)
    with caplog.at_level(logging.INFO):
        generating, reading = parts.multiview_unet(HALF), parts.reference_unet(HALF)
        assert numbers(parts.paint_vae(HALF if vae.path.endswith("safetensors") else torch.float32)) == published_numbers(vae)
    prompt = 77 * 1024  # the reading half's, which the file keeps with the other half
    assert numbers(generating) == published_numbers(unet, "unet.")
    assert numbers(reading) == published_numbers(unet, "unet_dual.") + prompt
    assert not [message for message in caplog.messages if "unread" in message]


def test_the_delight_models_files_fit_its_networks(hollow_folder: Path) -> None:
    write_diffusers(hollow_folder, "hunyuan3d-delight")
    unet, vae, text = files_of("hunyuan3d-delight")
    parts = PaintParts(paint=hollow_folder, delight=hollow_folder)
    assert numbers(parts.delight_unet(HALF)) == published_numbers(unet)
    assert numbers(parts.delight_vae(HALF)) == published_numbers(vae)
    assert text.tensors.keys() == {f"text_model.{name}" for name in _clip(text).state_dict()}


def _clip(file: PublishedFile) -> nn.Module:
    from transformers import CLIPTextConfig, CLIPTextModel

    with torch.device("meta"):
        return CLIPTextModel(CLIPTextConfig(**file.config["clip_h_text"]))


@pytest.mark.parametrize("row", ["birefnet-general", "birefnet-lite", "birefnet-hr"])
def test_birefnets_files_fit(hollow_folder: Path, row: str) -> None:
    (file,) = files_of(row)
    file.write_hollow(hollow_folder / "model.safetensors")
    dtype = torch.float32 if row == "birefnet-lite" else HALF
    assert numbers(load_birefnet(hollow_folder, dtype)) == published_numbers(file)


def test_the_depth_models_file_fits(hollow_folder: Path) -> None:
    (file,) = files_of("depth-anything-v2-metric-small")
    file.write_hollow(hollow_folder / "model.safetensors")
    (hollow_folder / "config.json").write_text(json.dumps(file.config["small"]), encoding="utf-8")
    assert numbers(load_depth(hollow_folder)) == published_numbers(file)


@pytest.mark.parametrize("row", GROUNDERS)
def test_the_grounders_files_hold_what_the_network_asks_for(row: str) -> None:
    """Without memory: reading would fill it with 4 to 17 GB. A head that is the embedding again is in no file."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    (file,) = files_of(row)
    (config,) = file.config.values()
    with torch.device("meta"):
        network = Qwen3VLForConditionalGeneration(Qwen3VLConfig(**config))
    asked = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    if config["tie_word_embeddings"]:
        assert asked.pop("lm_head.weight") == asked["model.language_model.embed_tokens.weight"]
    assert asked == {name: tensor.shape for name, tensor in file.tensors.items()}


HEADS = {
    "as transformers 4.57 writes them": lambda name: name,
    "beside the network": lambda name: name.removeprefix("model.decoder.") if name.startswith(("model.decoder.bbox", "model.decoder.class")) else name,
    "in the decoder": lambda name: f"model.decoder.{name}" if name.startswith(("bbox_embed", "class_embed")) else name,
}


@pytest.mark.parametrize("renamed", HEADS.values(), ids=HEADS.keys())
def test_the_light_grounders_file_fits(hollow_folder: Path, renamed: Callable[[str], str]) -> None:
    """Under each of the names that the decoder's heads can have. Its index buffers are computed, the backbone's last norm is not used."""
    (file,) = files_of("llmdet-tiny")
    file = replace(file, tensors={renamed(name): tensor for name, tensor in file.tensors.items()})
    file.write_hollow(hollow_folder / "model.safetensors")
    (hollow_folder / "config.json").write_text(json.dumps(file.config["tiny"]), encoding="utf-8")
    asked = {id(tensor): tensor.numel() for name, tensor in read_llmdet(hollow_folder).state_dict(keep_vars=True).items() if "swin.layernorm" not in name}
    assert sum(asked.values()) == sum(torch.Size(tensor.shape).numel() for tensor in file.tensors.values() if tensor.dtype == "F32")
    kinds = Counter(tensor.dtype for tensor in file.tensors.values())
    assert kinds == {"F32": 1015, "I64": 12}  # as a public project counts them in the published file


# --- what does not fit ------------------------------------------------------------------------------------------------

Change = Callable[[dict[str, torch.Tensor]], object]


def _changed(folder: Path, change: Change) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "model.fp16.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def _replaced(name: str, make: Callable[[torch.Tensor], torch.Tensor]) -> Change:
    return lambda tensors: tensors.update({name: make(tensors[name])})


_LAYER = "conditioner.main_image_encoder.model.encoder.layer.0."
CHANGES: Mapping[str, Change] = {
    "a key too few": lambda tensors: tensors.pop(_LAYER + "attention.attention.query.bias"),
    "a key too many": lambda tensors: tensors.update({_LAYER + "mlp.weights_inside.bias": torch.zeros(2)}),
    "another shape": _replaced(_LAYER + "mlp.weights_in.weight", lambda tensor: tensor[:-2].clone()),
    "an odd number of rows": _replaced(_LAYER + "mlp.weights_in.bias", lambda tensor: tensor[:-1].clone()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_whole_file_with_other_names_or_shapes_does_not_fit(tmp_path: Path, change: Change) -> None:
    """Strict also where names are mapped, and said otherwise than damage is, which a download mends."""
    from shape_checkpoints import config, write

    write(tmp_path, config())
    ShapeParts(folder=tmp_path).conditioner(torch.float32)
    _changed(tmp_path, change)
    with pytest.raises(Img23DError) as caught:
        ShapeParts(folder=tmp_path).conditioner(torch.float32)
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT
    assert "Verify" not in caught.value.sentence and "download" not in caught.value.sentence.lower()

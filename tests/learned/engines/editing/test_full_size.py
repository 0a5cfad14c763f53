"""The editors' networks at full size, without memory: as many numbers as the published files have bytes for, and the memory that is told beforehand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKLFlux2, AutoencoderKLQwenImage, Flux2Transformer2DModel, QwenImageTransformer2DModel
from published.lists import files_of
from torch import nn
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen3Config, Qwen3Model

from img23d_backend.engines.flux2_klein.loading import TEXT_LAYERS, KleinParts
from img23d_backend.engines.qwen_image_edit.loading import QwenParts
from img23d_backend.models.lean_linear import lean
from img23d_backend.models.loading import build
from img23d_backend.weights.registry import weight_set
from img23d_protocol.messages import Settings
from img23d_protocol.options.edit import KLEIN, QWEN_2511

# transformer/config.json, vae/config.json and text_encoder/config.json of black-forest-labs/FLUX.2-klein-4B, as far as they differ from the classes'
KLEIN_TRANSFORMER = {"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24, "joint_attention_dim": 7680, "guidance_embeds": False}
QWEN3_4B = {
    "hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
    "vocab_size": 151936, "tie_word_embeddings": True,
}  # fmt: skip
# text_encoder/config.json of Qwen/Qwen-Image-Edit-2511, which is Qwen2.5-VL-7B-Instruct's
QWEN25_VL = {
    "text_config": {
        "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
        "vocab_size": 152064, "tie_word_embeddings": False,
    },
    "vision_config": {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 3584},
    "tie_word_embeddings": False,
}  # fmt: skip
# Bytes of the published files, and the most that their heads can take
KLEIN_BYTES, KLEIN_VAE_BYTES, QWEN3_BYTES = 7_751_109_744, 168_120_878, 8_044_981_992
QWEN_BYTES, QWEN25_VL_BYTES, QWEN_VAE_BYTES = 40_861_028_288, 16_584_414_544, 253_806_966
HEAD = 400_000


def numbers(network: nn.Module) -> int:
    return sum(one.numel() for one in network.state_dict().values())


def is_of(network: nn.Module, file_bytes: int) -> bool:
    return 0 < file_bytes - 2 * numbers(network) < HEAD


@pytest.fixture(scope="module")
def klein() -> nn.Module:
    with init_empty_weights():
        return Flux2Transformer2DModel(**KLEIN_TRANSFORMER)


@pytest.fixture(scope="module")
def qwen() -> nn.Module:
    with init_empty_weights():
        return QwenImageTransformer2DModel(zero_cond_t=True)


def test_the_networks_have_the_published_numbers(klein: nn.Module, qwen: nn.Module) -> None:
    with init_empty_weights():
        encoder = Qwen3Model(Qwen3Config(**QWEN3_4B))
        vision = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(**QWEN25_VL))
        klein_vae, qwen_vae = AutoencoderKLFlux2(), AutoencoderKLQwenImage()
    assert is_of(klein, KLEIN_BYTES) and is_of(encoder, QWEN3_BYTES)
    assert is_of(qwen, QWEN_BYTES) and is_of(vision, QWEN25_VL_BYTES)
    assert is_of(klein_vae, KLEIN_VAE_BYTES) and is_of(qwen_vae, QWEN_VAE_BYTES)


def test_of_the_text_encoder_only_the_layers_that_are_looked_at_are_built() -> None:
    with init_empty_weights():
        shorter = Qwen3Model(Qwen3Config(**{**QWEN3_4B, "num_hidden_layers": max(TEXT_LAYERS) + 1}))
    assert 6.4e9 < 2 * numbers(shorter) < 6.5e9


@pytest.mark.parametrize(("set_id", "name", "file_bytes"), [(KLEIN, "klein", KLEIN_BYTES), (QWEN_2511, "qwen", QWEN_BYTES)])
def test_what_is_told_beforehand_is_what_the_largest_network_takes(request: pytest.FixtureRequest, set_id: str, name: str, file_bytes: int) -> None:
    """In 16 bits, in 8, and with little memory: the weights, and what is computed with beside them."""
    network = request.getfixturevalue(name)
    tensors = {key: torch.empty(one.shape, dtype=torch.bfloat16, device="meta") for key, one in network.state_dict().items()}
    make, lean_tensors = lean(lambda: network, tensors, eight_bits=True)
    eight = sum(one.numel() * one.element_size() for one in lean_tensors.values())
    assert 0.49 < eight / file_bytes < 0.53
    for weights, changes in ((file_bytes, {}), (eight, {"edit_eight_bits": True})):
        settings = Settings.of(edit=True, edit_model=set_id, **changes)
        told = settings.edit.needed_bytes(settings, {})["edit"]
        assert 0.5e9 < told - weights < 3e9
    assert weight_set(set_id).memory_bytes == file_bytes


def test_in_eight_bits_the_network_is_not_built_with_numbers_first() -> None:
    """Klein's would be 16 GB of random ones, Qwen-Image-Edit's 82."""
    seen = []

    def make() -> nn.Module:
        network = nn.Sequential(nn.Linear(256, 256), nn.LayerNorm(256))
        seen.append({one.device.type for one in network.parameters()})
        return network

    weight = torch.randn(256, 256)
    made, tensors = lean(make, {"0.weight": weight, "0.bias": torch.zeros(256), "1.weight": torch.ones(256), "1.bias": torch.zeros(256)}, eight_bits=True)
    network = build(made, tensors, None)
    assert seen == [{"meta"}, {"meta"}] and network[0].weight.dtype == torch.int8
    assert torch.allclose(network[0].weight * network[0].scale, weight, atol=float(weight.abs().max()) / 250)


def test_the_registry_tells_what_is_fetched() -> None:
    """Of klein every file is known to the byte; the small ones of Qwen-Image-Edit are not."""
    small = 446 + 486 + 1_536 + 32_855 + 11_422_654 + 5_404 + 541 + 821
    assert weight_set(KLEIN).size_bytes == KLEIN_BYTES + KLEIN_VAE_BYTES + 4_967_215_360 + 3_077_766_632 + small
    large = QWEN_BYTES + QWEN25_VL_BYTES + QWEN_VAE_BYTES + 11_421_896
    assert 0 < weight_set(QWEN_2511).size_bytes - large < 1_000_000


PARTS = 5


def write_empty(folder: Path, row: str) -> None:
    """Files with the published names and shapes and no numbers, which take no room; what is published in parts is in parts here."""
    for file in files_of(row):
        path = folder / file.path.replace("*", "")
        path.parent.mkdir(parents=True, exist_ok=True)
        (config,) = file.config.values()
        (path.parent / "config.json").write_text(json.dumps(dict(config)), encoding="utf-8")
        if "*" not in file.path:
            file.write_hollow(path)
            continue
        names = {name: f"{path.stem}-0000{1 + number % PARTS}-of-0000{PARTS}.safetensors" for number, name in enumerate(sorted(file.tensors))}
        for part in set(names.values()):
            replace(file, tensors={name: file.tensors[name] for name in names if names[name] == part}).write_hollow(path.parent / part)
        path.with_name(f"{path.name}.index.json").write_text(json.dumps({"weight_map": names}), encoding="utf-8")


def test_kleins_files_are_read_by_the_real_loaders(hollow_folder: Path) -> None:
    write_empty(hollow_folder, KLEIN)
    parts = KleinParts(folder=hollow_folder)
    transformer, vae, encoder = (read(torch.bfloat16) for read in (parts.transformer, parts.vae, parts.text_encoder))
    assert is_of(transformer, KLEIN_BYTES) and is_of(vae, KLEIN_VAE_BYTES) and len(encoder.layers) == max(TEXT_LAYERS) + 1


def test_qwens_files_are_read_by_the_real_loaders(hollow_folder: Path) -> None:
    """The language model's names are those of transformers 4, and its head is not asked for."""
    lightning = f"{QWEN_2511}-lightning-4"
    write_empty(hollow_folder, QWEN_2511)
    write_empty(hollow_folder, lightning)
    parts = QwenParts(folder=hollow_folder, lightning=hollow_folder / weight_set(lightning).files[0])
    transformer, encoder = parts.transformer(torch.bfloat16), parts.text_encoder(torch.bfloat16)
    additions = 2 * 720  # a pair for each of 12 layers of 60 blocks
    assert len(transformer.state_dict()) == 1933 + additions
    assert 0 < QWEN25_VL_BYTES - 2 * numbers(encoder) - 2 * 152064 * 3584 < HEAD

"""The editors' networks at full size, without memory: as many numbers as the published files have bytes for, and the memory that is told beforehand."""

from __future__ import annotations

import pytest
import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKLFlux2, AutoencoderKLQwenImage, Flux2Transformer2DModel, QwenImageTransformer2DModel
from torch import nn
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen3Config, Qwen3Model

from img23d_backend.engines.flux2_klein.loading import TEXT_LAYERS
from img23d_backend.models.lean_linear import lean
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


def test_the_registry_tells_what_is_fetched() -> None:
    """Of klein every file is known to the byte; the small ones of Qwen-Image-Edit are not."""
    small = 446 + 486 + 1_536 + 32_855 + 11_422_654 + 5_404 + 541 + 821
    assert weight_set(KLEIN).size_bytes == KLEIN_BYTES + KLEIN_VAE_BYTES + 4_967_215_360 + 3_077_766_632 + small
    large = QWEN_BYTES + QWEN25_VL_BYTES + QWEN_VAE_BYTES + 11_421_896
    assert 0 < weight_set(QWEN_2511).size_bytes - large < 1_000_000

"""Qwen-Image-Edit at tiny size, with random numbers: what diffusers' own pipeline draws, with the Lightning weights put into the network."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLQwenImage, FlowMatchEulerDiscreteScheduler, QwenImageEditPlusPipeline, QwenImageTransformer2DModel
from diffusers.loaders.lora_conversion_utils import _convert_non_diffusers_qwen_lora_to_diffusers
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus
from PIL import Image
from safetensors.torch import save_file
from tiny.clutter import photo
from tiny.qwen_files import SPECIAL, write_tokenizer
from torch import nn
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from img23d_backend.engines.qwen_image_edit.editor import QwenEditor
from img23d_backend.engines.qwen_image_edit.loading import additions_of, make_plan
from img23d_backend.engines.qwen_image_edit.question import question, told
from img23d_backend.machine import devices
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings
from img23d_protocol.options.edit import QWEN_2509

AREA = 128 * 128
SETTINGS = Settings.of(edit=True, edit_model=QWEN_2509, edit_steps="4", edit_device="cpu", edit_prompt="Clean it.")
LIGHTNING = f"{QWEN_2509}-lightning-4"
_RANK, _ALPHA = 4, 2.0
TRANSFORMER = {
    "in_channels": 16, "out_channels": 4, "num_layers": 2, "attention_head_dim": 32, "num_attention_heads": 4, "joint_attention_dim": 32,
    "axes_dims_rope": [8, 12, 12],
}  # fmt: skip
VAE = {
    "base_dim": 8, "z_dim": 4, "dim_mult": [1, 1, 1, 1], "num_res_blocks": 1, "temperal_downsample": [False, True, True],
    "latents_mean": [0.1, -0.2, 0.3, 0.0], "latents_std": [1.5, 2.0, 1.0, 0.8],
}  # fmt: skip
SCHEDULER = {
    "_class_name": "FlowMatchEulerDiscreteScheduler", "base_image_seq_len": 256, "base_shift": 0.5, "max_image_seq_len": 8192, "max_shift": 0.9,
    "num_train_timesteps": 1000, "shift": 1.0, "shift_terminal": 0.02, "time_shift_type": "exponential", "use_dynamic_shifting": True,
}  # fmt: skip
# As ModelTC/Qwen-Image-Lightning gives it to the pipeline
LIGHTNING_SCHEDULER = {
    "base_image_seq_len": 256, "base_shift": math.log(3), "invert_sigmas": False, "max_image_seq_len": 8192, "max_shift": math.log(3),
    "num_train_timesteps": 1000, "shift": 1.0, "shift_terminal": None, "stochastic_sampling": False, "time_shift_type": "exponential",
    "use_beta_sigmas": False, "use_dynamic_shifting": True, "use_exponential_sigmas": False, "use_karras_sigmas": False,
}  # fmt: skip


@pytest.fixture(autouse=True)
def in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """On every processor, to be held against diffusers' own."""
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    base = folder / QWEN_2509
    (base / "processor").mkdir(parents=True)
    write_tokenizer(base / "processor", ["Describe the key features of the input image", "Clean it.", "system user assistant Picture 1"])
    picture = {"min_pixels": 3136, "max_pixels": 12845056, "patch_size": 14, "temporal_patch_size": 2, "merge_size": 2}
    picture |= {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
    _write_json(base / "processor" / "preprocessor_config.json", {"image_processor_type": "Qwen2VLImageProcessor", **picture})
    _write_json(base / "scheduler" / "scheduler_config.json", SCHEDULER)
    _write_json(base / "model_index.json", {"_class_name": "QwenImageEditPlusPipeline"})
    _save_in_parts(base / "transformer", {"_class_name": "QwenImageTransformer2DModel", **TRANSFORMER}, QwenImageTransformer2DModel(**TRANSFORMER))
    vae = AutoencoderKLQwenImage(**VAE)
    _write_json(base / "vae" / "config.json", {"_class_name": "AutoencoderKLQwenImage", **VAE})
    save_file(_contiguous(vae), base / "vae" / "diffusion_pytorch_model.safetensors", {"format": "pt"})
    _write_text_encoder(base)
    _write_lightning(folder / LIGHTNING / "Qwen-Image-Edit-2509", QwenImageTransformer2DModel(**TRANSFORMER))
    for set_id in (QWEN_2509, LIGHTNING):
        WeightStore(folder).adopt(set_id)
    return folder


def _write_text_encoder(base: Path) -> None:
    """With the published names, which are those of transformers 4."""
    ids = {one["content"]: int(number) for number, one in _added_tokens(base / "processor").items()}
    text = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "vocab_size": max(ids.values()) + 1, "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0},
        "max_position_embeddings": 4096, "model_type": "qwen2_5_vl_text",
    }  # fmt: skip
    vision = {
        "depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32, "fullatt_block_indexes": [1],
        "model_type": "qwen2_5_vl",
    }  # fmt: skip
    config = Qwen2_5_VLConfig(
        text_config=text, vision_config=vision, image_token_id=ids["<|image_pad|>"], video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"], vision_end_token_id=ids["<|vision_end|>"], tie_word_embeddings=False,
    )  # fmt: skip
    network = Qwen2_5_VLForConditionalGeneration(config)
    _write_json(base / "text_encoder" / "config.json", config.to_dict() | {"architectures": ["Qwen2_5_VLForConditionalGeneration"]})
    published = {name.replace("model.visual.", "visual.").replace("model.language_model.", "model."): one for name, one in _contiguous(network).items()}
    save_file(published, base / "text_encoder" / "model.safetensors", {"format": "pt"})


def _added_tokens(folder: Path) -> dict[str, dict]:
    return json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))["added_tokens_decoder"]


def _write_lightning(folder: Path, network: nn.Module) -> None:
    """In the form of lightx2v's files: lora_down, lora_up and alpha by the layers' names."""
    tensors = {}
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Linear) and name.startswith("transformer_blocks.") and ("attn" in name or "mlp" in name):
            tensors[f"{name}.lora_down.weight"] = torch.randn(_RANK, layer.in_features) / layer.in_features**0.5
            tensors[f"{name}.lora_up.weight"] = torch.randn(layer.out_features, _RANK) * 0.2
            tensors[f"{name}.alpha"] = torch.tensor(_ALPHA)
    folder.mkdir(parents=True)
    save_file(tensors, folder / "Qwen-Image-Edit-2509-Lightning-4steps-V1.0-bf16.safetensors", {"format": "pt"})


def _save_in_parts(folder: Path, config: dict, network: nn.Module) -> None:
    _write_json(folder / "config.json", config)
    tensors = _contiguous(network)
    parts = [f"diffusion_pytorch_model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    names = {name: parts[number % 2] for number, name in enumerate(sorted(tensors))}
    for part in parts:
        save_file({name: tensors[name] for name in tensors if names[name] == part}, folder / part, {"format": "pt"})
    _write_json(folder / "diffusion_pytorch_model.safetensors.index.json", {"metadata": {}, "weight_map": names})


def _contiguous(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: numbers.contiguous() for name, numbers in network.state_dict().items()}


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def lightning_of(models: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    (path,) = (models / LIGHTNING).rglob("*.safetensors")
    return load_file(path)


def their_transformer(models: Path) -> QwenImageTransformer2DModel:
    """With the additions put into the weights."""
    network = QwenImageTransformer2DModel.from_pretrained(models / QWEN_2509 / "transformer", torch_dtype=torch.float32)
    tensors = lightning_of(models)
    with torch.no_grad():
        for name, layer in network.named_modules():
            if f"{name}.alpha" in tensors:
                layer.weight += float(tensors[f"{name}.alpha"]) / _RANK * tensors[f"{name}.lora_up.weight"] @ tensors[f"{name}.lora_down.weight"]
    return network


def their_text(models: Path, rgb: np.ndarray) -> torch.Tensor:
    """(1, S, C), as the pipeline takes it from the whole model."""
    config = Qwen2_5_VLConfig.from_pretrained(models / QWEN_2509 / "text_encoder")
    network = Qwen2_5_VLForConditionalGeneration.from_pretrained(models / QWEN_2509 / "text_encoder", config=config, dtype=torch.float32)
    asked = question(rgb, SETTINGS.edit.told, models / QWEN_2509 / "processor")
    with torch.inference_mode():
        found = network(
            input_ids=asked.ids, attention_mask=torch.ones_like(asked.ids), mm_token_type_ids=asked.kinds, pixel_values=asked.pixels,
            image_grid_thw=asked.grid, output_hidden_states=True,
        )  # fmt: skip
    return found.hidden_states[-1][:, 64:].clone()


@pytest.fixture(scope="module")
def rgb() -> np.ndarray:
    return photo(3, 160).rgb[:120]


def test_the_text_is_the_whole_model_s(models: Path, rgb: np.ndarray) -> None:
    plan = make_plan(SETTINGS, WeightStore(models), "cpu")
    ours = told(question(rgb, SETTINGS.edit.told, models / QWEN_2509 / "processor"), plan, ModelStore())
    assert torch.allclose(ours, their_text(models, rgb), atol=1e-4)


def test_the_question_is_worded_as_the_pipeline_s(models: Path, rgb: np.ndarray) -> None:
    from transformers import PreTrainedTokenizerFast

    pipeline = QwenImageEditPlusPipeline(**dict.fromkeys(("scheduler", "vae", "text_encoder", "tokenizer", "processor", "transformer")))
    folder = models / QWEN_2509 / "processor"
    asked = question(rgb, "Clean it.", folder)
    text = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json")).decode(asked.ids[0])
    marks = "<|image_pad|>" * int(asked.kinds.sum())
    assert text == pipeline.prompt_template_encode.format(f"Picture 1: <|vision_start|>{marks}<|vision_end|>Clean it.")
    assert pipeline.prompt_template_encode_start_idx == 64 and "<|image_pad|>" in SPECIAL
    width, height = pipeline_qwenimage_edit_plus.calculate_dimensions(pipeline_qwenimage_edit_plus.CONDITION_IMAGE_SIZE, 160 / 120)
    assert asked.grid.tolist() == [[1, 2 * round(height / 28), 2 * round(width / 28)]]  # patches of 14 pixels, two by two


def test_it_draws_what_diffusers_own_pipeline_draws(models: Path, rgb: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "VAE_IMAGE_SIZE", AREA)
    pipeline = QwenImageEditPlusPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler.from_config(LIGHTNING_SCHEDULER),
        vae=AutoencoderKLQwenImage.from_pretrained(models / QWEN_2509 / "vae", torch_dtype=torch.float32),
        text_encoder=None,
        tokenizer=None,
        processor=None,
        transformer=their_transformer(models),
    )
    pipeline.set_progress_bar_config(disable=True)
    text = their_text(models, rgb)
    theirs = pipeline(
        image=Image.fromarray(rgb), prompt_embeds=text, prompt_embeds_mask=torch.ones(text.shape[:2], dtype=torch.long), num_inference_steps=4,
        true_cfg_scale=1.0, height=96, width=160, generator=torch.Generator("cpu").manual_seed(5), output_type="np",
    ).images[0]  # fmt: skip
    ours = QwenEditor(WeightStore(models), ModelStore(), area=AREA).edit(rgb, Context(seed=5, settings=SETTINGS))
    assert ours.shape == (111, 148, 3)  # 128 x 128 pixels in the picture's proportions
    back = np.asarray(Image.fromarray((theirs * 255).round().astype(np.uint8)).resize((148, 111), Image.Resampling.LANCZOS))
    assert np.abs(ours.astype(float) - back).max() <= 2


def test_eight_bits_and_the_additions_go_together(models: Path, rgb: np.ndarray) -> None:
    usual = QwenEditor(WeightStore(models), ModelStore(), area=AREA).edit(rgb, Context(seed=5, settings=SETTINGS))
    store = ModelStore()
    few = QwenEditor(WeightStore(models), store, area=AREA).edit(rgb, Context(seed=5, settings=SETTINGS.changed(edit_eight_bits=True)))
    assert 0 < np.abs(few.astype(float) - usual).mean() < 6
    assert any("transformer" in key and ":8:4" in key for key in store.places())


def test_the_additions_are_read_as_diffusers_reads_them(models: Path) -> None:
    theirs = _convert_non_diffusers_qwen_lora_to_diffusers(lightning_of(models))
    ours = additions_of(lightning_of(models))
    for name, one in ours.items():
        down, up = theirs[f"transformer.{name}.lora_A.weight"], theirs[f"transformer.{name}.lora_B.weight"]
        assert torch.allclose(one.up @ one.down, up @ down, atol=1e-6)
    assert len(theirs) == 2 * len(ours)


def test_additions_that_are_not_whole_are_a_sentence(models: Path) -> None:
    tensors = lightning_of(models)
    del tensors[next(name for name in tensors if name.endswith("lora_up.weight"))]
    with pytest.raises(Img23DError) as caught:
        additions_of(tensors)
    assert caught.value.code == ErrorCode.WEIGHTS_UNFIT

"""TripoSG's three published files at full size, without numbers: names, shapes, types and bytes, and the files that tell the sizes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from published.lists import files_of

from img23d_backend.engines.triposg.shape.plan import TripoSGParts
from img23d_backend.vecset.networks.autoencoder import VecsetVAE
from img23d_backend.vecset.networks.dit import DiT
from img23d_protocol import ErrorCode, Img23DError

FILES = {Path(file.path).parent.name: file for file in files_of("triposg")}
# As the hub has them beside the weights
CONFIGS: Mapping[str, Mapping[str, object]] = {
    "transformer/config.json": {"_class_name": "TripoSGDiTModel", "_diffusers_version": "0.30.3", **FILES["transformer"].config["dit"]},
    "vae/config.json": {"_class_name": "Tripo2VAEModel", "_diffusers_version": "0.30.3", **FILES["vae"].config["vae"]},
    "scheduler/scheduler_config.json": {
        "_class_name": "RectifiedFlowScheduler",
        "_diffusers_version": "0.30.3",
        "num_train_timesteps": 1000,
        "shift": 1,
        "use_dynamic_shifting": False,
    },
}


@pytest.fixture
def parts(hollow_folder: Path) -> TripoSGParts:
    for place, content in CONFIGS.items():
        _write(hollow_folder, place, content)
    return TripoSGParts(folder=hollow_folder)


def _write(folder: Path, place: str, content: object) -> None:
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("name", ["transformer", "vae"])
def test_the_network_has_the_published_keys_and_bytes(parts: TripoSGParts, name: str) -> None:
    with torch.device("meta"):
        network = DiT(parts.dit_config) if name == "transformer" else VecsetVAE(parts.vae_config)
    own = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    assert own == {key: tensor.shape for key, tensor in FILES[name].tensors.items()}
    data = sum(tensor.numel() * 4 for tensor in network.state_dict().values())
    assert data + len(FILES[name].head()) == FILES[name].bytes


def test_the_decoders_half_is_read_at_full_size(parts: TripoSGParts) -> None:
    """Every tensor of it is used, and none is asked for besides."""
    FILES["vae"].write_hollow(parts.folder / FILES["vae"].path)
    network = parts.vae(torch.float32)
    asked = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    assert asked == {key: tensor.shape for key, tensor in FILES["vae"].tensors.items() if not key.startswith(("encoder.", "quant."))}


def test_steps_are_the_published_schedulers(parts: TripoSGParts) -> None:
    steps = parts.steps(50)
    assert len(steps) == 50 and steps[0].time == 1.0 and steps[-1].time == pytest.approx(0.02) and steps[0].length == pytest.approx(0.02)


CHANGES = {
    "another class": ("transformer/config.json", {"_class_name": "HunyuanDiT2DModel"}),
    "a second context": ("transformer/config.json", {"use_cross_attention_2": True}),
    "no width": ("transformer/config.json", {"width": None}),
    "another VAE": ("vae/config.json", {"_class_name": "AutoencoderKL"}),
    "a VAE of another embedding": ("vae/config.json", {"embed_include_pi": True}),
    "another scheduler": ("scheduler/scheduler_config.json", {"_class_name": "DDIMScheduler"}),
    "another time": ("scheduler/scheduler_config.json", {"num_train_timesteps": 100}),
    "shifting by the size": ("scheduler/scheduler_config.json", {"use_dynamic_shifting": True}),
}


@pytest.mark.parametrize(("place", "changes"), CHANGES.values(), ids=CHANGES.keys())
def test_files_of_another_make_do_not_fit(parts: TripoSGParts, place: str, changes: dict[str, object]) -> None:
    _write(parts.folder, place, {**CONFIGS[place], **changes})
    with pytest.raises(Img23DError) as caught:
        _ = (TripoSGParts(folder=parts.folder).dit_config, parts.vae_config, parts.steps(3))
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT


def test_small_files_with_a_key_too_few_do_not_fit(tiny_models: Path, tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    shutil.copytree(tiny_models / "triposg", tmp_path / "triposg")
    path = tmp_path / "triposg" / FILES["transformer"].path
    tensors = load_file(path)
    del tensors["blocks.1.attn1.to_k.weight"]
    save_file(tensors, path)
    with pytest.raises(Img23DError) as caught:
        TripoSGParts(folder=tmp_path / "triposg").dit(torch.float32)
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT and "blocks.1.attn1.to_k.weight" in caught.value.detail

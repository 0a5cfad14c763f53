"""HoloPart's published files, as far as they are known: every name and shape, and what is told by the settings beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from published_parts import empty, file_of, write_settings
from torch import nn

from img23d_backend.engines.holopart.networks.part_encoder import PartEncoder
from img23d_backend.engines.holopart.plan import CompletionPlan, make_plan
from img23d_backend.vecset.loading import load_network
from img23d_backend.vecset.networks.autoencoder import VecsetVAE
from img23d_backend.vecset.networks.dit import DiT
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

ROW = "holopart"


def plan_of(folder: Path, settings: Settings = Settings(), **changed: Any) -> CompletionPlan:
    return make_plan(settings, write_settings(folder, ROW, changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("network", ["transformer", "vae", "part_encoder"])
def test_the_published_networks_fit(tmp_path: Path, network: str) -> None:
    plan = plan_of(tmp_path)
    dit, vae, encoder = plan.dit_config, plan.vae_config, plan.encoder_config
    made: dict[str, nn.Module] = {
        "transformer": load_network(lambda: DiT(dit), dit, empty(ROW, "transformer"), torch.float16),
        "vae": load_network(lambda: VecsetVAE(vae), vae, empty(ROW, "vae"), torch.float16),
        "part_encoder": load_network(lambda: PartEncoder(encoder), encoder, empty(ROW, "part_encoder"), torch.float16),
    }
    own = {name: tuple(one.shape) for name, one in made[network].state_dict().items()}
    assert own == {name: one.shape for name, one in file_of(ROW, network).tensors.items()}


def test_what_the_settings_tell(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert (plan.latents, len(plan.steps), plan.guidance, plan.faces, plan.decoder.bounds) == (2048, 50, 3.5, 10_000, 1.05)
    assert (plan.encoder_config.tokens, plan.encoder_config.width, plan.encoder_config.layers) == (512, 512, 8)
    assert [(one.attention, one.norm, one.channels) for one in plan.dit_config.contexts] == [("attn2", "norm2", 512), ("attn2_2", "norm2_2", 512)]


@pytest.mark.parametrize(
    ("network", "changed"),
    [
        ("transformer", {"use_cross_attention": False}),
        ("transformer", {"use_cross_attention_2": False}),
        ("transformer", {"_class_name": "PartCrafterDiTModel"}),
        ("part_encoder", {"part_local": False}),
        ("part_encoder", {"whole_feature_channels": 3}),
        ("part_encoder", {"embed_include_pi": True}),
        ("part_encoder", {"num_tokens": "many"}),
        ("vae", {"latent_channels": None}),
    ],
)
def test_settings_of_another_network_do_not_fit(tmp_path: Path, network: str, changed: dict[str, object]) -> None:
    with pytest.raises(Img23DError) as caught:
        plan_of(tmp_path, **{network: changed})
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT


def test_the_options_go_into_the_plan(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, Settings.of(holopart_steps=7, holopart_guidance=1.0, holopart_resolution=128, holopart_faces=0))
    assert (len(plan.steps), plan.guidance, plan.resolution, plan.faces) == (7, 1.0, 128, 0)

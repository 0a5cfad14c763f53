"""PartCrafter's published files: every name and shape, and what is told by the settings beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from published_parts import empty, file_of, write_settings

from img23d_backend.engines.partcrafter import plan as planning
from img23d_backend.engines.partcrafter.networks.part_dit import PartDiT
from img23d_backend.engines.partcrafter.plan import PartsPlan, make_plan
from img23d_backend.vecset.loading import load_network
from img23d_backend.vecset.networks.autoencoder import VecsetVAE
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

ROW = "partcrafter"


def plan_of(folder: Path, settings: Settings = Settings(), **changed: Any) -> PartsPlan:
    return make_plan(settings, write_settings(folder, ROW, changed))  # type: ignore[arg-type]


def test_the_published_networks_fit(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    dit, vae = plan.sizes.dit, plan.vae_config
    made = load_network(lambda: PartDiT(dit, plan.sizes.numbers), dit, empty(ROW, "transformer"), torch.float16)
    assert {name: tuple(one.shape) for name, one in made.state_dict().items()} == {n: one.shape for n, one in file_of(ROW, "transformer").tensors.items()}
    whole = load_network(lambda: VecsetVAE(vae), vae, empty(ROW, "vae"), torch.float16)
    assert whole.state_dict().keys() == file_of(ROW, "vae").tensors.keys()


def test_the_published_encoder_fits() -> None:
    from transformers import Dinov2Config, Dinov2Model

    from img23d_backend.models.dinov2 import named_as_today

    (config,) = file_of(ROW, "image_encoder_dinov2").config.values()
    with torch.device("meta"):
        own = Dinov2Model(Dinov2Config(**config)).state_dict()
    assert named_as_today(empty(ROW, "image_encoder_dinov2")).keys() == own.keys()


def test_what_the_settings_tell(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert (plan.sizes.numbers, plan.latents, len(plan.steps), plan.guidance) == (32, 1024, 50, 7.0)
    assert plan.sizes.dit.joined == frozenset(range(0, 21, 2)) and plan.sizes.dit.layers == 21
    assert (plan.picture.shortest, plan.picture.side) == (256, 224)
    assert [round(1000 * step.time) for step in plan.steps[:3]] == [1000, 980, 960] and plan.decoder.bounds == 1.005


def test_blocks_may_be_told_as_a_range(tmp_path: Path) -> None:
    told = {"global_attn_block_ids": None, "global_attn_block_id_range": [4, 6]}
    assert plan_of(tmp_path, transformer=told).sizes.dit.joined == {4, 5, 6}
    assert not plan_of(tmp_path, transformer=told | {"global_attn_block_id_range": None}).sizes.dit.joined


@pytest.mark.parametrize(
    ("network", "changed"),
    [
        ("transformer", {"_class_name": "TripoSGDiTModel"}),
        ("transformer", {"enable_local_cross_attn": False}),
        ("transformer", {"enable_part_embedding": "yes"}),
        ("transformer", {"max_num_parts": 16}),
        ("transformer", {"global_attn_block_ids": "all"}),
        ("transformer", {"width": None}),
        ("vae", {"embed_include_pi": True}),
        ("scheduler", {"use_dynamic_shifting": True}),
    ],
)
def test_settings_of_another_network_do_not_fit(tmp_path: Path, network: str, changed: dict[str, object]) -> None:
    with pytest.raises(Img23DError) as caught:
        plan_of(tmp_path, **{network: changed})
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT


@pytest.mark.parametrize("missing", ["transformer/config.json", "feature_extractor_dinov2/preprocessor_config.json"])
def test_a_missing_file_of_settings_is_named(tmp_path: Path, missing: str) -> None:
    weights = write_settings(tmp_path, ROW)
    (tmp_path / missing).unlink()
    with pytest.raises(Img23DError) as caught:
        make_plan(Settings(), weights)  # type: ignore[arg-type]
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and "PartCrafter" in caught.value.sentence


def test_the_options_go_into_the_plan(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, Settings.of(partcrafter_parts=16, partcrafter_steps=7, partcrafter_guidance=1.0, partcrafter_resolution=128, partcrafter_faces=0))
    assert (plan.parts, len(plan.steps), plan.guidance, plan.resolution, plan.faces) == (16, 7, 1.0, 128, 0)
    assert replace(plan, frugal=True) != plan and planning.LATENTS == 1024

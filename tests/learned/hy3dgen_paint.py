"""hy3dgen's own painting classes and networks with random weights, for comparison.

hy3dgen's files are read in place, under names of our own: importing its package of textures wants libraries that are not
used here.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from diffusers import AutoencoderKL, EulerAncestralDiscreteScheduler, LCMScheduler, UNet2DConditionModel
from PIL import Image
from torch import Tensor, nn

from img23d_backend.engines.hunyuan3d.networks.multiview import MultiviewUNet, ReferenceUNet
from img23d_backend.engines.hunyuan3d.paint.plan import PaintPlan
from img23d_backend.machine.devices import PROCESSOR, Device

_OURS = "hy3dgen_texgen_read_in_place"
_PACKAGES = ("", ".hunyuanpaint", ".hunyuanpaint.unet", ".utils", ".differentiable_renderer")

# hy3dgen's class wants these two widths whatever the rest is.
PROMPT_WIDTH, TIME_WIDTH = 1024, 1280
UNET = {
    "_class_name": "UNet2DConditionModel", "_diffusers_version": "0.24.0", "sample_size": 8, "in_channels": 4,
    "out_channels": 4, "block_out_channels": [16, 32, 32], "layers_per_block": 1, "attention_head_dim": [2, 4, 4],
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"], "norm_num_groups": 8,
    "cross_attention_dim": PROMPT_WIDTH, "time_embedding_dim": TIME_WIDTH, "use_linear_projection": True,
}  # fmt: skip
SCHEDULE = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
    "prediction_type": "v_prediction", "timestep_spacing": "leading", "steps_offset": 1,
}  # fmt: skip
CAMERAS = (21, 12, 15, 18, 43, 37)  # hy3dgen's six


def hy3dgen_module(name: str) -> ModuleType:
    """`hy3dgen.texgen.<name>`, with the packages above it empty."""
    spec = importlib.util.find_spec("hy3dgen")
    assert spec is not None and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "texgen"
    for package in _PACKAGES:
        if _OURS + package not in sys.modules:
            empty = ModuleType(_OURS + package)
            empty.__path__ = [str(folder.joinpath(*package.split(".")[1:]))]
            sys.modules[_OURS + package] = empty
    sys.modules.setdefault("xatlas", ModuleType("xatlas"))  # it wants it at once and uses none of it here
    return importlib.import_module(f"{_OURS}.{name}")


def their_network(config: dict = UNET, seed: int = 0) -> nn.Module:
    """hy3dgen's class with random weights."""
    torch.manual_seed(seed)
    network = hy3dgen_module("hunyuanpaint.unet.modules").UNet2p5DConditionModel(UNet2DConditionModel(**config))
    return network.eval().requires_grad_(False)


def our_halves(theirs: nn.Module, config: dict = UNET) -> tuple[MultiviewUNet, ReferenceUNet]:
    """With the same weights, which lie in memory once."""
    weights = theirs.state_dict()
    with torch.device("meta"):
        generating, reading = MultiviewUNet(config), ReferenceUNet(config)
    generating.load_state_dict(_under("unet.", weights), assign=True)
    prompt = {"learned_text_clip_ref": weights["unet.learned_text_clip_ref"]}
    reading.load_state_dict(_under("unet_dual.", weights) | prompt, assign=True)
    return generating.eval().requires_grad_(False), reading.eval().requires_grad_(False)


def _under(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): tensor for key, tensor in weights.items() if key.startswith(prefix)}


def random_vae(channels: tuple[int, ...] = (8, 8), *, layers: int = 1, groups: int = 4, seed: int = 1) -> AutoencoderKL:
    """It makes a picture smaller by 2 at each level but the first."""
    torch.manual_seed(seed)
    vae = AutoencoderKL(
        block_out_channels=channels,
        down_block_types=("DownEncoderBlock2D",) * len(channels),
        up_block_types=("UpDecoderBlock2D",) * len(channels),
        layers_per_block=layers,
        latent_channels=4,
        norm_num_groups=groups,
    )
    return vae.eval().requires_grad_(False)


class Float32Processor(Device):
    """Whatever the machine multiplies fastest."""

    dtype = torch.float32


def processor() -> Device:
    return Float32Processor(id=PROCESSOR, torch_name="cpu", label="", total_bytes=0)


@dataclass(frozen=True, kw_only=True)
class PartsInMemory:
    """In the place of PaintParts, with networks that no file holds, in the precision that they have."""

    theirs: nn.Module | None = None
    config: dict = field(default_factory=lambda: UNET)
    vae: AutoencoderKL | None = None
    delight: UNet2DConditionModel | None = None
    prompt: Tensor | None = None

    @cached_property
    def _halves(self) -> tuple[MultiviewUNet, ReferenceUNet]:
        assert self.theirs is not None
        return our_halves(self.theirs, self.config)

    def multiview_unet(self, dtype: torch.dtype) -> nn.Module:
        return self._halves[0]

    def reference_unet(self, dtype: torch.dtype) -> nn.Module:
        return self._halves[1]

    def paint_vae(self, dtype: torch.dtype) -> nn.Module:
        assert self.vae is not None
        return self.vae

    delight_vae = paint_vae

    def delight_unet(self, dtype: torch.dtype) -> nn.Module:
        assert self.delight is not None
        return self.delight

    def empty_prompt(self, dtype: torch.dtype) -> Tensor:
        assert self.prompt is not None
        return self.prompt

    def delight_scheduler(self) -> EulerAncestralDiscreteScheduler:
        return EulerAncestralDiscreteScheduler(**SCHEDULE)

    def paint_scheduler(self, turbo: bool) -> EulerAncestralDiscreteScheduler | LCMScheduler:
        kind = LCMScheduler if turbo else EulerAncestralDiscreteScheduler
        return kind.from_config(SCHEDULE, timestep_spacing="trailing")


def plan_with(parts: PartsInMemory, **changes: object) -> PaintPlan:
    usual = {
        "set_id": "small", "parts": parts, "device": processor(), "is_turbo": False, "steps": 3, "guidance": 2.0,
        "delight": True, "frugal": False, "match_positions": False,
    }  # fmt: skip
    return PaintPlan(**(usual | changes))


@dataclass(frozen=True, kw_only=True)
class RandomMaps:
    """What the sampler reads of ControlMaps, (V, s, s, 3) uint8 each."""

    normals: np.ndarray
    positions: np.ndarray


def random_maps(side: int = 16, views: int = 6) -> RandomMaps:
    random = np.random.default_rng(3)
    normals, positions = (random.integers(0, 256, (views, side, side, 3), dtype=np.uint8) for _ in range(2))
    return RandomMaps(normals=normals, positions=positions)


def their_pipeline(parts: PartsInMemory, *, turbo: bool = False) -> object:
    """hy3dgen's own. The newest diffusers refuses its way of loading; text encoder and tokenizer are never asked."""
    pipeline = hy3dgen_module("hunyuanpaint.pipeline").HunyuanPaintPipeline(
        vae=parts.vae, text_encoder=None, tokenizer=None, unet=parts.theirs, scheduler=parts.paint_scheduler(turbo),
        feature_extractor=None,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def paint_theirs(pipeline: object, picture: np.ndarray, maps: RandomMaps, *, seed: int, **how: object) -> object:
    """The views of a square picture. hy3dgen seeds torch's global generator and one of its own alike."""
    torch.manual_seed(seed)
    views, side = maps.normals.shape[:2]
    return pipeline(
        Image.fromarray(picture),
        generator=torch.Generator("cpu").manual_seed(seed),
        width=side,
        height=side,
        num_in_batch=views,
        camera_info_gen=[list(CAMERAS[:views])],
        camera_info_ref=[[0]],
        normal_imgs=as_tensor(maps.normals).to(pipeline.device),
        position_imgs=as_tensor(maps.positions).to(pipeline.device),
        **how,
    ).images


def as_tensor(pictures: np.ndarray) -> Tensor:
    """(V, s, s, 3) uint8 to what hy3dgen's pipeline takes: (1, V, 3, s, s), 0..1."""
    return (torch.from_numpy(pictures) / 255).permute(0, 3, 1, 2)[None].contiguous()

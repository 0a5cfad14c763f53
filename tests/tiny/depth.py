"""A small Depth Anything that measures hazy rendered grounds and the plain photo; the layout is the published one.

Its preprocessor_config.json says a smaller picture than the published one's 518 pixels.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from img23d_backend.engines.depth_anything.depth import prepared

from . import dinov2

DEMO = Path(__file__).resolve().parents[2] / "demo" / "plain"
SIDE = 84  # pixels of the shorter side: 6 patches
WIDTH, HEIGHT = 160, 120  # pixels of a rendered ground
FARTHEST = 20  # metres, of the published config
HAZE = 4.0  # metres in which two thirds of a colour are lost: what a network this small can tell distance by
STEPS, BATCH, RATE, SAMPLES = 350, 4, 4e-3, 120


# What the published config.json says besides, and transformers no longer writes
PUBLISHED = {
    "backbone": None,
    "backbone_kwargs": None,
    "max_depth": 20.0,
    "torch_dtype": "float32",
    "transformers_version": "4.45.0.dev0",
    "use_pretrained_backbone": False,
    "use_timm_backbone": False,
}


@dataclass(frozen=True, kw_only=True)
class Held:
    """A camera 1 m above a ground without end; radians, `focal` in photo widths."""

    pitch: float
    roll: float = 0.0
    focal: float = 0.8


def make(folder: Path) -> None:
    """Write config.json, preprocessor_config.json and model.safetensors into `folder`."""
    from safetensors.torch import save_file

    network = trained()
    network.config.save_pretrained(folder)
    backbone = {f"backbone.{key}": tensor for key, tensor in dinov2.published(network.backbone).items()}
    rest = {key: tensor for key, tensor in network.state_dict().items() if not key.startswith("backbone.")}
    save_file({key: tensor.contiguous() for key, tensor in (backbone | rest).items()}, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | PUBLISHED
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    size = {"height": SIDE, "width": SIDE}
    preparing = {"image_processor_type": "DPTImageProcessor", "size": size, "keep_aspect_ratio": True, "ensure_multiple_of": 14}
    (folder / "preprocessor_config.json").write_text(json.dumps(preparing, indent=2), encoding="utf-8")


def small_network() -> DepthAnythingForDepthEstimation:
    backbone = Dinov2Config(
        hidden_size=48,
        num_hidden_layers=4,
        num_attention_heads=4,
        mlp_ratio=2,
        image_size=SIDE,
        patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=48,
        neck_hidden_sizes=[16, 16, 32, 32],
        fusion_hidden_size=24,
        head_hidden_size=16,
        depth_estimation_type="metric",
        max_depth=FARTHEST,
    )
    return DepthAnythingForDepthEstimation(config)


def trained() -> DepthAnythingForDepthEstimation:
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    network = small_network().train()
    pictures, truths = grounds(random)
    demo = demo_truth()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        batch = torch.from_numpy(random.choice(len(pictures), BATCH, replace=False))
        loss = off(network(pixel_values=pictures[batch]).predicted_depth, truths[batch])
        loss = loss + 0.5 * off(network(pixel_values=demo[0]).predicted_depth, demo[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def off(depth: Tensor, truth: Tensor) -> Tensor:
    """The mean error of the depths' logarithms, both (B, h, w); where the truth is 0 nothing is known."""
    known = truth > 0
    return (depth[known].clamp_min(1e-3).log() - truth[known].log()).abs().mean()


def grounds(random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(N, 3, h, w) pictures as the stage prepares them and (N, h, w) metres."""
    pictures, truths = [], []
    for _ in range(SAMPLES):
        held = Held(pitch=random.uniform(0.1, 0.8), roll=random.uniform(-0.12, 0.12))
        rgb, depth = rendered(held, random)
        pictures.append(prepared(rgb, SIDE))
        truths.append(_as_seen(depth, pictures[-1]))
    return torch.cat(pictures), torch.cat(truths)


def rendered(held: Held, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A brown ground in a haze: (H, W, 3) uint8 and the metres along the camera's axis (H, W)."""
    x, y = np.meshgrid((np.arange(WIDTH) + 0.5) / WIDTH - 0.5, ((np.arange(HEIGHT) + 0.5) - HEIGHT / 2) / WIDTH)
    right, above = x / held.focal, -y / held.focal
    upward = above * math.cos(held.roll) - right * math.sin(held.roll)
    down = math.sin(held.pitch) - upward * math.cos(held.pitch)
    depth = np.where(down > 1 / FARTHEST, 1 / np.maximum(down, 1 / FARTHEST), 0.95 * FARTHEST)
    clear = np.exp(-depth / HAZE)[..., None]
    rgb = clear * (60.0, 40.0, 20.0) + (1 - clear) * (200.0, 220.0, 250.0) + random.normal(0, 2, (HEIGHT, WIDTH, 3))
    return rgb.clip(0, 255).astype(np.uint8), depth.astype(np.float32)


def demo_truth() -> tuple[Tensor, Tensor]:
    """The plain photo (1, 3, h, w) and how far away its ground is (1, h, w), 0 on the things and where the backdrop bends."""
    camera = json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))
    rgb = cv2.cvtColor(cv2.imdecode(np.fromfile(DEMO / "photo.jpg", np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    things = cv2.imdecode(np.fromfile(DEMO / "masks.png", np.uint8), cv2.IMREAD_GRAYSCALE)
    to_camera, to_pixels = np.array(camera["to_camera"]), np.array(camera["to_pixels"])
    from_camera = np.linalg.inv(to_camera)
    v, u = np.mgrid[0 : things.shape[0], 0 : things.shape[1]] + 0.5
    focal = to_pixels[0, :3] @ to_camera[0, :3] - to_pixels[3, :3] @ to_camera[0, :3] * things.shape[1] / 2
    rays = np.stack([(u - things.shape[1] / 2) / focal, (things.shape[0] / 2 - v) / focal, -np.ones_like(u)], axis=-1)
    up, height = to_camera[:3, 1], from_camera[1, 3]
    down = -(rays @ up)
    depth = np.where(down > 0.02, height / np.maximum(down, 0.02), 0)
    towards_viewer = from_camera[2, 3] + (rays @ from_camera[2, :3]) * depth  # the backdrop bends 1.3 m behind the middle
    depth = np.where((things > 0) | (towards_viewer < -1.25), 0, depth)
    picture = prepared(rgb, SIDE)
    small = cv2.resize(depth.astype(np.float32), picture.shape[:1:-1], interpolation=cv2.INTER_NEAREST)
    return picture, torch.from_numpy(small)[None]


def _as_seen(depth: np.ndarray, picture: Tensor) -> Tensor:
    return functional.interpolate(torch.from_numpy(depth)[None, None], size=picture.shape[2:], mode="nearest")[0]

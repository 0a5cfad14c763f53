"""A small BiRefNet that mattes the plain photo's things, trained in seconds on what the real stage would show it.

The layout is the published one. Its config.json says `image_size`, which the published ones do not (they mean 1024): a
network that is trained in seconds has to look at small pictures.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from img23d_backend.cutouts.framing import view
from img23d_backend.cutouts.surroundings import surroundings
from img23d_backend.engines.birefnet.inference import prepared
from img23d_backend.engines.birefnet.networks.birefnet import BiRefNet, BiRefNetConfig
from img23d_backend.engines.birefnet.networks.swin import SwinConfig
from img23d_backend.stages import Photo, PixelBox

DEMO = Path(__file__).resolve().parents[2] / "demo" / "plain"
GENERAL = Path(__file__).with_name("kept") / "birefnet-general" / "model.safetensors"
SIDE = 96  # pixels
CONFIG = BiRefNetConfig(backbone=SwinConfig(width=16, depths=(2, 1, 2, 1), heads=(1, 2, 4, 8), window=7), inner=16, parallel=16, reference=8)
STEPS, BATCH, RATE = 150, 4, 4e-3
SAMPLES = 160  # windows of the photo


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The plain photo, the number of the thing at each pixel (H, W), 0 for none, and the box of each thing."""

    photo: Photo
    things: np.ndarray
    boxes: tuple[PixelBox, ...]


def make(folder: Path) -> None:
    """Write config.json and model.safetensors into `folder`; the lite one has the general one's numbers in 32 bits, as published."""
    from safetensors.torch import load_file, save_file

    if folder.name.endswith("lite"):
        tensors = {key: _in(torch.float32, value) for key, value in load_file(GENERAL).items()}
    else:
        tensors = {key: _in(torch.float16, value) for key, value in trained(demo_scene()).state_dict().items()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    config = {"architectures": ["BiRefNet"], "bb_pretrained": False, "image_size": SIDE}
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")


def _in(dtype: torch.dtype, value: Tensor) -> Tensor:
    return (value.to(dtype) if value.is_floating_point() else value).contiguous()


def trained(scene: Scene) -> BiRefNet:
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    network = BiRefNet(CONFIG).train()
    pictures, truths = windows(scene, random)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        batch = torch.from_numpy(random.choice(len(pictures), BATCH, replace=False))
        loss = difference(network(pictures[batch]), truths[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def difference(logit: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy of the pixels and what the areas lack of overlapping; both (B, 1, H, W)."""
    alpha = logit.sigmoid()
    common = (alpha * truth).sum((1, 2, 3))
    either = (alpha + truth - alpha * truth).sum((1, 2, 3))
    return functional.binary_cross_entropy_with_logits(logit, truth) + (1 - (common + 1) / (either + 1)).mean()


def windows(scene: Scene, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(N, 3, SIDE, SIDE) pictures as the stage prepares them, and (N, 1, SIDE, SIDE) truths, 1 on every thing."""
    pictures, truths = [], []
    for index in range(SAMPLES):
        window = surroundings(scene.photo, shaken(scene.boxes[index % len(scene.boxes)], scene.photo, random), SIDE // 2)
        pictures.append(prepared(view(scene.photo.rgb, window), SIDE))
        cover = (view(scene.things, window) > 0).astype(np.float32)
        cover = torch.from_numpy(cover)[None, None]
        truths.append(functional.interpolate(cover, size=(SIDE, SIDE), mode="bilinear", antialias=True))
    return torch.cat(pictures), torch.cat(truths)


def shaken(box: PixelBox, photo: Photo, random: np.random.Generator) -> PixelBox:
    """The box as a model that finds things would give it: each side up to a sixth off."""
    left, top, right, bottom = random.uniform(-1 / 6, 1 / 6, 4)
    return PixelBox(
        left=max(0, round(box.left - left * box.width)),
        top=max(0, round(box.top - top * box.height)),
        right=min(photo.width, round(box.right + right * box.width)),
        bottom=min(photo.height, round(box.bottom + bottom * box.height)),
    )


def demo_scene() -> Scene:
    things = cv2.imdecode(np.fromfile(DEMO / "masks.png", np.uint8), cv2.IMREAD_GRAYSCALE)
    bgr = cv2.imdecode(np.fromfile(DEMO / "photo.jpg", np.uint8), cv2.IMREAD_COLOR)
    photo = Photo(rgb=cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), name="photo")
    sides = [cv2.boundingRect((things == number).astype(np.uint8)) for number in range(1, things.max() + 1)]
    boxes = tuple(PixelBox(left=x, top=y, right=x + width, bottom=y + height) for x, y, width, height in sides)
    return Scene(photo=photo, things=things, boxes=boxes)

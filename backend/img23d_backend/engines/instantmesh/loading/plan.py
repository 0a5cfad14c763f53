"""What a thing is to be made with: networks, device and numbers, resolved from the settings before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol.options.instantmesh import VIEWS, ZERO123PLUS
from img23d_protocol.options.settings import Settings

from ....machine.devices import choose
from ....models.load_plan import LoadPlan, Network
from ....weights.registry import weight_set
from ....weights.store import WeightStore
from .views import ViewParts

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class InstantMeshPlan(LoadPlan):
    """`resolution` is for a field of densities. `checkpoint` is the reconstruction's file, of the set `reconstruction_id`."""

    parts: ViewParts
    reconstruction_id: str
    checkpoint: Path
    steps: int
    guidance: float
    resolution: int
    faces: int

    @property
    def vae(self) -> Network:
        return self.network("vae", ZERO123PLUS, self.parts.vae)

    @property
    def vision(self) -> Network:
        return self.network("vision", ZERO123PLUS, self.parts.vision)

    @property
    def unet(self) -> Network:
        return self.network("unet", VIEWS, self.parts.unet)

    @property
    def reconstruction(self) -> Network:
        """In single precision, as published."""
        return Network(key=self.reconstruction_id, read=partial(_read, self.checkpoint))

    @property
    def networks(self) -> tuple[Network, ...]:
        """In the order in which they compute."""
        return self.vae, self.vision, self.unet, self.reconstruction

    def makes_the_same(self) -> tuple[object, ...]:
        """What another field follows from, beside the picture and the seed."""
        return self.reconstruction_id, self.steps, self.guidance


def make_plan(settings: Settings, weights: WeightStore, device: str) -> InstantMeshPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED) and (BAD_REQUEST) for a device that is not there."""
    shape = settings.instantmesh.shape
    return InstantMeshPlan(
        device=choose(device),
        frugal=settings.machine.small_memory,
        parts=ViewParts(folder=weights.path(ZERO123PLUS), unet_file=_file_of(weights, VIEWS)),
        reconstruction_id=shape.reconstruction,
        checkpoint=_file_of(weights, shape.reconstruction),
        steps=shape.view_steps,
        guidance=shape.view_guidance,
        resolution=shape.resolution,
        faces=shape.faces,
    )


def _file_of(weights: WeightStore, set_id: str) -> Path:
    """Of a set of one file."""
    (name,) = weight_set(set_id).files
    return weights.path(set_id) / name


def _read(path: Path) -> nn.Module:
    import torch

    from .reconstruction import load_reconstruction

    return load_reconstruction(path, torch.float32)

"""What views are drawn with and what makes a mesh of them, resolved from the settings before anything is loaded."""

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
class ViewPlan(LoadPlan):
    """For the six views of a picture."""

    parts: ViewParts
    steps: int
    guidance: float

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
    def networks(self) -> tuple[Network, ...]:
        """In the order in which they compute."""
        return self.vae, self.vision, self.unet

    def makes_the_same(self) -> tuple[object, ...]:
        """What other views follow from, beside the picture and the seed."""
        return self.steps, self.guidance


@dataclass(frozen=True, kw_only=True)
class ReconstructionPlan(LoadPlan):
    """For the field of views and its mesh. `resolution` is for a field of densities; `checkpoint` is the file of the set `set_id`."""

    set_id: str
    checkpoint: Path
    resolution: int
    faces: int

    @property
    def reconstruction(self) -> Network:
        """In single precision, as published."""
        return Network(key=self.set_id, read=partial(_read, self.checkpoint))


def make_view_plan(settings: Settings, weights: WeightStore, device: str) -> ViewPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED) and (BAD_REQUEST) for a device that is not there."""
    shape = settings.instantmesh.shape
    return ViewPlan(
        device=choose(device),
        frugal=settings.machine.small_memory,
        parts=ViewParts(folder=weights.path(ZERO123PLUS), unet_file=_file_of(weights, VIEWS)),
        steps=shape.view_steps,
        guidance=shape.view_guidance,
    )


def make_plan(settings: Settings, weights: WeightStore, device: str) -> ReconstructionPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED) and (BAD_REQUEST) for a device that is not there."""
    shape = settings.instantmesh.shape
    return ReconstructionPlan(
        device=choose(device),
        frugal=settings.machine.small_memory,
        set_id=shape.reconstruction,
        checkpoint=_file_of(weights, shape.reconstruction),
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

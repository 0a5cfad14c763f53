"""What a thing is to be made with, resolved from the settings before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol.options.light import TRIPOSR
from img23d_protocol.options.settings import Settings

from ....machine.devices import choose
from ....models.load_plan import LoadPlan, Network
from ....weights.store import WeightStore

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class TripoSRPlan(LoadPlan):
    """`resolution` cells a side of the cube in which the surface is looked for."""

    folder: Path
    resolution: int
    faces: int

    @property
    def dtype(self) -> torch.dtype:
        """Single precision, as published: the network is small, and nobody has told how far its numbers reach."""
        import torch

        return torch.float32

    @property
    def network_(self) -> Network:
        return Network(key=TRIPOSR, read=partial(_read, self.folder))


def make_plan(settings: Settings, weights: WeightStore, device: str) -> TripoSRPlan:
    """Raises Img23DError(WEIGHTS_MISSING) and (BAD_REQUEST) for a device that is not there."""
    shape = settings.light.shape
    return TripoSRPlan(
        device=choose(device),
        frugal=settings.machine.small_memory,
        group_offload=settings.machine.small_memory,
        folder=weights.path(TRIPOSR),
        resolution=shape.resolution,
        faces=shape.faces,
    )


def _read(folder: Path) -> nn.Module:
    from ..networks.reconstruction import load

    return load(folder)

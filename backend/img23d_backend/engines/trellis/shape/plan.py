"""What a thing is to be made with: networks, device and numbers, resolved from the settings before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol.options.settings import Settings
from img23d_protocol.options.trellis import BOTH, FILE_SET, IMAGE_ENCODER, MESH, SPLATS

from ....machine.devices import PROCESSOR, choose
from ....models.load_plan import LoadPlan, Network
from ....weights.store import WeightStore
from ..config.pipeline import Pipeline, read_pipeline
from .loaders import TrellisParts
from .sampling import Schedule

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class TrellisPlan(LoadPlan):
    """`structures` are made, of which one is kept; `is_exact`: all networks compute in single precision, whatever the device prefers."""

    parts: TrellisParts
    encoder_folder: Path
    pipeline: Pipeline
    structure_schedule: Schedule
    latent_schedule: Schedule
    structures: int
    makes_mesh: bool
    splats_are_result: bool
    splat_count: int
    faces: int
    is_exact: bool = False

    @property
    def dtype(self) -> torch.dtype:
        import torch

        return torch.float32 if self.is_exact else super().dtype

    @property
    def encoder(self) -> Network:
        return Network(key=IMAGE_ENCODER, read=partial(_read_encoder, self.encoder_folder))

    @property
    def structure_flow(self) -> Network:
        return self.network("structure flow", FILE_SET, self.parts.structure_flow)

    @property
    def structure_decoder(self) -> Network:
        return self.network("structure decoder", FILE_SET, self.parts.structure_decoder)

    @property
    def latent_flow(self) -> Network:
        return self.network("latent flow", FILE_SET, self.parts.slat_flow)

    @property
    def splat_decoder(self) -> Network:
        return self.network("splat decoder", FILE_SET, self.parts.gaussian_decoder)

    @property
    def mesh_decoder(self) -> Network:
        return self.network("mesh decoder", FILE_SET, self.parts.mesh_decoder)

    @property
    def networks(self) -> tuple[Network, ...]:
        """In the order in which they compute."""
        always = self.encoder, self.structure_flow, self.for_convolutions.structure_decoder, self.latent_flow, self.splat_decoder
        return (*always, self.mesh_decoder) if self.makes_mesh else always

    @property
    def for_convolutions(self) -> TrellisPlan:
        """For dense ones in space, which the backend of Macs gives wrong values for (ComfyUI's issue 16340): on the processor there."""
        return replace(self, device=choose(PROCESSOR), group_offload=False) if self.device.kind == "mps" else self


def make_plan(settings: Settings, weights: WeightStore) -> TrellisPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT) and (BAD_REQUEST) for a device that is not there."""
    shape, folder = settings.trellis.shape, weights.path(FILE_SET)
    pipeline = read_pipeline(folder / "pipeline.json")
    structure, latents = pipeline.structure, pipeline.latents
    return TrellisPlan(
        device=choose(settings.machine.devices.shape),
        frugal=settings.machine.small_memory,
        parts=TrellisParts(folder=folder),
        encoder_folder=weights.path(IMAGE_ENCODER),
        pipeline=pipeline,
        structure_schedule=Schedule(steps=shape.structure_steps, guidance=shape.structure_guidance, rescale=structure.rescale, interval=structure.interval),
        latent_schedule=Schedule(steps=shape.latent_steps, guidance=shape.latent_guidance, rescale=latents.rescale, interval=latents.interval),
        structures=shape.oversampling,
        makes_mesh=shape.result in (MESH, BOTH),
        splats_are_result=shape.result in (SPLATS, BOTH),
        splat_count=shape.splat_count,
        faces=shape.faces,
    )


def _read_encoder(folder: Path) -> nn.Module:
    from ..networks.image_encoder import load_image_encoder

    return load_image_encoder(folder)

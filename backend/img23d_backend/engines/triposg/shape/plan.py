"""What a thing is to be made with: networks, device and numbers, resolved from the settings before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol.options.settings import Settings
from img23d_protocol.options.triposg import FILE_SET

from ....fields.latent_field import LatentDecoder
from ....machine.devices import choose
from ....models.dinov2 import Dinov2Folder
from ....models.load_plan import LoadPlan, Network
from ....vecset.loading import WEIGHTS, load_network, load_vae
from ....vecset.picture import PictureConfig, read_picture_config
from ....vecset.published import read_dit, read_times, read_vae
from ....vecset.rectified_flow import Step
from ....weights.store import WeightStore

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ....vecset.networks.autoencoder import VAEConfig
    from ....vecset.networks.dit import DiTConfig

OWNER = "TripoSG"
_BOUNDS = 1.005  # half the side of the cube in which the model's shapes lie
_DIT, _VAE, _ENCODER = "transformer", "vae", "image_encoder_dinov2"


@dataclass(frozen=True, kw_only=True)
class TripoSGParts:
    """`folder` is that of the published files. All raise Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""

    folder: Path

    @cached_property
    def dit_config(self) -> DiTConfig:
        return read_dit(self.folder / _DIT / "config.json", OWNER)

    @cached_property
    def vae_config(self) -> VAEConfig:
        return read_vae(self.folder / _VAE / "config.json", OWNER)

    @cached_property
    def picture(self) -> PictureConfig:
        return read_picture_config(self.folder / "feature_extractor_dinov2" / "preprocessor_config.json", OWNER)

    def steps(self, count: int) -> tuple[Step, ...]:
        return read_times(self.folder / "scheduler" / "scheduler_config.json", OWNER).steps(count)

    def dit(self, dtype: torch.dtype) -> nn.Module:
        from ....models.loading import read_tensors
        from ....vecset.networks.dit import DiT

        config = self.dit_config
        return load_network(lambda: DiT(config), config, read_tensors(self.folder / _DIT / WEIGHTS), dtype)

    def vae(self, dtype: torch.dtype) -> nn.Module:
        """Without the half that encodes surfaces."""
        return load_vae(self.folder / _VAE / WEIGHTS, self.vae_config, dtype, has_encoder=False)

    def encoder(self, dtype: torch.dtype) -> nn.Module:
        return Dinov2Folder(path=self.folder / _ENCODER, owner=OWNER, has_registers=False, has_last_norm=True).read(dtype)


@dataclass(frozen=True, kw_only=True)
class TripoSGPlan(LoadPlan):
    """`latents` vectors stand for a shape."""

    parts: TripoSGParts
    steps: tuple[Step, ...]
    guidance: float
    resolution: int
    faces: int
    latents: int

    @property
    def encoder(self) -> Network:
        return self.network("encoder", FILE_SET, self.parts.encoder)

    @property
    def dit(self) -> Network:
        return self.network("dit", FILE_SET, self.parts.dit)

    @property
    def decoder(self) -> LatentDecoder:
        return LatentDecoder(network=self.network("vae", FILE_SET, self.parts.vae), width=self.parts.vae_config.decoder_width, bounds=_BOUNDS)

    @property
    def networks(self) -> tuple[Network, ...]:
        """In the order in which they compute."""
        return self.encoder, self.dit, self.decoder.network


LATENTS = 2048  # as it was trained, and as its own program asks for


def make_plan(settings: Settings, weights: WeightStore) -> TripoSGPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT) and (BAD_REQUEST) for a device that is not there."""
    shape, parts = settings.triposg.shape, TripoSGParts(folder=weights.path(FILE_SET))
    return TripoSGPlan(
        device=choose(settings.machine.devices.shape),
        frugal=settings.machine.small_memory,
        parts=parts,
        steps=parts.steps(shape.steps),
        guidance=shape.guidance,
        resolution=shape.resolution,
        faces=shape.faces,
        latents=LATENTS,
    )

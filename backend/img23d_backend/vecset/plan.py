"""What a network of TripoSG's family is loaded and sampled with, where a picture or surface is looked at, latents are found and decoded."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..fields.latent_field import LatentDecoder
from ..models.load_plan import LoadPlan, Network
from .loading import WEIGHTS, load_vae
from .rectified_flow import Step

if TYPE_CHECKING:
    import torch
    from torch import nn

    from .networks.autoencoder import VAEConfig


@dataclass(frozen=True, kw_only=True)
class VecsetPlan(LoadPlan):
    """`latents` vectors stand for a part; `resolution` cells a side of the cube that is `bounds` in each direction, `faces` of a part.
    `folder` is that of the published files.
    """

    file_set: ClassVar[str]
    bounds: ClassVar[float]

    folder: Path
    vae_config: VAEConfig
    steps: tuple[Step, ...]
    guidance: float
    latents: int
    resolution: int
    faces: int

    @property
    def encoder(self) -> Network:
        return self.network("encoder", self.file_set, self.read_encoder)

    @property
    def dit(self) -> Network:
        return self.network("dit", self.file_set, self.read_dit)

    @property
    def vae(self) -> Network:
        return self.network("vae", self.file_set, self._read_vae)

    @property
    def networks(self) -> tuple[Network, ...]:
        """In the order in which they compute."""
        return self.encoder, self.dit, self.vae

    @property
    def decoder(self) -> LatentDecoder:
        return LatentDecoder(network=self.vae, width=self.vae_config.decoder_width, bounds=self.bounds)

    @abstractmethod
    def read_encoder(self, dtype: torch.dtype) -> nn.Module:
        """What looks at the picture, or at the surface."""

    @abstractmethod
    def read_dit(self, dtype: torch.dtype) -> nn.Module:
        """What finds the latents."""

    def _read_vae(self, dtype: torch.dtype) -> nn.Module:
        """Without the half that encodes surfaces."""
        return load_vae(self.folder / "vae" / WEIGHTS, self.vae_config, dtype, has_encoder=False)

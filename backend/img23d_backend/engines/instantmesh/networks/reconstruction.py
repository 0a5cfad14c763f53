"""The whole network: views and where they were taken from, to planes of features, and what these say at points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from .fields import DensityField, DistanceField
from .image_encoder import ImageEncoder
from .triplane import CHANNELS, SIDE, TriplaneTransformer, features_at

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class ReconstructionSizes:
    """Of the published ones: large has 16 layers and 80 features, base 12 and 40; a mesh variant has distances, a NeRF variant densities."""

    layers: int
    features: int
    is_mesh: bool
    channels: int = CHANNELS
    heads: int = 16
    side: int = SIDE
    image_layers: int = 12
    image_channels: int = 768
    image_heads: int = 12


class Reconstruction(nn.Module):
    def __init__(self, sizes: ReconstructionSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.encoder = ImageEncoder(layers=sizes.image_layers, channels=sizes.image_channels, heads=sizes.image_heads)
        self.transformer = TriplaneTransformer(
            image_channels=sizes.image_channels,
            layers=sizes.layers,
            features=sizes.features,
            channels=sizes.channels,
            heads=sizes.heads,
            side=sizes.side,
        )
        field = DistanceField(sizes.features) if sizes.is_mesh else DensityField(sizes.features)
        self.synthesizer = nn.ModuleDict({"decoder": field})

    @property
    def field(self) -> nn.Module:
        """A DistanceField or a DensityField."""
        return self.synthesizer["decoder"]

    def planes(self, views: Tensor, cameras: Tensor, on_block: Callable[[int], None] = lambda done: None) -> Tensor:
        """(3, F, 64, 64) of views (V, 3, S, S) in 0..1, S a multiple of 16, with cameras (V, 16)."""
        return self.transformer(self.encoder(views, cameras).flatten(0, 1)[None], on_block)

    @staticmethod
    def features_at(planes: Tensor, points: Tensor) -> Tensor:
        """(P, 3F) at points (P, 3) in the network's own axes, x towards the photo's camera and z up."""
        return features_at(planes, points)

"""What HoloPart looks at: a piece of a surface by itself, and in the whole that it is a piece of (Yang et al., HoloPart, 2025)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ....vecset.networks.autoencoder import Encoder, TokenEncoder, embedded


@dataclass(frozen=True, kw_only=True)
class PartEncoderConfig:
    """`tokens` stand for a piece. `piece_channels` and `whole_channels` are what is known of a point of each beside its place: the normal, and in the
    whole whether it is of the piece. Without `has_local` the piece is seen in the whole only.
    """

    width: int
    heads: int
    layers: int
    tokens: int
    piece_channels: int = 3
    whole_channels: int = 4
    frequencies: int = 8
    has_local: bool = True


class ContextEncoder(TokenEncoder):
    """Of a piece's points among those of the whole, which have a channel more."""

    def __init__(self, config: PartEncoderConfig) -> None:
        super().__init__(config.width, config.heads, config.layers)
        places = 3 * (1 + 2 * config.frequencies)
        self.q_proj_in = nn.Linear(places + config.piece_channels, config.width)
        self.kv_proj_in = nn.Linear(places + config.whole_channels, config.width)

    def forward(self, queries: Tensor, surface: Tensor) -> Tensor:
        """(B, L, piece's in), (B, N, whole's in) to (B, L, C)."""
        return self.through(self.q_proj_in(queries), self.kv_proj_in(surface))


class PartEncoder(nn.Module):
    """Points to two sets of tokens, which the DiT looks at."""

    def __init__(self, config: PartEncoderConfig) -> None:
        super().__init__()
        self.config = config
        if config.has_local:
            places = 3 * (1 + 2 * config.frequencies)
            self.encoder_local = Encoder(places + config.piece_channels, config.width, config.heads, config.layers)
        self.encoder_context = ContextEncoder(config)

    def local(self, queries: Tensor, surface: Tensor) -> Tensor:
        """A piece's points (B, N, 3 + piece's) in its own frame, and those of them that become tokens (B, L, ...): (B, L, C)."""
        return self.encoder_local(self._with_places(queries), self._with_places(surface))

    def context(self, queries: Tensor, surface: Tensor) -> Tensor:
        """The points that become tokens (B, L, 3 + piece's) and those of the whole (B, N, 3 + whole's), in the whole's frame: (B, L, C)."""
        return self.encoder_context(self._with_places(queries), self._with_places(surface))

    def _with_places(self, points: Tensor) -> Tensor:
        """The places' sines in single precision, as in `vecset`'s VAE."""
        dtype = self.encoder_context.q_proj_in.weight.dtype
        return torch.cat((embedded(points[..., :3], self.config.frequencies), points[..., 3:]), dim=-1).to(dtype)

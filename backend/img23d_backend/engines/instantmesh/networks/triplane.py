"""Three planes of features from the tokens of all views, and what they hold at points."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 32  # tokens along a plane's side; the planes themselves are twice as fine
CHANNELS = 1024
_HEADS = 16
_EPS = 1e-6  # of the last norm; the blocks' own have torch's
_AXES = ((0, 1), (0, 2), (2, 1))  # of a point that a plane is looked up by: its columns, then its rows


class TriplaneTransformer(nn.Module):
    """Tokens (1, T, C) to planes (3, F, 64, 64): learned queries look at the tokens and at each other."""

    def __init__(self, *, image_channels: int, layers: int, features: int, channels: int = CHANNELS, heads: int = _HEADS, side: int = SIDE) -> None:
        import torch

        super().__init__()
        self.side = side
        self.pos_embed = nn.Parameter(torch.randn(1, 3 * side**2, channels) / channels**0.5)
        self.layers = nn.ModuleList(_Block(channels, image_channels, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(channels, eps=_EPS)
        self.deconv = nn.ConvTranspose2d(channels, features, kernel_size=2, stride=2)

    def forward(self, tokens: Tensor, on_block: Callable[[int], None] = lambda done: None) -> Tensor:
        """`on_block` is told before each block how many are done."""
        queries = self.pos_embed
        for number, layer in enumerate(self.layers):
            on_block(number)
            queries = layer(queries, tokens)
        planes = self.norm(queries)[0].unflatten(0, (3, self.side, self.side))
        return self.deconv(planes.permute(0, 3, 1, 2))


class _Block(nn.Module):
    def __init__(self, channels: int, image_channels: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(channels) for _ in range(3))
        self.cross_attn = nn.MultiheadAttention(channels, heads, kdim=image_channels, vdim=image_channels, bias=False, batch_first=True)
        self.self_attn = nn.MultiheadAttention(channels, heads, bias=False, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(channels, 4 * channels), nn.GELU(), nn.Dropout(0.0), nn.Linear(4 * channels, channels), nn.Dropout(0.0))

    def forward(self, queries: Tensor, tokens: Tensor) -> Tensor:
        queries = queries + self.cross_attn(self.norm1(queries), tokens, tokens, need_weights=False)[0]
        own = self.norm2(queries)
        queries = queries + self.self_attn(own, own, own, need_weights=False)[0]
        return queries + self.mlp(self.norm3(queries))


def features_at(planes: Tensor, points: Tensor) -> Tensor:
    """(P, 3F) of `planes` (3, F, R, R) at `points` (P, 3) in a cube of side 2 around the origin; zeros outside of it."""
    import torch

    places = torch.stack([points[:, list(axes)] for axes in _AXES])[:, None].to(planes.dtype)  # (3, 1, P, 2)
    found = functional.grid_sample(planes, places, mode="bilinear", padding_mode="zeros", align_corners=False)  # (3, F, 1, P)
    return found[:, :, 0].permute(2, 0, 1).flatten(1)

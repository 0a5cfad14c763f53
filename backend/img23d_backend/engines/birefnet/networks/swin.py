"""The Swin Transformer as a backbone: Z. Liu et al., Hierarchical Vision Transformer using Shifted Windows (ICCV 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

PATCH = 4  # pixels a side


@dataclass(frozen=True, kw_only=True)
class SwinConfig:
    """Swin-L by default. The width doubles from stage to stage."""

    width: int = 192  # channels of the first stage
    depths: tuple[int, ...] = (2, 2, 18, 2)  # blocks a stage
    heads: tuple[int, ...] = (6, 12, 24, 48)
    window: int = 12  # tokens a side

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(self.width * 2**stage for stage in range(len(self.depths)))


class Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x)))


class WindowAttention(nn.Module):
    """Attention among the N = window * window tokens of a window, with a learned bias for each relative position."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.window = window
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.register_buffer("relative_position_index", relative_positions(window))  # (N, N), stands in the checkpoints
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def bias(self) -> Tensor:  # (heads, N, N)
        return self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)

    def forward(self, windows: Tensor, shift: int) -> Tensor:
        """(B, rows, columns, N, C) windows to the same; `shift` is by how much the picture was rolled to the top left.

        Where it was rolled, the last row and the last column of windows hold tokens from both ends of the picture, which
        must not see each other. So there are four kinds of windows, each with one mask for all of its kind: a mask a
        window would be as large as all attention matrices together.
        """
        if shift == 0:
            return self._attend(windows, self.bias())
        apart = _apart(self.window, shift, windows.device)  # (window,) bool
        upper = self._row(windows[:, :-1], torch.zeros_like(apart), apart)
        lower = self._row(windows[:, -1:], apart, apart)
        return torch.cat([upper, lower], dim=1)

    def _row(self, windows: Tensor, apart_down: Tensor, apart_right: Tensor) -> Tensor:
        together = torch.zeros_like(apart_right)
        left = self._attend(windows[:, :, :-1], self.bias() + _mask(apart_down, together, windows.dtype))
        right = self._attend(windows[:, :, -1:], self.bias() + _mask(apart_down, apart_right, windows.dtype))
        return torch.cat([left, right], dim=2)

    def _attend(self, windows: Tensor, bias: Tensor) -> Tensor:
        """(B, rows, columns, N, C) to the same."""
        if windows.numel() == 0:
            return windows
        *grid, tokens, width = windows.shape
        qkv = self.qkv(windows).reshape(-1, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = qkv.unbind(0)  # (windows, heads, N, C / heads)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype)[None])
        return self.proj(seen.transpose(1, 2).reshape(*grid, tokens, width))


def relative_positions(window: int) -> Tensor:
    """(N, N) int64: the row of the bias table for each pair of tokens of a window, N = window * window."""
    places = torch.cartesian_prod(torch.arange(window), torch.arange(window))  # (N, 2)
    apart = places[:, None] - places[None] + window - 1  # (N, N, 2), 0..2 window - 2
    return apart[..., 0] * (2 * window - 1) + apart[..., 1]


def _apart(window: int, shift: int, device: torch.device) -> Tensor:
    """(window,) bool: which of a border window's rows (or columns) came from the other end of the picture."""
    return torch.arange(window, device=device) >= window - shift


def _mask(apart_down: Tensor, apart_right: Tensor, dtype: torch.dtype) -> Tensor:
    """(N, N): 0 where one token of a window may attend to another, otherwise minus infinity."""
    part = (2 * apart_down[:, None].int() + apart_right[None].int()).flatten()  # (N,)
    mask = torch.zeros(len(part), len(part), dtype=dtype, device=part.device)
    return mask.masked_fill(part[:, None] != part[None], float("-inf"))


class SwinBlock(nn.Module):
    def __init__(self, width: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.window = window
        self.shift = shift
        self.norm1 = nn.LayerNorm(width)
        self.attn = WindowAttention(width, heads, window)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width)

    def forward(self, x: Tensor) -> Tensor:  # (B, H, W, C) to the same
        x = x + self._attended(self.norm1(x))
        return x + self.mlp(self.norm2(x))

    def _attended(self, x: Tensor) -> Tensor:
        """Padded with zeros to whole windows, which the tokens do attend to: so the published weights were trained."""
        batch, height, width, channels = x.shape
        side = self.window
        x = functional.pad(x, (0, 0, 0, -width % side, 0, -height % side))
        x = torch.roll(x, (-self.shift, -self.shift), dims=(1, 2))
        rows, columns = x.shape[1] // side, x.shape[2] // side
        x = x.reshape(batch, rows, side, columns, side, channels).transpose(2, 3)
        x = self.attn(x.reshape(batch, rows, columns, side * side, channels), self.shift)
        x = x.reshape(batch, rows, columns, side, side, channels).transpose(2, 3)
        x = x.reshape(batch, rows * side, columns * side, channels)
        x = torch.roll(x, (self.shift, self.shift), dims=(1, 2))
        return x[:, :height, :width]


class PatchMerging(nn.Module):
    """Half the resolution, twice the channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)
        self.norm = nn.LayerNorm(4 * width)

    def forward(self, x: Tensor) -> Tensor:  # (B, H, W, C) -> (B, H / 2, W / 2, 2 C), rounded up
        x = functional.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        corners = [x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]]
        return self.reduction(self.norm(torch.cat(corners, dim=-1)))


class SwinStage(nn.Module):
    def __init__(self, width: int, depth: int, heads: int, window: int, is_last: bool) -> None:
        super().__init__()
        shifts = [window // 2 if index % 2 else 0 for index in range(depth)]
        self.blocks = nn.ModuleList(SwinBlock(width, heads, window, shift) for shift in shifts)
        self.downsample = None if is_last else PatchMerging(width)


class PatchEmbed(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, PATCH, stride=PATCH)
        self.norm = nn.LayerNorm(width)

    def forward(self, picture: Tensor) -> Tensor:  # (B, 3, H, W) -> (B, H / 4, W / 4, C)
        return self.norm(self.proj(picture).permute(0, 2, 3, 1))


class Swin(nn.Module):
    """A picture to its features at a quarter, an eighth, a sixteenth and a thirty-second of its size."""

    def __init__(self, config: SwinConfig) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(config.width)
        last = len(config.depths) - 1
        stages = zip(config.widths, config.depths, config.heads, strict=True)
        self.layers = nn.ModuleList(SwinStage(width, depth, heads, config.window, stage == last) for stage, (width, depth, heads) in enumerate(stages))
        for stage, width in enumerate(config.widths):
            self.add_module(f"norm{stage}", nn.LayerNorm(width))

    def forward(self, picture: Tensor) -> list[Tensor]:  # (B, 3, H, W), sides multiples of 4 -> four (B, C, h, w)
        x = self.patch_embed(picture)
        features = []
        for stage, layer in enumerate(self.layers):
            for block in layer.blocks:
                x = block(x)
            features.append(self.get_submodule(f"norm{stage}")(x).permute(0, 3, 1, 2))
            x = x if layer.downsample is None else layer.downsample(x)
        return features

"""The networks' sizes, by the names that the published files have for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StructureFlowConfig:
    """`resolution` cells an axis, each a token; `cond_channels` of the picture's tokens."""

    resolution: int
    in_channels: int
    out_channels: int
    model_channels: int
    cond_channels: int
    num_blocks: int
    num_heads: int
    mlp_ratio: float = 4
    qk_rms_norm: bool = False


@dataclass(frozen=True, kw_only=True)
class SlatFlowConfig(StructureFlowConfig):
    """`resolution` of the voxels; `io_block_channels` of the finer grids before the transformer's, finest first."""

    io_block_channels: tuple[int, ...]
    num_io_res_blocks: int = 2


@dataclass(frozen=True, kw_only=True)
class StructureDecoderConfig:
    """`channels` from the coarsest grid to the finest, each twice as fine as the one before."""

    out_channels: int
    latent_channels: int
    channels: tuple[int, ...]
    num_res_blocks: int
    num_res_blocks_middle: int = 2


@dataclass(frozen=True, kw_only=True)
class SlatDecoderConfig:
    """A transformer over voxels, in windows of `window_size` cells."""

    resolution: int
    latent_channels: int
    model_channels: int
    num_blocks: int
    num_heads: int
    mlp_ratio: float = 4
    window_size: int = 8


@dataclass(frozen=True, kw_only=True)
class GaussianConfig:
    """How a decoder's numbers are Gaussians: `num_gaussians` a voxel, `voxel_size` how many cells wide the box is in which they
    may lie, `smallest` scale, `scaling_bias` and `opacity_bias` what a decoder's 0 stands for, `rotation_rate` what rotations are
    multiplied with.
    """

    num_gaussians: int = 32
    voxel_size: float = 1.5
    smallest: float = 9e-4
    scaling_bias: float = 4e-3
    opacity_bias: float = 0.1
    rotation_rate: float = 0.1


@dataclass(frozen=True, kw_only=True)
class GaussianDecoderConfig(SlatDecoderConfig):
    gaussians: GaussianConfig = GaussianConfig()


@dataclass(frozen=True, kw_only=True)
class MeshDecoderConfig(SlatDecoderConfig):
    """Its surface's grid is four times as fine as the voxels."""


Config = StructureFlowConfig | SlatFlowConfig | StructureDecoderConfig | GaussianDecoderConfig | MeshDecoderConfig

"""TRELLIS's five networks, each by itself, so that each can be moved by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..config.published import read_config
from ..config.sizes import GaussianDecoderConfig, MeshDecoderConfig, SlatFlowConfig, StructureDecoderConfig, StructureFlowConfig

if TYPE_CHECKING:
    import torch

    from ..networks.precision import Torso
    from ..networks.slat_decoders import SLatGaussianDecoder, SLatMeshDecoder
    from ..networks.slat_flow import SLatFlowModel
    from ..networks.structure_decoder import SparseStructureDecoder
    from ..networks.structure_flow import SparseStructureFlowModel

# As published, without .json and .safetensors
STRUCTURE_FLOW = "ss_flow_img_dit_L_16l8_fp16"
STRUCTURE_DECODER = "ss_dec_conv3d_16l8_fp16"
SLAT_FLOW = "slat_flow_img_dit_L_64l8p2_fp16"
GAUSSIAN_DECODER = "slat_dec_gs_swin8_B_64l8gs32_fp16"
MESH_DECODER = "slat_dec_mesh_swin8_B_64l8m256c_fp16"

_Network = TypeVar("_Network", bound="Torso")


@dataclass(frozen=True, kw_only=True)
class TrellisParts:
    """`folder` holds ckpts/. A network's `dtype` is that of its torso; what surrounds that is of single precision.

    All raise Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT).
    """

    folder: Path

    def structure_flow(self, dtype: torch.dtype) -> SparseStructureFlowModel:
        from ..networks.structure_flow import SparseStructureFlowModel

        config = read_config(self._path(STRUCTURE_FLOW, ".json"), StructureFlowConfig)
        return self._built(lambda: SparseStructureFlowModel(config), STRUCTURE_FLOW, dtype)

    def structure_decoder(self, dtype: torch.dtype) -> SparseStructureDecoder:
        from ..networks.structure_decoder import SparseStructureDecoder

        config = read_config(self._path(STRUCTURE_DECODER, ".json"), StructureDecoderConfig)
        return self._built(lambda: SparseStructureDecoder(config), STRUCTURE_DECODER, dtype)

    def slat_flow(self, dtype: torch.dtype) -> SLatFlowModel:
        from ..networks.slat_flow import SLatFlowModel

        config = read_config(self._path(SLAT_FLOW, ".json"), SlatFlowConfig)
        return self._built(lambda: SLatFlowModel(config), SLAT_FLOW, dtype)

    def gaussian_decoder(self, dtype: torch.dtype) -> SLatGaussianDecoder:
        from ..networks.slat_decoders import SLatGaussianDecoder

        config = read_config(self._path(GAUSSIAN_DECODER, ".json"), GaussianDecoderConfig)
        return self._built(lambda: SLatGaussianDecoder(config), GAUSSIAN_DECODER, dtype)

    def mesh_decoder(self, dtype: torch.dtype) -> SLatMeshDecoder:
        from ..networks.slat_decoders import SLatMeshDecoder

        config = read_config(self._path(MESH_DECODER, ".json"), MeshDecoderConfig)
        return self._built(lambda: SLatMeshDecoder(config), MESH_DECODER, dtype)

    def _path(self, name: str, suffix: str) -> Path:
        return self.folder / "ckpts" / f"{name}{suffix}"

    def _built(self, make: Callable[[], _Network], name: str, dtype: torch.dtype) -> _Network:
        from ....models.loading import build, read_tensors

        network = build(make, read_tensors(self._path(name, ".safetensors")), None)
        network.set_torso_dtype(dtype)
        return network

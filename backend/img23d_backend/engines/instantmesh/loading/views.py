"""What draws the views: InstantMesh's own network, and what it works with of Zero123++ v1.2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ....models.diffusers_folder import built, read_config, vae
from ....models.empty_prompt import KEPT_NAME, TEXT_ENCODER, empty_prompt
from ....models.loading import read_tensors, unfit
from ....weights.record import recorded_digest

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKL, EulerAncestralDiscreteScheduler, UNet2DConditionModel
    from torch import Tensor
    from transformers import CLIPVisionModelWithProjection

_TOKENS = 77  # of a text


@dataclass(frozen=True, kw_only=True)
class ViewParts:
    """`folder` is Zero123++'s, `unet_file` the network's weights from the other repository.

    Every method raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT).
    """

    folder: Path
    unet_file: Path

    def unet(self, dtype: torch.dtype) -> UNet2DConditionModel:
        from diffusers import UNet2DConditionModel

        return built(UNet2DConditionModel.from_config, self.folder / "unet", read_tensors(self.unet_file), dtype)

    def vae(self, dtype: torch.dtype) -> AutoencoderKL:
        return vae(self.folder / "vae", dtype)

    def vision(self, dtype: torch.dtype) -> CLIPVisionModelWithProjection:
        from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

        folder = self.folder / "vision_encoder"

        def make(config: dict) -> CLIPVisionModelWithProjection:
            return CLIPVisionModelWithProjection(CLIPVisionConfig.from_dict(config))

        # Before 2023 transformers kept the numbers of the positions in the file as well
        return built(make, folder, read_tensors(folder / "model.safetensors"), dtype, may_hold_more=True)

    def scheduler(self) -> EulerAncestralDiscreteScheduler:
        """As InstantMesh's run.py sets it."""
        from diffusers import EulerAncestralDiscreteScheduler

        return EulerAncestralDiscreteScheduler.from_config(read_config(self.folder / "scheduler" / "scheduler_config.json"), timestep_spacing="trailing")

    def empty_text(self) -> Tensor:
        """(1, 77, C) float32, the only text that the network is ever given."""
        return empty_prompt(self.folder, self.folder / KEPT_NAME, recorded_digest(self.folder, TEXT_ENCODER))

    def ramp(self) -> Tensor:
        """(77,): how much of the picture's embedding each of the text's tokens takes."""
        import torch

        path = self.folder / "model_index.json"
        numbers = read_config(path).get("ramping_coefficients")
        try:
            ramp = torch.tensor(numbers, dtype=torch.float32)
        except (TypeError, ValueError, RuntimeError) as error:
            raise unfit(f"{path}: {error}") from error
        if ramp.shape != (_TOKENS,):
            raise unfit(f"{path}: the ramp has the shape {tuple(ramp.shape)}")
        return ramp

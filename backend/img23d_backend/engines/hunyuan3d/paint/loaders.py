"""The networks and schedulers of a painter, each by itself, from the folders as they are published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ....models.diffusers_folder import CONFIG, built, read_config, read_weights, vae
from ....models.empty_prompt import KEPT_NAME, TEXT_ENCODER, empty_prompt
from ....weights.record import recorded_digest

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKL, EulerAncestralDiscreteScheduler, LCMScheduler, UNet2DConditionModel
    from torch import Tensor

    from ..networks.multiview import MultiviewUNet, ReferenceUNet

_SCHEDULER = "scheduler/scheduler_config.json"
_GENERATING, _REFERENCE = "unet.", "unet_dual."  # what the two halves' keys begin with in the painters' one file
_REFERENCE_PROMPT = "learned_text_clip_ref"  # the reference half's, yet among the keys of the other one
_PUBLISHED_SIDE = 512  # what hy3dgen asks for, whatever the configuration says


@dataclass(frozen=True, kw_only=True)
class PaintParts:
    """`paint` and `delight` hold unet/, vae/ and scheduler/; `delight` is None where light and shadow stay in the picture.

    Every method raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT).
    """

    paint: Path
    delight: Path | None = None

    # --- the delight model --------------------------------------------------------------------------------------------

    def delight_unet(self, dtype: torch.dtype) -> UNet2DConditionModel:
        from diffusers import UNet2DConditionModel

        folder = self._delight / "unet"
        return built(UNet2DConditionModel.from_config, folder, read_weights(folder), dtype)

    def delight_vae(self, dtype: torch.dtype) -> AutoencoderKL:
        return vae(self._delight / "vae", dtype)

    def empty_prompt(self, dtype: torch.dtype) -> Tensor:
        """(1, 77, C), the only text that the delight model is ever given."""
        set_folder = self._delight.parent
        digest = recorded_digest(set_folder, f"{self._delight.name}/{TEXT_ENCODER}")
        return empty_prompt(self._delight, set_folder / KEPT_NAME, digest).to(dtype)

    def delight_scheduler(self) -> EulerAncestralDiscreteScheduler:
        from diffusers import EulerAncestralDiscreteScheduler

        return EulerAncestralDiscreteScheduler.from_config(read_config(self._delight / _SCHEDULER))

    # --- the painter --------------------------------------------------------------------------------------------------

    def multiview_unet(self, dtype: torch.dtype) -> MultiviewUNet:
        """The half that makes the views.

        The turbo file holds 30 million parameters more than hy3dgen's network, which gives them no input: they stay unread.
        """
        from ..networks.multiview import MultiviewUNet

        folder = self.paint / "unet"
        return built(MultiviewUNet, folder, read_weights(folder, _GENERATING), dtype, may_hold_more=True)

    def reference_unet(self, dtype: torch.dtype) -> ReferenceUNet:
        """The half that encodes the picture."""
        from ..networks.multiview import ReferenceUNet

        folder = self.paint / "unet"
        (prompt,) = read_weights(folder, _GENERATING + _REFERENCE_PROMPT).values()
        return built(ReferenceUNet, folder, read_weights(folder, _REFERENCE) | {_REFERENCE_PROMPT: prompt}, dtype, may_hold_more=True)

    def paint_vae(self, dtype: torch.dtype) -> AutoencoderKL:
        return vae(self.paint / "vae", dtype)

    def paint_scheduler(self, turbo: bool) -> EulerAncestralDiscreteScheduler | LCMScheduler:
        """As hy3dgen sets it (texgen/utils/multiview_utils.py)."""
        from diffusers import EulerAncestralDiscreteScheduler, LCMScheduler

        kind = LCMScheduler if turbo else EulerAncestralDiscreteScheduler
        return kind.from_config(read_config(self.paint / _SCHEDULER), timestep_spacing="trailing")

    @property
    def side(self) -> int:
        """Pixels a side of the views, and of the picture that both models look at: 512 of the published ones."""
        return _side(read_config(self.paint / "unet" / CONFIG), read_config(self.paint / "vae" / CONFIG))

    @property
    def _delight(self) -> Path:
        if self.delight is None:
            raise ValueError("these parts were made without the delight model")
        return self.delight


def _side(unet: Mapping, vae: Mapping) -> int:
    """What the network was trained on, in pixels, and not more than hy3dgen asks for."""
    from ....models.loading import unfit

    try:
        return min(_PUBLISHED_SIDE, int(unet["sample_size"]) * 2 ** (len(vae["block_out_channels"]) - 1))
    except (KeyError, TypeError, ValueError) as error:
        raise unfit(f"{type(error).__name__}: {error}") from error

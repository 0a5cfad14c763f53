"""The networks and schedulers of a painter, each by itself, from the folders as they are published."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError

from .empty_prompt import empty_prompt

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKL, EulerAncestralDiscreteScheduler, LCMScheduler, UNet2DConditionModel
    from torch import Tensor, nn

    from ..networks.multiview import MultiviewUNet, ReferenceUNet

# Best first. The turbo painter's VAE is published as a pickle only; torch's reader that runs no code takes it.
_WEIGHT_FILES = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
_CONFIG, _SCHEDULER = "config.json", "scheduler/scheduler_config.json"
_GENERATING, _REFERENCE = "unet.", "unet_dual."  # what the two halves' keys begin with in the painters' one file
_REFERENCE_PROMPT = "learned_text_clip_ref"  # the reference half's, yet among the keys of the other one
_PUBLISHED_SIDE = 512  # what hy3dgen asks for, whatever the configuration says
# An attention block of a VAE from before diffusers 0.15 calls its layers by older names; the turbo painter's is that old.
_OLD_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_OLD_KEY = re.compile(rf"(.*\.attentions\.\d+)\.({'|'.join(_OLD_NAMES)})\.(weight|bias)")


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
        return _built(UNet2DConditionModel.from_config, folder, _read(folder), dtype)

    def delight_vae(self, dtype: torch.dtype) -> AutoencoderKL:
        return _vae(self._delight / "vae", dtype)

    def empty_prompt(self, dtype: torch.dtype) -> Tensor:
        """(1, 77, C), the only text that the delight model is ever given."""
        return empty_prompt(self._delight).to(dtype)

    def delight_scheduler(self) -> EulerAncestralDiscreteScheduler:
        from diffusers import EulerAncestralDiscreteScheduler

        return EulerAncestralDiscreteScheduler.from_config(_config(self._delight / _SCHEDULER))

    # --- the painter --------------------------------------------------------------------------------------------------

    def multiview_unet(self, dtype: torch.dtype) -> MultiviewUNet:
        """The half that makes the views.

        The turbo file holds 30 million parameters more than hy3dgen's network, which gives them no input: they stay unread.
        """
        from ..networks.multiview import MultiviewUNet

        folder = self.paint / "unet"
        return _built(MultiviewUNet, folder, _read(folder, _GENERATING), dtype, may_hold_more=True)

    def reference_unet(self, dtype: torch.dtype) -> ReferenceUNet:
        """The half that encodes the picture."""
        from ..networks.multiview import ReferenceUNet

        folder = self.paint / "unet"
        (prompt,) = _read(folder, _GENERATING + _REFERENCE_PROMPT).values()
        return _built(ReferenceUNet, folder, _read(folder, _REFERENCE) | {_REFERENCE_PROMPT: prompt}, dtype, may_hold_more=True)

    def paint_vae(self, dtype: torch.dtype) -> AutoencoderKL:
        return _vae(self.paint / "vae", dtype)

    def paint_scheduler(self, turbo: bool) -> EulerAncestralDiscreteScheduler | LCMScheduler:
        """As hy3dgen sets it (texgen/utils/multiview_utils.py)."""
        from diffusers import EulerAncestralDiscreteScheduler, LCMScheduler

        kind = LCMScheduler if turbo else EulerAncestralDiscreteScheduler
        return kind.from_config(_config(self.paint / _SCHEDULER), timestep_spacing="trailing")

    @property
    def side(self) -> int:
        """Pixels a side of the views, and of the picture that both models look at: 512 of the published ones."""
        unet, vae = _config(self.paint / "unet" / _CONFIG), _config(self.paint / "vae" / _CONFIG)
        return _side(unet, vae)

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


def _vae(folder: Path, dtype: torch.dtype) -> AutoencoderKL:
    from diffusers import AutoencoderKL

    tensors = {_today(key): tensor for key, tensor in _read(folder).items()}
    return _built(AutoencoderKL.from_config, folder, tensors, dtype)


def _today(key: str) -> str:
    match = _OLD_KEY.fullmatch(key)
    return f"{match[1]}.{_OLD_NAMES[match[2]]}.{match[3]}" if match else key


def _built(
    make: Callable[[dict], nn.Module],
    folder: Path,
    tensors: Mapping[str, Tensor],
    dtype: torch.dtype,
    *,
    may_hold_more: bool = False,
) -> nn.Module:
    """The network that `make` builds from the folder's config.json."""
    from ....models.loading import build, unfit

    config = _config(folder / _CONFIG)
    try:
        return build(lambda: make(config), tensors, dtype, may_hold_more=may_hold_more)
    except (TypeError, ValueError, KeyError) as error:
        raise unfit(f"{folder}: {error}") from error


def _read(folder: Path, prefix: str = "") -> dict[str, Tensor]:
    from ....models.loading import read_tensors

    for name in _WEIGHT_FILES:
        if (folder / name).is_file():
            return read_tensors(folder / name, prefix)
    raise _missing(f"{folder.parent.name}/{folder.name}", f"{folder} has none of {', '.join(_WEIGHT_FILES)}")


def _config(path: Path) -> dict:
    from ....models.loading import damaged

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _missing(f"{path.parent.name}/{path.name}", str(path)) from error
    except ValueError as error:  # bytes that are no text as well
        raise damaged(f"its {path.name} cannot be read", f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise damaged(f"its {path.name} cannot be read", f"{path} holds no table")
    return content


def _missing(what: str, detail: str) -> Img23DError:
    sentence = f"Files of the painter are missing ({what}): download the model again under AI Models."
    return Img23DError(ErrorCode.WEIGHTS_MISSING, sentence, detail)

"""Qwen-Image-Edit's networks from the published folder, with the additions for few steps, and what they are to do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol.messages import Settings

from ...editing.plan import EditPlan
from ...machine.devices import choose
from ...models.diffusers_folder import CONFIG, built, read_config, read_weights
from ...models.lean_linear import Addition, lean
from ...models.load_plan import Network
from ...models.loading import build, read_tensors, unfit
from ...weights.registry import weight_set
from ...weights.store import WeightStore

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKLQwenImage, FlowMatchEulerDiscreteScheduler, QwenImageTransformer2DModel
    from torch import Tensor
    from transformers import Qwen2_5_VLModel

_TEXT_FILES = ("model.safetensors",)
# The published names are those of transformers 4: "visual." and "model."; today the language model has a name of its own
_TODAY = {"visual.": "visual.", "model.": "language_model."}
_DOWN, _UP, _ALPHA = ".lora_down.weight", ".lora_up.weight", ".alpha"
# The times of few steps, as the Lightning weights were trained (ModelTC/Qwen-Image-Lightning, generate_with_diffusers.py): shifted by 3 at
# every size, and not stretched to an end
_LIGHTNING_TIMES: dict[str, object] = {
    "base_shift": math.log(3),
    "max_shift": math.log(3),
    "shift": 1.0,
    "shift_terminal": None,
    "use_dynamic_shifting": True,
    "time_shift_type": "exponential",
}
CLASSES = {
    "diffusers": ("AutoencoderKLQwenImage", "FlowMatchEulerDiscreteScheduler", "QwenImageTransformer2DModel"),
    "transformers": ("Qwen2_5_VLConfig", "Qwen2_5_VLModel"),
}


@dataclass(frozen=True, kw_only=True)
class QwenParts:
    """`lightning` is the file of the additions for few steps.

    Every method raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT).
    """

    folder: Path
    lightning: Path

    def transformer(self, dtype: torch.dtype, *, eight_bits: bool = False) -> QwenImageTransformer2DModel:
        from diffusers import QwenImageTransformer2DModel

        folder = self.folder / "transformer"
        config, additions = read_config(folder / CONFIG), additions_of(read_tensors(self.lightning))
        make, tensors = lean(lambda: QwenImageTransformer2DModel.from_config(config), read_weights(folder), eight_bits=eight_bits, additions=additions)
        return built(lambda _: make(), folder, tensors, dtype)

    def vae(self, dtype: torch.dtype) -> AutoencoderKLQwenImage:
        from diffusers import AutoencoderKLQwenImage

        return built(AutoencoderKLQwenImage.from_config, self.folder / "vae", read_weights(self.folder / "vae"), dtype)

    def text_encoder(self, dtype: torch.dtype, *, eight_bits: bool = False) -> Qwen2_5_VLModel:
        """Without the head, which would tell the next word."""
        from transformers import Qwen2_5_VLConfig, Qwen2_5_VLModel

        folder = self.folder / "text_encoder"
        try:
            config = Qwen2_5_VLConfig.from_dict(read_config(folder / CONFIG))
        except (TypeError, ValueError, KeyError) as error:
            raise unfit(f"{folder}: {error}") from error
        config._attn_implementation = "sdpa"
        make, tensors = lean(lambda: Qwen2_5_VLModel(config), _named_as_today(read_weights(folder, names=_TEXT_FILES)), eight_bits=eight_bits)
        return build(make, tensors, dtype, may_hold_more=True)

    def scheduler(self) -> FlowMatchEulerDiscreteScheduler:
        from diffusers import FlowMatchEulerDiscreteScheduler

        published = read_config(self.folder / "scheduler" / "scheduler_config.json")
        return FlowMatchEulerDiscreteScheduler.from_config(published | _LIGHTNING_TIMES)


def _named_as_today(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    named = {}
    for key, tensor in tensors.items():
        old = next((old for old in _TODAY if key.startswith(old)), "")
        named[_TODAY[old] + key.removeprefix(old) if old else key] = tensor
    return named


def additions_of(tensors: Mapping[str, Tensor]) -> dict[str, Addition]:
    """By the layers' names: alpha over the rank is how much an addition counts (Hu et al., LoRA, 2022, section 4.1). Raises
    Img23DError(WEIGHTS_UNFIT)."""
    found = {}
    for key, down in tensors.items():
        if not key.endswith(_DOWN):
            continue
        name = key.removesuffix(_DOWN)
        up, alpha = tensors.get(name + _UP), tensors.get(name + _ALPHA)
        if up is None or down.ndim != 2 or up.shape[1] != len(down):
            raise unfit(f"an addition of low rank to {name} is not whole")
        share = 1.0 if alpha is None else float(alpha) / len(down)
        found[name] = Addition(down=down, up=(up.float() * share).to(up.dtype))
    if not found:
        raise unfit("no additions of low rank")
    return found


@dataclass(frozen=True, kw_only=True)
class QwenPlan(EditPlan):
    """For one picture."""

    parts: QwenParts
    steps: int

    @property
    def text_encoder(self) -> Network:
        return self.large("text", self.parts.text_encoder)

    @property
    def transformer(self) -> Network:
        return self.large("transformer", self.parts.transformer, kind=str(self.steps))

    @property
    def vae(self) -> Network:
        return self.network("vae", self.set_id, self.parts.vae)


def make_plan(settings: Settings, weights: WeightStore, device: str) -> QwenPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED) and (BAD_REQUEST) for a device that is not there."""
    edit, chosen = settings.edit, choose(device)
    (lightning,) = weight_set(edit.lightning).files
    return QwenPlan(
        device=chosen,
        frugal=settings.machine.small_memory,
        group_offload=settings.machine.small_memory and not chosen.is_processor,
        set_id=edit.model,
        eight_bits=edit.eight_bits,
        parts=QwenParts(folder=weights.path(edit.model), lightning=weights.path(edit.lightning) / lightning),
        steps=edit.steps,
    )

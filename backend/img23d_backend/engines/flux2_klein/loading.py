"""FLUX.2 klein's networks from its published folder, and what they are to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol.messages import Settings
from img23d_protocol.options.edit import KLEIN

from ...editing.plan import EditPlan
from ...machine.devices import choose
from ...models.diffusers_folder import CONFIG, built, read_config, read_weights
from ...models.lean_linear import lean
from ...models.load_plan import Network
from ...models.loading import build, unfit
from ...weights.store import WeightStore

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2Transformer2DModel
    from transformers import Qwen3Model

# Of the text encoder's layers, whose outputs beside each other are the text (Flux2KleinPipeline.__call__)
TEXT_LAYERS = (9, 18, 27)
TEXT_FILES = ("model.safetensors",)
_TEXT_PREFIX = "model."  # of the published keys
CLASSES = {
    "diffusers": ("AutoencoderKLFlux2", "FlowMatchEulerDiscreteScheduler", "Flux2Transformer2DModel"),
    "transformers": ("Qwen3Config", "Qwen3Model"),
}


@dataclass(frozen=True, kw_only=True)
class KleinParts:
    """Every method raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""

    folder: Path

    def transformer(self, dtype: torch.dtype, *, eight_bits: bool = False) -> Flux2Transformer2DModel:
        from diffusers import Flux2Transformer2DModel

        folder = self.folder / "transformer"
        config = read_config(folder / CONFIG)
        make, tensors = lean(lambda: Flux2Transformer2DModel.from_config(config), read_weights(folder), eight_bits=eight_bits)
        return built(lambda _: make(), folder, tensors, dtype)

    def vae(self, dtype: torch.dtype) -> AutoencoderKLFlux2:
        from diffusers import AutoencoderKLFlux2

        return built(AutoencoderKLFlux2.from_config, self.folder / "vae", read_weights(self.folder / "vae"), dtype)

    def text_encoder(self, dtype: torch.dtype, *, eight_bits: bool = False) -> Qwen3Model:
        """Without the layers above those that are looked at, but one: what the last one gives is normalised."""
        from transformers import Qwen3Config, Qwen3Model

        folder = self.folder / "text_encoder"
        try:
            config = Qwen3Config.from_dict(read_config(folder / CONFIG))
        except (TypeError, ValueError) as error:
            raise unfit(f"{folder}: {error}") from error
        layers = max(TEXT_LAYERS) + 1
        if config.num_hidden_layers < layers:
            raise unfit(f"{folder}: {config.num_hidden_layers} layers")
        config.num_hidden_layers = layers
        config.layer_types = config.layer_types[:layers]
        config._attn_implementation = "sdpa"
        make, tensors = lean(lambda: Qwen3Model(config), read_weights(folder, _TEXT_PREFIX, TEXT_FILES), eight_bits=eight_bits)
        return build(make, tensors, dtype, may_hold_more=True)

    def scheduler(self) -> FlowMatchEulerDiscreteScheduler:
        from diffusers import FlowMatchEulerDiscreteScheduler

        return FlowMatchEulerDiscreteScheduler.from_config(read_config(self.folder / "scheduler" / "scheduler_config.json"))


@dataclass(frozen=True, kw_only=True)
class KleinPlan(EditPlan):
    """For one picture."""

    parts: KleinParts

    @property
    def text_encoder(self) -> Network:
        return self.large("text", self.parts.text_encoder)

    @property
    def transformer(self) -> Network:
        return self.large("transformer", self.parts.transformer)

    @property
    def vae(self) -> Network:
        return self.network("vae", self.set_id, self.parts.vae)


def make_plan(settings: Settings, weights: WeightStore, device: str) -> KleinPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED) and (BAD_REQUEST) for a device that is not there."""
    return KleinPlan(
        device=choose(device),
        frugal=settings.machine.small_memory,
        group_offload=settings.machine.small_memory and not choose(device).is_processor,
        set_id=KLEIN,
        eight_bits=settings.edit.eight_bits,
        parts=KleinParts(folder=weights.path(KLEIN)),
    )

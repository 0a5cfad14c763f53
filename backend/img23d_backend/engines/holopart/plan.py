"""What parts are to be completed with: networks, device and numbers, resolved from the settings before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from img23d_protocol.options.parts.holopart import HOLOPART
from img23d_protocol.options.settings import Settings

from ...machine.devices import choose
from ...models.settings_file import read_settings
from ...vecset.loading import WEIGHTS, load_network
from ...vecset.plan import VecsetPlan
from ...vecset.published import dit_config, need_class, read_times, read_vae
from ...weights.store import WeightStore

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ...vecset.networks.dit import DiTConfig
    from .networks.part_encoder import PartEncoderConfig

LATENTS = 2048  # of a part: so many the published program samples, and no file tells it
_BOUNDS = 1.05  # half the side of the cube in which a part lies: half as much again as its piece
_OWNER = "HoloPart"


@dataclass(frozen=True, kw_only=True)
class CompletionPlan(VecsetPlan):
    """Each part lies in a cube of its own."""

    file_set = HOLOPART
    bounds = _BOUNDS

    dit_config: DiTConfig
    encoder_config: PartEncoderConfig

    def read_encoder(self, dtype: torch.dtype) -> nn.Module:
        from ...models.loading import read_tensors
        from .networks.part_encoder import PartEncoder

        config = self.encoder_config
        return load_network(lambda: PartEncoder(config), config, read_tensors(self.folder / "part_encoder" / WEIGHTS), dtype)

    def read_dit(self, dtype: torch.dtype) -> nn.Module:
        from ...models.loading import read_tensors
        from ...vecset.networks.dit import DiT

        config = self.dit_config
        return load_network(lambda: DiT(config), config, read_tensors(self.folder / "transformer" / WEIGHTS), dtype)


def make_plan(settings: Settings, weights: WeightStore) -> CompletionPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT) and (BAD_REQUEST) for a device that is not there."""
    completion = settings.parts.holopart.completion
    folder = weights.path(HOLOPART)
    return CompletionPlan(
        device=choose(settings.machine.devices.split),
        frugal=settings.machine.small_memory,
        folder=folder,
        dit_config=read_settings(folder / "transformer" / "config.json", _OWNER, _dit_config),
        encoder_config=read_settings(folder / "part_encoder" / "config.json", _OWNER, _encoder_config),
        vae_config=read_vae(folder / "vae" / "config.json", _OWNER),
        steps=read_times(folder / "scheduler" / "scheduler_config.json", _OWNER).steps(completion.steps),
        guidance=completion.guidance,
        latents=LATENTS,
        resolution=completion.resolution,
        faces=completion.faces,
    )


def _dit_config(content: Mapping[str, Any]) -> DiTConfig:
    """Whose blocks look at the piece by itself, and at the piece in the whole."""
    from ...vecset.networks.block import ContextConfig

    if not (content["use_cross_attention"] is True and content["use_cross_attention_2"] is True):
        raise ValueError("it looks at less than both contexts")
    local = ContextConfig(channels=int(content["cross_attention_dim"]))
    whole = ContextConfig(channels=int(content["cross_attention_2_dim"]), attention="attn2_2", norm="norm2_2")
    return dit_config(content, (local, whole))


def _encoder_config(content: Mapping[str, Any]) -> PartEncoderConfig:
    from .networks.part_encoder import PartEncoderConfig

    need_class(content, "PartEncoder")
    expected = {"position_channels": 3, "part_feature_channels": 3, "whole_feature_channels": 4, "part_local": True}
    for key, value in {**expected, "embedding_type": "frequency", "embed_include_pi": False}.items():
        if content[key] != value:
            raise ValueError(f"{key} is {content[key]!r:.80}, not {value!r}")
    return PartEncoderConfig(
        width=int(content["dim"]),
        heads=int(content["num_attention_heads"]),
        layers=int(content["num_layers"]),
        tokens=int(content["num_tokens"]),
        frequencies=int(content["embed_frequency"]),
    )

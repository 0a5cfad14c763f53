"""What parts are to be made with: networks, device and numbers, resolved from the settings before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from img23d_protocol.options.parts.partcrafter import PARTCRAFTER, PARTS_MAX
from img23d_protocol.options.settings import Settings

from ...machine.devices import choose
from ...models.dinov2 import Dinov2Folder
from ...models.settings_file import read_settings
from ...vecset.loading import WEIGHTS, load_network
from ...vecset.picture import PictureConfig, read_picture_config
from ...vecset.plan import VecsetPlan
from ...vecset.published import dit_config, read_times, read_vae
from ...weights.store import WeightStore

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ...vecset.networks.dit import DiTConfig

LATENTS = 1024  # of a part: so many the published weights were trained with, and no file tells it
_BOUNDS = 1.005  # half the side of the cube in which the parts lie together
_OWNER = "PartCrafter"
_SWITCHES = ("enable_part_embedding", "enable_local_cross_attn", "enable_global_cross_attn")  # all on in what is published


@dataclass(frozen=True, kw_only=True)
class PartSizes:
    """`numbers` is how many numbers the network knows for parts."""

    dit: DiTConfig
    numbers: int


@dataclass(frozen=True, kw_only=True)
class PartsPlan(VecsetPlan):
    """`parts` of them, which lie together in one cube."""

    file_set = PARTCRAFTER
    bounds = _BOUNDS

    sizes: PartSizes
    picture: PictureConfig
    parts: int

    def read_encoder(self, dtype: torch.dtype) -> nn.Module:
        return Dinov2Folder(path=self.folder / "image_encoder_dinov2", owner=_OWNER, has_registers=False, has_last_norm=True).read(dtype)

    def read_dit(self, dtype: torch.dtype) -> nn.Module:
        from ...models.loading import read_tensors
        from .networks.part_dit import PartDiT

        config, numbers = self.sizes.dit, self.sizes.numbers
        return load_network(lambda: PartDiT(config, numbers), config, read_tensors(self.folder / "transformer" / WEIGHTS), dtype)


def make_plan(settings: Settings, weights: WeightStore) -> PartsPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT) and (BAD_REQUEST) for a device that is not there."""
    crafting = settings.parts.partcrafter.crafting
    folder = weights.path(PARTCRAFTER)
    times = read_times(folder / "scheduler" / "scheduler_config.json", _OWNER)
    return PartsPlan(
        device=choose(settings.machine.devices.split),
        frugal=settings.machine.small_memory,
        folder=folder,
        sizes=read_settings(folder / "transformer" / "config.json", _OWNER, _part_sizes),
        vae_config=read_vae(folder / "vae" / "config.json", _OWNER),
        picture=read_picture_config(folder / "feature_extractor_dinov2" / "preprocessor_config.json", _OWNER),
        steps=times.steps(crafting.steps),
        guidance=crafting.guidance,
        parts=crafting.parts,
        latents=LATENTS,
        resolution=crafting.resolution,
        faces=crafting.faces,
    )


def _part_sizes(content: Mapping[str, Any]) -> PartSizes:
    from ...vecset.networks.block import ContextConfig

    for switch in _SWITCHES:
        if content[switch] is not True:
            raise ValueError(f"{switch} is {content[switch]!r:.80}")
    numbers = int(content["max_num_parts"])
    if numbers < 2 * PARTS_MAX:  # both halves of the guidance have their own
        raise ValueError(f"{numbers} numbers for parts")
    picture = ContextConfig(channels=int(content["cross_attention_dim"]))
    return PartSizes(dit=replace(dit_config(content, (picture,), "PartCrafterDiTModel"), joined=frozenset(_joined(content))), numbers=numbers)


def _joined(content: Mapping[str, Any]) -> list[int]:
    """The blocks in which all parts attend to each other: by their numbers, or from the first to the last."""
    if content["global_attn_block_ids"] is not None:
        return [int(number) for number in content["global_attn_block_ids"]]
    first, last = content["global_attn_block_id_range"] or (0, -1)
    return list(range(int(first), int(last) + 1))

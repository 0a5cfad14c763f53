"""What parts are to be made with: networks, device and numbers, resolved from the settings before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img23d_protocol.options.parts.partcrafter import PARTCRAFTER, PARTS_MAX
from img23d_protocol.options.settings import Settings

from ...fields.latent_field import LatentDecoder
from ...machine.devices import choose
from ...models.dinov2 import Dinov2Folder
from ...models.load_plan import LoadPlan, Network
from ...models.settings_file import read_settings
from ...vecset.loading import WEIGHTS, load_network, load_vae
from ...vecset.picture import PictureConfig, read_picture_config
from ...vecset.published import dit_config, read_times, read_vae
from ...vecset.rectified_flow import Step
from ...weights.store import WeightStore

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ...vecset.networks.autoencoder import VAEConfig
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
class PartsPlan(LoadPlan):
    """`parts` of `latents` each; `resolution` cells a side of the cube that all of them lie in, `faces` of each."""

    folder: Path
    sizes: PartSizes
    vae_config: VAEConfig
    picture: PictureConfig
    steps: tuple[Step, ...]
    guidance: float
    parts: int
    latents: int
    resolution: int
    faces: int

    @property
    def encoder(self) -> Network:
        return self.network("encoder", PARTCRAFTER, self._read_encoder)

    @property
    def dit(self) -> Network:
        return self.network("dit", PARTCRAFTER, self._read_dit)

    @property
    def vae(self) -> Network:
        return self.network("vae", PARTCRAFTER, self._read_vae)

    @property
    def networks(self) -> tuple[Network, ...]:
        """In the order in which they compute."""
        return self.encoder, self.dit, self.vae

    @property
    def decoder(self) -> LatentDecoder:
        return LatentDecoder(network=self.vae, width=self.vae_config.decoder_width, bounds=_BOUNDS)

    def _read_encoder(self, dtype: torch.dtype) -> nn.Module:
        return Dinov2Folder(path=self.folder / "image_encoder_dinov2", owner=_OWNER, has_registers=False, has_last_norm=True).read(dtype)

    def _read_dit(self, dtype: torch.dtype) -> nn.Module:
        from ...models.loading import read_tensors
        from .networks.part_dit import PartDiT

        config, numbers = self.sizes.dit, self.sizes.numbers
        return load_network(lambda: PartDiT(config, numbers), config, read_tensors(self.folder / "transformer" / WEIGHTS), dtype)

    def _read_vae(self, dtype: torch.dtype) -> nn.Module:
        return load_vae(self.folder / "vae" / WEIGHTS, self.vae_config, dtype, has_encoder=False)


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
